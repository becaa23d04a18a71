"""Gain: the music as it is, a little louder or softer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.dsp.amplitude import fitted_gain
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.plan import Drawn


class Gain(Degradation):
    """A gain up or down; which of the two is drawn once for all levels."""

    name = "gain"
    group = "control"
    family = "level"
    default_ladder = Ladder((1.0, 2.0, 3.0, 4.5, 6.0), "dB")
    source = "a volume knob"
    summary = "louder or softer by a few dB, nothing else"
    matches_loudness = False

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Draw the direction."""
        sign = 1 if rng.random() < 0.5 else -1
        return Drawn({"gain_db": sign * strength})

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Multiply every sample by the gain."""
        return clip.samples * float(10 ** (params["gain_db"] / 20))

    def measure(self, clean: Clip, degraded: Clip) -> float | None:
        """The size of the gain in dB."""
        gain = fitted_gain(clean.samples, degraded.samples)
        return abs(20 * math.log10(gain)) if gain > 0 else None
