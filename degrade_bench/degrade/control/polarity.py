"""Polarity inversion: every sample with the other sign."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation, Drawn, Ladder


class Polarity(Degradation):
    """Turns the waveform upside down. There is one level."""

    name = "polarity"
    group = "control"
    family = "phase"
    default_ladder = Ladder((180.0,), "° phase")
    source = "a swapped cable"
    summary = "the waveform upside down, which nobody hears"
    matches_loudness = False

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Nothing to decide."""
        return Drawn()

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Negate."""
        return -clip.samples

    def measure(self, clean: Clip, degraded: Clip) -> float | None:
        """180 where every sample was negated."""
        return 180.0 if torch.equal(degraded.samples, -clean.samples) else None
