"""Spectrogram pictures: clean and damaged on one colour scale; beneath, what changed and the mean spectrum."""

from __future__ import annotations

import numpy as np

from degrade_bench.reports.style import FAINT
from degrade_bench.sweep.pictures.bands import band_levels
from pages.canvas import Subject, new_figure

FRAME_SECONDS = 0.03
EXCERPT_SECONDS = 4.0
ROWS = 96
LOWEST_HZ, HIGHEST_HZ = 40.0, 22050.0
RANGE_DB = 80
DIFFERENCES_DB = (-32, -16, -8, -4, -2, -1, 1, 2, 4, 8, 16, 32)
UNSEEN_DB = 0.5

CAPTION = (
    "Above: the {seconds:g} s in which the middle level differs most, power over all channels, one colour scale "
    "for all. Below: what changed, in dB, against the clean clip at the same time, and the mean spectrum of the "
    "whole clip."
)


def draw(shown: Subject):  # noqa: ANN201 - a matplotlib figure
    """The figure and its caption; None where the levels hardly differ from the clean clip in any band."""
    rate = shown.clip.sample_rate
    log = _reaches_low(shown)
    size = 8192 if log else 2048
    top = min(HIGHEST_HZ, rate / 2)
    edges = np.geomspace(LOWEST_HZ, top, ROWS + 1) if log else np.linspace(0, top, ROWS + 1)
    pictures = [cells(samples, rate, edges, size) for _, samples in shown.panels]
    ceiling = float(np.ceil(pictures[0].max() / 10) * 10)
    floored = [np.maximum(picture, ceiling - RANGE_DB) for picture in pictures]
    if not any(differs(picture, floored[0]) for picture in floored[1:]):
        return None
    start, stop = _excerpt(floored)
    times = np.arange(start, stop + 1) * FRAME_SECONDS

    figure = new_figure(shown, 5.0, "spectrogram")
    axes = figure.subplots(2, len(floored), sharey=False, squeeze=False)
    for axis, (heading, _), levels in zip(axes[0], shown.panels, floored, strict=True):
        image = draw_levels(axis, times, edges, levels[:, start:stop], _steps(ceiling - RANGE_DB, ceiling, 5))
        axis.set_title(heading)
    figure.colorbar(image, ax=axes[0], label="dB", pad=0.01, ticks=np.arange(ceiling - RANGE_DB, ceiling + 1, 20))
    for axis, levels in zip(axes[1, 1:], floored[1:], strict=True):
        common = min(levels.shape[1], floored[0].shape[1], stop)
        change = np.zeros((ROWS, stop - start))
        change[:, : common - start] = levels[:, start:common] - floored[0][:, start:common]
        image = draw_change(axis, times, edges, change)
        axis.set_xlabel("s")
    figure.colorbar(image, ax=axes[1], label="dB against clean", pad=0.01, ticks=DIFFERENCES_DB, extend="both")
    for axis in axes.flat:
        if log:
            axis.set_yscale("log")
            axis.set_yticks([50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000])
            axis.set_yticklabels(["50", "100", "200", "500", "1k", "2k", "5k", "10k", "20k"])
            axis.minorticks_off()
        else:
            axis.set_yticks(range(0, 22001, 4000))
            axis.set_yticklabels([f"{f}k" if f else "0" for f in range(0, 23, 4)])
        axis.set_ylim(edges[0], edges[-1])
        if axis not in (axes[0, 0], axes[1, 0]):
            axis.set_yticklabels([])
    _mean_spectra(axes[1, 0], shown, edges, pictures)
    for axis in axes[:, 0]:
        axis.set_ylabel("Hz")
    return figure, CAPTION.format(seconds=round((stop - start) * FRAME_SECONDS, 1))


def cells(samples: np.ndarray, rate: int, edges: np.ndarray, size: int) -> np.ndarray:
    """Levels in dB in bands and frames of 30 ms, ``(bands, frames)``: see :func:`band_levels`.

    Args:
        samples: ``(channels, time)``.
        rate: in Hz.
        edges: the bands' limits in Hz, ascending, one more than there are bands.
        size: samples of a frame.
    """
    return band_levels(samples, rate, edges, size, round(FRAME_SECONDS * rate))


