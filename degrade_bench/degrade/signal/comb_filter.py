"""Comb filter: the music and a copy of it a few milliseconds later, as with two microphones at two distances.

A copy of gain g gives peaks of 1 + g and notches of 1 − g, evenly spaced at the inverse of the delay; the strength
is the depth from peak to notch. The delay is drawn once per clip between 1 and 10 ms.

Source: textbook FIR comb filter (U. Zölzer, DAFX, 2011). A copy some 20 dB down, about 2 dB from peak to notch, is
near the threshold of coloration.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.dsp.delay import delay_samples, fitted_copy, with_copy
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import FaintPlacebo
from degrade_bench.degrade.plan import Drawn

SHORTEST_SECONDS, LONGEST_SECONDS = 0.001, 0.010


def copy_gain(depth_db: float) -> float:
    """The gain of the copy that makes notches so deep under the peaks."""
    ratio = 10 ** (depth_db / 20)
    return (ratio - 1) / (ratio + 1)


def depth_db(gain: float) -> float:
    """How deep, in dB under the peaks, a copy of a gain makes the notches: the inverse of :func:`copy_gain`."""
    return 20 * math.log10((1 + gain) / (1 - gain))


class CombFilter(Degradation):
    """Mixes in a copy that is so early that it colours the sound."""

    name = "comb_filter"
    group = "signal"
    family = "space"
    default_ladder = Ladder((2.0, 4.0, 8.0, 16.0, 32.0), "dB depth")
    source = "textbook FIR comb filter (Zölzer, DAFX, 2011)"
    summary = "mixes in a copy a few milliseconds late: from a tint to the sound of a tin pipe"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Draw the delay, evenly in octaves."""
        low, high = math.log(SHORTEST_SECONDS), math.log(LONGEST_SECONDS)
        delay = delay_samples(clip, math.exp(rng.uniform(low, high)))
        return Drawn({"delay_samples": delay, "copy_gain": copy_gain(strength)})

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Mix the copy in."""
        return with_copy(clip.samples, params["delay_samples"], params["copy_gain"])

    def measure(self, clean: Clip, degraded: Clip) -> float | None:
        """Depth of the notches under the peaks in dB, from the copy's gain by least squares."""
        gain = fitted_copy(clean, degraded, SHORTEST_SECONDS, LONGEST_SECONDS)
        return depth_db(gain) if gain is not None and abs(gain) < 1 else None

    def make_placebo(self) -> Degradation:
        """The same comb with ripples of a hundredth of a decibel."""
        return FaintPlacebo(self, 0.01, "the same comb with ripples of 0.01 dB, which nobody hears")
