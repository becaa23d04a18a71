"""Dynamic range compression that pumps: fast attack, gain that recovers between the beats.

Feed-forward and linked over the channels: the level of each block is followed at once upward and at 60 dB/s
downward and smoothed with an attack of 5 ms. What exceeds the threshold is turned down by a slope: a slope of 0.75
is a ratio of 4:1, one of 1 levels everything (∞:1), one beyond 1 over-compresses: every drum pushes the music down
further than it rises, which is what pumping is.

How far a given ratio moves the gain depends on how dynamic a clip is. So the strength is the movement itself, the
RMS of the gain in dB around its mean while the music sounds, and the slope is what the clip needs for it. Envelope
and threshold (the level that is exceeded during 90 % of the music) are the clip's own and the same at every level:
all levels have one gain curve, scaled.

Source: D. Giannoulis, M. Massberg and J. D. Reiss, "Digital dynamic range compressor design", JAES 60(6), 2012.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench._support.caching import remembered
from degrade_bench._support.numbers import fixed
from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.dsp.gain_curve import (
    active_blocks,
    at_centres,
    block_length,
    falling,
    gain_movement_db,
    in_db,
    powers,
    with_gain,
)
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import FaintPlacebo
from degrade_bench.degrade.plan import Drawn
from degrade_bench.errors import NotApplicableError

ATTACK_SECONDS = 0.005
RELEASE_DB_PER_SECOND = 60.0
THRESHOLD_PERCENTILE = 10.0
LEAST_MOVEMENT_DB = 0.75
"""Standard deviation of the envelope under which there are no dynamics to compress."""


@remembered()
def envelope_db(clip: Clip) -> np.ndarray:
    """The level that the compressor follows in dB, at the bounds of the control blocks."""
    from scipy.signal import lfilter

    length = block_length(clip.sample_rate)
    held = falling(in_db(powers(clip)), RELEASE_DB_PER_SECOND * length / clip.sample_rate)
    pole = math.exp(-length / (ATTACK_SECONDS * clip.sample_rate))
    smooth, _ = lfilter([1 - pole], [1, -pole], held, zi=[pole * held[0]])
    return np.append(smooth, smooth[-1])


class Compression(Degradation):
    """Turns down what is loud; strength is how far that moves the gain."""

    name = "compression"
    group = "signal"
    family = "dynamics"
    default_ladder = Ladder((0.5, 1.0, 2.0, 3.5, 6.0), "dB RMS gain")
    source = "compressor after Giannoulis, Massberg and Reiss (JAES 2012)"
    summary = "turns down what is loud: from a little glue to music that ducks and pumps with every beat"
    picture = "waveform"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Set the threshold by the clip's envelope, and the slope by how much the envelope moves."""
        active = active_blocks(clip)
        if not active.any():
            raise NotApplicableError("the clip is silent: there is nothing to compress")
        envelope = envelope_db(clip)
        threshold = float(np.percentile(envelope[:-1][active], THRESHOLD_PERCENTILE))
        over = np.maximum(0.0, envelope - threshold)
        movement = float(at_centres(over)[active].std())
        if movement < LEAST_MOVEMENT_DB:
            raise NotApplicableError(
                f"the level moves by {fixed(movement)} dB RMS only: there are no dynamics to compress"
            )
        return Drawn({"threshold_db": threshold, "slope": strength / movement})

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Turn down what exceeds the threshold."""
        over = np.maximum(0.0, envelope_db(clip) - params["threshold_db"])
        return with_gain(clip.samples, -params["slope"] * over, block_length(clip.sample_rate))

    def measure(self, clean: Clip, degraded: Clip) -> float | None:
        """RMS in dB of the gain around its mean, while the music sounds."""
        return gain_movement_db(clean, degraded)

    def make_placebo(self) -> Degradation:
        """The same compressor with next to nothing to do."""
        return FaintPlacebo(self, 0.005, "the same compressor with 0.005 dB RMS to do, which nobody hears")
