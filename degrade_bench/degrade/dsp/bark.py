"""Cells of half a Bark by half-overlapped frames of about 46 ms: the grain in which perceptual codecs decide.

Source: the Bark scale after H. Traunmüller, "Analytical expressions for the tonotopic sensory scale", JASA
1990; the spreading of masking in its simplest form, two slopes, after J. D. Johnston, "Transform coding of
audio signals using perceptual noise criteria", IEEE JSAC 1988.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch

from degrade_bench._support.caching import remembered
from degrade_bench.clip import Clip
from degrade_bench.degrade.dsp.stft import Stft

FRAME_SECONDS = 0.04
BANDS_PER_BARK = 2
SLOPES_DB = (25.0, 10.0)
"""By how many dB per Bark masking falls towards lower and towards higher bands."""


def framing(sample_rate: int) -> Stft:
    """Frames of 46 ms at 44.1 kHz, half overlapped."""
    return Stft.of_seconds(FRAME_SECONDS, sample_rate, overlap=2)


def hz_to_bark(hz: np.ndarray) -> np.ndarray:
    """Frequencies in Hz on the Bark scale, by Traunmüller's formula."""
    hz = np.asarray(hz, dtype=float)
    values: np.ndarray = 26.81 * hz / (1960 + hz) - 0.53
    return values


def bark_to_hz(bark: np.ndarray) -> np.ndarray:
    """Frequencies in Hz of places on the Bark scale: the inverse of :func:`hz_to_bark`."""
    bark = np.asarray(bark, dtype=float)
    return 1960 * (bark + 0.53) / (26.28 - bark)


@lru_cache(maxsize=32)
def band_starts(sample_rate: int) -> np.ndarray:
    """The first bin of each band; bands that would hold no bin are left out."""
    stft = framing(sample_rate)
    top = float(hz_to_bark(np.asarray(sample_rate / 2)))
    edges = bark_to_hz(np.arange(0, top, 1 / BANDS_PER_BARK))
    bins = np.ceil(edges * stft.n_fft / sample_rate).astype(int)
    bins[0] = 0
    return np.unique(bins[bins < stft.bins])


def band_widths(sample_rate: int) -> np.ndarray:
    """How many bins of a spectrum each band holds."""
    return np.diff(np.append(band_starts(sample_rate), framing(sample_rate).bins))


@remembered()
def cell_power(clip: Clip) -> np.ndarray:
    """The power in each cell, ``(channels, frames, bands)``, float32."""
    spectra = framing(clip.sample_rate).analyse(clip.samples)
    power = (spectra.real**2 + spectra.imag**2).numpy()
    return np.add.reduceat(power, band_starts(clip.sample_rate), axis=2)


def masking(power: np.ndarray, sample_rate: int) -> np.ndarray:
    """What the bands of a frame spread over one another, themselves included; ``(frames, bands)`` to the same."""
    starts, widths = band_starts(sample_rate), band_widths(sample_rate)
    bark = hz_to_bark((starts + (widths - 1) / 2) * sample_rate / framing(sample_rate).n_fft)
    distance = bark[:, None] - bark[None, :]  # from the masker (columns) up to the masked (rows)
    fall_db = np.where(distance > 0, SLOPES_DB[1] * distance, -SLOPES_DB[0] * distance)
    values: np.ndarray = power @ (10 ** (-fall_db / 10)).T
    return values


def spread_over_bins(cells: np.ndarray, sample_rate: int) -> torch.Tensor:
    """A value per band to a value per bin, along the last axis."""
    return torch.from_numpy(np.repeat(cells, band_widths(sample_rate), axis=-1))
