"""Density thinning: beats fall silent one after another, until only the downbeats sound.

Each beat is faded out ahead of its own onset and the next one that stays is faded in ahead of its onset, so nothing
is cut and every onset that stays is whole; what is left of a muted beat is 40 dB down. Every second beat of a bar
goes first (2 and 4 in common time), then the others; downbeats never go. So the metre stays, and only the music in
it grows sparse, which sets it apart from dropouts. The placebo works the same fades half a decibel deep.

Source: this project's; the note-level counterpart is ``remove_note`` of the MIDI Degradation Toolkit (A. McLeod,
J. Owers and K. Yoshii, ISMIR 2020).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation, Picture
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import Placebo
from degrade_bench.degrade.plan import Drawn
from degrade_bench.degrade.structural.segments import moved_count, required_bounds, unit_bounds
from degrade_bench.errors import NotApplicableError

DEPTH_DB = 40.0
PLACEBO_DEPTH_DB = 0.5
FADE_OUT_SECONDS, FADE_IN_SECONDS = 0.12, 0.02
AHEAD_SECONDS = 0.01
"""How long before a beat its fade is over: notes may come a little before the beat."""
LONGEST_FADE = 0.4
"""As a share of a beat, so that fades leave room for what sounds in it."""
LEAST_WEAK = 5
"""Five levels need as many different numbers of muted beats."""


class DensityThinning(Degradation):
    """Mutes a share of the beats that are not downbeats."""

    name = "density_thinning"
    group = "structural"
    family = "repetition"
    default_ladder = Ladder((15.0, 30.0, 50.0, 75.0, 100.0), "% of weak beats")
    source = "this project; MDTK removes notes"
    summary = "mutes beats between the downbeats: from a gap here and there to downbeats alone"
    needs = frozenset({"beats", "downbeats"})
    picture: Picture = "waveform"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Draw the order in which beats fall silent; mute as many as the level asks."""
        bounds = required_bounds(clip, "beat")
        order = muting_order(bounds, unit_bounds(clip, "bar"), rng)
        if len(order) < LEAST_WEAK:
            raise NotApplicableError(f"needs {LEAST_WEAK} beats that are not downbeats; the clip has {len(order)}")
        muted = order[: moved_count(len(order), strength, level, least=1)]
        params = {"beats": muted.tolist(), "gates": gates(bounds, muted, clip.sample_rate), "depth_db": DEPTH_DB}
        return Drawn(params, achieved=100 * len(muted) / len(order))

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Close and open the gates."""
        floor = 10 ** (-params["depth_db"] / 20)
        out = clip.samples.clone()
        for start, closed, opening, end in params["gates"]:
            out[:, start:closed] *= faded(closed - start, 1.0, floor)
            out[:, closed:opening] *= floor
            out[:, opening:end] *= faded(end - opening, floor, 1.0)
        return out

    def make_placebo(self) -> Degradation:
        """The same gates, hardly closed."""
        return DensityThinningPlacebo(self, f"the same fades, {PLACEBO_DEPTH_DB:g} dB deep")


class DensityThinningPlacebo(Placebo):
    """Fades at the same places, too shallow to be heard as such."""

    picture: Picture = "waveform"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """The parent's gates, at the placebo's depth."""
        drawn = self.parent.draw(clip, level, strength, rng)
        return Drawn({**drawn.params, "depth_db": PLACEBO_DEPTH_DB}, achieved=drawn.achieved)

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Close and open the gates as the parent does, to the placebo's depth."""
        return self.parent.damage(clip, params)


def muting_order(beats: np.ndarray, downbeats: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Indices of the beats that are not downbeats, in random order, those at odd places in their bar first.

    Args:
        beats: bounds of the beats, in samples; ``(beats + 1,)``.
        downbeats: bounds of the bars, in samples.
        rng: of the order.
    """
    starts = beats[:-1]
    # A downbeat is the beat nearest to it; before the first one, places are counted back from it.
    strong = np.unique([int(np.argmin(np.abs(beats - downbeat))) for downbeat in downbeats])
    last = np.searchsorted(strong, np.arange(len(starts)), side="right") - 1
    place = np.arange(len(starts)) - strong[np.maximum(last, 0)]
    weak = rng.permutation(np.flatnonzero(~np.isin(np.arange(len(starts)), strong)))
    return weak[np.argsort(place[weak] % 2 == 0, kind="stable")]


def gates(beats: np.ndarray, muted: np.ndarray, sample_rate: int) -> list[list[int]]:
    """``[start, closed, opening, end]`` of each gate, in samples; neighbouring beats share one.

    The gate falls from ``start`` to ``closed``, ahead of the first muted beat, and rises from ``opening`` to
    ``end``, ahead of the next beat that sounds.

    Args:
        beats: bounds of the beats, in samples; ``(beats + 1,)``.
        muted: indices of the beats that are not to be heard.
        sample_rate: Hz.
    """
    lengths = np.diff(beats)
    ahead, fade_out, fade_in = (
        round(seconds * sample_rate) for seconds in (AHEAD_SECONDS, FADE_OUT_SECONDS, FADE_IN_SECONDS)
    )
    silent = np.zeros(len(lengths) + 2, dtype=int)
    silent[1 + np.asarray(muted)] = 1
    firsts, ends = np.flatnonzero(np.diff(silent) == 1), np.flatnonzero(np.diff(silent) == -1)
    bounds = []
    for first, end in zip(firsts, ends, strict=True):
        room = int(LONGEST_FADE * lengths[first - 1]) if first > 0 else int(beats[0])
        closed = int(beats[first]) - min(ahead, room // 4)
        opened = int(beats[end]) - min(ahead, int(lengths[end - 1]) // 4)
        opening = opened - min(fade_in, int(LONGEST_FADE * lengths[end - 1]))
        bounds.append([max(0, closed - min(fade_out, room)), closed, opening, opened])
    return bounds


def faded(length: int, start: float, end: float) -> torch.Tensor:
    """A raised-cosine slope of ``length`` samples from one gain to another.

    Args:
        length: samples.
        start: the gain before the first one, as a factor of amplitude.
        end: the gain behind the last one.
    """
    phase = (torch.arange(length, dtype=torch.float32) + 0.5) / max(1, length)
    return start + (end - start) * (0.5 - 0.5 * torch.cos(torch.pi * phase))
