"""The self-test's figures: the confusion matrix of verdicts, and the coverage of the intervals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from degrade_bench._support.files import replacing
from degrade_bench._support.numbers import fixed
from degrade_bench.analysis.verdicts import VERDICT_MARKS
from degrade_bench.reports.figures.drawing import FORMATS, house_style
from degrade_bench.reports.style import FAINT, FLOOR, INK, SERIES
from degrade_bench.runs.names import SELFTEST_FIGURES, SELFTEST_FORMATS
from degrade_bench.runs.ownership import claim
from degrade_bench.selftest.summary import SHOWN

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARKERS = ("o", "s", "^", "D")


def write_figures(table: pd.DataFrame, coverage: pd.DataFrame, folder: Path) -> list[Path]:
    """Draw ``selftest_verdicts.png`` and ``selftest_coverage.png`` (and SVG).

    Args:
        table: the confusion matrix.
        coverage: the trials' coverage.
        folder: where to.
    """
    claim(folder, (f"{name}.{suffix}" for name in SELFTEST_FIGURES for suffix in SELFTEST_FORMATS))
    written = []
    with house_style():
        for name, figure in zip(SELFTEST_FIGURES, (_confusion(table), _coverage(coverage)), strict=True):
            for suffix in SELFTEST_FORMATS:
                path = folder / f"{name}.{suffix}"
                with replacing(path) as temporary:
                    figure.savefig(temporary, format=suffix, dpi=160, metadata=FORMATS[suffix])
                written.append(path)
    return written


def _confusion(table: pd.DataFrame) -> Figure:
    """Cases and kinds of damage down, verdicts across, the right one framed."""
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    shares = table[list(SHOWN)].to_numpy(dtype=float)
    figure = Figure(figsize=(8.6, 0.6 + 0.24 * len(table)), layout="constrained")
    axes = figure.subplots()
    axes.pcolormesh(shares, cmap="Blues", vmin=0, vmax=1, edgecolors="white", linewidth=1.2)
    for row, column in np.ndindex(shares.shape):
        value = shares[row, column]
        if value > 0:
            text = "<0.1" if value < 0.001 else fixed(100 * value, 1)
            colour = "white" if value > 0.6 else INK
            axes.text(column + 0.5, row + 0.5, text, ha="center", va="center", fontsize=8, color=colour)
    for row, expected in enumerate(table["expected"]):
        axes.add_patch(
            Rectangle((SHOWN.index(expected), row), 1, 1, fill=False, edgecolor=SERIES[1], linewidth=1.6)
        )
    names = [str(case).removeprefix("simulated-") for case in table["case"]]
    labels = [f"{name}: {kind}" for name, kind in zip(names, table["kind"], strict=True)]
    axes.set_yticks(np.arange(len(labels)) + 0.5, labels)
    axes.set_xticks(np.arange(len(SHOWN)) + 0.5, [f"{VERDICT_MARKS[verdict]} {verdict}" for verdict in SHOWN])
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.invert_yaxis()
    for spine in axes.spines.values():
        spine.set_visible(False)
    for row in range(1, len(names)):
        if names[row] != names[row - 1]:
            axes.axhline(row, color=FAINT, linewidth=0.6)
    return figure


def _coverage(coverage: pd.DataFrame) -> Figure:
    """The share of intervals that cover the truth, by case and kind of interval, on 93 to 97 %."""
    from matplotlib.figure import Figure

    cases = list(dict.fromkeys(coverage["case"]))
    kinds = list(dict.fromkeys(coverage["interval"]))
    figure = Figure(figsize=(8.6, 0.9 + 0.3 * len(cases)), layout="constrained")
    axes = figure.subplots()
    axes.axvspan(93, 97, color=FLOOR, linewidth=0, zorder=0)
    axes.axvline(95, color=FAINT, linewidth=0.7, zorder=1)
    for index, kind in enumerate(kinds):
        of_kind = coverage[coverage["interval"] == kind].set_index("case").loc[cases]
        y = np.arange(len(cases)) + 0.16 * (index - (len(kinds) - 1) / 2)
        share = 100 * of_kind["covered"] / of_kind["intervals"]
        axes.plot(
            share, y, linestyle="none", marker=MARKERS[index % 4], markersize=4.5, color=SERIES[index], label=kind
        )
    axes.set_yticks(np.arange(len(cases)), [case.removeprefix("simulated-") for case in cases])
    axes.invert_yaxis()
    axes.set_xlabel("intervals that cover the truth, % (nominal 95)")
    figure.legend(loc="outside upper left", ncols=len(kinds))
    return figure
