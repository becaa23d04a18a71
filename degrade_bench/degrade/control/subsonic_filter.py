"""A high-pass below what is heard: the rumble filter of a phono preamplifier.

The magnitude of a Butterworth filter of fourth order, −3 dB at the cutoff and 24 dB per octave below, without its
phase.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.dsp.spectrum import spectrum
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.plan import Drawn

ORDER = 4
ALL_PASSES = 10.0
"""From so many times the cutoff on the gain is 1 to the last bit of float32."""


def response(frequency_hz: np.ndarray, cutoff_hz: float) -> np.ndarray:
    """The design: the gain at given frequencies; 0 at 0 Hz."""
    relative = (np.asarray(frequency_hz) / cutoff_hz) ** ORDER
    return relative / np.sqrt(1 + relative**2)


class SubsonicFilter(Degradation):
    """Removes what lies below the ear's range, the constant part included."""

    name = "subsonic_filter"
    group = "control"
    family = "bandwidth"
    default_ladder = Ladder((4.0, 8.0, 12.0, 16.0, 20.0), "Hz")
    source = "the subsonic (rumble) filter of phono preamplifiers"
    summary = "removes what lies below 20 Hz, which nobody hears"
    matches_loudness = False

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """The cutoff. What it removes may be nothing, so that it is known by construction only."""
        return Drawn({"cutoff_hz": strength}, achieved=strength)

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Filter, without delay."""
        clip_spectrum = spectrum(clip)
        touched = min(
            clip_spectrum.bins.shape[1], math.ceil(ALL_PASSES * params["cutoff_hz"] / clip_spectrum.step_hz)
        )
        gain = response(clip_spectrum.step_hz * np.arange(touched), params["cutoff_hz"])
        return clip_spectrum.times(gain.astype(np.float32))
