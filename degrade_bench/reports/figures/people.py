"""PMQD's four damages as people rated them and as the metrics scored them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from degrade_bench.reports.figures.drawing import Drawing
from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.style import FAINT, INK, SERIES
from degrade_bench.reports.words import fixed, listed, number, records

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HUMAN = "people"
MARKERS = ("s", "^", "D", "v", "P", "X", "*", "<")
DASHES = ("-", "--", "-.", ":")


def has_people(run: RunView) -> bool:
    """Whether the run says anything of people's ratings."""
    return bool(not run.analysis.people.empty and run.analysis.human_curves["human_drop"].notna().any())


def drawings(run: RunView) -> list[Drawing]:
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
            partial(people_figure, run),
        )
    ]


def _agreement(run: RunView) -> str:
    people = run.analysis.people
    overall = records(people[(people["damage"] == "all") & people["rho"].notna()])
    correlations = ", ".join(f"{row['metric']} {fixed(row['rho'])}" for row in overall)
    return f"Rank correlation with people over all cells: {correlations}." if correlations else ""


def normalised_curves(run: RunView) -> dict[str, pd.Series]:
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


def unmoved(run: RunView) -> list[str]:
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


def people_figure(run: RunView) -> Figure:
    """A panel per damage: people's curve in black, the metrics' told apart by colour, marker and dash."""
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    curves = normalised_curves(run)
    human = run.analysis.human_curves
    damages = list(dict.fromkeys(human["degradation"]))
    columns = min(2, len(damages))
    rows = math.ceil(len(damages) / columns)
    figure = Figure(figsize=(4.1 * columns + 0.3, 2.5 * rows + 0.8), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False, sharey=True).flatten()
    looks = {name: _look(index) for index, name in enumerate(name for name in curves if name != HUMAN)}
    for axes, damage in zip(panels, damages, strict=False):
        _panel(axes, human[human["degradation"] == damage], curves, looks)
    for axes in panels[len(damages) :]:
        axes.set_visible(False)
    handles = [Line2D([], [], **_HUMAN_LOOK, label=f"{HUMAN} (fall of the rating)")]
    handles += [Line2D([], [], **look, label=name) for name, look in looks.items()]
    figure.legend(handles=handles, loc="outside upper left", ncols=4 if columns > 1 else 2, handlelength=3)
    figure.supylabel("drop ÷ the curve's own largest |drop|", fontsize=8.5)
    return figure


_HUMAN_LOOK: dict[str, Any] = {"color": INK, "marker": "o", "markersize": 6, "linewidth": 2.6, "linestyle": "-"}


def _look(index: int) -> dict[str, Any]:
    return {
        "color": SERIES[index % len(SERIES)],
        "marker": MARKERS[index % len(MARKERS)],
        "linestyle": DASHES[index % len(DASHES)],
        "markersize": 4.5,
        "linewidth": 1.2,
    }


def _panel(
    axes: Axes, human: pd.DataFrame, curves: Mapping[str, pd.Series], looks: Mapping[str, dict[str, Any]]
) -> None:
    damage = human["degradation"].iloc[0]
    axes.set_title(str(damage))
    axes.axhline(0.0, color=FAINT, linewidth=0.7, zorder=1)
    for name, curve in curves.items():
        drops = curve[curve.index.get_level_values(0) == damage]
        levels = drops.index.get_level_values(1).to_numpy(dtype=float)
        order = np.argsort(levels)
        look = looks.get(name, _HUMAN_LOOK)
        axes.plot(levels[order], drops.to_numpy()[order], **look, zorder=2 if name == HUMAN else 3)
    ladder = human.drop_duplicates("level").sort_values("level")
    steps = list(zip(ladder["level"].astype(int), ladder["strength"].astype(float), strict=True))
    labels = [f"{level}\n" + ("" if math.isnan(strength) else f"{strength:g}") for level, strength in steps]
    axes.set_xticks([float(level) for level, _ in steps], labels)
    axes.set_xlabel(f"level, {ladder['unit'].iloc[0]}")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("-", "−"))
