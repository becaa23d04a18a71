"""Bars and beats of a clip, in samples."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch

from degrade_bench.clip import Clip
from degrade_bench.clip.offset import without_offset
from degrade_bench.degrade.dsp.joins import Piece, fade_half
from degrade_bench.errors import NotApplicableError

Unit = Literal["bar", "beat"]

MIN_UNITS = 6
"""Five levels need five different numbers of moved units, and two is the least that can be moved."""

AUDIBLE_RANGE_DB = 20.0
"""How far under the loudest unit one may lie that is to be repeated: a rest is none."""


def unit_bounds(clip: Clip, unit: Unit) -> np.ndarray:
    """The sample indices between which the units lie: ``k`` units have ``k + 1`` bounds, strictly increasing.

    What comes before the first bound (a pickup) and after the last one (a tail, a bar that is cut off) is no
    unit. Times outside the clip are left out.
    """
    annotations = clip.annotations
    times = np.asarray(annotations.downbeats if unit == "bar" else annotations.beats, dtype=float)
    bounds = np.unique(np.round(times * clip.sample_rate).astype(int))
    return bounds[(bounds >= 0) & (bounds <= clip.num_samples)]


def required_bounds(clip: Clip, unit: Unit, least: int = MIN_UNITS) -> np.ndarray:
    """As :func:`unit_bounds`.

    Args:
        clip: whose annotations are asked.
        unit: bars or beats.
        least: so many units must lie within the clip.

    Raises:
        NotApplicableError: there are fewer than ``least`` units.
    """
    bounds = unit_bounds(clip, unit)
    units = max(0, len(bounds) - 1)
    if units < least:
        raise NotApplicableError(f"needs {least} whole {unit}s; the clip has {units}")
    return bounds


def moved_count(count: int, percent: float, level: int, least: int) -> int:
    """How many of ``count`` units a level moves: the asked share, but more at each level than at the one below.

    Args:
        count: units in the clip.
        percent: the asked share.
        level: from 1.
        least: how many level 1 moves at least.
    """
    return min(count, max(least + level - 1, round(count * percent / 100)))


def reordered(bounds: np.ndarray, order: Sequence[int] | np.ndarray, num_samples: int) -> list[Piece]:
    """Pieces in which the units play in a new order; what lies before and after the units stays.

    Args:
        bounds: of ``k`` units, in samples; ``(k + 1,)``.
        order: which unit is heard first, second, …
        num_samples: of the clip.
    """
    units = [(int(bounds[k]), int(bounds[k + 1])) for k in order]
    return [(0, int(bounds[0])), *units, (int(bounds[-1]), num_samples)]


def replaced(bounds: np.ndarray, played: Sequence[int] | np.ndarray, num_samples: int) -> list[Piece]:
    """Pieces in which unit ``played[k]`` plays in the place of unit ``k``, as much of it as there is room for.

    Every bound stays where it is. In a place that is longer than the unit, what follows the unit goes on.

    Args:
        bounds: of ``k`` units, in samples; ``(k + 1,)``.
        played: which unit is heard in the place of each; ``(k,)``.
        num_samples: of the clip.
    """
    starts, lengths = bounds[np.asarray(played)], np.diff(bounds)
    units = [(int(start), int(start + length)) for start, length in zip(starts, lengths, strict=True)]
    return [(0, int(bounds[0])), *units, (int(bounds[-1]), num_samples)]


def repeatable(clip: Clip, bounds: np.ndarray, units: np.ndarray, places: slice) -> np.ndarray:
    """Those of the ``units`` that may well be repeated in the ``places``: they sound, and they are long enough.

    A unit that is shorter than a place would let the next downbeat be heard too early, just before the place ends,
    so it must fill three places in four to within a crossfade (not all: a ritardando would leave nothing but the
    last bar). Where no unit is as it should be, it is the longest.

    Args:
        clip: what is damaged.
        bounds: of its units, in samples.
        units: indices of those that might be repeated.
        places: the units in whose places it may be heard.
    """
    starts, lengths, levels = bounds[:-1], np.diff(bounds), unit_levels(clip, bounds)
    wanted = np.quantile(lengths[places], 0.75) - fade_half(clip.sample_rate)
    audible = levels >= levels.max() * 10 ** (-AUDIBLE_RANGE_DB / 20)
    in_clip = starts + lengths[places].max() <= clip.num_samples
    good = units[((lengths >= wanted) & audible & in_clip)[units]]
    return good if len(good) else units[[int(np.argmax(lengths[units]))]]


def unit_levels(clip: Clip, bounds: np.ndarray) -> np.ndarray:
    """RMS of each unit, all channels taken together."""
    units = itertools.pairwise(bounds.tolist())
    samples = without_offset(clip.samples)
    energy = [float(torch.linalg.vector_norm(samples[:, start:end])) ** 2 for start, end in units]
    values: np.ndarray = np.sqrt(np.asarray(energy) / (clip.channels * np.diff(bounds)))
    return values
