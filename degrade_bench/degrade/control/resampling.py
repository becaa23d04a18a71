"""A resampling round trip: to another rate and back, with a very good resampler."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.dsp.codec import fitted
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.plan import Drawn


class Resampling(Degradation):
    """Through a higher rate and back (levels 1 to 3), or through one a little lower (levels 4 and 5).

    The lowest rate keeps the band up to about 19 kHz of a 44.1 kHz clip.
    """

    name = "resampling"
    group = "control"
    family = "resampling"
    default_ladder = Ladder((200.0, 150.0, 108.84, 95.0, 90.0), "% of the rate")
    source = "libsoxr (VHQ); 108.84 % is 44.1 to 48 kHz"
    summary = "through another sample rate and back, which nobody hears"
    matches_loudness = False

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Round the rate in between to whole Hz; nothing is random."""
        return Drawn({"rate_hz": round(clip.sample_rate * strength / 100)}, achieved=strength)

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Resample there and back; the length stays."""
        import soxr

        there = soxr.resample(clip.samples.numpy().T, clip.sample_rate, params["rate_hz"], quality="VHQ")
        back = soxr.resample(there, params["rate_hz"], clip.sample_rate, quality="VHQ")
        back = back.reshape(len(back), clip.channels)
        return torch.from_numpy(fitted(back.T, clip.num_samples))
