"""Wow and flutter: the speed swings around 1, slowly or quickly.

The speed's deviation is a sum of sines that complete whole cycles in the clip, so that the first and the last
sample keep their place and the RMS is exact. Wow is one sine between 0.5 and 2 Hz (a record off its centre turns at
0.55 Hz); flutter is five between 6 and 20 Hz. Frequencies and phases are drawn once per clip; the levels scale
them.

Source: IEC 60386, the measurement of speed fluctuations (slow ones are wow, fast ones flutter); the Audio
Degradation Toolbox's vinyl has a wow of 1.3 % peak, which is 0.92 % RMS.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Clip, TimeMap
from degrade_bench.degrade.base import Degradation, Group
from degrade_bench.degrade.dsp import varispeed
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import FaintPlacebo
from degrade_bench.degrade.plan import Drawn
from degrade_bench.errors import ConfigError

HIGHEST_DEVIATION = 0.9
POINTS_PER_CYCLE = 16


class SwingingSpeed(Degradation):
    """Speed as a sum of sines around 1; strength is the RMS deviation.

    Args:
        ladder: strengths in % RMS.
        rates_hz: the lowest and the highest rate of the swinging.
    """

    group: Group = "signal"
    family = "speed"
    default_rates_hz: tuple[float, float]
    sines: int

    def __init__(self, ladder: Ladder | None = None, rates_hz: tuple[float, float] | None = None) -> None:
        super().__init__(ladder)
        self.rates_hz = rates_hz or self.default_rates_hz
        worst = max(self.ladder.strengths) / 100 * math.sqrt(2 * self.sines)
        if worst >= HIGHEST_DEVIATION:
            raise ConfigError(
                f"{self.name}: at {max(self.ladder.strengths):g} % RMS the speed would come to a halt"
            )

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Draw rates and phases, and scale them to the strength."""
        span = varispeed.span_seconds(clip)
        low, high = np.log(self.rates_hz)
        rates = np.exp(rng.uniform(low, high, size=self.sines))
        phases = rng.uniform(0, 2 * math.pi, size=self.sines)
        cycles = sorted({max(1, round(rate * span)) for rate in rates.tolist()})
        params = {
            "cycles": cycles,
            "phases": phases[: len(cycles)].tolist(),
            "peak": strength / 100 * math.sqrt(2 / len(cycles)),
        }
        return Drawn(params, self._time_map(params, span), achieved=strength)

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Read the clip at the swinging speed."""
        displacement = _displacement(params, varispeed.span_seconds(clip))
        return varispeed.read_at(clip, varispeed.positions(displacement, clip.num_samples, clip.sample_rate))

    def _time_map(self, params: Mapping[str, Any], span: float) -> TimeMap | None:
        return varispeed.time_map(_displacement(params, span), span, POINTS_PER_CYCLE * max(params["cycles"]))


def _displacement(params: Mapping[str, Any], span: float) -> varispeed.Displacement:
    cycles = 2 * math.pi * np.asarray(params["cycles"], dtype=float)[:, None] / span
    phases = np.asarray(params["phases"], dtype=float)[:, None]

    def displacement(times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        angles = cycles * times + phases
        moved = ((np.sin(angles) - np.sin(phases)) / cycles).sum(axis=0)
        return params["peak"] * moved, params["peak"] * np.cos(angles).sum(axis=0)

    return displacement


class Wow(SwingingSpeed):
    """Slow swings of pitch and tempo."""

    name = "wow"
    default_ladder = Ladder((0.2, 0.5, 1.0, 2.0, 4.0), "% RMS")
    default_rates_hz = (0.5, 2.0)
    sines = 1
    source = "IEC 60386; Audio Degradation Toolbox (ISMIR 2013)"
    summary = "lets the pitch sway slowly: from a record a little off its centre to seasickness"
    moves_time = True
    picture = "tempo"

    def make_placebo(self) -> Degradation:
        """The same reading between the samples, at a speed that is all but steady."""
        return FaintPlacebo(self, 0.0002, "the same wow of 0.0002 % RMS: nothing moves by more than 2 µs")


class Flutter(SwingingSpeed):
    """Quick swings of the pitch. No event moves by more than about two milliseconds: there is no time map."""

    name = "flutter"
    default_ladder = Ladder((0.15, 0.3, 0.6, 1.2, 2.5), "% RMS")
    default_rates_hz = (6.0, 20.0)
    sines = 5
    source = "IEC 60386"
    summary = "lets the pitch tremble: from a slight roughness of held notes to a gargle"

    def make_placebo(self) -> Degradation:
        """The same reading between the samples, at a speed that is all but steady."""
        return FaintPlacebo(self, 0.0002, "the same flutter of 0.0002 % RMS, which nobody hears")

    def _time_map(self, params: Mapping[str, Any], span: float) -> TimeMap | None:
        return None
