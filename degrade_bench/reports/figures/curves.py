"""Sensitivity curves, a figure per family: a panel per metric, each degradation beside its placebo."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from degrade_bench._support.files import file_word
from degrade_bench.analysis.verdicts import VERDICT_MARKS
from degrade_bench.reports.figures.drawing import Drawing
from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.style import FAINT, FLOOR, PLACEBO, SERIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

COLUMNS = 4
DROP = "drop (metric's own unit)"
NARROWEST = 3.2
"""Inches: a single panel leaves room for its legend."""
LETTER, LEGEND_LINE_AND_GAP, LEGEND_LINE = 0.075, 0.55, 0.185
"""Inches: a letter of a legend's text, what stands beside the text, and the height of a line."""
LEGEND_LINES = 3
"""Lines of a legend that a figure's ordinary height has room for."""
FURTHEST = 1e100
"""Drops beyond it are drawn at it."""
DASHES: tuple[Any, ...] = ("-", "--", ":", "-.")
MARKERS = ("o", "s", "^", "D", "v", "P")


def drawings(run: RunView) -> list[Drawing]:
    """A figure for each family of degradations that was tested."""
    return [_drawing(run, family) for family in run.families]


def _drawing(run: RunView, family: str) -> Drawing:
    names = [name for name in run.degradations if _family_of(run, name) == family]
    return Drawing(
        f"curves_{file_word(family)}",
        "Mean drop per level; above zero the score fell. Thick bars are the level's confidence interval, thin "
        "ones a band that holds all levels of the curve at once. Grey lines are "
        "the placebos: the same processing with the music intact. The grey band is the nuisance floor.",
        f"Drop against level for {', '.join(names)}, one panel per metric, each beside its placebo.",
        partial(sensitivity_curves, run, family),
        heading=family,
    )


def _family_of(run: RunView, degradation: str) -> str:
    levels = run.analysis.levels
    return str(levels.loc[levels["degradation"] == degradation, "family"].iloc[0])


def sensitivity_curves(run: RunView, family: str) -> Figure:
    """Drop against level for every metric; placebos as grey lines, the nuisance floor as a band."""
    from matplotlib.figure import Figure

    levels = run.analysis.levels[run.analysis.levels["family"] == family]
    degradations = list(dict.fromkeys(levels["degradation"]))
    columns = min(COLUMNS, len(run.metrics))
    rows = math.ceil(len(run.metrics) / columns)
    handles = _legend_handles(run, degradations)
    width = max(NARROWEST, 2.55 * columns + 0.4)
    across = _legend_columns([str(handle.get_label()) for handle in handles], width)
    taller = LEGEND_LINE * max(0, math.ceil(len(handles) / across) - LEGEND_LINES)
    figure = Figure(figsize=(width, 2.05 * rows + 0.75 + taller), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).flatten()
    for panel, metric in zip(panels, run.metrics, strict=False):
        _panel(panel, run, metric, levels[levels["metric"] == metric], degradations)
    for panel in panels[len(run.metrics) :]:
        panel.set_visible(False)
    figure.legend(handles=handles, loc="outside upper left", ncols=across)
    if rows == 1:
        panels[0].set_ylabel(DROP)  # a figure's own label would run into a tall legend
    else:
        figure.supylabel(DROP, fontsize=8.5)
    return figure


def _legend_handles(run: RunView, degradations: list[str]) -> list[Line2D | Patch]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Line2D | Patch] = []
    for index, name in enumerate(degradations):
        colour, marker, dash = SERIES[index % 6], MARKERS[index % 6], DASHES[index % 4]
        handles.append(Line2D([], [], color=colour, marker=marker, markersize=4, label=name))
        if run.analysis.placebos.empty or name not in set(run.analysis.placebos["placebo_of"]):
            continue
        label = "placebo" if len(degradations) == 1 else f"{name}'s placebo"
        handles.append(Line2D([], [], color=PLACEBO, linestyle=dash, label=label))
    handles.append(Patch(color=FLOOR, label="nuisance floor"))
    return handles


def _legend_columns(labels: list[str], width: float) -> int:
    """How many entries of a legend fit beside one another in a figure of this width in inches; five at most."""
    widest = LETTER * max(len(label) for label in labels) + LEGEND_LINE_AND_GAP
    return max(1, min(5, len(labels), int(width / widest)))


