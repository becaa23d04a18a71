"""Bars and beats of a clip, in samples."""

from __future__ import annotations

from typing import Literal

import numpy as np

from degrade_bench.clip import Clip
from degrade_bench.errors import NotApplicableError

Unit = Literal["bar", "beat"]

MIN_UNITS = 6
"""Five levels need five different numbers of moved units, and two is the least that can be moved."""


def unit_bounds(clip: Clip, unit: Unit) -> np.ndarray:
    """The sample indices between which the units lie: ``k`` units have ``k + 1`` bounds, strictly increasing.

    What comes before the first bound (a pickup) and after the last one (a tail, a bar that is cut off) is no
    unit. Times outside the clip are left out.
    """
    known = clip.annotations
    times = np.asarray(known.downbeats if unit == "bar" else known.beats, dtype=float)
    bounds = np.unique(np.round(times * clip.sample_rate).astype(int))
    return bounds[(bounds >= 0) & (bounds <= clip.num_samples)]


def required_bounds(clip: Clip, unit: Unit, least: int = MIN_UNITS) -> np.ndarray:
    """As :func:`unit_bounds`.

    Raises:
        NotApplicableError: there are fewer than ``least`` units.
    """
    bounds = unit_bounds(clip, unit)
    found = max(0, len(bounds) - 1)
    if found < least:
        raise NotApplicableError(f"needs {least} whole {unit}s; the clip has {found}")
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
