"""The heat map metric × degradation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from degrade_bench.analysis.verdicts import VERDICT_MARKS
from degrade_bench.reports.figures.chosen import Names, chosen_damages, chosen_metrics
from degrade_bench.reports.figures.drawing import Drawing
from degrade_bench.reports.figures.grid import Grid, grid_of, write_names
from degrade_bench.reports.figures.marks import verdict_keys
from degrade_bench.reports.figures.paper import (
    EDGE,
    SMALL,
    SMALLEST,
    TALLEST,
    Sheet,
    key_rows,
    line_height,
    text_width,
    width_of,
)
from degrade_bench.reports.inputs import View
from degrade_bench.reports.style import FAINT, INK
from degrade_bench.reports.words import fixed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh
    from matplotlib.figure import Figure

MARGIN = {
    1: "by default its nuisance floor: what it does under edits that nobody would call damage",
    2: "by default its smallest effect of interest, at least what harmless edits cost on average",
}
"""What the margin is, by the rules that gave the verdicts."""

ROW = 0.135
"""Inches of a row."""
LOWEST = 0.118
"""Inches of a row where there are many."""
LIGHT = (0.2, 0.8)
"""The part of the colours on which marks stay dark: a white disc would look like a circle."""
WITH_NUMBERS = 0.42
"""Inches: narrower cells have the mark alone."""
BAR, BAR_WIDTH = 0.36, 2.2
"""Inches that the scale of colours takes, down and across."""

LARGEST = 100.0
"""Ratios beyond this are coloured alike: the margin of some metrics is next to nothing."""


def drawings(run: View) -> list[Drawing]:
    """The figure: every run has it."""
    return [
        Drawing(
            "heat_map_metric_by_degradation",
            "Mean drop at the top level in multiples of the metric's margin "
            f"({MARGIN[run.analysis.options.rules]}). Within −1 to 1 lies what counts as no drop. The mark is the "
            "verdict, which also asks what the placebo did and how sure it is.",
            _alt(run),
            partial(_figure, run),
        )
    ]


def _alt(run: View) -> str:
    parts = [
        f"{metric}: " + ", ".join(f"{row['degradation']} {row['verdict']}" for _, row in verdicts.iterrows())
        for metric, verdicts in run.analysis.verdicts.groupby("metric", sort=False)
    ]
    return "Verdicts. " + "; ".join(parts) + "."


def _figure(run: View) -> Figure:
    return margin_map(run)[0]


def margin_map(
    run: View, damages: Names = None, metrics: Names = None, column: str = "double"
) -> tuple[Figure, Axes]:
    """Top-level drop over margin as colour, the verdict as a mark, the ratio as a number.

    Args:
        run: with its analysis.
        damages: families or degradations; None for all of them.
        metrics: their names; None for all of them.
        column: for which width of a paper, ``single`` or ``double``.

    Returns:
        the figure, and its axes: damages down, metrics across.

    Raises:
        UnknownNameError: the run has no such damage or metric.
        ConfigError: there is no such column.
    """
    width = width_of(column)
    names, shown = chosen_damages(run, damages), chosen_metrics(run, metrics)
    levels = run.analysis.levels
    of_all, verdicts_of_all = top_ratios(
        levels, {name: float(run.facts_of[name]["margin"] or 0.0) for name in run.metrics}
    )
    across, down = [run.metrics.index(name) for name in shown], [run.degradations.index(name) for name in names]
    ratios = of_all[np.ix_(across, down)].T
    verdicts = [[verdicts_of_all[one][other] for one in across] for other in down]
    keys = verdict_keys(verdict for row in verdicts for verdict in row)
    head = line_height(SMALL, len(key_rows(keys, width - 2 * EDGE))) + 0.06
    groups = [run.group_of[name] for name in names]
    row = min(ROW, max(LOWEST, (TALLEST - head - BAR - 1.0) / len(names)))
    grid = grid_of([name.replace("_", " ") for name in names], groups, shown, width, column, row)
    sheet = Sheet(width, head + grid.head + grid.height + BAR + EDGE)
    sheet.legend(keys, EDGE, EDGE / 2)
    axes = sheet.axes(grid.left, head + grid.head, grid.width, grid.height)
    image = _cells(axes, ratios, verdicts, grid.cell >= WITH_NUMBERS)
    write_names(sheet, grid, head)
    _colour_bar(sheet, image, grid)
    return sheet.figure, axes


def _cells(axes: Axes, ratios: np.ndarray, verdicts: Sequence[Sequence[str]], numbers: bool) -> QuadMesh:
    """The colours, marks and numbers of the table."""
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap, SymLogNorm

    axes.set_facecolor("#f6f6f6")
    shown = np.ma.masked_invalid(np.clip(ratios, -LARGEST, LARGEST))
    colours = ListedColormap(colormaps["RdBu"](np.linspace(*LIGHT, 256)))
    norm = SymLogNorm(linthresh=1.0, vmin=-LARGEST, vmax=LARGEST, base=10)
    image = axes.pcolormesh(shown, cmap=colours, norm=norm, edgecolors="white", linewidth=1.0)
    for row, column in np.ndindex(ratios.shape):
        value = float(ratios[row, column])
        number = _ratio_text(value) if numbers else ""
        text = f"{VERDICT_MARKS.get(verdicts[row][column], '')} {number}".strip()
        axes.text(
            column + 0.5,
            row + 0.5,
            text,
            ha="center",
            va="center_baseline",
            fontsize=SMALLEST,
            color=INK,
        )
    axes.invert_yaxis()
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
    return image


def _colour_bar(sheet: Sheet, image: QuadMesh, grid: Grid) -> None:
    """What the colours say, under the table."""
    ticks = [-100, -10, -1, 0, 1, 10, 100]
    label = "drop ÷ margin"
    left = max(EDGE + text_width(label, SMALL) + 0.12, sheet.width - EDGE - BAR_WIDTH)
    place = sheet.axes(left, sheet.height - BAR + 0.06, min(BAR_WIDTH, sheet.width - left - 0.25), 0.08)
    bar = sheet.figure.colorbar(image, cax=place, orientation="horizontal", ticks=ticks)
    bar.ax.set_xticklabels(["≤−100", "−10", "−1", "0", "1", "10", "≥100"])
    bar.ax.tick_params(labelsize=SMALLEST, length=2, pad=1)
    bar.outline.set_visible(False)
    sheet.write(left - 0.3, sheet.height - BAR + 0.05, label, SMALL, ha="right", color=FAINT)


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
