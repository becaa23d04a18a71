"""Pink and brown noise: Gaussian noise whose power falls by 3 or 6 dB per octave.

Made in the frequency domain, where the slope is exact: independent complex Gaussian bins, scaled by a power of
the frequency, and one inverse transform. Nothing lies below 20 Hz: there the spectrum would rise without bound
and spend the noise's power on what nobody hears.

Sources: PMQD mixes a pink noise generator in at −25 to 0 dB; the Audio Degradation Toolbox (M. Mauch and S.
Ewert, ISMIR 2013) adds pink noise at 40 dB SNR to its live and vinyl recordings and at 35 dB to its smartphone's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from degrade_bench._support.caching import remembered
from degrade_bench.clip import Clip
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.seeds import generator
from degrade_bench.degrade.signal.added_noise import AddedNoise

LOWEST_HZ = 20.0


def coloured_noise(shape: tuple[int, int], sample_rate: int, exponent: float, seed: int) -> np.ndarray:
    """Gaussian noise with a power spectrum of ``1 / f ** exponent`` above 20 Hz and nothing below.

    Args:
        shape: ``(channels, time)``.
        sample_rate: Hz.
        exponent: 1 for pink, 2 for brown.
        seed: of the noise.

    Shape:
        shape: ``(channels, time)``, as the output, which is float32 and of no particular loudness.
    """
    from scipy import fft

    channels, length = shape
    period = fft.next_fast_len(max(length, sample_rate), real=True)
    frequencies = np.fft.rfftfreq(period, 1 / sample_rate)
    first = int(np.searchsorted(frequencies, LOWEST_HZ))
    spectrum = np.zeros((channels, len(frequencies)), dtype=np.complex64)
    bins = generator(seed).standard_normal((channels, len(frequencies) - first, 2), dtype=np.float32)
    slope = (frequencies[first:] / frequencies[first]) ** (-exponent / 2)
    np.multiply(bins.view(np.complex64)[..., 0], slope.astype(np.float32), out=spectrum[:, first:])
    return np.ascontiguousarray(fft.irfft(spectrum, period, axis=1)[:, :length])


class ColouredNoise(AddedNoise):
    """Adds noise whose power falls with frequency, independent in every channel."""

    exponent: float

    def make_noise(self, clip: Clip, params: Mapping[str, Any]) -> np.ndarray:
        """Gaussian noise, shaped in the frequency domain."""
        shape = clip.channels, clip.num_samples
        return coloured_noise(shape, clip.sample_rate, self.exponent, params["noise_seed"])

    def gain_of_music(self, clean: Clip, degraded: Clip) -> float:
        """Least squares with every frequency weighted by the inverse of the noise's power.

        Unweighted, the few cycles of a rumble would pass for music by chance.
        """
        x, y = self._weighted(clean), self._weighted_bins(degraded)
        power = float(np.square(x.real).sum() + np.square(x.imag).sum())
        return float((x.real * y.real).sum() + (x.imag * y.imag).sum()) / power if power > 0 else 0.0

    @remembered()
    def _weighted(self, clean: Clip) -> np.ndarray:
        return self._weighted_bins(clean)

    def _weighted_bins(self, clip: Clip) -> np.ndarray:
        """The spectrum under the weight: ``(channels, frequencies)``, complex64."""
        from scipy import fft

        size = fft.next_fast_len(clip.num_samples, real=True)
        weight = np.sqrt(np.fft.rfftfreq(size) ** self.exponent).astype(np.float32)
        values: np.ndarray = weight * fft.rfft(clip.samples.numpy(), size, axis=1)
        return values


class PinkNoise(ColouredNoise):
    """Adds pink noise: the same power in every octave."""

    name = "pink_noise"
    exponent = 1.0
    default_ladder = Ladder((40.0, 30.0, 20.0, 10.0, 0.0), "dB SNR")
    source = "PMQD (pink noise, −25 to 0 dB); Audio Degradation Toolbox (pink noise, 40 and 35 dB)"
    summary = "adds pink noise: from the breath of a tape to a waterfall as loud as the music"


class BrownNoise(ColouredNoise):
    """Adds brown noise: a rumble."""

    name = "brown_noise"
    exponent = 2.0
    default_ladder = Ladder((30.0, 20.0, 10.0, 0.0, -10.0), "dB SNR")
    source = "Brownian noise of audio test practice (−6 dB per octave), above 20 Hz"
    summary = "adds brown noise: from a distant rumble to a storm on the microphone over the music"
