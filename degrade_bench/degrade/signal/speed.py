"""A wrong speed: one that drifts, and one that is wrong throughout.

``sample_rate_drift`` is a clock or a motor that runs down (or up, drawn per clip): the speed changes linearly from
the first to the last sample, fast by half the strength at one end and slow by half at the other, so the clip stays
as long as it was. ``speed_change`` plays everything slower by a constant share, which makes the clip longer.

Source: varispeed, as in the Fréchet Audio Distance paper's speed changes and the Audio Degradation Toolbox's
radio broadcast (2 % faster). What MuQ-Eval's script calls pitch shift and tempo stretch is varispeed too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Clip, TimeMap
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.dsp import varispeed
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import FaintPlacebo
from degrade_bench.degrade.plan import Drawn
from degrade_bench.errors import ConfigError

DRIFT_POINTS = 64


class SampleRateDrift(Degradation):
    """The speed drifts through the clip; strength is its change from beginning to end."""

    name = "sample_rate_drift"
    group = "signal"
    family = "speed"
    default_ladder = Ladder((1.0, 2.0, 4.0, 8.0, 16.0), "% drift")
    source = "this project; a drifting clock in the sense of IEC 60386"
    summary = "lets pitch and tempo slide in one direction: from hardly a hint to a tape that runs down"
    moves_time = True
    picture = "tempo"

    def __init__(self, ladder: Ladder | None = None) -> None:
        super().__init__(ladder)
        if max(self.ladder.strengths) >= 180:
            raise ConfigError(f"sample_rate_drift must stay under 180 %, got {self.ladder.strengths}")

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Draw whether it runs down or up."""
        down = bool(rng.random() < 0.5)
        span = varispeed.span_seconds(clip)
        params = {"deviation": (1 if down else -1) * strength / 200}
        time_map = varispeed.time_map(_drifting(params, span), span, DRIFT_POINTS)
        # neither one tempo nor one key describes the clip any more
        annotations = clip.annotations.warp(time_map).without("tempo_bpm", "key", "chords")
        return Drawn(params, time_map, strength, annotations)

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Read the clip at the drifting speed."""
        displacement = _drifting(params, varispeed.span_seconds(clip))
        return varispeed.read_at(clip, varispeed.positions(displacement, clip.num_samples, clip.sample_rate))

    def make_placebo(self) -> Degradation:
        """The same reading between the samples, at a speed that is all but steady."""
        return FaintPlacebo(self, 0.00001, "the same drift by 0.00001 %, which nobody hears")


def _drifting(params: Mapping[str, Any], span: float) -> varispeed.Displacement:
    deviation = params["deviation"]

    def displacement(times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return deviation * times * (1 - times / span), deviation * (1 - 2 * times / span)

    return displacement


class SpeedChange(Degradation):
    """Plays everything slower; strength is by how much. A negative one plays faster."""

    name = "speed_change"
    group = "signal"
    family = "speed"
    default_ladder = Ladder((1.0, 2.0, 4.0, 8.0, 16.0), "% slower")
    source = "varispeed; Audio Degradation Toolbox (ISMIR 2013) speed-up"
    summary = "plays slower and lower, as a tape would: from a sixth of a semitone to three semitones"
    changes_duration = True
    picture = "tempo"

    def __init__(self, ladder: Ladder | None = None) -> None:
        super().__init__(ladder)
        if max(self.ladder.strengths) >= 95:
            raise ConfigError(f"speed_change must stay under 95 % slower, got {self.ladder.strengths}")

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Nothing is random: the speed is the plan."""
        speed = 1 - strength / 100
        span = varispeed.span_seconds(clip)
        time_map = TimeMap(((0.0, 0.0), (span, span / speed)))
        annotations = clip.annotations.warp(time_map).transposed(12 * math.log2(speed))
        return Drawn({"speed": speed}, time_map, strength, annotations)

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Read the clip at the other speed, to its end."""
        length = int((clip.num_samples - 1) / params["speed"]) + 1
        where = np.minimum(np.arange(length) * params["speed"], clip.num_samples - 1)
        return varispeed.read_at(clip, where)

    def make_placebo(self) -> Degradation:
        """The same reading between the samples, at all but the right speed."""
        return FaintPlacebo(self, 0.00001, "slower by 0.00001 %, which nobody hears")
