"""Sensitivity curves: drop against strength, a row per metric and a panel per damage, each beside its placebo."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from degrade_bench._support.files import file_word
from degrade_bench.reports.figures.chosen import Names, chosen_damages, shares
from degrade_bench.reports.figures.curve_layout import ACROSS, GAP, TITLE, layout_of
from degrade_bench.reports.figures.curve_points import curve_points
from degrade_bench.reports.figures.curve_rows import draw_row
from degrade_bench.reports.figures.drawing import Drawing
from degrade_bench.reports.figures.paper import EDGE, NORMAL, SMALL, SMALLEST, Sheet, fitted
from degrade_bench.reports.inputs import View
from degrade_bench.reports.style import FAINT

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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
                    points=partial(curve_points, run, part),
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
    layout = layout_of(run, damages, metrics, column)
    left, right = layout.left, layout.width - EDGE
    sheet = Sheet(layout.width, layout.height)
    top = sheet.legend(layout.keys, EDGE, GAP / 2) + GAP
    sheet.write(EDGE, top, fitted(LEAD, right - EDGE, SMALL), SMALL, color=FAINT)
    every = np.empty((len(layout.lines[0].rows), len(layout.lines)), dtype=object)
    for index, (line, start, tops, end) in enumerate(layout.places()):
        for place, (text, panel) in enumerate(zip(line.heads, line.panels, strict=True)):
            sheet.write(left + place * line.wide + 0.02, start, text, NORMAL, color=panel.colour)
        for number, (row, top) in enumerate(zip(line.rows, tops, strict=True)):
            sheet.write(left, top + 0.07, fitted(row.metric, right - left, SMALL), SMALL)
            every[number, index] = sheet.axes(left, top + TITLE, len(line.panels) * line.wide, layout.tall)
            draw_row(every[number, index], row, line.panels, line.span, layout.steps)
        line.labels.write(sheet, left, end + GAP)
        for place, text in enumerate(line.units):
            middle, below = left + (place + 0.5) * line.wide, end + GAP + line.labels.height
            sheet.write(middle, below, text, SMALLEST, ha="center", color=FAINT)
    return sheet.figure, every
