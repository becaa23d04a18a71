"""A constant change of tempo; the pitch stays.

Slower only: a slower clip is longer, so a metric's window is always full of music.

Source: MuQ-Eval's script names tempo factors 0.95, 0.85 and 0.7 but resamples, which lowers the pitch too; this
ladder spans the same range with a stretcher that keeps it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Clip, TimeMap
from degrade_bench.degrade.base import Degradation, Drawn, Ladder
from degrade_bench.degrade.memory import last_remembered
from degrade_bench.degrade.placebo import Placebo
from degrade_bench.degrade.structural.stretch import stretched


class TempoChange(Degradation):
    """Plays the whole clip slower."""

    name = "tempo_change"
    group = "structural"
    family = "tempo"
    default_ladder = Ladder((3.0, 6.0, 12.0, 20.0, 30.0), "% slower")
    source = "MuQ-Eval (arXiv 2603.22677), with the pitch kept; Rubber Band through pedalboard"
    summary = "plays the whole clip slower at the same pitch: from unnoticed to dragging"
    changes_duration = True

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Nothing is random: the ratio is the plan."""
        ratio = 1 - strength / 100
        return Drawn({"ratio": ratio}, TimeMap(((0.0, 0.0), (1.0, 1 / ratio))))

    @last_remembered
    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Stretch in one pass."""
        length = round(clip.num_samples / params["ratio"])
        return stretched(clip.samples, clip.sample_rate, params["ratio"], length)

    def measure(self, clean: Clip, degraded: Clip) -> float | None:
        """The change of tempo in % that the two durations tell."""
        return 100 * (1 - clean.num_samples / degraded.num_samples)

    def make_placebo(self) -> Degradation:
        """Stretched, and back."""
        return TempoChangePlacebo(self, "slower by the same ratio, and back to the old tempo")


class TempoChangePlacebo(Placebo):
    """Slower by the same ratio and back again: the stretcher's sound, twice, at the old tempo."""

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """The parent's ratio; the time stays as it was."""
        return Drawn(self.parent.draw(clip, level, strength, rng).params, achieved=strength)

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Stretch there and back."""
        ratio = params["ratio"]
        slow = self.parent.damage(clip, params)
        return stretched(slow, clip.sample_rate, 1 / ratio, clip.num_samples)
