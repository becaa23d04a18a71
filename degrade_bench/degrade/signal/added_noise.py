"""Adding a given noise at a given signal-to-noise ratio: what the noises share.

The ratio is that of the clip's active level (:func:`~degrade_bench.degrade.dsp.amplitude.active_rms`) to the RMS of
the noise, both over all channels. A noise says what it draws and what it sounds like at any loudness; scaling,
measuring and the placebo are here. The noise of a clip is made once: levels and placebo only scale it.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench._support.accelerator import on_device, on_processor
from degrade_bench._support.caching import remembered
from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation, Group
from degrade_bench.degrade.dsp.amplitude import active_rms, fitted_gain, rms
from degrade_bench.degrade.placebo import FaintPlacebo
from degrade_bench.degrade.plan import Drawn
from degrade_bench.errors import NotApplicableError

INAUDIBLE_SNR_DB = 90.0
"""Below the last bit of 16-bit audio for music at usual levels."""


class AddedNoise(Degradation):
    """Adds a noise, the same at every level, as loud as a signal-to-noise ratio in dB says."""

    group: Group = "signal"
    family = "noise"

    @abstractmethod
    def make_noise(self, clip: Clip, params: Mapping[str, Any]) -> np.ndarray:
        """The noise at any loudness but silence, float32 of the clip's shape ``(channels, time)``."""

    def draw_noise(self, clip: Clip, rng: np.random.Generator) -> dict[str, Any]:
        """Decide what the levels share: a seed, unless a noise needs something else."""
        return {"noise_seed": int(rng.integers(2**62))}

    def gain_of_music(self, clean: Clip, degraded: Clip) -> float:
        """The gain that the clean clip has inside the degraded one; 0 where it cannot be told."""
        return fitted_gain(clean.samples, degraded.samples)

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Draw the noise, and its RMS from the clip's active level.

        Raises:
            NotApplicableError: the clip is silent.
        """
        shared = self.draw_noise(clip, rng)
        active = active_rms(clip)
        if active == 0.0:
            raise NotApplicableError("the clip is silent: a signal-to-noise ratio means nothing")
        return Drawn({**shared, "noise_rms": active * 10 ** (-strength / 20)})

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Add the noise, scaled to exactly the RMS that was drawn."""
        shared = {name: value for name, value in params.items() if name != "noise_rms"}
        noise = on_device(self._unit_noise(clip, shared))
        return on_processor((noise * params["noise_rms"]).add_(on_device(clip.samples)))

    @remembered()
    def _unit_noise(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        noise = self.make_noise(clip, params)
        power = float(np.mean(np.square(noise)))  # numpy's pairwise sum: exact enough
        if power > 0:  # a clip of a few samples may hold none of a noise that comes in events
            noise *= np.float32(1 / math.sqrt(power))
        return torch.from_numpy(noise)

    def measure(self, clean: Clip, degraded: Clip) -> float | None:
        """SNR in dB of what is left when the clean clip is taken out."""
        gain = self.gain_of_music(clean, degraded)
        if gain <= 0.0:
            return None
        noise = rms(degraded.samples / gain - clean.samples)
        return 20 * math.log10(active_rms(clean) / noise) if noise > 0 else None

    def make_placebo(self) -> Degradation:
        """The same noise 90 dB under the music."""
        summary = f"the same noise at {INAUDIBLE_SNR_DB:g} dB SNR, which nobody hears"
        return FaintPlacebo(self, INAUDIBLE_SNR_DB, summary)
