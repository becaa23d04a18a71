"""White Gaussian noise at a given signal-to-noise ratio.

Source: MuQ-Eval (arXiv 2603.22677) uses 30, 20 and 10 dB against mean power; here the ratio is against the
clip's active level, and the ladder reaches from hiss under the music to noise as loud as it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation, Drawn, Ladder
from degrade_bench.degrade.levels import active_rms, fitted_gain, rms
from degrade_bench.degrade.placebo import FaintPlacebo
from degrade_bench.degrade.seeds import generator
from degrade_bench.errors import NotApplicableError


class WhiteNoise(Degradation):
    """Adds white noise, independent in every channel; the same noise at every level."""

    name = "white_noise"
    group = "signal"
    family = "noise"
    default_ladder = Ladder((40.0, 30.0, 20.0, 10.0, 0.0), "dB SNR")
    source = "MuQ-Eval (arXiv 2603.22677); active level after ITU-T P.56"
    summary = "adds white noise: from a faint hiss to a roar as loud as the music"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Draw the seed of the noise, and its standard deviation from the clip's active level."""
        seed = int(rng.integers(2**62))
        active = active_rms(clip)
        if active == 0.0:
            raise NotApplicableError("the clip is silent: a signal-to-noise ratio means nothing")
        return Drawn({"noise_seed": seed, "sigma": active * 10 ** (-strength / 20)})

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Add the noise, scaled to exactly the standard deviation that was drawn."""
        shape = tuple(clip.samples.shape)
        noise = generator(params["noise_seed"]).standard_normal(shape, dtype=np.float32)
        scale = params["sigma"] / float(np.sqrt(np.mean(np.square(noise, dtype=np.float64))))
        return clip.samples + torch.from_numpy(noise * np.float32(scale))

    def measure(self, clean: Clip, degraded: Clip) -> float | None:
        """SNR in dB of the residual after a least-squares fit of the clean clip."""
        gain = fitted_gain(clean.samples, degraded.samples)
        if gain == 0.0:
            return None
        noise = rms(degraded.samples / gain - clean.samples)
        return 20 * math.log10(active_rms(clean) / noise) if noise > 0 else None

    def make_placebo(self) -> Degradation:
        """The same noise 90 dB under the music, below the last bit of 16-bit audio."""
        return FaintPlacebo(self, 90.0, "the same noise at 90 dB SNR, which nobody hears")
