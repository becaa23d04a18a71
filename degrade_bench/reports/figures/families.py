"""What each metric notices of every family: a dot plot, families down the page and a panel per metric."""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from degrade_bench.reports.figures.drawing import Drawing
from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.style import FAINT, INK, SERIES
from degrade_bench.reports.words import fixed, records

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 8
"""Panels in one row of the figure, at most."""

NARROWEST = 3.4
"""Inches: room for the label of the axis."""

TITLE_WIDTH = 14
"""Letters in a line of a panel's title."""

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


def has_families(run: RunView) -> bool:
    """Whether the analysis says how much of any family was noticed."""
    return bool(run.analysis.families["noticed"].notna().any())


def drawings(run: RunView) -> list[Drawing]:
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
            partial(sensitivity_by_family, run),
        )
    ]


def _alt(run: RunView) -> str:
    families = run.analysis.families
    groups = records(families[(families["family"].fillna("") == "") & families["noticed"].notna()])
    shares = ", ".join(f"{row['metric']} {row['group']} {fixed(row['noticed'])}" for row in groups)
    return "Net alarms, the share of clips less the placebo's, per family and metric. " + (
        f"Groups: {shares}." if shares else ""
    )


def sensitivity_by_family(run: RunView) -> Figure:
    """Net alarms by family; the row of a whole group is a large diamond."""
    from matplotlib.figure import Figure

    families = run.analysis.families
    rows = family_rows(families)
    metrics = [name for name in run.metrics if name in set(families["metric"])]
    lines = math.ceil(len(metrics) / COLUMNS)
    columns = math.ceil(len(metrics) / lines)
    size = (max(NARROWEST, 1.2 * columns + 1.6), (0.21 * len(rows) + 0.75) * lines + 0.2)
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(lines, columns, squeeze=False, sharex=True, sharey=True)
    left = _left_end(families)
    for axes, metric in zip(panels.flatten(), metrics, strict=False):
        _panel(axes, metric, families[families["metric"] == metric], rows, left)
    for axes in panels.flatten()[len(metrics) :]:
        axes.set_visible(False)
    for axes in panels[:, 0]:
        axes.set_yticks(range(len(rows)), [row.label for row in rows])
        for label, row in zip(axes.get_yticklabels(), rows, strict=True):
            label.set_fontweight("normal" if row.family else "bold")
            label.set_fontsize(8.5)
    figure.supxlabel("net alarms: share of clips, less the placebo's", fontsize=8.5)
    return figure


def _left_end(families: pd.DataFrame) -> float:
    """Where the axes begin: a little below zero, or lower where a placebo is noticed more than the damage."""
    lows = families[["noticed", "noticed_low"]].to_numpy(dtype=float)
    lowest = float(np.min(lows, initial=0.0, where=np.isfinite(lows)))
    return -0.2 if lowest >= -0.2 else math.floor(2 * lowest - 0.1) / 2 - 0.05


def _panel(axes: Axes, metric: str, families: pd.DataFrame, rows: list[Row], left: float) -> None:
    axes.set_title("\n".join(textwrap.wrap(metric, TITLE_WIDTH)), fontsize=8.5)
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
            axes.text(0.03, y, "no value", fontsize=7, color=FAINT, va="center")
            continue
        colour = GROUP_COLOURS.get(row.group, SERIES[3])
        marker, size = (GROUP_MARKERS.get(row.group, "^"), 3.4) if row.family else ("D", 4.6)
        axes.hlines(y, low, high, color=colour, linewidth=1.2, zorder=3)
        axes.plot([at], [y], color=colour, marker=marker, markersize=size, zorder=4, clip_on=False)
    axes.set_xlim(left, 1.06)
    axes.set_xticks([tick for tick in (-1.0, -0.5, 0.0, 0.5, 1.0) if tick >= left])
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("-", "−"))
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelbottom=True)
    axes.grid(axis="x", color="#e4e4e4", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(False)
