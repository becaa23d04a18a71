"""Fewer bits: uniform quantisation without dither.

Mid-tread: one code is zero, so that silence stays silent, and ``2 ** bits - 1`` codes lie evenly between minus
and plus the clip's peak. Full scale is the peak, not ±1: a level means the same for quiet and loud files, and
nothing clips.

Sources: quantisation is among the distortions of the Fréchet Audio Distance paper (K. Kilgour and others,
Interspeech 2019); audiomentations' ``BitCrush`` and pedalboard's ``Bitcrush`` do it relative to ±1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.dsp.peaks import peak_of_a_wave
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import FaintPlacebo
from degrade_bench.degrade.plan import Drawn
from degrade_bench.errors import ConfigError

FEWEST_BITS = 2.0
"""Three codes; one bit would leave one code, which is silence."""


def step_size(full_scale: float, bits: float) -> float:
    """The distance between two of the ``2 ** bits - 1`` codes from minus to plus full scale."""
    return full_scale / (2 ** (bits - 1) - 1)


class BitDepth(Degradation):
    """Rounds every sample to one of a few values."""

    name = "bit_depth"
    group = "signal"
    family = "resolution"
    default_ladder = Ladder((10.0, 8.0, 6.0, 5.0, 4.0), "bits")
    source = "quantisation as in the Fréchet Audio Distance paper; audiomentations BitCrush, pedalboard Bitcrush"
    summary = "rounds to fewer bits: from a grain in the decays to a rasp that swallows soft notes"
    picture = "waveform"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """The step; silence and square waves are among any codes.

        Raises:
            ConfigError: a ladder of one's own goes below two bits.
        """
        if strength < FEWEST_BITS:
            raise ConfigError(f"{self.name}: {strength:g} bits leave nothing; expected {FEWEST_BITS:g} or more")
        return Drawn({"step": step_size(peak_of_a_wave(clip), strength)})

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Round to the nearest multiple of the step."""
        samples: torch.Tensor = (clip.samples * (1 / params["step"])).round_().mul_(params["step"])
        return samples

    def measure(self, clean: Clip, degraded: Clip) -> float | None:
        """The bits that make so many codes: the peak is the last one, the smallest magnitude the first.

        Of a clip that had fewer bits from the outset (16-bit audio, quantised to more), those.
        """
        magnitudes = degraded.samples.abs()
        largest = float(magnitudes.max())
        if largest == 0.0:
            return None
        smallest = float(magnitudes.masked_fill_(magnitudes == 0, largest).min())
        return math.log2(largest / smallest + 1) + 1

    def make_placebo(self) -> Degradation:
        """The same at 20 bits."""
        return FaintPlacebo(self, 20.0, "the same to 20 bits, more than any converter resolves")
