"""Order pictures: which bar of the source is heard when."""

from __future__ import annotations

import numpy as np

from degrade_bench.reports.style import FAINT
from degrade_bench.sweep.pictures.order import Run, bar_bounds, runs
from pages.canvas import Subject, new_figure

CAPTION = (
    "Above: the place in the clean clip that is heard at each moment; a line that falls is heard backwards. "
    "Below: the bars in the order in which they are heard, numbered as in the clean clip; 0 is what comes before "
    "the first bar."
)


def draw(shown: Subject):  # noqa: ANN201 - a matplotlib figure
    """The figure and its caption; None where some plan does not tell the order."""
    outputs = shown.outputs.values()
    orders = [
        runs(None, shown.clip.duration),
        *(runs(output.plan, output.clip.duration) for output in outputs),
    ]
    if not all(orders):
        return None
    bounds = bar_bounds(shown.clip.annotations, shown.clip.duration)
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
