"""Every recording's drop: a dot for each, a row per damage, a panel per metric, with those that stand out named."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from degrade_bench._support.files import file_word
from degrade_bench.errors import ConfigError, RunFolderError
from degrade_bench.reports.figures.chosen import Names, chosen_damages, chosen_metrics, shares
from degrade_bench.reports.figures.drawing import Drawing
from degrade_bench.reports.figures.drop_cells import FENCE, Cell, apart, cells_of, ends_of, numbers_of, seen
from degrade_bench.reports.figures.paper import (
    EDGE,
    SMALL,
    SMALLEST,
    TALLEST,
    Key,
    Sheet,
    fitted,
    key_rows,
    line_height,
    text_width,
    width_of,
)
from degrade_bench.reports.figures.scales import drawn, roomy_ticks, tick_text
from degrade_bench.reports.inputs import View
from degrade_bench.reports.style import FAINT, FLOOR, INK, SERIES
from degrade_bench.reports.words import level_and_strength

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ACROSS = {"single": 3, "double": 7}
"""Panels side by side, at most."""
ROW, LOWEST = 0.36, 0.27
"""Inches of a row: what it gets, and what it gets where there are many."""
FOOT, APART = 0.26, 0.14
"""Inches under a panel and beside it."""
LONGEST_NAME = 1.3
MOST_DOTS = 60
"""Recordings that are drawn one by one; of more, those that stand out."""
JITTER = (0.0, 0.14, -0.1, 0.22, -0.04, 0.09)
"""How far dots stand from the middle of their row, in rows, one after the other."""
DOT = 2.2
Corners = list[tuple[float, float]]
LEAD = "Each recording's drop, in each metric's own unit"


def drawings(run: View) -> list[Drawing]:
    """A figure for each family of degradations that was tested; none where the scores cannot be read."""
    if has_drops(run) is not True:
        return []
    return [
        Drawing(
            f"drops_{file_word(family)}",
            "A dot is a recording's drop at the highest level. Box: the middle half of the recordings, with their "
            "median. Grey: within the margin. Numbers name recordings outside the box by more than "
            f"{FENCE} times its length. Of more than {MOST_DOTS} recordings only these have a dot; the line "
            "reaches from the 5th to the 95th percentile.",
            f"Drops of single recordings under {', '.join(chosen_damages(run, family))}, a panel per metric.",
            partial(_figure, run, family),
            heading=family,
        )
        for family in run.families
    ]


def has_drops(run: View) -> bool | str:
    """Whether the run's scores are there; where they cannot be read, what is wrong."""
    if not run.has_scores:
        return False
    try:
        return len(run.drops) > 0
    except RunFolderError as error:
        return str(error)


def _figure(run: View, family: str) -> Figure:
    return recordings_figure(run, family)[0]


def recordings_figure(
    run: View, damages: Names = None, metrics: Names = None, level: int | None = None, column: str = "double"
) -> tuple[Figure, np.ndarray]:
    """Every recording's drop under each damage: a row per damage, a panel per metric, outliers named.

    Args:
        run: whose folder holds the scores.
        damages: families or degradations; None for all of them.
        metrics: their names; None for all of them.
        level: of the ladders; None for the highest of each.
        column: for which width of a paper, ``single`` or ``double``.

    Returns:
        the figure, and its axes, one for each metric.

    Raises:
        RunFolderError: the scores are missing, or cannot be read.
        UnknownNameError: the run has no such damage or metric.
        ConfigError: there is no such column, or no damage has such a level.
    """
    names = chosen_damages(run, damages)
    if level is not None:
        names = [name for name in names if level in run.strengths(name)]
        if not names:
            raise ConfigError(f"none of the damages has a level {level}")
    drops = run.drops if level is None else run.drops[run.drops["level"] == level]
    return _dots(run, drops, names, chosen_metrics(run, metrics), column)


def _dots(
    run: View, drops: pd.DataFrame, damages: Sequence[str], metrics: Sequence[str], column: str
) -> tuple[Figure, np.ndarray]:
    """The figure of some drops; of each damage, the highest level that is there."""
    width = width_of(column)
    tops, cells = cells_of(drops, damages, metrics)
    ends = {metric: ends_of(run, metric, [cells.get((metric, name)) for name in damages]) for metric in metrics}
    numbers = numbers_of(cells, ends)
    keys = [Key(f"{number} {fitted(track, width / 2, SMALLEST)}") for track, number in numbers.items()]
    named = line_height(SMALLEST, len(key_rows(keys, width - 2 * EDGE, SMALLEST)))
    names = [_name(run, damage, tops.get(damage)) for damage in damages]
    left = EDGE + max(text_width(name, SMALLEST) for name in names) + 0.1
    lines = shares(metrics, ACROSS[column])
    wide = min(2.4, (width - left - EDGE) / len(lines[0]))
    heads = [[fitted(name, wide - APART, SMALL, 3) for name in line] for line in lines]
    overs = [line_height(SMALL, max(text.count("\n") + 1 for text in texts)) + 0.05 for texts in heads]
    lead = line_height(SMALL) + 0.06
    used = lead + sum(overs) + FOOT * len(lines) + named + EDGE
    tall = len(damages) * min(ROW, max(LOWEST, (TALLEST - used) / (len(lines) * len(damages))))
    sheet = Sheet(width, used + tall * len(lines))
    sheet.write(EDGE, EDGE / 2, fitted(LEAD, width - 2 * EDGE, SMALL), SMALL, color=FAINT)
    top, every = lead, []
    for line, texts, over in zip(lines, heads, overs, strict=True):
        for index, (metric, text) in enumerate(zip(line, texts, strict=True)):
            x = left + index * wide
            sheet.write(x, top + over - 0.05, text, SMALL, va="bottom")
            axes = sheet.axes(x, top + over, wide - APART, tall)
            margin = float(drawn(run.facts_of[metric]["margin"] or 0.0))
            _panel(
                axes, [cells.get((metric, name)) for name in damages], ends[metric], margin, wide - APART, numbers
            )
            every.append(axes)
        for y, name in enumerate(names):
            middle = top + over + (y + 0.5) * tall / len(names)
            sheet.write(left - 0.07, middle, name, SMALLEST, ha="right", va="center", multialignment="right")
        top += over + tall + FOOT
    sheet.legend(keys, EDGE, top, SMALLEST)
    return sheet.figure, np.array(every, dtype=object)


