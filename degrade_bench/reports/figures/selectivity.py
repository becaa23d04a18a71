"""Whether a metric hears signal damage, structural damage or both alike, where both change the audio as much."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from degrade_bench.errors import ConfigError
from degrade_bench.reports.figures.chosen import Names, chosen_metrics
from degrade_bench.reports.figures.drawing import Drawing
from degrade_bench.reports.figures.letters import families_for
from degrade_bench.reports.figures.paper import (
    EDGE,
    SMALL,
    SMALLEST,
    Sheet,
    fitted,
    line_height,
    text_width,
    width_of,
)
from degrade_bench.reports.inputs import View
from degrade_bench.reports.style import FAINT, INK, SERIES
from degrade_bench.reports.words import fixed, listed, records

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LONGEST_NAME = {"single": 1.0, "double": 1.6}
ROW, RIGHT = 0.2, 0.5
"""Inches of a row, and of what stands beside it."""
ENDS = {-1.0: "−1\nhears structure\nonly", 0.0: "0\nboth alike", 1.0: "+1\nhears signal\ndamage only"}


def with_index(selectivity: pd.DataFrame) -> pd.DataFrame:
    """The metrics that have an index."""
    return selectivity[selectivity["index"].notna()]


def distances(selectivity: pd.DataFrame) -> list[str]:
    """The metrics that physical change was matched with."""
    return list(dict.fromkeys(str(name) for name in with_index(selectivity)["distance"].dropna()))


def drawings(run: View) -> list[Drawing]:
    """The figure, or none where no metric has an index."""
    rows = records(with_index(run.analysis.selectivity))
    if not rows:
        return []
    matched = listed(distances(run.analysis.selectivity))
    indices = ", ".join(f"{row['metric']} {fixed(row['index'])}" for row in rows)
    return [
        Drawing(
            "selectivity",
            "Selectivity: (S − T) ÷ (S + T), where S is the mean drop under signal damage and T under structural "
            "damage, both beyond the placebo and not below zero, over cells that change the audio by as much. "
            + (f"Physical change is matched with {matched}. " if matched else "")
            + "Lines are confidence intervals.",
            "Selectivity index per metric, from −1, hears structure only, to +1, hears signal damage only: "
            f"{indices}.",
            partial(_figure, run),
        )
    ]


def _figure(run: View) -> Figure:
    return selectivity_figure(run)[0]


def selectivity_figure(run: View, metrics: Names = None, column: str = "double") -> tuple[Figure, Axes]:
    """A row per metric that has an index: the index with its interval between −1 and 1.

    Args:
        run: with its analysis.
        metrics: their names; None for all of them.
        column: for which width of a paper, ``single`` or ``double``.

    Returns:
        the figure, and its axes.

    Raises:
        UnknownNameError: the run has no such metric.
        ConfigError: there is no such column, or none of the metrics has an index.
    """
    width = width_of(column)
    table = with_index(run.analysis.selectivity)
    if metrics is not None:
        table = table[table["metric"].isin(chosen_metrics(run, metrics))]
    if table.empty:
        raise ConfigError("none of the metrics has an index of selectivity, so there is nothing to draw")
    names = [fitted(str(name), LONGEST_NAME[column], SMALL) for name in table["metric"]]
    left = EDGE + max(text_width(name, SMALL) for name in names) + 0.1
    tall = ROW * len(names)
    foot = line_height(SMALLEST, 3) + 0.08
    sheet = Sheet(width, EDGE + tall + foot)
    axes = sheet.axes(left, EDGE, width - left - RIGHT, tall)
    axes.axvline(0.0, color=INK, linewidth=0.9, zorder=1)
    at, low, high = (table[name].to_numpy(dtype=float) for name in ("index", "index_low", "index_high"))
    rows = range(len(names))
    axes.hlines(rows, low, high, color=SERIES[0], linewidth=1.4, zorder=3)
    axes.plot(at, rows, color=SERIES[0], marker="o", markersize=4.5, linestyle="none", zorder=4)
    for y, value in zip(rows, at, strict=True):
        sign = "+" if value > 0 else ""
        sheet.write(width - EDGE, EDGE + (y + 0.5) * ROW, f"{sign}{fixed(value)}", SMALL, ha="right", va="center")
    axes.set_yticks(rows, names)
    for label, name in zip(axes.get_yticklabels(), names, strict=True):
        label.set(fontsize=SMALL, fontfamily=list(families_for(name)))
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(-1.04, 1.04)
    axes.set_xticks([-1.0, -0.5, 0.0, 0.5, 1.0], [ENDS.get(tick, "") for tick in (-1.0, -0.5, 0.0, 0.5, 1.0)])
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=SMALLEST, length=2, pad=2)
    axes.grid(axis="x", color="#e4e4e4", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)
    return sheet.figure, axes
