"""PMQD's four damages as people rated them and as the metrics scored them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from degrade_bench.errors import ConfigError
from degrade_bench.reports.figures.chosen import Names, chosen_metrics, shares
from degrade_bench.reports.figures.drawing import Drawing
from degrade_bench.reports.figures.ladders import BEFORE, level_labels, panels
from degrade_bench.reports.figures.paper import (
    EDGE,
    NORMAL,
    SMALL,
    SMALLEST,
    Key,
    Sheet,
    fitted,
    key_rows,
    line_height,
    width_of,
)
from degrade_bench.reports.inputs import View
from degrade_bench.reports.style import FAINT, INK, SERIES
from degrade_bench.reports.words import fixed, listed, number, records

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HUMAN = "people"
ACROSS = {"single": 1, "double": 2}
TITLE, PANEL, GAP = 0.2, 1.5, 0.15
"""Inches of a panel, of what stands over it, and of what stays free beside it."""
LEAD = "Drop, each curve divided by its own largest absolute drop, against the strength of the damage"
MARKERS = ("s", "^", "D", "v", "P", "X", "*", "<")
DASHES = ("-", "--", "-.", ":")


def has_people(run: View) -> bool:
    """Whether the run says anything of people's ratings."""
    return bool(not run.analysis.people.empty and run.analysis.human_curves["human_drop"].notna().any())


def drawings(run: View) -> list[Drawing]:
    """The figure, or none where the run says nothing of people's ratings."""
    if not has_people(run):
        return []
    human = run.analysis.human_curves
    names = list(dict.fromkeys(human["degradation"]))
    undamaged = (human["rating"] + human["human_drop"]).max()
    still = unmoved(run)
    left_out = f" Not drawn, since nothing here moves them beyond their margin: {listed(still)}." if still else ""
    return [
        Drawing(
            "people_pmqd",
            f"Black: by how much people's mean rating fell (PMQD, from the {number(undamaged)} of undamaged "
            "clips). Coloured: each metric's mean drop. Every curve, people's too, is divided by its own largest "
            f"absolute mean drop over all {len(human)} cells, so that heights compare damages within a curve, not "
            "metrics with one another. A metric that hears as people do has people's shape in every panel."
            f"{left_out}",
            f"Normalised drop against level, a panel each for {listed(names)}: people's ratings beside the "
            f"metrics. {_agreement(run)}",
            partial(_figure, run),
        )
    ]


def _agreement(run: View) -> str:
    people = run.analysis.people
    overall = records(people[(people["damage"] == "all") & people["rho"].notna()])
    correlations = ", ".join(f"{row['metric']} {fixed(row['rho'])}" for row in overall)
    return f"Rank correlation with people over all cells: {correlations}." if correlations else ""


def normalised_curves(run: View) -> dict[str, pd.Series]:
    """Drop by (damage, level), each curve divided by its own largest absolute mean drop over all cells.

    Returns:
        the curves by name: people first, then the metrics that were compared with them. A metric without any drop
        in these cells, or with none beyond its margin, is left out.
    """
    human = run.analysis.human_curves
    cells = ["degradation", "level"]
    curves = {HUMAN: _normalised(human.set_index(cells)["human_drop"])}
    levels = run.analysis.levels
    levels = levels[levels["degradation"].isin(set(human["degradation"]))]
    agreeing, still = set(run.analysis.people["metric"]), unmoved(run)
    for metric in (name for name in run.metrics if name in agreeing and name not in still):
        curve = _normalised(levels[levels["metric"] == metric].set_index(cells)["drop_mean"])
        if len(curve):
            curves[metric] = curve
    return curves


def unmoved(run: View) -> list[str]:
    """Metrics that no damage of PMQD's moved beyond their margin: divided by so little, they would show noise."""
    levels = run.analysis.levels
    levels = levels[levels["degradation"].isin(set(run.analysis.human_curves["degradation"]))]
    largest = levels.assign(size=levels["drop_mean"].abs()).groupby("metric")["size"].max()
    margins = run.analysis.metrics.set_index("metric")["margin"]
    return [name for name in run.metrics if name in largest and largest[name] <= margins[name]]


def _normalised(drops: pd.Series) -> pd.Series:
    drops = drops.astype(float).dropna()
    largest = float(drops.abs().max()) if len(drops) else 0.0
    return drops / largest if largest > 0 else drops.iloc[:0]


def _figure(run: View) -> Figure:
    return people_figure(run)[0]


