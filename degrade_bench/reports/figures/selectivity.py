"""Whether a metric hears signal damage, structural damage or both alike, where both change the audio as much."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from degrade_bench.reports.figures.drawing import Drawing
from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.style import FAINT, INK, SERIES
from degrade_bench.reports.words import fixed, listed, records

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ENDS = {-1.0: "−1\nhears structure\nonly", 0.0: "0\nboth alike", 1.0: "+1\nhears signal\ndamage only"}


def with_index(selectivity: pd.DataFrame) -> pd.DataFrame:
    """The metrics that have an index."""
    return selectivity[selectivity["index"].notna()]


def distances(selectivity: pd.DataFrame) -> list[str]:
    """The metrics that physical change was matched with."""
    return list(dict.fromkeys(str(name) for name in with_index(selectivity)["distance"].dropna()))


def drawings(run: RunView) -> list[Drawing]:
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
            partial(selectivity_figure, run),
        )
    ]


def selectivity_figure(run: RunView) -> Figure:
    """A row per metric that has an index: the index with its interval between −1 and 1."""
    from matplotlib.figure import Figure

    metrics = with_index(run.analysis.selectivity)
    figure = Figure(figsize=(7.0, 0.95 + 0.3 * len(metrics)), layout="constrained")
    axes = figure.subplots()
    axes.axvline(0.0, color=INK, linewidth=0.9, zorder=1)
    at, low, high = (metrics[name].to_numpy(dtype=float) for name in ("index", "index_low", "index_high"))
    rows = range(len(metrics))
    axes.hlines(rows, low, high, color=SERIES[0], linewidth=1.6, zorder=3)
    axes.plot(at, rows, color=SERIES[0], marker="o", markersize=5.5, linestyle="none", zorder=4)
    for y, value in zip(rows, at, strict=True):
        axes.annotate(
            f"{'+' if value > 0 else ''}{fixed(value)}",
            (1.0, y),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            annotation_clip=False,
        )
    axes.set_yticks(rows, metrics["metric"].astype(str), fontsize=8.5)
    axes.set_ylim(len(metrics) - 0.5, -0.5)
    axes.set_xlim(-1.04, 1.04)
    axes.set_xticks([-1.0, -0.5, 0.0, 0.5, 1.0], [ENDS.get(tick, "") for tick in (-1.0, -0.5, 0.0, 0.5, 1.0)])
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#e4e4e4", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)
    return figure
