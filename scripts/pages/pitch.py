"""Pitch pictures: a spectrogram with three bands per semitone, and the deviation from the clean clip in cents."""

from __future__ import annotations

import numpy as np

from degrade_bench.clip import TimeMap
from degrade_bench.degrade.plan import Rendered
from degrade_bench.reports.style import FAINT
from pages.canvas import Subject, legend_above, new_figure
from pages.spectra import DIFFERENCES_DB, FRAME_SECONDS, cells, draw_change, draw_levels

LOWEST_NOTE, OCTAVES, BANDS = 110.0, 4, 36
LONG_FRAME, SHORT_FRAME = 16384, 4096
STEP_SECONDS, GRID_CENTS, WIDEST_CENTS = 0.04, 10, 1300
NOISE, CLEAR = 1e-6, 0.5
MEDIAN_FRAMES = 7
RANGE_DB = 50
WHOLE_MIX = "pitch"
"""The family in which all that sounds is moved together; elsewhere a deviation of the mix says nothing."""

MAPS = "Above: power in bands of a third of a semitone, A2 to A6. "
DEVIATION = (
    "Below: by how many cents the sound lies above the same moment of the clean clip, where the two are alike "
    "enough to tell: the lag at which their spectra on a logarithmic axis match best, in frames of 93 ms; a "
    "running median of seven frames, 40 ms apart."
)
CHANGE = "Below: what changed, in dB, at the same time."


def draw(shown: Subject):  # noqa: ANN201 - a matplotlib figure
    """The figure, and its caption."""
    rate = shown.clip.sample_rate
    edges = LOWEST_NOTE * 2 ** (np.arange(OCTAVES * BANDS + 1) / BANDS - 1 / 24)
    pictures = [cells(samples, rate, edges, LONG_FRAME) for _, samples in shown.panels]
    moved = shown.degradation.family == WHOLE_MIX
    figure = new_figure(shown, 5.4, "pitch")
    count = len(shown.panels)
    below = ["cents"] * count if moved else [".", *(f"change{k}" for k in range(1, count))]
    axes = figure.subplot_mosaic(
        [[f"map{k}" for k in range(count)], below], height_ratios=(1.9, 1.0) if moved else (1, 1)
    )
    ceiling = 5 * np.ceil(max(picture.max() for picture in pictures) / 5)
    steps = np.arange(ceiling - RANGE_DB, ceiling + 1, 5)
    for k, ((heading, _), picture) in enumerate(zip(shown.panels, pictures, strict=True)):
        image = draw_levels(axes[f"map{k}"], _times(picture), edges, picture[:, ::2], steps)
        axes[f"map{k}"].set_title(heading)
        _note_axis(axes[f"map{k}"], labelled=k == 0)
    figure.colorbar(image, ax=[axes[f"map{k}"] for k in range(count)], label="dB", pad=0.01)
    if moved:
        _draw_cents(axes["cents"], shown)
        return figure, MAPS + DEVIATION
    floored = [np.maximum(picture, ceiling - RANGE_DB) for picture in pictures]
    for k, picture in enumerate(floored[1:], start=1):
        common = min(picture.shape[1], floored[0].shape[1])
        change = (picture[:, :common] - floored[0][:, :common])[:, ::2]
        image = draw_change(axes[f"change{k}"], _times(picture[:, :common]), edges, change)
        _note_axis(axes[f"change{k}"], labelled=k == 1)
    bar = figure.colorbar(image, ax=[axes[f"change{k}"] for k in range(1, count)], pad=0.01, ticks=DIFFERENCES_DB)
    bar.set_label("dB against clean")
    return figure, MAPS + CHANGE


def _times(picture: np.ndarray) -> np.ndarray:
    """Where every second frame begins, and the last one ends, in seconds."""
    count = (picture.shape[1] + 1) // 2
    return np.arange(count + 1) * 2 * FRAME_SECONDS


def _note_axis(axis, *, labelled: bool) -> None:  # noqa: ANN001 - matplotlib's
    axis.set_yscale("log")
    axis.minorticks_off()
    axis.set_yticks([110, 220, 440, 880, 1760], ["A2", "A3", "A4", "A5", "A6"] if labelled else [""] * 5)
    axis.set_xlabel("s")


def _draw_cents(axis, shown: Subject) -> None:  # noqa: ANN001 - matplotlib's
    axis.axhline(0, color=FAINT, linewidth=1)
    clean, rate = shown.clip.samples.numpy(), shown.clip.sample_rate
    for heading, output, line in shown.lines:
        times, cents = deviation_cents(clean, output, rate)
        axis.plot(times, cents, label=heading.split(":")[0], **line)
    axis.set_xlabel("s")
    axis.set_xlim(0, max(samples.shape[1] for _, samples in shown.panels) / rate)
    low, high = axis.get_ylim()
    axis.set_ylim(min(low, -20), max(high, 20))
    axis.set_ylabel("cents above clean")
    legend_above(axis)


def deviation_cents(clean: np.ndarray, output: Rendered, rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Output times, and how far the pitch lies above the clean clip's at the same place; NaN if unclear.

    Args:
        clean: the samples before, ``(channels, time)``.
        output: the rendering, with the plan that says how time moved.
        rate: sample rate of both, in Hz.

    Returns:
        Seconds and cents, both ``(moments,)``.
    """
    damaged = output.clip.samples.numpy()
    times = np.arange(0.1, damaged.shape[1] / rate - 0.1, STEP_SECONDS)
    places = times
    if output.plan.time_map is not None:
        places = TimeMap(tuple((o, s) for s, o in output.plan.time_map.points))(times)
    before, after = _log_spectra(clean, places, rate), _log_spectra(damaged, times, rate)
    size = 2 * before.shape[1]
    product = np.fft.irfft(np.fft.rfft(after, size) * np.fft.rfft(before, size).conj(), size)
    reach = WIDEST_CENTS // GRID_CENTS
    lags = np.arange(-reach, reach + 1)
    likeness = product[:, lags]
    likeness = likeness + likeness.mean(axis=0)  # an octave more or less fits single frames, not all of them
    best = np.clip(likeness.argmax(axis=1), 1, len(lags) - 2)
    rows = np.arange(len(times))
    left, top, right = (likeness[rows, best + k] for k in (-1, 0, 1))
    curvature = left - 2 * top + right
    shift = np.where(curvature < 0, 0.5 * (left - right) / np.minimum(curvature, -1e-9), 0.0)
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
