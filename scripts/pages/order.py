"""Order pictures: which bar of the source is heard when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from degrade_bench.clip import Clip, TimeMap
from degrade_bench.degrade.plan import Rendered
from degrade_bench.reports.style import FAINT
from pages.canvas import Subject, new_figure

CAPTION = (
    "Above: the place in the clean clip that is heard at each moment; a line that falls is heard backwards. "
    "Below: the bars in the order in which they are heard, numbered as in the clean clip; 0 is what comes before "
    "the first bar."
)
Run = tuple[float, float, float, float]
"""Output start and end, source start and end, in seconds; the source end comes first where it runs backwards."""


def runs(clip: Clip, output: Rendered | None) -> list[Run] | None:
    """The pieces of a rendering in the order in which they are heard; None where the plan does not tell."""
    if output is None:
        return [(0.0, clip.duration, 0.0, clip.duration)]
    pieces = output.plan.params.get("pieces")
    if pieces is not None:
        return _from_pieces(pieces, clip.sample_rate)
    if output.plan.time_map is not None:
        return _from_time_map(output.plan.time_map, output.clip.duration)
    return None


def draw(shown: Subject):  # noqa: ANN201 - a matplotlib figure
    """The figure and its caption; None where some plan does not tell the order."""
    orders = [runs(shown.clip, None), *(runs(shown.clip, output) for output in shown.outputs.values())]
    if any(pieces is None for pieces in orders):
        return None
    bounds = bar_bounds(shown.clip)
    figure = new_figure(shown, 3.9, "which bar is heard when")
    axes = figure.subplots(2, len(orders), squeeze=False, height_ratios=(5, 1), sharex=False)
    longest = max(run[1] for pieces in orders for run in pieces)
    for column, ((heading, _), pieces) in enumerate(zip(shown.panels, orders, strict=True)):
        upper, strip = axes[:, column]
        upper.set_title(heading)
        upper.plot([0, shown.clip.duration], [0, shown.clip.duration], color="#d6d6d6", linewidth=1, zorder=0)
        for bound in bounds[1:-1]:
            upper.axhline(bound, color="#efefef", linewidth=0.6, zorder=0)
        for start, end, bar, source in _split(pieces, bounds):
            upper.plot([start, end], source, color=_colour(bar, len(bounds) - 1), linewidth=3.2)
            strip.axvspan(start, end, color=_colour(bar, len(bounds) - 1), linewidth=0)
            if end - start > 0.028 * longest:
                strip.text(
                    (start + end) / 2,
                    0.5,
                    f"{bar}" if source[1] >= source[0] else f"{bar}◂",
                    ha="center",
                    va="center",
                    fontsize=6.5,
                    color="white" if bar / (len(bounds) - 1) < 0.65 else "black",
                )
        for axis in (upper, strip):
            axis.set_xlim(0, longest)
        upper.set_xticklabels([])
        upper.set_ylim(0, shown.clip.duration)
        strip.set_yticks([])
        strip.set_xlabel("heard at, s")
        if column:
            upper.set_yticklabels([])
    axes[0, 0].set_ylabel("place in the clean clip, s")
    axes[1, 0].set_ylabel("bar", color=FAINT)
    return figure, CAPTION


def bar_bounds(clip: Clip) -> np.ndarray:
    """The clip's start, its downbeats (or beats) and its end, in seconds."""
    inner = clip.annotations.downbeats if len(clip.annotations.downbeats) > 1 else clip.annotations.beats
    return np.array([0.0, *(time for time in inner if 0 < time < clip.duration), clip.duration])


def _from_pieces(pieces: Sequence[Any], rate: int) -> list[Run]:
    """Pieces are ``[start, end]`` in source samples; one that is played backwards has its end first."""
    placed: list[Run] = []
    position = 0.0
    for piece in pieces:
        start, end = (piece["start"], piece["end"]) if isinstance(piece, Mapping) else piece[:2]
        length = abs(end - start) / rate
        placed.append((position, position + length, start / rate, end / rate))
        position += length
    return placed


def _from_time_map(time_map: TimeMap, duration: float) -> list[Run]:
    source, output = np.asarray(time_map.points, dtype=float).T
    grid = np.unique(np.clip(np.concatenate([[0.0, duration], output]), 0.0, duration))
    back = TimeMap(tuple((float(o), float(s)) for s, o in zip(source, output, strict=True)))
    places = back(grid)
    return [(grid[k], grid[k + 1], places[k], places[k + 1]) for k in range(len(grid) - 1)]


def _split(pieces: list[Run], bounds: np.ndarray) -> list[tuple[float, float, int, tuple[float, float]]]:
    """Cut the runs at the bars: output start and end, bar, source start and end."""
    out = []
    for start, end, first, last in pieces:
        low, high = min(first, last), max(first, last)
        inner = bounds[(bounds > low + 1e-9) & (bounds < high - 1e-9)]
        stops = np.concatenate([[low], inner, [high]])
        if last < first:
            stops = stops[::-1]
        share = (stops - first) / (last - first) if last != first else np.array([0.0, 1.0])
        times = start + share * (end - start)
        for k in range(len(stops) - 1):
            middle = (stops[k] + stops[k + 1]) / 2
            bar = int(np.clip(np.searchsorted(bounds, middle, side="right") - 1, 0, len(bounds) - 2))
            out.append((float(times[k]), float(times[k + 1]), bar, (float(stops[k]), float(stops[k + 1]))))
    return out


def _colour(bar: int, count: int):  # noqa: ANN202 - matplotlib's
    from matplotlib import colormaps

    return colormaps["viridis"](bar / max(1, count - 1) * 0.95)