def _name(run: View, damage: str, level: int | None) -> str:
    """A damage and the strength that is drawn."""
    name = fitted(damage.replace("_", " "), LONGEST_NAME, SMALLEST)
    if level is None:
        return name
    strength = level_and_strength(level, run.strengths(damage), run.unit_of[damage])
    return f"{name}\n{fitted(strength, LONGEST_NAME, SMALLEST)}"


def _panel(
    axes: Axes,
    cells: Sequence[Cell | None],
    ends: tuple[float, float],
    margin: float,
    inches: float,
    numbers: dict[str, int],
) -> None:
    """Draw what one metric did.

    Args:
        axes: where to.
        cells: of the damages.
        ends: of the axis.
        margin: the metric's.
        inches: of the axis.
        numbers: of the recordings that are named.
    """
    axes.set_xlim(*ends)
    axes.set_ylim(len(cells) - 0.5, -0.5)
    if margin > 0:
        axes.axvspan(-margin, margin, color=FLOOR, linewidth=0, zorder=0)
    axes.axvline(0.0, color=FAINT, linewidth=0.6, zorder=1)
    x: list[float] = []
    y: list[float] = []
    boxes: list[Corners] = []
    lines: list[Corners] = []
    medians: list[Corners] = []
    named: Corners = []
    for row, cell in enumerate(cells):
        if cell is None:
            axes.text(
                0.5,
                row,
                "none",
                transform=axes.get_yaxis_transform(),
                fontsize=SMALLEST,
                color=FAINT,
                ha="center",
                va="center",
            )
            continue
        low, middle, high = np.quantile(cell.drops, (0.25, 0.5, 0.75))
        boxes.append([(low, row - 0.2), (high, row - 0.2), (high, row + 0.3), (low, row + 0.3)])
        medians.append([(middle, row - 0.22), (middle, row + 0.32)])
        few = len(cell.drops) <= MOST_DOTS
        if not few:
            lines.append([(value, row + 0.05) for value in np.quantile(cell.drops, (0.05, 0.95))])
        shown = range(len(cell.drops)) if few else cell.out
        x += [cell.drops[place] for place in shown]
        y += [row + 0.05 + JITTER[place % len(JITTER)] for place in shown]
        named += _name_them(axes, cell, row, ends, inches, numbers)
    _distributions(axes, boxes, lines, medians)
    axes.plot(x, y, color=INK, marker="o", markersize=DOT, markeredgewidth=0, linewidth=0, zorder=4)
    if named:
        axes.plot(*zip(*named, strict=True), color=SERIES[1], marker="o", markersize=3, linewidth=0, zorder=5)
    axes.yaxis.set_visible(False)
    axes.tick_params(labelsize=SMALLEST, length=2, pad=1.5)
    ticks = roomy_ticks(*ends, inches)
    axes.set_xticks(ticks, [tick_text(tick) for tick in ticks])
    axes.spines["left"].set_visible(False)


def _distributions(axes: Axes, boxes: list[Corners], lines: list[Corners], medians: list[Corners]) -> None:
    """The distributions of all rows.

    Args:
        axes: where to.
        boxes: from the first to the third quartile.
        lines: from the 5th to the 95th percentile.
        medians: a stroke for each.
    """
    from matplotlib.collections import LineCollection, PolyCollection

    axes.add_collection(PolyCollection(boxes, facecolor="#cfdfee", edgecolor="none", zorder=2), autolim=False)
    axes.add_collection(LineCollection(lines, colors=SERIES[0], linewidths=0.7, zorder=2), autolim=False)
    axes.add_collection(LineCollection(medians, colors=SERIES[0], linewidths=1.4, zorder=3), autolim=False)


def _name_them(
    axes: Axes, cell: Cell, row: int, ends: tuple[float, float], inches: float, numbers: dict[str, int]
) -> Corners:
    """Numbers above the dots of those that stand out, moved apart where they are close.

    Args:
        axes: where to.
        cell: the drops.
        row: the damage's.
        ends: of the axis.
        inches: of the axis.
        numbers: of the recordings that are named.

    Returns:
        where their dots are.
    """
    named = [place for place in seen(cell, ends) if cell.tracks[place] in numbers]
    texts = [str(numbers[cell.tracks[place]]) for place in named]
    scale = inches / (ends[1] - ends[0])
    halves = [text_width(text, SMALLEST) / 2 + 0.015 for text in texts]
    wanted = [(cell.drops[place] - ends[0]) * scale for place in named]
    for text, place in zip(texts, apart(wanted, halves, inches), strict=True):
        at = ends[0] + place / scale
        axes.text(
            at, row - 0.34, text, fontsize=SMALLEST, color=SERIES[1], ha="center", va="center_baseline", zorder=5
        )
    return [(cell.drops[place], row + 0.05 + JITTER[place % len(JITTER)]) for place in named]
