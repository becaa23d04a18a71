"""Spectrograms: power in bands, frame by frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from degrade_bench._support.numbers import number
from degrade_bench.sweep.pictures.raster import COLUMNS, ROWS, blank
from degrade_bench.sweep.pictures.version import Version

LOWEST_HZ, HIGHEST_HZ = 40.0, 22050.0
RANGE_DB = 80
LOWEST_NOTE_HZ, OCTAVES, NOTE_RANGE_DB = 220.0, 2, 40
"""A3 to A5, two and a half rows to a semitone."""
PALE, RISE_DB = 0.4, 20
"""Ink of what sounds as in the clean clip; by how much more there is all of it."""
SHORT_FRAME, LONG_FRAME = 2048, 8192
FRAMES_AT_ONCE = 512
QUIETEST_DB = -120
"""The least that the loudest band of the clean clip counts as, so that silence has no ink."""


def spectrograms(versions: Sequence[Version]) -> tuple[list[np.ndarray], str]:
    """A panel for each version, low frequencies wide and high ones narrow, and what they show.

    Args:
        versions: the clean clip first.
    """
    top = min(HIGHEST_HZ, max(version.sample_rate for version in versions) / 2)
    edges = LOWEST_HZ + (top - LOWEST_HZ) * np.linspace(0, 1, ROWS + 1) ** 2
    said = f"Spectrogram, {number(LOWEST_HZ)} Hz to {number(top / 1000, 2)} kHz, over {RANGE_DB} dB"
    return _maps(versions, edges, SHORT_FRAME, RANGE_DB), said


def pitches(versions: Sequence[Version]) -> tuple[list[np.ndarray], str]:
    """A panel for each version, octaves of one height, and what they show.

    Args:
        versions: the clean clip first.
    """
    edges = LOWEST_NOTE_HZ * 2 ** (np.arange(ROWS + 1) * OCTAVES / ROWS)
    maps = _maps(versions, edges, LONG_FRAME, NOTE_RANGE_DB)
    rises = [np.clip((ink - maps[0]) * NOTE_RANGE_DB / RISE_DB, 0, 1) for ink in maps]
    panels = [PALE * ink + (1 - PALE) * rise for ink, rise in zip(maps, rises, strict=True)]
    return panels, "Pitches from A3 to A5; dark: what sounds there more than at that moment of the clean clip"


def _maps(versions: Sequence[Version], edges: np.ndarray, size: int, range_db: float) -> list[np.ndarray]:
    """Ink for the level in every band and column; the ceiling is the clean clip's.

    Args:
        versions: the clean clip first.
        edges: of the bands, in Hz.
        size: samples of a frame, at 44.1 kHz.
        range_db: from no ink to all of it.
    """
    longest = max(version.excerpt.shape[1] / version.sample_rate for version in versions)
    levels = []
    for version in versions:
        rate = version.sample_rate
        hop = max(1, round(longest * rate / COLUMNS))
        frame = 2 ** round(np.log2(size * rate / 44100))
        mono = version.excerpt.mean(axis=0, keepdims=True)
        levels.append(band_levels(mono, rate, edges, frame, hop, ends="symmetric"))
    ceiling = max(levels[0].max(), QUIETEST_DB)
    panels = []
    for level in levels:
        ink = blank()
        shown = np.clip((level[::-1, :COLUMNS] - ceiling) / range_db + 1, 0, 1)
        ink[:, : shown.shape[1]] = shown
        panels.append(ink)
    return panels


def band_levels(
    samples: np.ndarray,
    rate: int,
    edges: np.ndarray,
    size: int,
    hop: int,
    ends: Literal["constant", "symmetric"] = "constant",
) -> np.ndarray:
    """Mean power density in dB in each band and frame, ``(bands, frames)``, summed over channels.

    The running sum of the spectrum is read at the bands' edges, so a band may be narrower than a bin.

    Args:
        samples: ``(channels, time)``.
        rate: in Hz.
        edges: the bands' limits in Hz, ascending, one more than there are bands.
        size: samples of a frame.
        hop: samples from one frame to the next; the first frame is centred on half of it.
        ends: what frames hear beyond the ends: silence, or the samples once more in reverse.
    """
    count = max(1, samples.shape[1] // hop)
    padded = np.pad(samples, ((0, 0), (size // 2, size // 2 + hop)), mode=ends)
    frames = np.lib.stride_tricks.sliding_window_view(padded, size, axis=1)[:, hop // 2 :: hop][:, :count]
    window = np.hanning(size).astype(np.float32)
    frequencies = np.fft.rfftfreq(size, 1 / rate)
    borders = np.append(frequencies - frequencies[1] / 2, frequencies[-1] + frequencies[1] / 2)
    at = np.interp(edges, borders, np.arange(len(borders)))
    below = np.minimum(at.astype(int), len(frequencies) - 1)
    out = np.empty((len(edges) - 1, count))
    for first in range(0, count, FRAMES_AT_ONCE):
        part = frames[:, first : first + FRAMES_AT_ONCE]
        power = (np.abs(np.fft.rfft(part * window)) ** 2).sum(axis=0, dtype=np.float64)
        running = np.cumsum(np.pad(power, ((0, 0), (1, 0))), axis=1)
        read = running[:, below] + (at - below) * power[:, below]
        out[:, first : first + FRAMES_AT_ONCE] = (np.diff(read) / np.diff(edges)).T
    return np.asarray(10 * np.log10(np.maximum(out, 1e-20)) - 20 * np.log10(window.sum()))
