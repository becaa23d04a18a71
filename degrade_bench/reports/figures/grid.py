"""A table as a figure: damages or families down the page, metrics across, a cell for each pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from degrade_bench.reports.figures.letters import lettered
from degrade_bench.reports.figures.paper import EDGE, SMALL, Sheet, fitted, line_height, text_width
from degrade_bench.reports.style import FAINT, INK

WIDEST_CELL = 1.0
LONGEST_NAME = {"single": 1.05, "double": 1.6}
"""Inches that the names of rows take, at most."""
STANDING = 1.3
"""Inches that names which stand upright over their columns take, at most."""
NARROW = 0.62
"""Inches: over narrower columns names stand upright."""


@dataclass(frozen=True)
class Grid:
    """Where the rows and columns of a table stand.

    Attributes:
        left: inches that the names of rows take.
        cell: inches of a cell's width.
        row: inches of a row's height.
        heads: the columns' names.
        upright: whether these stand upright.
        names: the rows' names.
        groups: the group of each row; groups stand together.
        head: inches that the columns' names take.
    """

    left: float
    cell: float
    row: float
    heads: Sequence[str]
    upright: bool
    names: Sequence[str]
    groups: Sequence[str]
    head: float

    @property
    def width(self) -> float:
        """Inches of all cells."""
        return self.cell * len(self.heads)

    @property
    def height(self) -> float:
        """Inches of all rows."""
        return self.row * len(self.names)

    @property
    def starts(self) -> list[int]:
        """The rows at which a group begins."""
        return [i for i, group in enumerate(self.groups) if i == 0 or group != self.groups[i - 1]]


def grid_of(
    names: Sequence[str], groups: Sequence[str], heads: Sequence[str], width: float, column: str, row: float
) -> Grid:
    """Room for a table of so many rows and columns.

    Args:
        names: of the rows.
        groups: the group of each row.
        heads: the columns' names.
        width: of the figure, in inches.
        column: the width of a paper that this is.
        row: inches of a row.
    """
    longest = LONGEST_NAME[column]
    shown = [fitted(name, longest, SMALL) for name in names]
    left = EDGE + max(text_width(name, SMALL) for name in shown) + 0.08
    cell = min(WIDEST_CELL, (width - left - EDGE - line_height(SMALL)) / len(heads))
    upright = cell < NARROW
    over = [fitted(head, STANDING if upright else cell - 0.06, SMALL, 1 if upright else 3) for head in heads]
    if upright:
        head = max(text_width(text, SMALL) for text in over)
    else:
        head = line_height(SMALL, max(text.count("\n") + 1 for text in over))
    return Grid(left, cell, row, over, upright, shown, groups, head + 0.05)


def write_names(sheet: Sheet, grid: Grid, top: float) -> None:
    """Write the names of columns, rows and groups, with a line between groups.

    Args:
        sheet: the figure.
        grid: the table's places.
        top: inches at which the names of columns begin.
    """
    from matplotlib.lines import Line2D

    body = top + grid.head
    for index, head in enumerate(grid.heads):
        middle = grid.left + (index + 0.5) * grid.cell
        turned = {"rotation": 90} if grid.upright else {"multialignment": "center"}
        sheet.write(middle, body - 0.04, head, SMALL, ha="center", va="bottom", **turned)
    for index, name in enumerate(grid.names):
        sheet.write(
            grid.left - 0.06, body + (index + 0.5) * grid.row, name, SMALL, ha="right", va="center_baseline"
        )
    ends = [*grid.starts[1:], len(grid.groups)]
    for start, end in zip(grid.starts, ends, strict=True):
        if start:
            y = sheet.height - body - start * grid.row
            ends_of_line = [EDGE, grid.left + grid.width]
            sheet.figure.add_artist(
                Line2D(ends_of_line, [y, y], transform=sheet.figure.dpi_scale_trans, color=INK, linewidth=0.8)
            )
        group, room = lettered(grid.groups[start]), (end - start) * grid.row
        if text_width(group, SMALL) <= room:
            right, middle = grid.left + grid.width + 0.03, body + (start + end) / 2 * grid.row
            sheet.write(right, middle, group, SMALL, va="center", rotation=270, color=FAINT)
