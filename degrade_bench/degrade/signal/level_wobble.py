"""A level that wanders up and down, as from an unsteady hand on the fader or a radio that fades.

One random curve per clip, a spline through a random value every 0.4 s, is scaled to the level's RMS in dB over the
time in which the music sounds. The loudness of the whole is matched all the same: what is heard is the wandering.

Source: this project's; a change of level of about 1 dB is just noticeable in music.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench._support.numbers import fixed
from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.dsp.gain_curve import (
    active_blocks,
    at_centres,
    block_length,
    gain_movement_db,
    with_gain,
)
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import FaintPlacebo
from degrade_bench.degrade.plan import Drawn
from degrade_bench.degrade.seeds import generator
from degrade_bench.errors import NotApplicableError

KNOT_SECONDS = 0.4


def _curve(seed: int, clip: Clip) -> np.ndarray:
    """The curve, unscaled, at the bounds of the clip's control blocks."""
    from scipy.interpolate import CubicSpline

    length = block_length(clip.sample_rate)
    seconds = np.arange(math.ceil(clip.num_samples / length) + 1) * length / clip.sample_rate
    count = 4 + math.ceil(seconds[-1] / KNOT_SECONDS)
    values = generator(seed).uniform(-1.0, 1.0, size=count)  # bounded, so that no moment is lost altogether
    result: np.ndarray = CubicSpline(KNOT_SECONDS * (np.arange(count) - 1), values)(seconds)
    return result


class LevelWobble(Degradation):
    """Moves the level up and down at random; strength is the RMS of the gain in dB."""

    name = "level_wobble"
    group = "signal"
    family = "dynamics"
    default_ladder = Ladder((1.0, 2.0, 4.0, 6.0, 9.0), "dB RMS")
    source = "this project"
    summary = "moves the level up and down: from a barely unsteady level to a fader in a child's hands"
    picture = "waveform"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Draw the curve, and how far it must be shifted and scaled on this clip's active frames."""
        seed = int(rng.integers(2**62))
        active = active_blocks(clip)
        sounding = active.sum() * block_length(clip.sample_rate) / clip.sample_rate
        if sounding < KNOT_SECONDS:
            raise NotApplicableError(
                f"the clip sounds for {fixed(sounding)} s only: too short for its level to wander"
            )
        curve = at_centres(_curve(seed, clip))[active]
        return Drawn({"curve_seed": seed, "shift": float(curve.mean()), "scale_db": strength / float(curve.std())})

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Apply the curve as a gain."""
        curve = _curve(params["curve_seed"], clip) - params["shift"]
        return with_gain(clip.samples, params["scale_db"] * curve, block_length(clip.sample_rate))

    def measure(self, clean: Clip, degraded: Clip) -> float | None:
        """RMS in dB of the gain around its mean, while the music sounds."""
        return gain_movement_db(clean, degraded)

    def make_placebo(self) -> Degradation:
        """The same curve a hundred times flatter than anyone hears."""
        return FaintPlacebo(self, 0.01, "the same curve with 0.01 dB RMS, which nobody hears")