def differs(picture: np.ndarray, clean: np.ndarray) -> bool:
    """Whether more than one cell in a hundred changed by more than half a dB."""
    common = min(picture.shape[1], clean.shape[1])
    return float(np.mean(np.abs(picture[:, :common] - clean[:, :common]) > UNSEEN_DB)) > 0.01


def _reaches_low(shown: Subject) -> bool:
    """Whether much of the change lies in the low octaves, where only a logarithmic axis shows it."""
    rate = shown.clip.sample_rate
    edges = np.geomspace(LOWEST_HZ, min(HIGHEST_HZ, rate / 2), 10)
    middle = shown.panels[-2 if len(shown.outputs) > 1 else -1][1]
    clean, damaged = (cells(samples, rate, edges, 4096) for samples in (shown.clip.samples.numpy(), middle))
    common = min(clean.shape[1], damaged.shape[1])
    floor = clean.max() - RANGE_DB
    change = np.abs(np.maximum(damaged[:, :common], floor) - np.maximum(clean[:, :common], floor)).mean(axis=1)
    return bool(change[:4].mean() > 0.5 * change[-3:].mean())


def _excerpt(pictures: list[np.ndarray]) -> tuple[int, int]:
    """First and last frame of the excerpt in which the middle level differs most from the clean clip."""
    length = round(EXCERPT_SECONDS / FRAME_SECONDS)
    middle = pictures[1 + (len(pictures) - 1) // 2] if len(pictures) > 2 else pictures[-1]
    common = min(middle.shape[1], pictures[0].shape[1])
    change = np.abs(middle[:, :common] - pictures[0][:, :common]).mean(axis=0)
    running = np.concatenate([[0.0], np.cumsum(change)])
    if common <= length:
        return 0, common
    start = int(np.argmax(running[length:] - running[:-length]))
    return start, start + length


def _mesh(axis, times, edges, values, steps, colours):  # noqa: ANN001, ANN202 - matplotlib's
    from matplotlib import colormaps
    from matplotlib.colors import BoundaryNorm

    cmap = colormaps[colours]
    norm = BoundaryNorm(steps, cmap.N, extend="both")
    return axis.pcolormesh(times, edges, values, cmap=cmap, norm=norm, rasterized=True)


def draw_levels(axis, times, edges, levels, steps):  # noqa: ANN001, ANN201 - matplotlib's
    """A map of levels in dB, in equal steps.

    Args:
        axis: where it is drawn.
        times: limits of the frames in seconds, one more than there are frames.
        edges: limits of the bands in Hz, one more than there are bands.
        levels: dB, ``(bands, frames)``.
        steps: limits of the colours in dB.
    """
    return _mesh(axis, times, edges, levels, steps, "magma")


def draw_change(axis, times, edges, change):  # noqa: ANN001, ANN201 - matplotlib's
    """A map of changes in dB, in steps that double.

    Args:
        axis: where it is drawn.
        times: limits of the frames in seconds, one more than there are frames.
        edges: limits of the bands in Hz, one more than there are bands.
        change: dB, ``(bands, frames)``.
    """
    return _mesh(axis, times, edges, change, np.array(DIFFERENCES_DB), "RdBu_r")


def _steps(low: float, high: float, step: float) -> np.ndarray:
    return np.arange(low, high + step, step)


def _mean_spectra(axis, shown: Subject, edges: np.ndarray, pictures: list[np.ndarray]) -> None:  # noqa: ANN001
    """Mean power against frequency, frequency upright as in the panels beside it."""
    centres = (edges[1:] + edges[:-1]) / 2
    colours = [FAINT, *shown.colours]
    labels = ["clean", *(f"level {level}" for level in shown.outputs)]
    for picture, colour, label in zip(pictures, colours, labels, strict=True):
        mean = 10 * np.log10((10 ** (picture / 10)).mean(axis=1))
        axis.plot(mean, centres, color=colour, linewidth=2.4 if label == "clean" else 1.1, label=label)
    top = axis.get_xlim()[1]
    axis.set_xlim(max(axis.get_xlim()[0], top - 110), top)
    axis.set_xlabel("dB")
    axis.legend(loc="best", fontsize=7)