def people_figure(run: View, metrics: Names = None, column: str = "double") -> tuple[Figure, np.ndarray]:
    """A panel per damage: people's curve in black, the metrics' told apart by colour, marker and dash.

    Args:
        run: with its analysis.
        metrics: their names; None for all of them.
        column: for which width of a paper, ``single`` or ``double``.

    Returns:
        the figure, and its axes, one for each damage that people rated.

    Raises:
        UnknownNameError: the run has no such metric.
        ConfigError: there is no such column, or the run has no ratings.
    """
    width, asked = width_of(column), chosen_metrics(run, metrics)
    if not has_people(run):
        raise ConfigError("the run has no ratings by people, which the suite `pmqd` brings")
    curves = {name: curve for name, curve in normalised_curves(run).items() if name == HUMAN or name in asked}
    human = run.analysis.human_curves
    damages = list(dict.fromkeys(human["degradation"]))
    lines = shares(damages, ACROSS[column])
    looks = {name: _look(index) for index, name in enumerate(name for name in curves if name != HUMAN)}
    keys = [Key(f"{HUMAN}: fall of the rating", _HUMAN_LOOK)]
    keys += [Key(fitted(name, width - 0.6, SMALL), look) for name, look in looks.items()]
    head = line_height(SMALL, len(key_rows(keys, width - 2 * EDGE))) + line_height(SMALL) + 0.1
    left = EDGE + 0.3
    wide = (width - left) / max(map(len, lines))
    places = {damage: panels(run, [damage]) for damage in damages}
    labels = {damage: level_labels(place, (wide - GAP) / span) for damage, (place, span) in places.items()}
    foot = max(label.height for label in labels.values()) + line_height(SMALLEST) + 0.12
    sheet = Sheet(width, head + len(lines) * (TITLE + PANEL + foot))
    top = sheet.legend(keys, EDGE, EDGE / 2) + 0.06
    sheet.write(EDGE, top, fitted(LEAD, width - 2 * EDGE, SMALL), SMALL, color=FAINT)
    top, every = head, []
    for line in lines:
        for index, damage in enumerate(line):
            x, below = left + index * wide, top + TITLE + PANEL + 0.05
            sheet.write(x, top, fitted(str(damage).replace("_", " "), wide - GAP, NORMAL), NORMAL)
            axes = sheet.axes(x, top + TITLE, wide - GAP, PANEL)
            _panel(axes, damage, curves, looks)
            if index:
                axes.set_yticklabels([])
            (place,), span = places[damage]
            axes.set_xlim(0, span)
            axes.set_xticks(list(place.labels), [])
            labels[damage].write(sheet, x, below)
            unit = fitted(place.unit, wide - GAP, SMALLEST)
            middle = x + (wide - GAP) / 2
            sheet.write(middle, below + labels[damage].height, unit, SMALLEST, ha="center", color=FAINT)
            every.append(axes)
        top += TITLE + PANEL + foot
    lowest = min(axes.get_ylim()[0] for axes in every)
    for axes in every:
        axes.set_ylim(lowest, 1.08)
    return sheet.figure, np.array(every, dtype=object)


_HUMAN_LOOK: dict[str, Any] = {"color": INK, "marker": "o", "markersize": 4, "linewidth": 2.0, "linestyle": "-"}


def _look(index: int) -> dict[str, Any]:
    return {
        "color": SERIES[index % len(SERIES)],
        "marker": MARKERS[index % len(MARKERS)],
        "linestyle": DASHES[index % len(DASHES)],
        "markersize": 3,
        "linewidth": 0.9,
    }


def _panel(axes: Axes, damage: str, curves: Mapping[str, pd.Series], looks: Mapping[str, dict[str, Any]]) -> None:
    axes.axhline(0.0, color=FAINT, linewidth=0.7, zorder=1)
    for name, curve in curves.items():
        drops = curve[curve.index.get_level_values(0) == damage]
        levels = drops.index.get_level_values(1).to_numpy(dtype=float)
        order = np.argsort(levels)
        look = looks.get(name, _HUMAN_LOOK)
        x, y = [BEFORE, *(BEFORE + levels[order])], [0.0, *drops.to_numpy()[order]]
        axes.plot(x, y, **look, zorder=2 if name == HUMAN else 3)
    axes.set_yticks([-1.0, -0.5, 0.0, 0.5, 1.0], [number(tick) for tick in (-1.0, -0.5, 0.0, 0.5, 1.0)])
    axes.tick_params(labelsize=SMALLEST, length=2, pad=1.5)
    axes.set_ylim(min(-0.1, *(float(curve.min()) - 0.1 for curve in curves.values() if len(curve))), 1.08)
