"""Sensitivity curves: drop against strength, a row per metric and a panel per damage, each beside its placebo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from degrade_bench._support.files import file_word
from degrade_bench.reports.figures.chosen import Names, chosen_damages, chosen_metrics, shares
from degrade_bench.reports.figures.curve_rows import DOTTED, Row, draw_row, row_of
from degrade_bench.reports.figures.drawing import Drawing
from degrade_bench.reports.figures.ladders import LevelLabels, Panel, level_labels, panels
from degrade_bench.reports.figures.paper import (
    EDGE,
    NORMAL,
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
from degrade_bench.reports.figures.scales import tick_text
from degrade_bench.reports.inputs import View
from degrade_bench.reports.style import FAINT, FLOOR, INK, PLACEBO

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ACROSS = {"single": 2, "double": 4}
"""Panels side by side, at most."""
PANEL, LOWEST = 0.72, 0.36
"""Inches of a panel's height: what it gets, and what it gets where there are many metrics."""
MANY = 8
"""From more metrics on, axes have fewer numbers."""
TITLE = line_height(SMALL) + 0.1
GAP = 0.04
LEAD = "Drop, in each metric's own unit, against the strength of the damage"


def drawings(run: View) -> list[Drawing]:
    """The figures of each family of degradations that was tested, with four of its damages or fewer in each."""
    made = []
    for family in run.families:
        parts = shares(chosen_damages(run, family), ACROSS["double"])
        for number, part in enumerate(parts, 1):
            place = f"_{number}" if number > 1 else ""
            more = f" ({number} of {len(parts)})" if len(parts) > 1 else ""
            made.append(
                Drawing(
                    f"curves_{file_word(family)}{place}",
                    "Mean drop against the damage's strength, from the clean clip on. Above the grey band, the "
                    "margin, the metric loses more than what counts as no drop. Shaded: the interval of each "
                    "level. Thin bars: a band that holds all levels at once. Grey: the placebo, the same "
                    f"processing with the music intact.{_of_people(run, part)}",
                    f"Drop against strength for {', '.join(part)}, a row per metric, each beside its placebo.",
                    partial(_figure, run, part),
                    heading=f"{family}{more}",
                )
            )
    return made


def _figure(run: View, damages: Sequence[str]) -> Figure:
    return sensitivity_curves(run, damages)[0]


def _of_people(run: View, damages: Sequence[str]) -> str:
    if run.analysis.human_curves.empty or not set(run.analysis.human_curves["degradation"]) & set(damages):
        return ""
    return (
        " Dotted: the fall of people's mean rating, drawn so that its largest stands as high as the metric's "
        "largest drop."
    )


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


def sensitivity_curves(
    run: View, damages: Names = None, metrics: Names = None, column: str = "double"
) -> tuple[Figure, np.ndarray]:
    """Drop against strength: a row per metric, a panel per damage, each beside its placebo.

    Args:
        run: with its analysis.
        damages: families or degradations; None for all of them.
        metrics: their names; None for all of them.
        column: for which width of a paper, ``single`` or ``double``.

    Returns:
        the figure, and its axes: a row for each metric; a column for each line of damages, which stand side by side
        on one axis.

    Raises:
        UnknownNameError: the run has no such damage or metric.
        ConfigError: there is no such column.
    """
    width = width_of(column)
    shown = chosen_metrics(run, metrics)
    steps = 2 if len(shown) > MANY else 3
    parts = shares(chosen_damages(run, damages), ACROSS[column])
    rows = [[row_of(run, metric, part) for metric in shown] for part in parts]
    left = (
        EDGE
        + 0.06
        + max(
            text_width(tick_text(tick), SMALLEST)
            for several in rows
            for row in several
            for tick in row.ticks(steps)
        )
    )
    lines = [_line(run, part, of_line, width - left - EDGE) for part, of_line in zip(parts, rows, strict=True)]
    keys = _keys(lines)
    head = line_height(SMALL, len(key_rows(keys, width - 2 * EDGE))) + line_height(SMALL) + 2 * GAP
    used = head + sum(line.head + line.foot for line in lines)
    tall = min(PANEL, max(LOWEST, (TALLEST - used) / (len(lines) * len(shown)) - TITLE))
    sheet = Sheet(width, used + len(lines) * len(shown) * (tall + TITLE))
    top = sheet.legend(keys, EDGE, GAP / 2) + GAP
    sheet.write(EDGE, top, fitted(LEAD, width - 2 * EDGE, SMALL), SMALL, color=FAINT)
    top = head
    every = np.empty((len(shown), len(lines)), dtype=object)
    for index, line in enumerate(lines):
        for place, (text, panel) in enumerate(zip(line.heads, line.panels, strict=True)):
            sheet.write(left + place * line.wide + 0.02, top, text, NORMAL, color=panel.colour)
        top += line.head
        for number, row in enumerate(line.rows):
            sheet.write(left, top + 0.07, fitted(row.metric, width - left - EDGE, SMALL), SMALL)
            every[number, index] = sheet.axes(left, top + TITLE, len(line.panels) * line.wide, tall)
            draw_row(every[number, index], row, line.panels, line.span, steps)
            top += TITLE + tall
        line.labels.write(sheet, left, top + GAP)
        for place, text in enumerate(line.units):
            below = top + GAP + line.labels.height
            sheet.write(left + (place + 0.5) * line.wide, below, text, SMALLEST, ha="center", color=FAINT)
        top += line.foot
    return sheet.figure, every


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