def _panel(axes: Axes, run: RunView, metric: str, levels: pd.DataFrame, degradations: list[str]) -> None:
    facts = run.analysis.metrics.set_index("metric").loc[metric]
    verdicts = levels.drop_duplicates("degradation").set_index("degradation")["verdict"]
    marks = "".join(VERDICT_MARKS.get(str(verdicts.get(name)), "") for name in degradations)
    axes.set_title(f"{metric}  {marks}")
    floor = float(_drawn([facts["nuisance_floor"]])[0]) if pd.notna(facts["nuisance_floor"]) else 0.0
    if floor > 0:
        axes.axhspan(-floor, floor, color=FLOOR, linewidth=0, zorder=0)
    axes.axhline(0.0, color=FAINT, linewidth=0.6, zorder=1)
    drawn = False
    placebos = run.analysis.placebos
    for index, name in enumerate(degradations):
        curve = levels[(levels["degradation"] == name) & (levels["n"] > 0)]
        if curve.empty:
            continue
        drawn = True
        shift = 0.07 * (index - (len(degradations) - 1) / 2)  # so that intervals do not hide one another
        if len(placebos):
            placebo = placebos[(placebos["metric"] == metric) & (placebos["placebo_of"] == name)]
            _placebo(axes, placebo, curve, DASHES[index % 4], shift)
        _curve(axes, curve, SERIES[index % 6], MARKERS[index % 6], shift)
    ticks = sorted(int(level) for level in levels["level"].unique())
    axes.set_xlim(min(ticks) - 0.35, max(ticks) + 0.35)
    axes.set_xticks(ticks, _tick_labels(levels, degradations, ticks))
    axes.locator_params(axis="y", nbins=5)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("-", "−"))
    axes.set_xlabel(_strength_label(levels, degradations))
    if not drawn:
        axes.set_yticks([])
        axes.text(0.5, 0.5, "not applicable", transform=axes.transAxes, ha="center", va="center", color=FAINT)


def _curve(axes: Axes, levels: pd.DataFrame, colour: str, marker: str, shift: float) -> None:
    x = levels["level"].to_numpy(dtype=float) + shift
    y, low, high = (_drawn(levels[column]) for column in ("drop_mean", "drop_low", "drop_high"))
    lowest, highest = (_drawn(levels[column]) for column in ("band_low", "band_high"))
    axes.vlines(x, low, high, color=colour, linewidth=1.6, zorder=3)
    axes.vlines(x, lowest, highest, color=colour, linewidth=0.6, zorder=3)
    axes.plot(x, y, color=colour, marker=marker, markersize=3.5, linewidth=1.4, zorder=4)


def _drawn(values: Any) -> np.ndarray:
    """Numbers as they can be drawn: axes that reach to the ends of a double have no ticks."""
    drawn: np.ndarray = np.clip(np.asarray(values, dtype=float), -FURTHEST, FURTHEST)
    return drawn


def _placebo(axes: Axes, placebo: pd.DataFrame, levels: pd.DataFrame, dash: str, shift: float) -> None:
    if placebo.empty:
        return
    placebo = placebo.sort_values("level")
    mean, low, high = (_drawn(placebo[column]) for column in ("drop_mean", "drop_low", "drop_high"))
    if len(placebo) == 1 and len(levels) > 1:  # one strength that stands beside every level
        ends = [float(levels["level"].min()) - 0.2, float(levels["level"].max()) + 0.2]
        axes.plot(ends, [mean[0]] * 2, color=PLACEBO, linestyle=dash, linewidth=1.4, zorder=2)
        if pd.notna(low[0]):
            axes.fill_between(ends, low[0], high[0], color=PLACEBO, alpha=0.25, linewidth=0)
        return
    x = placebo["level"].to_numpy(dtype=float) + shift
    axes.vlines(x, low, high, color=PLACEBO, linewidth=0.9, zorder=2)
    axes.plot(x, mean, color=PLACEBO, linestyle=dash, linewidth=1.4, zorder=2)


def _tick_labels(levels: pd.DataFrame, degradations: list[str], ticks: list[int]) -> list[str]:
    if len(degradations) > 1:
        return [str(level) for level in ticks]
    strengths = levels.drop_duplicates("level").set_index("level")["strength"]
    return [f"{level}\n{strengths[level]:g}" for level in ticks]


def _strength_label(levels: pd.DataFrame, degradations: list[str]) -> str:
    return f"level, {levels['unit'].iloc[0]}" if len(degradations) == 1 else "level"
