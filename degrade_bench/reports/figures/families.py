"""What each metric notices of every family: a dot plot, families down the page and a panel per metric."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from degrade_bench.reports.figures.chosen import Names, chosen_metrics, shares
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
from degrade_bench.reports.words import fixed, number, records

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ACROSS = {"single": 3, "double": 7}
"""Panels side by side, at most."""
LONGEST_NAME = 1.2
ROW, FOOT = 0.17, 0.24
"""Inches of a row, and of what stands under the axes."""
AXIS = "net alarms: share of clips, less the placebo's"

GROUP_COLOURS = {"signal": SERIES[0], "structural": SERIES[1]}
GROUP_MARKERS = {"signal": "o", "structural": "s"}


@dataclass(frozen=True)
class Row:
    """A row of the figure and of the table: a family, or with ``family == ""`` a whole group."""

    group: str
    family: str

    @property
    def label(self) -> str:
        """What stands beside the row."""
        return self.family or f"all {self.group}"


def family_rows(families: pd.DataFrame) -> list[Row]:
    """Groups in the table's order, each with its families and then the row of the whole group."""
    pairs = list(dict.fromkeys(zip(families["group"].astype(str), families["family"].fillna(""), strict=True)))
    rows = sorted((Row(group, family) for group, family in pairs), key=lambda row: not row.family)
    groups = list(dict.fromkeys(group for group, _ in pairs))
    return [row for group in groups for row in rows if row.group == group]


def has_families(run: View) -> bool:
    """Whether the analysis says how much of any family was noticed."""
    return bool(run.analysis.families["noticed"].notna().any())


def drawings(run: View) -> list[Drawing]:
    """The figure, or none where the analysis says nothing of families."""
    if not has_families(run):
        return []
    return [
        Drawing(
            "sensitivity_by_family",
            "Net alarms at 5 % false alarms: the share of single clips that raise an alarm, less the same share "
            "under the placebo, averaged over levels and degradations. A drop beyond 95 % of what harmless edits "
            "cost is an alarm. 1: every clip raises one at every level. 0: no more than the processing alone. "
            "Circles are families of signal damage, squares of structural damage; a diamond on a "
            "shaded row is the mean of its group's families. Lines are confidence intervals.",
            _alt(run),
            partial(_figure, run),
        )
    ]


def _alt(run: View) -> str:
    families = run.analysis.families
    groups = records(families[(families["family"].fillna("") == "") & families["noticed"].notna()])
    shares = ", ".join(f"{row['metric']} {row['group']} {fixed(row['noticed'])}" for row in groups)
    return "Net alarms, the share of clips less the placebo's, per family and metric. " + (
        f"Groups: {shares}." if shares else ""
    )


def _figure(run: View) -> Figure:
    return sensitivity_by_family(run)[0]


def sensitivity_by_family(run: View, metrics: Names = None, column: str = "double") -> tuple[Figure, np.ndarray]:
    """Net alarms by family; the row of a whole group is a large diamond.

    Args:
        run: with its analysis.
        metrics: their names; None for all of them.
        column: for which width of a paper, ``single`` or ``double``.

    Returns:
        the figure, and its axes, one for each metric.

    Raises:
        UnknownNameError: the run has no such metric.
        ConfigError: there is no such column.
    """
    width = width_of(column)
    families = run.analysis.families
    rows = family_rows(families)
    lines = shares(
        [name for name in chosen_metrics(run, metrics) if name in set(families["metric"])], ACROSS[column]
    )
    names = [fitted(row.label, LONGEST_NAME, SMALL) for row in rows]
    left = EDGE + max(text_width(name, SMALL) for name in names) + 0.08
    wide = min(1.6, (width - left - EDGE) / len(lines[0]))
    heads = [[fitted(name, wide - 0.1, SMALL, 3) for name in line] for line in lines]
    tops = [line_height(SMALL, max(text.count("\n") + 1 for text in texts)) + 0.04 for texts in heads]
    tall = ROW * len(rows)
    sheet = Sheet(width, sum(tops) + len(lines) * (tall + FOOT) + line_height(SMALL) + EDGE)
    axis, top = _left_end(families), EDGE / 2
    every = []
    for line, texts, head in zip(lines, heads, tops, strict=True):
        for index, (metric, text) in enumerate(zip(line, texts, strict=True)):
            x = left + index * wide
            sheet.write(x, top + head - 0.04, text, SMALL, va="bottom")
            axes = sheet.axes(x, top + head, wide - 0.12, tall)
            _panel(axes, families[families["metric"] == metric], rows, axis)
            axes.set_yticks(range(len(rows)), names if index == 0 else [])
            for label, name in zip(axes.get_yticklabels(), names, strict=False):
                label.set(fontsize=SMALL, fontfamily=list(families_for(name)))
            every.append(axes)
        top += head + tall + FOOT
    sheet.write(left, top, fitted(AXIS, width - left - EDGE, SMALL), SMALL, color=FAINT)
    return sheet.figure, np.array(every, dtype=object)


def _left_end(families: pd.DataFrame) -> float:
    """Where the axes begin: a little below zero, or lower where a placebo is noticed more than the damage."""
    lows = families[["noticed", "noticed_low"]].to_numpy(dtype=float)
    lowest = float(np.min(lows, initial=0.0, where=np.isfinite(lows)))
    return -0.2 if lowest >= -0.2 else math.floor(2 * lowest - 0.1) / 2 - 0.05


def _panel(axes: Axes, families: pd.DataFrame, rows: list[Row], left: float) -> None:
    axes.axvline(0.0, color=FAINT, linewidth=0.7, zorder=1)
    values = {
        (str(group), family): (float(at), float(low), float(high))
        for group, family, at, low, high in zip(
            families["group"],
            families["family"].fillna(""),
            *(families[name].astype(float) for name in ("noticed", "noticed_low", "noticed_high")),
            strict=True,
        )
    }
    for y, row in enumerate(rows):
        if y and row.group != rows[y - 1].group:
            axes.axhline(y - 0.5, color=INK, linewidth=1.0)
        if not row.family:
            axes.axhspan(y - 0.5, y + 0.5, color="#f3f3f1", linewidth=0, zorder=0)
        at, low, high = values.get((row.group, row.family), (math.nan,) * 3)
        if math.isnan(at):
            axes.text(0.03, y, "no value", fontsize=SMALLEST, color=FAINT, va="center")
            continue
        colour = GROUP_COLOURS.get(row.group, SERIES[3])
        marker, size = (GROUP_MARKERS.get(row.group, "^"), 3.4) if row.family else ("D", 4.6)
        axes.hlines(y, low, high, color=colour, linewidth=1.2, zorder=3)
        axes.plot([at], [y], color=colour, marker=marker, markersize=size, zorder=4, clip_on=False)
    axes.set_xlim(left, 1.06)
    ticks = [tick for tick in (-1.0, 0.0, 1.0) if tick >= left]
    axes.set_xticks(ticks, [number(tick) for tick in ticks])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=SMALLEST, length=2, pad=1.5)
    axes.grid(axis="x", color="#e4e4e4", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(False)
