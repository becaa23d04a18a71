"""Waveforms: the envelope of the excerpt and some milliseconds of it; or its channels and their difference."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from degrade_bench._support.numbers import number
from degrade_bench.sweep.pictures.raster import COLUMNS, ROWS, band, blank
from degrade_bench.sweep.pictures.version import Version

OVER = 26
"""Rows of the envelope; the rest is for the milliseconds."""
CLOSE_SECONDS = 0.01
CLEAN = 0.22
"""Ink of the clean clip's line behind another."""


def waveforms(versions: Sequence[Version]) -> tuple[list[np.ndarray], str]:
    """A panel for each version, and what they show.

    Args:
        versions: the clean clip first.
    """
    clean = versions[0]
    channel, at = _strongest(versions)
    tallest = max(float(np.abs(version.excerpt).max(initial=0)) for version in versions) or 1.0
    near = [_near(version, channel, at) for version in versions]
    highest = max(float(np.abs(piece).max(initial=0)) for piece in near) or 1.0
    longest = max(version.ends - version.begins for version in versions)
    behind = _curve(near[0], highest, ROWS - OVER - 2)
    panels = []
    for version, piece in zip(versions, near, strict=True):
        ink = blank()
        curves = envelope(version.excerpt, version.columns_of(longest))
        ink[:OVER, : len(curves[0])] = 0.6 * band(*curves, -tallest, tallest, OVER)
        line = _curve(piece, highest, ROWS - OVER - 2)
        ink[OVER + 2 :] = np.maximum(line, 0 if version is clean else CLEAN * behind)
        panels.append(ink)
    return panels, (
        f"Above: the envelope; below: {number(1000 * CLOSE_SECONDS)} ms of it where the damage changes most, "
        "in front of the clean clip"
    )


def lanes(versions: Sequence[Version]) -> tuple[list[np.ndarray], str]:
    """A panel for each version of a stereo clip: left, right, and their difference.

    Args:
        versions: the clean clip first.
    """
    tall = ROWS // 3
    split = [_three(version.excerpt) for version in versions]
    tallest = max(float(np.abs(one).max(initial=0)) for one in split) or 1.0
    panels = []
    longest = max(version.ends - version.begins for version in versions)
    for version, signals in zip(versions, split, strict=True):
        ink = blank()
        for lane, signal in enumerate(signals):
            first = lane * tall
            curves = envelope(signal[None], version.columns_of(longest))
            ink[first : first + tall, : len(curves[0])] = 0.6 * band(*curves, -tallest, tallest, tall)
        panels.append(ink)
    return panels, "From above: the left channel, the right one, and left minus right"


def envelope(samples: np.ndarray, columns: int = COLUMNS) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and the highest sample of each column, of all channels; NaN where there are fewer samples.

    Args:
        samples: ``(channels, time)``.
        columns: of the picture.
    """
    count = samples.shape[1]
    starts = np.unique(np.linspace(0, count, columns + 1).astype(int)[:-1])
    low = np.full(columns, np.nan)
    high = low.copy()
    low[: len(starts)] = np.minimum.reduceat(samples.min(axis=0), starts)
    high[: len(starts)] = np.maximum.reduceat(samples.max(axis=0), starts)
    return low, high


def _curve(piece: np.ndarray, highest: float, rows: int) -> np.ndarray:
    """The line of some samples: each column reaches from its own samples to the next column's first."""
    places = np.linspace(0, len(piece) - 1, COLUMNS * 4 + 1)
    fine = np.interp(places, np.arange(len(piece)), piece)
    windows = np.lib.stride_tricks.sliding_window_view(fine, 5)[::4]
    return band(windows.min(axis=1), windows.max(axis=1), -1.05 * highest, 1.05 * highest, rows)


def _strongest(versions: Sequence[Version]) -> tuple[int, float]:
    """Channel and second of the excerpt around which the middle level differs most from the clean clip."""
    clean, middle = versions[0], versions[len(versions) // 2]
    rate = clean.sample_rate
    shape = np.minimum(clean.excerpt.shape, middle.excerpt.shape)
    change = middle.excerpt[: shape[0], : shape[1]] - clean.excerpt[: shape[0], : shape[1]]
    width = min(round(CLOSE_SECONDS * rate), change.shape[1])
    running = np.cumsum(np.pad(np.square(change, dtype=np.float64), ((0, 0), (1, 0))), axis=1)
    power = running[:, width:] - running[:, :-width]
    channel, first = np.unravel_index(int(np.argmax(power)), power.shape)
    return int(channel), float(first) / rate


def _near(version: Version, channel: int, at: float) -> np.ndarray:
    """The milliseconds of a channel from some second of the excerpt on."""
    samples = version.excerpt[min(channel, version.excerpt.shape[0] - 1)]
    count = min(len(samples), max(2, round(CLOSE_SECONDS * version.sample_rate)))
    first = min(round(at * version.sample_rate), len(samples) - count)
    return np.asarray(samples[first : first + count])


def _three(samples: np.ndarray) -> np.ndarray:
    left, right = samples[0], samples[-1]
    return np.stack([left, right, (left - right) / 2])
