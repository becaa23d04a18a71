"""Filter banks over the bins of a spectrum: mel bands, and pitch classes.

Both are librosa's (``librosa.filters.mel`` and ``chroma``) to rounding, and are tested against it. librosa itself,
when a filter bank is first asked for, compiles loops that neither of them needs: ten seconds of the first run after
an installation, and a third of a second of every process.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from degrade_bench._support.mel_scale import hz_to_mel, mel_to_hz

LOWEST_HZ = 20.0
CLASSES, A4_HZ, CENTRE_OCTAVE, OCTAVES_WIDE = 12, 440.0, 5.0, 2.0
A_BEFORE_C = 3
"""Semitones from A, which octaves are counted from here, to C, the first class."""


@lru_cache(maxsize=16)
def mel_filters(sample_rate: int, n_fft: int, bands: int) -> np.ndarray:
    """Mel filter bank from 20 Hz to the Nyquist frequency: ``(1 + n_fft/2, bands)``, unit sum per band.

    Triangles whose corners are equally far apart on Slaney's scale.

    Args:
        sample_rate: in Hz.
        n_fft: samples of a frame.
        bands: how many filters.
    """
    corners = mel_to_hz(np.linspace(hz_to_mel(LOWEST_HZ), hz_to_mel(sample_rate / 2), bands + 2))
    widths = np.diff(corners)[:, None]
    beyond = np.subtract.outer(corners, np.fft.rfftfreq(n_fft, 1.0 / sample_rate))
    triangles = np.minimum(-beyond[:-2] / widths[:-1], beyond[2:] / widths[1:])
    filters = np.maximum(0, triangles).astype(np.float32)
    return np.ascontiguousarray((filters / np.maximum(filters.sum(axis=1, keepdims=True), 1e-9)).T, np.float32)


@lru_cache(maxsize=16)
def chroma_filters(sample_rate: int, n_fft: int) -> np.ndarray:
    """Pitch-class filter bank: ``(1 + n_fft/2, 12)``, from C on, centred on the fifth octave.

    A bin counts towards classes by how near they are, in a bell as wide as the bin or a semitone, whichever is more
    (Ellis, "Chroma feature analysis and synthesis", 2007).

    Args:
        sample_rate: in Hz.
        n_fft: samples of a frame.
    """
    bins = np.linspace(0, sample_rate, n_fft, endpoint=False)[1:]
    semitones = CLASSES * np.log2(bins / (A4_HZ / 16))
    semitones = np.concatenate(([semitones[0] - 1.5 * CLASSES], semitones))  # the bin of 0 Hz, somewhere below
    widths = np.concatenate((np.maximum(np.diff(semitones), 1.0), [1]))
    away = np.subtract.outer(np.arange(CLASSES, dtype=float), semitones)
    half = CLASSES / 2
    nearest = np.remainder(half + 10 * CLASSES - away, CLASSES) - half
    filters = np.exp(-0.5 * (2 * nearest / widths) ** 2)
    filters /= np.sqrt(np.sum(filters**2, axis=0, keepdims=True))
    filters *= np.exp(-0.5 * ((semitones / CLASSES - CENTRE_OCTAVE) / OCTAVES_WIDE) ** 2)
    filters = np.roll(filters, -A_BEFORE_C, axis=0)
    return np.ascontiguousarray(filters[:, : 1 + n_fft // 2].astype(np.float32).T)
