"""PMQD's four damages at its parameters, in the middle of its five bins of intensity, to set beside its ratings.

Source: PMQD (975 clips of 13 genres, each damaged once and rated from 1 to 5 by people): a waveshaper from 50 to
100 %, a peak limiter from 0 to −30 dB, a 24 dB/octave Butterworth low-pass from 20 to 1 kHz and pink noise mixed in
from −25 to 0 dB, each by an intensity of 0 to 100 %. A level here is the middle of a fifth of that range: 10, 30,
50, 70, 90 %. What people said of it is in ``pmqd_ratings.py``.

What the published parameters leave open, and how it is read here:

- **Full scale** is the clip's own peak. PMQD damaged released masters, which peak at full scale; so read, a
  damage does not depend on how loud a clip happens to be stored.
- **Waveshaper**: the usual one with an amount *a*, ``(1 + k)·x / (1 + k·|x|)`` with ``k = 2a / (1 − a)``, on
  samples between −1 and 1.
- **Limiter**: no sample passes the threshold; the gain falls at once and recovers with a time constant of 100 ms,
  all channels together.
- **Low-pass**: the cutoff falls linearly in Hz. Geometrically it would be at 1.35 kHz at 90 %, which hardly anybody
  would rate 3.31; linearly it is at 2.9 kHz.
- **Noise**: its level is its RMS against that of the clip without a constant offset.
- **Loudness** is matched to the clean clip's, as everywhere in this bench, so that a metric that follows loudness
  is not taken for one that hears damage. Whether PMQD's listeners heard matched clips is not known.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation, Group
from degrade_bench.degrade.dsp.amplitude import signal_rms
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.plan import Drawn
from degrade_bench.degrade.seeds import generator
from degrade_bench.errors import NotApplicableError

INTENSITIES = (10.0, 30.0, 50.0, 70.0, 90.0)
"""The middles of PMQD's bins 0–20, 20–40, 40–60, 60–80 and 80–100 %."""

RELEASE_SECONDS = 0.1
"""The limiter's time constant of recovery."""

LOWEST_NOISE_HZ = 20.0
"""Pink noise is flat below this frequency."""


class _Pmqd(Degradation):
    """One of PMQD's damages; its strength is the intensity in %."""

    group: Group = "signal"
    default_ladder = Ladder(INTENSITIES, "% intensity")
    source = "PMQD, middles of its five bins of intensity"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """The damage's parameter at this intensity."""
        return Drawn(self.parameters(clip, strength / 100, rng), achieved=strength)

    @abstractmethod
    def parameters(self, clip: Clip, intensity: float, rng: np.random.Generator) -> dict[str, Any]:
        """What ``damage`` needs at an intensity of 0 to 1.

        Args:
            clip: what is damaged.
            intensity: from 0 to 1.
            rng: for what is random; the same at every level.
        """


def _sounding_peak(clip: Clip) -> float:
    if clip.peak == 0.0:
        raise NotApplicableError("the clip is silent")
    return clip.peak


class PmqdWaveshaper(_Pmqd):
    """Bends every sample towards the peak."""

    name = "pmqd_waveshaper"
    family = "clipping"
    summary = "overdrives the music: from a warm fuzz to a square-wave buzz"
    picture = "waveform"

    def parameters(self, clip: Clip, intensity: float, rng: np.random.Generator) -> dict[str, Any]:
        """The amount, 50 to 100 %, and what counts as full scale."""
        return {"amount": 0.5 + 0.5 * intensity, "full_scale": _sounding_peak(clip)}

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """The curve of the module's docstring, sample by sample."""
        k = 2 * params["amount"] / (1 - params["amount"])
        x = clip.samples / params["full_scale"]
        samples: torch.Tensor = params["full_scale"] * (1 + k) * x / (1 + k * x.abs())
        return samples


