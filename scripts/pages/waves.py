"""Waveform pictures: some milliseconds, the whole clip's envelope, and the level of what changed."""

from __future__ import annotations

import numpy as np

from degrade_bench.reports.style import FAINT, INK
from pages.canvas import Subject, legend_above, new_figure

ZOOM_SECONDS, CLOSE_SECONDS = 0.03, 0.01
LEVEL_FRAME_SECONDS = 0.02
COLUMNS = 220
DEEPEST_DB = 150
DOTS = (8, 5, 2.5)
"""Larger beneath: events of a level are among those of the next."""
CLEAN = "#b9b9b9"

CAPTION = (
    "Above: {milliseconds:g} ms around the moment at which the lowest level differs most, in the channel where it "
    "does; middle: the envelope of the whole clip; both with the clean clip in grey behind, as loudness matching "
    "leaves them. Below: the level of the clean clip and of what was changed (output minus clean, before loudness "
    "matching), in frames of 20 ms."
)


def draw(shown: Subject):  # noqa: ANN201 - a matplotlib figure
    """The figure, and its caption."""
    rate = shown.clip.sample_rate
    clean = shown.clip.samples.numpy()
    channel, at = _strongest(shown)
    zoom_seconds = CLOSE_SECONDS if _everywhere(shown, channel) else ZOOM_SECONDS
    half = round(zoom_seconds * rate / 2)
    first = max(0, min(at - half, clean.shape[1] - 2 * half))
    zoom = slice(first, first + 2 * half)

    figure = new_figure(shown, 5.4, "waveform")
    columns = range(len(shown.panels))
    axes = figure.subplot_mosaic(
        [[f"zoom{k}" for k in columns], [f"whole{k}" for k in columns], ["levels" for _ in columns]],
        height_ratios=(1.2, 0.9, 0.9),
    )
    colours = [INK, *shown.colours]
    tallest = [0.0, 0.0]
    for k, ((heading, samples), colour) in enumerate(zip(shown.panels, colours, strict=True)):
        near, whole = axes[f"zoom{k}"], axes[f"whole{k}"]
        milliseconds = 1000 * np.arange(zoom.start, zoom.stop) / rate - 1000 * zoom.start / rate
        if k:
            near.plot(milliseconds, clean[channel, zoom], color=CLEAN, linewidth=1.8)
            _envelope(whole, clean[channel], rate, CLEAN)
        piece = samples[channel, zoom]
        near.plot(milliseconds[: len(piece)], piece, color=colour, linewidth=1.0)
        _envelope(whole, samples[channel], rate, colour, alpha=0.65 if k else 1.0)
        tallest[0] = max(tallest[0], np.abs(piece).max(initial=0), np.abs(clean[channel, zoom]).max())
        tallest[1] = max(tallest[1], np.abs(samples[channel]).max())
        near.set_title(heading)
        near.set_xlabel(f"ms after {zoom.start / rate:.2f} s")
        whole.set_xlabel("s")
        if k:
            near.set_yticklabels([])
            whole.set_yticklabels([])
    for k in columns:
        axes[f"zoom{k}"].set_ylim(-1.08 * tallest[0], 1.08 * tallest[0])
        axes[f"whole{k}"].set_ylim(-1.08 * tallest[1], 1.08 * tallest[1])
        axes[f"whole{k}"].set_xlim(0, max(samples.shape[1] for _, samples in shown.panels) / rate)
    _levels(axes["levels"], shown, channel)
    return figure, CAPTION.format(milliseconds=1000 * zoom_seconds)


def _strongest(shown: Subject) -> tuple[int, int]:
    """Channel and sample around which the lowest level that changes anything differs most from the clean clip."""
    clean = shown.clip.samples.numpy()
    width = round(ZOOM_SECONDS * shown.clip.sample_rate / 3)
    for level in shown.outputs:
        power = np.square(shown.unmatched(level) - clean, dtype=np.float64)
        if power.max() > 0:
            running = np.cumsum(np.pad(power, ((0, 0), (width, 0))), axis=1)
            smooth = running[:, width:] - running[:, :-width]
            channel, last = np.unravel_index(int(np.argmax(smooth)), smooth.shape)
            return int(channel), int(last) - width // 2
    return 0, int(np.argmax(np.abs(clean[0])))


def _everywhere(shown: Subject, channel: int) -> bool:
    """Whether the lowest level changes most of the samples that sound, so that any moment shows it."""
    clean = shown.clip.samples.numpy()[channel]
    change = np.abs(shown.unmatched(min(shown.outputs))[channel] - clean) > 1e-5 * np.abs(clean).max()
    sounding = clean != 0
    return bool(change[sounding].mean() > 0.5) if sounding.any() else False


def _envelope(axis, samples: np.ndarray, rate: int, colour: str, alpha: float = 1.0) -> None:  # noqa: ANN001
    """The lowest and the highest sample of each column."""
    starts = np.linspace(0, len(samples), COLUMNS + 1).astype(int)[:-1]
    low, high = np.minimum.reduceat(samples, starts), np.maximum.reduceat(samples, starts)
    axis.fill_between(starts / rate, low, high, color=colour, alpha=alpha, linewidth=0)


def _levels(axis, shown: Subject, channel: int) -> None:  # noqa: ANN001
    """Level against time of the clean clip and of the change at each level."""
    rate = shown.clip.sample_rate
    clean = shown.clip.samples.numpy()[channel]
    times, level = _level_db(clean, rate)
    axis.fill_between(times, level, -200, color="#e4e4e4", linewidth=0, label="clean")
    loudest = float(level.max())
    lowest = loudest
    for colour, number, size in zip(shown.colours, shown.outputs, DOTS, strict=False):
        times, change = _level_db(shown.unmatched(number)[channel] - clean, rate)
        audible = change > loudest - DEEPEST_DB
        lowest = min(lowest, float(np.quantile(change[audible], 0.02)) if audible.any() else lowest)
        axis.plot(times, np.where(audible, change, np.nan), color=colour, linewidth=1, label=f"level {number}")
        alone = audible & ~np.roll(audible, 1) & ~np.roll(audible, -1)  # a line of one point is not drawn
        axis.plot(times[alone], change[alone], ".", color=colour, markersize=size)
    axis.set_ylim(max(min(lowest - 5, loudest - 40), loudest - DEEPEST_DB), loudest + 8)
    axis.set_xlim(0, times[-1])
    axis.set_ylabel("change, dBFS", color=FAINT)
    axis.set_xlabel("s")
    legend_above(axis)


def _level_db(samples: np.ndarray, rate: int) -> tuple[np.ndarray, np.ndarray]:
    width = round(LEVEL_FRAME_SECONDS * rate)
    frames = np.square(samples[: len(samples) // width * width], dtype=np.float64).reshape(-1, width).mean(axis=1)
    return (np.arange(len(frames)) + 0.5) * LEVEL_FRAME_SECONDS, 10 * np.log10(np.maximum(frames, 1e-20))
