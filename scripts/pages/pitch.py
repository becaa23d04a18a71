"""Pitch pictures: a spectrogram with three bands per semitone, and the deviation from the clean clip in cents."""

from __future__ import annotations

import numpy as np

from degrade_bench.clip import TimeMap
from degrade_bench.degrade.base import Rendered
from degrade_bench.reports.style import FAINT
from pages.canvas import Subject, legend_above, new_figure
from pages.spectra import cells

LOWEST_NOTE, OCTAVES, BANDS = 110.0, 4, 36
LONG_FRAME, SHORT_FRAME = 16384, 4096
STEP_SECONDS, GRID_CENTS, WIDEST_CENTS = 0.04, 10, 1300
NOISE, CLEAR = 1e-6, 0.5
MEDIAN_FRAMES = 7
RANGE_DB = 50

CAPTION = (
    "Above: power in bands of a third of a semitone, A2 to A6. Below: by how many cents the sound lies above the "
    "same moment of the clean clip, where the two are alike enough to tell: the lag at which their spectra on a "
    "logarithmic axis match best, in frames of 93 ms; a running median of seven frames, 40 ms apart."
)


def draw(shown: Subject):  # noqa: ANN201 - a matplotlib figure
    """The figure, and its caption."""
    from matplotlib import colormaps
    from matplotlib.colors import BoundaryNorm

    rate = shown.clip.sample_rate
    edges = LOWEST_NOTE * 2 ** (np.arange(OCTAVES * BANDS + 1) / BANDS - 1 / 24)
    figure = new_figure(shown, 5.4, "pitch")
    count = len(shown.panels)
    axes = figure.subplot_mosaic([[f"map{k}" for k in range(count)], ["cents"] * count], height_ratios=(1.9, 1.0))
    pictures = [cells(samples, rate, edges, LONG_FRAME) for _, samples in shown.panels]
    ceiling = 5 * np.ceil(max(each.max() for each in pictures) / 5)
    cmap = colormaps["magma"]
    norm = BoundaryNorm(np.arange(ceiling - RANGE_DB, ceiling + 1, 5), cmap.N, extend="both")
    for k, ((heading, samples), picture) in enumerate(zip(shown.panels, pictures, strict=True)):
        axis = axes[f"map{k}"]
        times = np.linspace(0, samples.shape[1] / rate, picture.shape[1] // 2 + 1)
        image = axis.pcolormesh(times, edges, picture[:, : 2 * (picture.shape[1] // 2) : 2], cmap=cmap, norm=norm)
        axis.set_yscale("log")
        axis.minorticks_off()
        axis.set_yticks([110, 220, 440, 880, 1760], ["A2", "A3", "A4", "A5", "A6"] if k == 0 else [])
        axis.set_title(heading)
        axis.set_xlabel("s")
    figure.colorbar(image, ax=[axes[f"map{k}"] for k in range(count)], label="dB", pad=0.01)
    cents = axes["cents"]
    cents.axhline(0, color=FAINT, linewidth=1)
    for heading, output, line in shown.lines:
        times, deviation = deviation_cents(shown.clip.samples.numpy(), output, rate)
        cents.plot(times, deviation, label=heading.split(":")[0], **line)
    cents.set_xlabel("s")
    cents.set_xlim(0, max(each.shape[1] for _, each in shown.panels) / rate)
    low, high = cents.get_ylim()
    cents.set_ylim(min(low, -20), max(high, 20))
    cents.set_ylabel("cents above clean")
    legend_above(cents)
    return figure, CAPTION


def deviation_cents(clean: np.ndarray, output: Rendered, rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Output times, and how far the pitch lies above the clean clip's at the same place; NaN if unclear.

    Shape:
        clean: ``(channels, time)``.
    """
    damaged = output.clip.samples.numpy()
    times = np.arange(0.1, damaged.shape[1] / rate - 0.1, STEP_SECONDS)
    places = times
    if output.plan.time_map is not None:
        places = TimeMap(tuple((o, s) for s, o in output.plan.time_map.points))(times)
    ours, theirs = (_log_spectra(each, at, rate) for each, at in ((clean, places), (damaged, times)))
    size = 2 * ours.shape[1]
    product = np.fft.irfft(np.fft.rfft(theirs, size) * np.fft.rfft(ours, size).conj(), size)
    reach = WIDEST_CENTS // GRID_CENTS
    lags = np.arange(-reach, reach + 1)
    likeness = product[:, lags]
    likeness = likeness + 0.5 * likeness.mean(axis=0)  # an octave more or less fits single frames, not all of them
    best = np.clip(likeness.argmax(axis=1), 1, len(lags) - 2)
    rows = np.arange(len(times))
    before, top, after = (likeness[rows, best + k] for k in (-1, 0, 1))
    curvature = before - 2 * top + after
    shift = np.where(curvature < 0, 0.5 * (before - after) / np.minimum(curvature, -1e-9), 0.0)
    cents = np.where(product[rows, lags[best]] > CLEAR, (lags[best] + shift) * GRID_CENTS, np.nan)
    return times, _running_median(cents)


def _running_median(values: np.ndarray) -> np.ndarray:
    """Over seven frames; NaN where most of them are."""
    padded = np.pad(values, MEDIAN_FRAMES // 2, mode="edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, MEDIAN_FRAMES)
    clear = np.isfinite(around).sum(axis=1) > MEDIAN_FRAMES // 2
    out = np.full(len(values), np.nan)
    out[clear] = np.nanmedian(around[clear], axis=1)
    return out


def _log_spectra(samples: np.ndarray, times: np.ndarray, rate: int) -> np.ndarray:
    """Whitened log-frequency spectra of unit length around given times, ``(times, bands)``; zero for silence."""
    mono = samples.mean(axis=0)
    padded = np.pad(mono, (SHORT_FRAME // 2, SHORT_FRAME))
    starts = np.clip(np.round(times * rate).astype(int), 0, len(mono))
    frames = padded[starts[:, None] + np.arange(SHORT_FRAME)] * np.hanning(SHORT_FRAME)
    spectra = np.abs(np.fft.rfft(frames, 4 * SHORT_FRAME, axis=1)) ** 0.5
    grid = 200.0 * 2 ** (np.arange(0, 5200, GRID_CENTS) / 1200)
    at = grid / rate * 4 * SHORT_FRAME
    low = np.floor(at).astype(int)
    bands = spectra[:, low] * (1 - (at - low)) + spectra[:, low + 1] * (at - low)
    bands -= bands.mean(axis=1, keepdims=True)
    length = np.linalg.norm(bands, axis=1, keepdims=True)
    return np.where(length > NOISE, bands / np.maximum(length, NOISE), 0.0)