class PmqdLimiter(_Pmqd):
    """Keeps every sample under a threshold by turning the gain down."""

    name = "pmqd_limiter"
    family = "dynamics"
    summary = "flattens the loud moments: from nothing that one hears to a dense wall without accents"
    picture = "waveform"

    def parameters(self, clip: Clip, intensity: float, rng: np.random.Generator) -> dict[str, Any]:
        """The threshold, 0 to −30 dB under the clip's peak, as an amplitude."""
        return {"threshold": _sounding_peak(clip) * 10 ** (-30 * intensity / 20)}

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Divide by how far a follower of peaks is beyond the threshold."""
        loudest = clip.samples.abs().amax(dim=0).numpy()
        over = np.maximum(np.log(np.maximum(loudest, 1e-9)) - math.log(params["threshold"]), 0.0)
        # a follower that jumps up and falls by a constant slope in the logarithm is a running maximum
        fall = np.arange(len(over)) / (RELEASE_SECONDS * clip.sample_rate)
        over = np.maximum(np.maximum.accumulate(over + fall) - fall, 0.0)
        return clip.samples * torch.from_numpy(np.exp(-over).astype(np.float32))


class PmqdLowPass(_Pmqd):
    """A causal Butterworth filter of fourth order."""

    name = "pmqd_low_pass"
    family = "bandwidth"
    summary = "removes the treble: from nothing that one hears to music behind a door"

    def parameters(self, clip: Clip, intensity: float, rng: np.random.Generator) -> dict[str, Any]:
        """The cutoff, 20 to 1 kHz, linearly."""
        cutoff_hz = 20000.0 - 19000.0 * intensity
        if cutoff_hz >= clip.sample_rate / 2:
            raise NotApplicableError(
                f"a cutoff of {cutoff_hz:g} Hz is beyond the band of {clip.sample_rate} Hz audio"
            )
        return {"cutoff_hz": cutoff_hz}

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Filter forward, in float64."""
        from scipy.signal import butter, sosfilt

        sections = butter(4, params["cutoff_hz"], output="sos", fs=clip.sample_rate)
        filtered = sosfilt(sections, clip.samples.double().numpy(), axis=1)
        return torch.from_numpy(filtered.astype(np.float32))


def pink_noise(channels: int, count: int, sample_rate: int, seed: int) -> np.ndarray:
    """Noise whose power falls by 3 dB per octave above 20 Hz, of RMS 1, ``float32`` of ``(channels, count)``.

    Args:
        channels: each has noise of its own.
        count: samples.
        sample_rate: Hz.
        seed: of the noise.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    length = next_fast_len(count, real=True)
    spectrum = rfft(generator(seed).standard_normal((channels, length), dtype=np.float32), axis=1)
    frequencies = np.fft.rfftfreq(length, 1 / sample_rate)
    spectrum *= (np.maximum(frequencies, LOWEST_NOISE_HZ) ** -0.5).astype(np.float32)
    noise = irfft(spectrum, length, axis=1)[:, :count]
    values: np.ndarray = noise / np.sqrt(np.mean(np.square(noise, dtype=np.float64))).astype(np.float32)
    return values


class PmqdNoise(_Pmqd):
    """Pink noise mixed in; the same noise at every level."""

    name = "pmqd_noise"
    family = "noise"
    summary = "adds pink noise: from rain outside to a waterfall as loud as the music"

    def parameters(self, clip: Clip, intensity: float, rng: np.random.Generator) -> dict[str, Any]:
        """The seed, and the noise's RMS: −25 to 0 dB against the clip's."""
        seed = int(rng.integers(2**62))
        _sounding_peak(clip)
        return {"noise_seed": seed, "rms": signal_rms(clip.samples) * 10 ** (25 * (intensity - 1) / 20)}

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Add the noise."""
        noise = pink_noise(clip.channels, clip.num_samples, clip.sample_rate, params["noise_seed"])
        samples: torch.Tensor = clip.samples + params["rms"] * torch.from_numpy(noise)
        return samples
