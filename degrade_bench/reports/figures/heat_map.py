"""The heat map metric × degradation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from degrade_bench.analysis.verdicts import VERDICT_MARKS
from degrade_bench.reports.figures.drawing import Drawing
from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.style import FAINT, INK
from degrade_bench.reports.words import fixed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARGIN = {
    1: "by default its nuisance floor: what it does under edits that nobody would call damage",
    2: "by default its smallest effect of interest, at least what harmless edits cost on average",
}
"""What the margin is, by the rules that gave the verdicts."""

WIDEST = 16
"""More degradations than this go down the page, with the metrics across it."""

LETTER = 0.07
"""Inches: a letter of the legend."""

LARGEST = 100.0
"""Ratios beyond this are coloured alike: the margin of some metrics is next to nothing."""


def drawings(run: RunView) -> list[Drawing]:
    """The figure: every run has it."""
    return [
        Drawing(
            "heat_map_metric_by_degradation",
            "Mean drop at the top level in multiples of the metric's margin "
            f"({MARGIN[run.analysis.options.rules]}). Within −1 to 1 lies what counts as no drop. The mark is the "
            "verdict, which also asks what the placebo did and how sure it is.",
            _alt(run),
            partial(heat_map, run),
        )
    ]


def _alt(run: RunView) -> str:
    parts = [
        f"{metric}: " + ", ".join(f"{row['degradation']} {row['verdict']}" for _, row in verdicts.iterrows())
        for metric, verdicts in run.analysis.verdicts.groupby("metric", sort=False)
    ]
    return "Verdicts. " + "; ".join(parts) + "."


def heat_map(run: RunView) -> Figure:
    """Top-level drop over margin as colour, the verdict as a mark, the ratio as a number."""
    from matplotlib.colors import SymLogNorm
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    metrics, degradations = run.metrics, run.degradations
    margins = dict(zip(metrics, run.analysis.metrics["margin"], strict=True))
    ratios, verdicts = top_ratios(run.analysis.levels, margins)
    marks = np.array([[VERDICT_MARKS.get(verdict, "") for verdict in row] for row in verdicts])
    tall = len(degradations) > WIDEST
    if tall:
        ratios, marks = ratios.T, marks.T
    size = (4.0 + 1.1 * len(metrics), 1.8 + 0.26 * len(degradations))
    wide = (2.1 + 0.95 * len(degradations), 1.6 + 0.42 * len(metrics) + 0.28)
    figure = Figure(figsize=size if tall else wide, layout=ConstrainedLayoutEngine(w_pad=0.12))  # inches
    axes = figure.subplots()
    axes.set_facecolor("#f6f6f6")
    shown = np.ma.masked_invalid(np.clip(ratios, -LARGEST, LARGEST))
    norm = SymLogNorm(linthresh=1.0, vmin=-LARGEST, vmax=LARGEST, base=10)
    image = axes.pcolormesh(shown, cmap="RdBu", norm=norm, edgecolors="white", linewidth=1.5)
    for row, column in np.ndindex(ratios.shape):
        value = float(ratios[row, column])
        dark = math.isfinite(value) and abs(value) > 12
        text = f"{marks[row, column]} {_ratio_text(value)}".strip()
        axes.text(
            column + 0.5, row + 0.5, text, ha="center", va="center", fontsize=8.5, color="white" if dark else INK
        )
    across, down = (metrics, degradations) if tall else (_broken(degradations), metrics)
    axes.set_xticks(np.arange(len(across)) + 0.5, across)
    axes.set_yticks(np.arange(len(down)) + 0.5, down)
    axes.tick_params(length=0)
    axes.invert_yaxis()
    axes.xaxis.tick_top()
    for spine in axes.spines.values():
        spine.set_visible(False)
    _group_lines(axes, run, degradations, tall)
    shape: dict[str, Any] = {"shrink": 0.3, "anchor": (0.0, 1.0)} if tall else {}
    bar = figure.colorbar(image, ax=axes, fraction=0.03, pad=0.01, ticks=[-100, -10, -1, 0, 1, 10, 100], **shape)
    bar.ax.set_yticklabels(["≤−100", "−10", "−1", "0", "1", "10", "≥100"])
    bar.set_label("drop ÷ margin", color=FAINT)
    bar.outline.set_visible(False)
    figure.supxlabel(_legend(figure.get_figwidth()), fontsize=8, color=INK)
    return figure


def _legend(width: float) -> str:
    """The marks and their verdicts, in as many lines as a figure of this width in inches needs."""
    lines = [""]
    for verdict, mark in VERDICT_MARKS.items():
        entry = f"{mark} {verdict}"
        if lines[-1] and len(f"{lines[-1]}   {entry}") * LETTER > width:
            lines.append("")
        lines[-1] = f"{lines[-1]}   {entry}" if lines[-1] else entry
    return "\n".join(lines)


def top_ratios(levels: pd.DataFrame, margins: Mapping[str, float]) -> tuple[np.ndarray, list[list[str]]]:
    """Drop over margin at the highest level that was scored, ``(metrics, degradations)``, and the verdicts.

    Where the margin is zero, any drop is infinitely many of it; no drop is none.

    Args:
        levels: the analysis's levels; degradations stand in their order.
        margins: each metric's margin, in the metric's own unit; metrics stand in their order.
    """
    metrics, degradations = list(margins), list(dict.fromkeys(levels["degradation"]))
    ratios = np.full((len(metrics), len(degradations)), math.nan)
    verdicts = [[""] * len(degradations) for _ in metrics]
    for (metric, degradation), ladder in levels.groupby(["metric", "degradation"], sort=False):
        row, column = metrics.index(metric), degradations.index(degradation)
        verdicts[row][column] = str(ladder["verdict"].iloc[0])
        scored = ladder[ladder["n"] > 0]
        if len(scored):
            drop, margin = float(scored["drop_mean"].iloc[-1]), margins[metric]
            if margin > 0:
                ratios[row, column] = drop / margin
            else:
                ratios[row, column] = 0.0 if drop == 0 else math.copysign(math.inf, drop)
    return ratios, verdicts


def _ratio_text(value: float) -> str:
    if math.isnan(value):
        return ""
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return fixed(value, 0 if abs(value) >= 10 else 1)


def _broken(names: list[str]) -> list[str]:
    """Names on several lines, to stand over narrow columns."""
    return [name.replace("_", "\n") for name in names]


def _group_lines(axes: Axes, run: RunView, degradations: list[str], tall: bool) -> None:
    """A line between signal and structural degradations, and their names."""
    levels = run.analysis.levels.drop_duplicates("degradation").set_index("degradation")["group"]
    groups = [str(levels[name]) for name in degradations]
    starts = [index for index in range(len(groups)) if index == 0 or groups[index] != groups[index - 1]]
    for start, end in zip(starts, [*starts[1:], len(groups)], strict=True):
        if start:
            (axes.axhline if tall else axes.axvline)(start, color=INK, linewidth=1.2)
        middle = (start + end) / 2
        axes.annotate(
            groups[start],
            (1, middle) if tall else (middle, 0),
            xycoords=("axes fraction", "data") if tall else ("data", "axes fraction"),
            xytext=(3, 0) if tall else (0, -3),
            textcoords="offset points",
            ha="left" if tall else "center",
            va="center" if tall else "top",
            rotation=270 if tall else 0,
            fontsize=8,
            color=FAINT,
            annotation_clip=False,
        )
