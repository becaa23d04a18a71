"""GSM 06.10 full rate: the first digital mobile telephone's codec.

It knows one bit rate: 1.625 bits per sample, 13 kbps at its own 8 kHz. The ladder clocks it faster: the same
codec on the same music at 32, 24, 16, 12 and 8 kHz, so that the last level is GSM as it is, and every level
above hands on more of the band at proportionally more bits. Predictor and pitch search work on shorter times
then, which costs little: what is heard at every level is the codec's grain, over a band that narrows. Every
channel is coded by itself.

Source: GSM 06.10 (ETSI EN 300 961), libgsm through libsndfile.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.dsp.codec import gsm_round_trip, pcm_round_trip
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import Placebo
from degrade_bench.degrade.plan import Drawn


class Gsm(Degradation):
    """Encodes to GSM full rate and back."""

    name = "gsm"
    group = "signal"
    family = "codec"
    default_ladder = Ladder((32.0, 24.0, 16.0, 12.0, 8.0), "kHz clock")
    source = "GSM 06.10 full rate (ETSI EN 300 961), libgsm through libsndfile"
    summary = "codes as GSM: from a grainy wideband telephone to an early mobile telephone"
    caveat = "speech coders grind music: level 1 is already heard well, as a roughness"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Nothing is random: the clock is the plan."""
        return Drawn({"rate": round(1000 * strength)}, achieved=strength)

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Encode and decode, aligned to the sample."""
        return gsm_round_trip(clip.samples, clip.sample_rate, params["rate"])

    def make_placebo(self) -> Degradation:
        """The same path with 16-bit PCM in the codec's place."""
        return _PcmInstead(self)


class _PcmInstead(Placebo):
    def __init__(self, parent: Gsm) -> None:
        summary = "the same way through 48 kHz and 16-bit PCM, without the codec"
        super().__init__(parent, summary, Ladder((48.0,), parent.ladder.unit))

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        return pcm_round_trip(clip.samples, clip.sample_rate, params["rate"])
