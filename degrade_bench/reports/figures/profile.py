"""The sensitivity profile: families of damages down, metrics across, the verdicts of each family in a cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from degrade_bench.reports.figures.chosen import Names, chosen_metrics
from degrade_bench.reports.figures.drawing import Drawing
from degrade_bench.reports.figures.grid import grid_of, write_names
from degrade_bench.reports.figures.marks import SHADES, verdict_keys
from degrade_bench.reports.figures.paper import (
    EDGE,
    SMALL,
    SMALLEST,
    Sheet,
    fitted,
    key_rows,
    line_height,
    text_width,
    width_of,
)
from degrade_bench.reports.in_short import ProfileCell, profile
from degrade_bench.reports.inputs import View
from degrade_bench.reports.style import FAINT, INK, SERIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROW = 0.24
"""Inches of a row whose cells have a line of verdicts; every line more makes all rows taller."""
LEVELS = 5
BAR_SAYS = "Bar: the longer, the milder the damage from which on half of those that are heard are heard."
BAR_LINES = 2


def drawings(run: View) -> list[Drawing]:
    """The figure: every run has it."""
    said = [
        f"{metric}: " + ", ".join(f"{row.family} {row.cells[place].words}" for row in profile(run))
        for place, metric in enumerate(run.metrics)
    ]
    return [
        Drawing(
            "profile",
            f"Sensitivity profile: how many damages of each family have which verdict, for each metric. {BAR_SAYS}",
            f"Verdicts by family. {'; '.join(said)}.",
            partial(_figure, run),
        )
    ]


def _figure(run: View) -> Figure:
    return sensitivity_profile(run)[0]


def sensitivity_profile(run: View, metrics: Names = None, column: str = "double") -> tuple[Figure, Axes]:
    """How many damages of each family have which verdict, and from how mild a damage on they are heard.

    Args:
        run: with its analysis.
        metrics: their names; None for all of them.
        column: for which width of a paper, ``single`` or ``double``.

    Returns:
        the figure, and its axes: families down, metrics across.

    Raises:
        UnknownNameError: the run has no such metric.
        ConfigError: there is no such column.
    """
    width, shown, rows = width_of(column), chosen_metrics(run, metrics), profile(run)
    across = [run.metrics.index(name) for name in shown]
    cells = [[row.cells[place] for place in across] for row in rows]
    keys = verdict_keys(verdict for row in cells for cell in row for verdict, _, _ in cell.counts)
    grid = grid_of([row.family for row in rows], [row.group for row in rows], shown, width, column, ROW)
    written = [[_verdicts(cell.counts, grid.cell) for cell in row] for row in cells]
    lines = max(text.count("\n") + 1 for row in written for text in row)
    grid = replace(grid, row=max(ROW, line_height(SMALLEST, lines) + 0.1))
    head = line_height(SMALL, len(key_rows(keys, width - 2 * EDGE))) + 0.06
    said = fitted(BAR_SAYS, width - 2 * EDGE, SMALLEST, BAR_LINES)
    foot = line_height(SMALLEST, said.count("\n") + 1) + 0.06
    sheet = Sheet(width, head + grid.head + grid.height + foot + EDGE)
    sheet.legend(keys, EDGE, EDGE / 2)
    axes = sheet.axes(grid.left, head + grid.head, grid.width, grid.height)
    axes.set_xlim(0, len(shown))
    axes.set_ylim(len(rows), 0)
    axes.axis("off")
    for y, row in enumerate(cells):
        for x, cell in enumerate(row):
            _cell(axes, x, y, cell, written[y][x], ROW / grid.row)
    write_names(sheet, grid, head)
    sheet.write(EDGE, sheet.height - foot, said, SMALLEST, color=FAINT)
    return sheet.figure, axes


def _verdicts(counts: Sequence[tuple[str, str, int]], width: float) -> str:
    """The verdicts of a cell in as many lines as they need; their marks alone where no count has room.

    Args:
        counts: as a cell of the profile has them.
        width: of a column, in inches.
    """
    words = [f"{mark}{count}" for _, mark, count in counts]
    if max((text_width(word, SMALLEST) for word in words), default=0.0) > width:
        words = [mark for _, mark, _ in counts]
    lines: list[str] = []
    for word in words:
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, SMALLEST) <= width - 0.06:
            lines[-1] = longer
        else:
            lines.append(word)
    return "\n".join(lines)


def _cell(axes: Axes, x: int, y: int, cell: ProfileCell, verdicts: str, line: float) -> None:
    """A cell at a place of the table.

    Args:
        axes: the table.
        x: the column.
        y: the row.
        cell: what stands in it.
        verdicts: what is written in it.
        line: the share of a row's height that a row of one line has.
    """
    from matplotlib.patches import Rectangle

    axes.add_patch(
        Rectangle(
            (x, y), 1, 1, facecolor=SHADES.get(cell.verdict, "white"), edgecolor="white", linewidth=1.2, zorder=1
        )
    )
    axes.text(
        x + 0.5,
        y + 0.5 - (0.1 * line if cell.heard_from is not None else 0),
        verdicts,
        ha="center",
        va="center_baseline",
        fontsize=SMALLEST,
        color=INK,
        zorder=3,
    )
    if cell.heard_from is not None:
        share = (LEVELS + 1 - min(cell.heard_from, LEVELS + 1)) / LEVELS
        for width, color, order in ((0.8, "white", 2), (0.8 * share, SERIES[0], 3)):
            place = (x + 0.1, y + 1 - 0.22 * line)
            axes.add_patch(Rectangle(place, width, 0.1 * line, facecolor=color, linewidth=0, zorder=order))
