"""Where everything of a figure of sensitivity curves stands, in inches, before any of it is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from degrade_bench.reports.figures.chosen import Names, chosen_damages, chosen_metrics, shares
from degrade_bench.reports.figures.curve_rows import DOTTED, Row, row_of
from degrade_bench.reports.figures.ladders import LevelLabels, Panel, level_labels, panels
from degrade_bench.reports.figures.paper import (
    EDGE,
    NORMAL,
    SMALL,
    SMALLEST,
    TALLEST,
    Key,
    fitted,
    key_rows,
    line_height,
    text_width,
    width_of,
)
from degrade_bench.reports.figures.scales import tick_text
from degrade_bench.reports.inputs import View
from degrade_bench.reports.style import FAINT, FLOOR, INK, PLACEBO

ACROSS = {"single": 2, "double": 4}
"""Panels side by side, at most."""
PANEL, LOWEST = 0.72, 0.36
"""Inches of a panel's height: what it gets, and what it gets where there are many metrics."""
MANY = 8
"""From more metrics on, axes have fewer numbers."""
TITLE = line_height(SMALL) + 0.1
"""Inches over a row of panels, where the metric's name stands."""
GAP = 0.04


@dataclass(frozen=True)
class Line:
    """Damages side by side, with a row for each metric.

    Attributes:
        panels: the damages.
        span: what each takes of the axis.
        rows: the metrics.
        wide: inches that each damage takes.
        heads, units: what stands over and under each damage.
        labels: of the axis.
    """

    panels: Sequence[Panel]
    span: float
    rows: Sequence[Row]
    wide: float
    heads: Sequence[str]
    units: Sequence[str]
    labels: LevelLabels

    @property
    def head(self) -> float:
        """Inches that the damages' names take."""
        return _height(self.heads, NORMAL) + GAP

    @property
    def foot(self) -> float:
        """Inches that the axis of strengths takes, and what stays free below it."""
        return GAP + self.labels.height + _height(self.units, SMALLEST) + 2 * GAP


def _height(texts: Sequence[str], size: float) -> float:
    return line_height(size, max(text.count("\n") + 1 for text in texts))


@dataclass(frozen=True)
class Layout:
    """A figure of curves, laid out.

    Attributes:
        width, height: of the figure, in inches.
        left: inches at which the panels begin.
        head: inches that the legend and the line under it take.
        tall: inches of a panel's height.
        steps: about so many between the numbers at an axis of drops.
        lines: damages side by side, from the top down.
        keys: the legend.
    """

    width: float
    height: float
    left: float
    head: float
    tall: float
    steps: int
    lines: Sequence[Line]
    keys: Sequence[Key]

    def places(self) -> Iterator[tuple[Line, float, list[float], float]]:
        """Each line of damages, and inches from the figure's upper edge: of its begin, rows and end of rows."""
        top = self.head
        for line in self.lines:
            start, rows = top, []
            top += line.head
            for _ in line.rows:
                rows.append(top)
                top += TITLE + self.tall
            yield line, start, rows, top
            top += line.foot


def layout_of(run: View, damages: Names, metrics: Names, column: str) -> Layout:
    """Find the place of everything in a figure of curves.

    Args:
        run: with its analysis.
        damages: families or degradations; None for all of them.
        metrics: their names; None for all of them.
        column: for which width of a paper, ``single`` or ``double``.

    Raises:
        UnknownNameError: the run has no such damage or metric.
        ConfigError: there is no such column.
    """
    width = width_of(column)
    shown = chosen_metrics(run, metrics)
    steps = 2 if len(shown) > MANY else 3
    parts = shares(chosen_damages(run, damages), ACROSS[column])
    rows = [[row_of(run, metric, part) for metric in shown] for part in parts]
    ticks = [tick_text(tick) for several in rows for row in several for tick in row.ticks(steps)]
    left = EDGE + 0.06 + max(text_width(text, SMALLEST) for text in ticks)
    lines = [_line(run, part, of_line, width - left - EDGE) for part, of_line in zip(parts, rows, strict=True)]
    keys = _keys(lines)
    head = line_height(SMALL, len(key_rows(keys, width - 2 * EDGE))) + line_height(SMALL) + 2 * GAP
    used = head + sum(line.head + line.foot for line in lines)
    tall = min(PANEL, max(LOWEST, (TALLEST - used) / (len(lines) * len(shown)) - TITLE))
    height = used + len(lines) * len(shown) * (tall + TITLE)
    return Layout(width, height, left, head, tall, steps, lines, keys)


def _line(run: View, damages: Sequence[str], rows: Sequence[Row], width: float) -> Line:
    places, span = panels(run, damages)
    wide = min(width / len(places), 2.6)
    return Line(
        places,
        span,
        rows,
        wide,
        [fitted(panel.name.replace("_", " "), wide - 0.1, NORMAL, 2) for panel in places],
        [fitted(panel.unit, wide - 0.1, SMALLEST, 2) for panel in places],
        level_labels(places, wide / span),
    )


def _keys(lines: Sequence[Line]) -> list[Key]:
    """The legend: what is drawn, each in the look of the first damage that has it."""
    first = lines[0].panels[0]
    rows = [row for line in lines for row in line.rows]
    curve = {"color": first.colour, "linewidth": 1.1, "marker": first.marker, "markersize": 2.6}
    keys = [Key("damage, with its interval", curve)]
    if any(row.placebos for row in rows):
        keys.append(Key("its placebo, with the same mark", curve | {"color": PLACEBO, "markerfacecolor": "white"}))
    if any(row.margin > 0 for row in rows):
        keys.append(Key("within the margin", band=FLOOR))
    if any(row.floor > 0 for row in rows):
        keys.append(Key("nuisance floor", {"color": FAINT, "linewidth": 0.6, "linestyle": DOTTED}))
    if any(row.people for row in rows):
        keys.append(Key("people's ratings, scaled", {"color": INK, "linewidth": 1.3, "linestyle": DOTTED}))
    return keys
