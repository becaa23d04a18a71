"""Polarity: the phase of every frequency turned by one angle, up to half a turn, which is every sample negated.

A rotation by an angle a is ``cos(a) * x + sin(a) * q`` with the quarter turn ``q``, the Hilbert transform with
its sign changed: the magnitude spectrum stays, the waveform and its peaks change. At 180° it is the swapped
cable, exact negation.

Source: phase rotators of broadcast processors; a swapped cable.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench._support.caching import remembered
from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.dsp.spectrum import spectrum
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.plan import Drawn

HALF_TURN = 180.0


@remembered()
def quarter_turn(clip: Clip) -> torch.Tensor:
    """The clip with every phase a quarter turn ahead, which leaves nothing at 0 Hz."""
    clip_spectrum = spectrum(clip)
    return clip_spectrum.times(np.full(clip_spectrum.bins.shape[1], 1j, np.complex64))


class Polarity(Degradation):
    """Turns the phase of everything by the same angle, in all channels."""

    name = "polarity"
    group = "control"
    family = "phase"
    default_ladder = Ladder((36.0, 72.0, 108.0, 144.0, 180.0), "° phase")
    source = "phase rotators of broadcast processors; at 180° a swapped cable"
    summary = "turns all phases by one angle, at last the waveform upside down, which nobody hears"
    matches_loudness = False

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """The angle is the strength; nothing is random."""
        return Drawn({"degrees": strength})

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Rotate; half a turn is negation to the bit."""
        degrees = params["degrees"]
        if degrees == HALF_TURN:
            return -clip.samples
        radians = math.radians(degrees)
        return (quarter_turn(clip) * math.sin(radians)).add_(clip.samples * math.cos(radians))

    def measure(self, clean: Clip, degraded: Clip) -> float | None:
        """The angle in degrees whose cosine and sine the clip and its quarter turn have in the result."""
        x, ahead, y = (samples.double() for samples in (clean.samples, quarter_turn(clean), degraded.samples))
        powers = float(x.square().sum()), float(ahead.square().sum())
        if min(powers) == 0.0:
            return None
        sine, cosine = float((y * ahead).sum()) / powers[1], float((y * x).sum()) / powers[0]
        return math.degrees(math.atan2(sine, cosine)) % 360
