"""The heat map metric × degradation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.style import FAINT, INK, VERDICT_MARKS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LARGEST = 100.0
"""Ratios beyond this are coloured alike: the margin of some metrics is next to nothing."""


def heat_map(run: RunView) -> Figure:
    """Top-level drop over margin as colour, the verdict as a mark, the ratio as a number."""
    from matplotlib.colors import SymLogNorm
    from matplotlib.figure import Figure

    metrics, degradations = run.metrics, run.degradations
    ratios, verdicts = top_ratios(run.analysis.levels, run.analysis.metrics, metrics, degradations)
    height = 1.6 + 0.42 * len(metrics) + 0.28
    figure = Figure(figsize=(2.1 + 0.95 * len(degradations), height), layout="constrained")
    axes = figure.subplots()
    axes.set_facecolor("#f6f6f6")
    shown = np.ma.masked_invalid(np.clip(ratios, -LARGEST, LARGEST))
    norm = SymLogNorm(linthresh=1.0, vmin=-LARGEST, vmax=LARGEST, base=10)
    image = axes.pcolormesh(shown, cmap="RdBu", norm=norm, edgecolors="white", linewidth=1.5)
    for row, column in np.ndindex(ratios.shape):
        mark = VERDICT_MARKS.get(verdicts[row][column], "")
        value = float(ratios[row, column])
        dark = math.isfinite(value) and abs(value) > 12
        text = f"{mark} {_ratio_text(value)}".strip()
        axes.text(
            column + 0.5, row + 0.5, text, ha="center", va="center", fontsize=8.5, color="white" if dark else INK
        )
    axes.set_xticks(np.arange(len(degradations)) + 0.5, [name.replace("_", "\n") for name in degradations])
    axes.set_yticks(np.arange(len(metrics)) + 0.5, metrics)
    axes.tick_params(length=0)
    axes.invert_yaxis()
    axes.xaxis.tick_top()
    for spine in axes.spines.values():
        spine.set_visible(False)
    _group_lines(axes, run, degradations)
    bar = figure.colorbar(image, ax=axes, fraction=0.03, pad=0.01, ticks=[-100, -10, -1, 0, 1, 10, 100])
    bar.ax.set_yticklabels(["≤−100", "−10", "−1", "0", "1", "10", "≥100"])
    bar.set_label("drop ÷ margin", color=FAINT)
    bar.outline.set_visible(False)
    legend = "   ".join(f"{mark} {verdict}" for verdict, mark in VERDICT_MARKS.items())
    axes.set_xlabel(legend, fontsize=8, color=INK, labelpad=20)
    return figure


def top_ratios(
    levels: pd.DataFrame, metrics_frame: pd.DataFrame, metrics: list[str], degradations: list[str]
) -> tuple[np.ndarray, list[list[str]]]:
    """Drop over margin at the highest level that was scored, ``(metrics, degradations)``, and the verdicts.

    Where the margin is zero, any drop is infinitely many of it; no drop is none.
    """
    margins = dict(zip(metrics_frame["metric"], metrics_frame["margin"], strict=True))
    ratios = np.full((len(metrics), len(degradations)), math.nan)
    verdicts = [[""] * len(degradations) for _ in metrics]
    for (metric, degradation), own in levels.groupby(["metric", "degradation"], sort=False):
        row, column = metrics.index(metric), degradations.index(degradation)
        verdicts[row][column] = str(own["verdict"].iloc[0])
        scored = own[own["n"] > 0]
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
    digits = 0 if abs(value) >= 10 else 1
    return f"{value:.{digits}f}".replace("-", "−")


def _group_lines(axes: Axes, run: RunView, degradations: list[str]) -> None:
    """A line between signal and structural degradations, and their names."""
    levels = run.analysis.levels.drop_duplicates("degradation").set_index("degradation")["group"]
    groups = [str(levels[name]) for name in degradations]
    starts = [index for index in range(len(groups)) if index == 0 or groups[index] != groups[index - 1]]
    for start, end in zip(starts, [*starts[1:], len(groups)], strict=True):
        if start:
            axes.axvline(start, color=INK, linewidth=1.2)
        axes.annotate(
            groups[start],
            ((start + end) / 2, 0),
            xycoords=("data", "axes fraction"),
            xytext=(0, -3),
            textcoords="offset points",
            ha="center",
            va="top",
            fontsize=8,
            color=FAINT,
            annotation_clip=False,
        )
