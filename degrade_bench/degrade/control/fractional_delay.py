"""A delay by a fraction of a sample, exact over the whole band."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench._support.caching import remembered
from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.dsp.spectrum import exact_bins, spectrum
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.plan import Drawn


class FractionalDelay(Degradation):
    """Delays every channel alike by less than a sample, through the phase of the spectrum."""

    name = "fractional_delay"
    group = "control"
    family = "delay"
    default_ladder = Ladder((0.1, 0.2, 0.3, 0.4, 0.5), "samples")
    source = "band-limited interpolation (T. I. Laakso and others, Splitting the unit delay, 1996)"
    summary = "delays by a fraction of a sample, which nobody hears"
    matches_loudness = False

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """The delay is the strength; nothing is random."""
        return Drawn({"delay_samples": strength})

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Turn the phase of every frequency by its share of the delay."""
        clip_spectrum = spectrum(clip)
        radians = -2 * np.pi * params["delay_samples"] / clip_spectrum.size
        phase = (radians * np.arange(clip_spectrum.bins.shape[1])).astype(np.float32)
        turned = np.empty_like(phase, dtype=np.complex64)
        turned.real, turned.imag = np.cos(phase), np.sin(phase)
        return clip_spectrum.times(turned)

    def measure(self, clean: Clip, degraded: Clip) -> float | None:
        """The slope of the phase between the two in samples, weighted by power."""
        x, y = self._bins(clean), exact_bins(degraded.samples[:, : _measured_samples(clean)])
        cross = (x.conj() * y).sum(axis=0)
        turns = np.fft.rfftfreq(_measured_samples(clean))
        weight = np.abs(cross) * turns
        spread = float((weight * turns).sum())
        return -float((weight * np.angle(cross)).sum()) / (2 * np.pi * spread) if spread > 0 else None

    @remembered()
    def _bins(self, clean: Clip) -> np.ndarray:
        return exact_bins(clean.samples[:, : _measured_samples(clean)])


def _measured_samples(clip: Clip) -> int:
    """Nearly all of a clip: a length that transforms fast."""
    from scipy import fft

    return int(fft.prev_fast_len(clip.num_samples))
