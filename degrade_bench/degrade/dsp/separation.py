"""Harmonic–percussive separation: what rings on, and what strikes.

In a spectrogram a held note is a horizontal line and a drum stroke a vertical one. A median over time keeps the
first and wipes out the second; a median over frequency does the reverse. The two medians say what share of each
cell belongs to which (soft masks, after Wiener). One mask serves all channels, taken from their summed power, so
that the stereo image stays where it was. The percussive part is what the harmonic part leaves: together they are
the input.

Source: D. Fitzgerald, "Harmonic/percussive separation using median filtering" (DAFx-10).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import torch

from degrade_bench._support.caching import remembered
from degrade_bench.clip import Clip

WINDOW_SECONDS = 0.0464
"""2,048 samples at 44.1 kHz."""
OVERLAP = 4
MEDIAN_FRAMES = 17
"""0.2 s: the window is as long at any rate, so these counts are too."""
MEDIAN_BINS = 25
"""0.54 kHz."""
BLOCK_COLUMNS = 32
"""Filtered at a time, so that the sorted windows stay in the processor's cache."""


def harmonic_percussive(samples: torch.Tensor, sample_rate: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Split a signal into a harmonic and a percussive part.

    Args:
        samples: ``(channels, time)``, float32, of any length.
        sample_rate: Hz.

    Returns:
        Two signals of the same shape; their sum is ``samples``, up to the last bit of float32.
    """
    audio = samples.numpy()
    peak = float(np.abs(audio).max())
    if peak == 0.0:
        return samples.clone(), torch.zeros_like(samples)
    hop = _hop(sample_rate)
    spectrum = _stft(audio / np.float32(peak), hop)
    power = (spectrum.real**2 + spectrum.imag**2).sum(axis=0)  # (frames, bins)
    harmonic = running_median(power, MEDIAN_FRAMES)
    percussive = running_median(np.ascontiguousarray(power.T), MEDIAN_BINS).T
    mask = (harmonic + np.float32(1e-20)) / (harmonic + percussive + np.float32(2e-20))
    spectrum *= mask
    kept = torch.from_numpy(_istft(spectrum, hop, audio.shape[1]) * np.float32(peak))
    return kept, samples - kept


@remembered()
def separated(clip: Clip) -> tuple[torch.Tensor, torch.Tensor]:
    """The harmonic and the percussive part of a clip, separated once however often they are asked for."""
    return harmonic_percussive(clip.samples, clip.sample_rate)


def running_median(values: np.ndarray, width: int) -> np.ndarray:
    """Median over ``width`` rows around each row, the ends mirrored: ``scipy.ndimage.median_filter``, faster.

    Every window is sorted by merging the sorted windows of half its width, which neighbours share. All of it is
    minima and maxima of whole rows (K. E. Batcher's odd–even merge, 1968), which a processor does many at a time.

    Shape:
        values: ``(rows, columns)``, float32; the output is alike. ``width`` is odd.
    """
    half = width // 2
    padded = np.pad(values, ((half, half), (0, 0)), mode="symmetric")
    out = np.empty_like(values)
    for first in range(0, values.shape[1], BLOCK_COLUMNS):
        block = np.ascontiguousarray(padded[:, first : first + BLOCK_COLUMNS])
        out[:, first : first + BLOCK_COLUMNS] = _median_of_rows(block, width)
    return out


def _median_of_rows(block: np.ndarray, width: int) -> np.ndarray:
    """The median of the rows ``i`` to ``i + width - 1`` for every ``i`` that has them."""
    rows = len(block) - width + 1

    @cache
    def sorted_windows(count: int) -> list[np.ndarray]:
        if count == 1:
            return [block]
        lower = 1 << (count - 1).bit_length() - 1  # a power of two, so that most windows are shared
        left = len(block) - count + 1
        return _merged(
            [row[:left] for row in sorted_windows(lower)],
            [row[lower : lower + left] for row in sorted_windows(count - lower)],
        )

    # the last row is left out of the merging: the median is that row, held between the two ranks around the middle
    rest, middle = width - 1, width // 2
    if rest == 0:
        return block
    lower = 1 << (rest - 1).bit_length() - 1
    a = [row[:rows] for row in sorted_windows(lower)]
    b = [row[lower : lower + rows] for row in sorted_windows(rest - lower)]
    last = block[rest : rest + rows]
    values: np.ndarray = np.maximum(_ranked(a, b, middle - 1), np.minimum(last, _ranked(a, b, middle)))
    return values


def _merged(a: list[np.ndarray], b: list[np.ndarray]) -> list[np.ndarray]:
    """Two lists of arrays, each sorted element by element, as one such list."""
    if not a or not b:
        return a or b
    if len(a) == len(b) == 1:
        return [np.minimum(a[0], b[0]), np.maximum(a[0], b[0])]
    even, odd = _merged(a[::2], b[::2]), _merged(a[1::2], b[1::2])
    out = [even[0]]
    for low, high in zip(odd, even[1:], strict=False):
        out += [np.minimum(low, high), np.maximum(low, high)]
    done = min(len(odd), len(even) - 1)
    return out + odd[done:] + even[done + 1 :]


def _ranked(a: list[np.ndarray], b: list[np.ndarray], rank: int) -> np.ndarray:
    """The element of a rank (from 0) in the union of two sorted lists of arrays: the least of the largest pairs."""
    smallest: np.ndarray | None = None
    for from_a in range(max(0, rank + 1 - len(b)), min(len(a), rank + 1) + 1):
        from_b = rank + 1 - from_a
        if from_a == 0 or from_b == 0:
            largest = b[rank] if from_a == 0 else a[rank]
        else:
            largest = np.maximum(a[from_a - 1], b[from_b - 1])
        smallest = largest if smallest is None else np.minimum(smallest, largest)
    assert smallest is not None
    return smallest


def _hop(sample_rate: int) -> int:
    """A quarter of the window, of a length that transforms fast."""
    from scipy.fft import next_fast_len

    return int(next_fast_len(max(4, round(WINDOW_SECONDS * sample_rate / OVERLAP)), real=True))


@cache
def _window(hop: int) -> np.ndarray:
    """A root-Hann window, for analysis and synthesis: their products add up to one at an overlap of four."""
    size = OVERLAP * hop
    return np.sqrt((0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)) * 2 / OVERLAP).astype(np.float32)


def _stft(audio: np.ndarray, hop: int) -> np.ndarray:
    """Spectra of ``(channels, time)``: ``(channels, frames, bins)``, with silence beyond the ends."""
    from scipy.fft import rfft

    size = OVERLAP * hop
    frames = -(-audio.shape[1] // hop) + OVERLAP - 1
    lead = size - hop
    tail = (frames + OVERLAP - 1) * hop - lead - audio.shape[1]
    padded = np.pad(audio, ((0, 0), (lead, tail)))
    framed = np.lib.stride_tricks.sliding_window_view(padded, size, axis=1)[:, ::hop]
    values: np.ndarray = rfft(framed * _window(hop), axis=-1)
    return values


def _istft(spectrum: np.ndarray, hop: int, length: int) -> np.ndarray:
    """The signal of spectra, by overlap and add."""
    from scipy.fft import irfft

    size = OVERLAP * hop
    channels, frames = spectrum.shape[:2]
    parts = irfft(spectrum, size, axis=-1) * _window(hop)
    parts = parts.reshape(channels, frames, OVERLAP, hop)
    out = np.zeros((channels, frames + OVERLAP - 1, hop), dtype=np.float32)
    for k in range(OVERLAP):
        out[:, k : k + frames] += parts[:, :, k]
    return out.reshape(channels, -1)[:, size - hop : size - hop + length]
