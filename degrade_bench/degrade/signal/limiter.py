"""Peak limiter with look-ahead; the threshold lies a given number of dB under the clip's peak.

The reduction that every block needs is held and let go at 200 dB/s, then spread over 5 ms to either side by a
running maximum and smoothed by a running mean of the same width. The mean of values that all cover the block is no
less than what the block needs, so the output never exceeds the threshold, and nothing is clipped. At the clip's own
peak it is met exactly.

Source: PMQD's limiter, whose threshold falls from 0 to −30 dB in five ranges: the five levels are their ends.
People hardly minded it (3.74 of 5 at the strongest, undamaged 4.02).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.dsp.gain_curve import block_length, falling, peaks, with_gain
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import FaintPlacebo
from degrade_bench.degrade.plan import Drawn
from degrade_bench.errors import NotApplicableError

LOOK_AHEAD_SECONDS = 0.005
RELEASE_DB_PER_SECOND = 200.0
MARGIN = 1e-6
"""Share by which the gain stays under what the threshold needs, against rounding in float32."""


def reduction_db(block_peaks: np.ndarray, threshold: float, sample_rate: int) -> np.ndarray:
    """The reduction in dB at the blocks' bounds, enough for both blocks that meet there.

    Args:
        block_peaks: ``(blocks,)``, the largest magnitude of each block.
        threshold: the magnitude that no sample may pass.
        sample_rate: Hz.

    Shape:
        block_peaks: ``(blocks,)``; returns ``(blocks + 1,)``.
    """
    from scipy.ndimage import maximum_filter1d, uniform_filter1d

    length = block_length(sample_rate)
    needed = 20 * np.log10(np.maximum(block_peaks / (threshold * (1 - MARGIN)), 1.0))
    held = np.maximum(falling(needed, RELEASE_DB_PER_SECOND * length / sample_rate), 0.0)
    at_bounds = np.maximum(np.append(held, held[-1]), np.insert(held, 0, held[0]))
    width = 2 * max(1, round(LOOK_AHEAD_SECONDS * sample_rate / length)) + 1
    values: np.ndarray = uniform_filter1d(maximum_filter1d(at_bounds, width, mode="nearest"), width, mode="nearest")
    return values


class Limiter(Degradation):
    """Holds every peak under a threshold; strength is how far the threshold lies under the clip's peak."""

    name = "limiter"
    group = "signal"
    family = "dynamics"
    default_ladder = Ladder((6.0, 12.0, 18.0, 24.0, 30.0), "dB under peak")
    source = "PMQD limiter (threshold 0 to −30 dB)"
    summary = "holds the peaks down: from softer attacks to a wall of sound"
    picture = "waveform"
    caveat = (
        "once the threshold lies under everything that sounds, a lower one changes the level alone, which is "
        "matched: dense or steady music sounds much the same from about 12 dB on"
    )

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Set the threshold by the clip's peak."""
        peak = float(peaks(clip).max())
        if peak == 0.0:
            raise NotApplicableError("the clip is silent: it has no peaks to limit")
        return Drawn({"threshold": peak * 10 ** (-strength / 20)}, achieved=strength)

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Turn down what would exceed the threshold."""
        reduction = reduction_db(peaks(clip), params["threshold"], clip.sample_rate)
        return with_gain(clip.samples, -reduction, block_length(clip.sample_rate))

    def make_placebo(self) -> Degradation:
        """The same limiter just under the peak."""
        return FaintPlacebo(self, 0.05, "the same limiter 0.05 dB under the peak, which nobody hears")
