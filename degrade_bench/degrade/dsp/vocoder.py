"""Moving audio in time along any map, at its own pitch: the maths under every tempo and pitch damage.

A phase vocoder that locks phases to spectral peaks (J. Laroche and M. Dolson, IEEE Trans. Speech Audio Process.
7(3), 1999). For each output frame it reads two source frames that lie exactly one output hop apart. Their phase
difference is the advance, whatever the map does: nothing is unwrapped, no tempo is assumed, and every frame
sits where the map says, to half a sample. What is turned is one phase per bin for all channels together, so the
stereo image stays; where the map runs at the old tempo nothing is turned at all.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

FRAME_SECONDS = 0.046
"""Of half, the same and twice this length, the one that changed spectra and onsets least on the built-in corpus."""
OVERLAP = 4
"""Synthesis frames over every output sample of the vocoder: squared Hann windows then add up to 1.5."""

CHUNK_FRAMES = 24
"""Frames that are worked on at once: few enough for the processor's cache."""

SourceOf = Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]
"""From output positions to source positions, both in samples; increasing."""


def vocoded(samples: np.ndarray, sample_rate: int, source_of: SourceOf, length: int) -> np.ndarray:
    """Move a signal in time.

    Args:
        samples: ``(channels, time)``, ``float32``; beyond its ends the music is mirrored.
        sample_rate: Hz.
        source_of: where in the source each output position is heard.
        length: samples of the output.
    """
    from scipy import fft

    size = int(max(64, 2 ** round(np.log2(FRAME_SECONDS * sample_rate))))
    hop, window = size // OVERLAP, _hann(size)
    count = -(-length // hop) + OVERLAP  # frames, so that four cover every output sample
    centres = (np.arange(count) - 1) * hop
    starts = np.round(source_of(centres.astype(np.float64))).astype(np.int64) - size // 2
    padded, first = _mirrored(samples, int(starts.min()) - hop, int(starts.max()) + size)
    starts = starts - first
    frames = np.lib.stride_tricks.sliding_window_view(padded, size, axis=1)
    out = np.zeros((len(samples), count + OVERLAP - 1, hop), dtype=np.float32)
    last, turn = None, np.ones(size // 2 + 1, dtype=np.complex64)
    for begin in range(0, count, CHUNK_FRAMES):
        chunk = starts[begin : begin + CHUNK_FRAMES]
        now = fft.rfft(frames[:, chunk] * window, axis=2)
        if last is None:
            last, gaps = now[:, :1], np.concatenate([[hop], np.diff(chunk)])
        else:
            gaps = np.diff(starts[begin - 1 : begin + CHUNK_FRAMES])
        if (gaps != hop).any():
            earlier = fft.rfft(frames[:, chunk - hop] * window, axis=2)
            step = _step(np.concatenate([last, now[:, :-1]], axis=1), earlier)
            step[gaps == hop] = 1  # there the frame before is that one hop earlier
        else:
            step = None
        last = now[:, -1:].copy()
        turns = _turns(turn, step, _nearest_peaks(_power(now)))
        turn = turns[-1]
        now *= turns
        turned = fft.irfft(now, size, axis=2)
        turned *= window / np.float32(1.5)
        for part in range(OVERLAP):
            place = out[:, begin + part : begin + part + len(chunk)]
            place += turned[:, :, part * hop : (part + 1) * hop]
    return np.ascontiguousarray(out.reshape(len(samples), -1)[:, size // 2 + hop :][:, :length])


def _hann(size: int) -> np.ndarray:
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)).astype(np.float32)


def _mirrored(samples: np.ndarray, first: int, last: int) -> tuple[np.ndarray, int]:
    """``samples[:, first:last]`` with the music mirrored beyond its ends; and ``first``."""
    count = samples.shape[1]
    before, after = max(0, -first), max(0, last - count)
    inside = samples[:, max(0, first) : min(count, last)] if (before == 0 or after == 0) else samples
    if (before and after) or max(before, after) >= inside.shape[1]:
        inside = np.pad(samples, ((0, 0), (before, after)), mode="reflect" if count > 1 else "edge")
        return inside[:, max(0, first + before) :], first
    return np.pad(inside, ((0, 0), (before, after)), mode="reflect"), first


def _power(spectrum: np.ndarray) -> np.ndarray:
    """Power over all channels, ``(frames, bins)``."""
    squares = np.square(spectrum.view(np.float32)).sum(axis=0)
    values: np.ndarray = squares[:, ::2] + squares[:, 1::2]
    return values


def _nearest_peaks(power: np.ndarray) -> np.ndarray:
    """For each bin the bin of the nearest spectral peak (a bin that exceeds two on either side)."""
    count, bins = power.shape
    rises, over_two = power[:, 1:] > power[:, :-1], power[:, 2:] > power[:, :-2]
    peak = np.zeros((count, bins), dtype=bool)
    peak[:, 2:-2] = rises[:, 1:-2] & ~rises[:, 2:-1] & over_two[:, :-2] & ~over_two[:, 2:]
    frame, bin_ = np.nonzero(peak)
    if not len(bin_):
        return np.broadcast_to(np.arange(bins), power.shape)
    places = frame * bins + bin_
    middles = (places[:-1] + places[1:]) // 2 + 1
    next_frame = frame[1:] != frame[:-1]
    middles[next_frame] = frame[1:][next_frame] * bins
    widths = np.diff(np.concatenate([[0], middles, [count * bins]]))
    return np.repeat(bin_, widths).reshape(count, bins)


def _step(before: np.ndarray, earlier: np.ndarray) -> np.ndarray:
    """Unit phasors ``(frames, bins)``: from the source one hop earlier to what was played one hop earlier."""
    np.conjugate(earlier, out=earlier)
    earlier *= before
    step = earlier.sum(axis=0)
    size = np.sqrt(_power(step[None]))
    silent = size == 0
    size[silent] = 1
    step /= size
    step[silent] = 1
    values: np.ndarray = step
    return values


def _turns(turn: np.ndarray, step: np.ndarray | None, peaks: np.ndarray) -> np.ndarray:
    """The phase by which every bin of every frame is turned, as unit phasors ``(frames, bins)``.

    What a peak is turned by carries on from the frame before it: there the sound that now stands at the peak went
    on by one hop, and the source frame one hop earlier tells where it would have been.
    """
    turns = np.empty(peaks.shape, dtype=np.complex64)
    for n, nearest in enumerate(peaks):
        if step is not None:
            turn = turn * step[n]
        turn = turn[nearest]
        turns[n] = turn
    turns[-1] /= np.abs(turns[-1])  # what rounding adds up to must not change the level
    return turns
