"""Damage in audio beside its twin in the notes: a row per damage, a panel per metric, and what parts the two."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from degrade_bench.reports.figures.chosen import shares
from degrade_bench.reports.figures.drawing import Drawing
from degrade_bench.reports.figures.letters import families_for
from degrade_bench.reports.figures.paper import (
    EDGE,
    SMALL,
    SMALLEST,
    Key,
    Sheet,
    fitted,
    line_height,
    text_width,
    width_of,
)
from degrade_bench.reports.figures.scales import drawn, roomy_ticks, tick_text
from degrade_bench.reports.inputs import View
from degrade_bench.reports.style import FAINT, INK, SERIES
from degrade_bench.reports.tables import in_order

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ACROSS = 4
"""Panels side by side, at most."""
ROW, FOOT, APART = 0.17, 0.3, 0.16
"""Inches of a row, under a panel and beside it."""
LONGEST_NAME = 1.2
AUDIO: dict[str, Any] = {"color": SERIES[0], "marker": "o", "markersize": 3.6, "linestyle": "none"}
NOTES: dict[str, Any] = {
    "color": SERIES[1],
    "marker": "s",
    "markersize": 4.4,
    "linestyle": "none",
    "markerfacecolor": "none",
}


def strongest(twins: pd.DataFrame) -> pd.DataFrame:
    """Every metric and pair at its highest level.

    Args:
        twins: the columns of :data:`~degrade_bench.analysis.twins.TWINS`.
    """
    order = twins.sort_values("level", kind="stable")
    return order.drop_duplicates(["metric", "degradation"], keep="last").sort_index().reset_index(drop=True)


def drawings(run: View) -> list[Drawing]:
    """The figure, or none where the run has no damage beside its twin."""
    table = strongest(run.twins)
    if table.empty:
        return []
    agreeing = int(table["agrees"].sum())
    return [
        Drawing(
            "twins",
            "Dot: what a damage costs in audio beyond its placebo. Square: what its twin in the notes costs, which "
            "has no trace of an edit. Means over recordings at the highest level, in each metric's own unit. Dark "
            "where the interval of the difference leaves zero out.",
            f"Net drop in audio beside the drop in the notes, a row per damage, a panel per metric: {agreeing} of "
            f"{len(table)} pairs agree.",
            partial(twins_figure, run),
        )
    ]


def twins_figure(run: View) -> Figure:
    """A panel per metric with a row for each damage that has its twin beside it.

    Args:
        run: one that has such damage.
    """
    table = strongest(run.twins)
    metrics = in_order(run.metrics, table["metric"])
    damages = [name for name in run.degradations if name in set(table["degradation"])]
    labels = [fitted(name, LONGEST_NAME, SMALLEST) for name in damages]
    width, lines = width_of("double"), shares(metrics, ACROSS)
    left = EDGE + max(text_width(label, SMALLEST) for label in labels) + 0.08
    wide = (width - left) / max(map(len, lines))
    head, title, tall = line_height(SMALL) + 0.1, line_height(SMALL) + 0.04, ROW * len(damages)
    sheet = Sheet(width, head + len(lines) * (title + tall + FOOT))
    sheet.legend([Key("in audio, beyond the placebo", AUDIO), Key("in the notes", NOTES)], left, EDGE / 2)
    top = head
    for line in lines:
        for place, metric in enumerate(line):
            x = left + place * wide
            sheet.write(x, top, fitted(metric, wide - APART, SMALL), SMALL)
            axes = sheet.axes(x, top + title, wide - APART, tall)
            panel = table[table["metric"] == metric].set_index("degradation").reindex(damages)
            _panel(axes, panel, wide - APART)
            axes.set_yticks(range(len(damages)), labels if not place else [""] * len(damages))
            for tick, label in zip(axes.get_yticklabels(), labels, strict=True):
                tick.set(fontsize=SMALLEST, fontfamily=list(families_for(label)))
        top += title + tall + FOOT
    return sheet.figure


def _panel(axes: Axes, rows: pd.DataFrame, inches: float) -> None:
    """One metric's marks; a damage that it was not asked has none."""
    audio, notes = (drawn(rows[name]) for name in ("audio_net", "notes_drop"))
    for y, (one, other, agrees) in enumerate(zip(audio, notes, rows["agrees"], strict=True)):
        told = agrees is False or agrees == 0
        axes.plot([one, other], [y, y], color=INK if told else FAINT, linewidth=1.8 if told else 0.7, zorder=2)
    axes.axvline(0.0, color=FAINT, linewidth=0.7, zorder=1)
    axes.plot(notes, range(len(rows)), **NOTES, zorder=3)
    axes.plot(audio, range(len(rows)), **AUDIO, zorder=4)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    low, high = axes.get_xlim()
    ticks = roomy_ticks(low, high, inches)
    axes.set_xlim(low, high)
    axes.set_xticks(ticks, [tick_text(tick) for tick in ticks])
    axes.tick_params(axis="x", labelsize=SMALLEST, length=2, pad=2)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", color="#e4e4e4", linewidth=0.5)
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(False)
