"""A row of sensitivity curves: what one metric did under the damages of a figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from degrade_bench.analysis.verdicts import VERDICT_MARKS
from degrade_bench.reports.figures.ladders import BEFORE, Panel
from degrade_bench.reports.figures.paper import SMALLEST
from degrade_bench.reports.figures.scales import drawn, few_ticks, tick_text
from degrade_bench.reports.inputs import View
from degrade_bench.reports.style import FAINT, FLOOR, INK, PLACEBO

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEADROOM = 0.26
"""The share of a row that stays free for the verdicts."""
DOTTED = (0, (1, 1.5))
LEVEL, MEAN = 0, 1
"""Columns of a curve: see :data:`~degrade_bench.reports.inputs.CURVE`."""


@dataclass(frozen=True, eq=False)
class Row:
    """What a metric did under the damages of a figure.

    Attributes:
        metric: its name.
        margin, floor: in its unit; 0 where there is none.
        curves: the levels that were scored, ``(levels, columns)``, by damage.
        placebos: of these, by damage.
        verdicts: by damage.
        people: the fall of people's rating by level, by damage, as high as the metric's largest drop here.
    """

    metric: str
    margin: float
    floor: float
    curves: dict[str, np.ndarray]
    placebos: dict[str, np.ndarray]
    verdicts: dict[str, str]
    people: dict[str, pd.Series]

    @cached_property
    def ends(self) -> tuple[float, float]:
        """The least and the greatest value that is shown, without what stays free above."""
        values = [np.array([-self.margin, self.margin, 0.0]), *(drawn(fall) for fall in self.people.values())]
        values += [drawn(curve[:, MEAN:].ravel()) for curve in (*self.curves.values(), *self.placebos.values())]
        every = np.concatenate(values)
        every = every[np.isfinite(every)]
        low, high = float(every.min()), float(every.max())
        edge = 0.07 * ((high - low) or 1.0)
        return low - edge, high + edge

    @property
    def limits(self) -> tuple[float, float]:
        """Where the axis of drops begins and ends."""
        low, high = self.ends
        return low, high + (high - low) * HEADROOM / (1 - HEADROOM)

    def ticks(self, most: int) -> list[float]:
        """Where the axis of drops has numbers, in about so many steps."""
        return few_ticks(*self.ends, most)


def row_of(run: View, metric: str, damages: Sequence[str]) -> Row:
    """What a metric did under some damages.

    Args:
        run: with its analysis.
        metric: its name.
        damages: their names.
    """
    curves = {name: run.levels_of[metric, name] for name in damages if (metric, name) in run.levels_of}
    verdicts = {name: run.verdict_of.get((metric, name), "") for name in damages}
    placebos = {name: run.placebos_of[metric, name] for name in curves if (metric, name) in run.placebos_of}
    facts = run.facts_of[metric]
    margin, floor = (float(drawn([facts[name] or 0.0])[0]) for name in ("margin", "nuisance_floor"))
    return Row(metric, margin, floor, curves, placebos, verdicts, _people(run, curves))


def _people(run: View, curves: dict[str, np.ndarray]) -> dict[str, pd.Series]:
    """The fall of people's rating of each damage, in units of the metric."""
    human = run.analysis.human_curves
    if human.empty:
        return {}
    human = human[human["degradation"].isin(curves) & human["human_drop"].notna()]
    if human.empty:
        return {}
    largest = float(human["human_drop"].abs().max())
    drops = [float(np.nanmax(np.abs(drawn(curves[name][:, MEAN])))) for name in set(human["degradation"])]
    unit = max(drops) / largest if largest > 0 else 0.0
    return {
        str(name): of_one.set_index("level")["human_drop"].astype(float).sort_index() * unit
        for name, of_one in human.groupby("degradation", sort=False)
    }


@dataclass
class Drawn:
    """Bands and bars of a row, which are drawn all at once.

    Attributes:
        bands: their corners and colours.
        bars: their ends and colours.
    """

    bands: list[tuple[np.ndarray, str]] = field(default_factory=list)
    bars: list[tuple[np.ndarray, str]] = field(default_factory=list)

    def band(self, x: np.ndarray, low: np.ndarray, high: np.ndarray, colour: str) -> None:
        """A band along an axis; places without an end are left out.

        Args:
            x: places.
            low: where it begins at each.
            high: where it ends.
            colour: its colour.
        """
        known = np.isfinite(low) & np.isfinite(high)
        x, low, high = x[known], low[known], high[known]
        if len(x):
            there, back = np.column_stack([x, low]), np.column_stack([x, high])[::-1]
            self.bands.append((np.concatenate([there, back]), colour))

    def on(self, axes: Axes) -> None:
        """Draw them."""
        from matplotlib.collections import LineCollection, PolyCollection

        corners, colours = [one for one, _ in self.bands], [colour for _, colour in self.bands]
        axes.add_collection(
            PolyCollection(corners, facecolor=colours, alpha=0.24, edgecolor="none", zorder=2), autolim=False
        )
        ends, colours = [one for one, _ in self.bars], [colour for _, colour in self.bars]
        axes.add_collection(LineCollection(ends, colors=colours, linewidths=0.6, zorder=3), autolim=False)


def draw_row(axes: Axes, row: Row, panels: Sequence[Panel], span: float, steps: int) -> None:
    """Draw what one metric did.

    Args:
        axes: where to.
        row: the metric.
        panels: the damages, side by side.
        span: what each takes of the axis.
        steps: about so many between the numbers at the axis of drops.
    """
    axes.set_xlim(0, len(panels) * span)
    axes.set_ylim(*row.limits)
    if row.margin > 0:
        axes.axhspan(-row.margin, row.margin, color=FLOOR, linewidth=0, zorder=0)
    if 0 < row.floor < row.ends[1]:
        axes.axhline(row.floor, color=FAINT, linewidth=0.6, linestyle=DOTTED, zorder=1)
    axes.axhline(0.0, color=FAINT, linewidth=0.6, zorder=1)
    shared = Drawn()
    for panel in panels:
        if panel.start > span:
            axes.axvline(panel.start - BEFORE, color="white", linewidth=5, zorder=1.5)
        _panel(axes, row, panel, shared)
    shared.on(axes)
    axes.tick_params(labelsize=SMALLEST, length=2, pad=1.5)
    ticks = row.ticks(steps)
    axes.set_yticks(ticks, [tick_text(tick) for tick in ticks])
    axes.xaxis.set_visible(False)  # the figure writes the strengths once, under the last row
    axes.spines["bottom"].set_visible(False)


def _panel(axes: Axes, row: Row, panel: Panel, shared: Drawn) -> None:
    verdict = row.verdicts[panel.name]
    mark = f"{VERDICT_MARKS.get(verdict, '')} {verdict.replace('-', ' ')}".strip()
    place = axes.get_xaxis_transform()
    axes.text(panel.start - 0.3, 0.98, mark, transform=place, va="top", fontsize=SMALLEST, color=INK, zorder=5)
    curve = row.curves.get(panel.name)
    if curve is None:
        return
    placebo = row.placebos.get(panel.name)
    if placebo is not None:
        _placebo(axes, placebo, curve, panel, shared)
    x, y, low, high, lowest, highest = _from_clean(curve, panel)
    shared.band(x, low, high, panel.colour)
    ends = np.stack([np.column_stack([x, lowest]), np.column_stack([x, highest])], axis=1)
    shared.bars += [(bar, panel.colour) for bar in ends[1:] if np.isfinite(bar).all()]
    axes.plot(x, y, color=panel.colour, marker=panel.marker, markersize=2.6, linewidth=1.1, zorder=4)
    if panel.name in row.people:
        fall = row.people[panel.name]
        at = panel.start + fall.index.to_numpy(dtype=float)
        axes.plot([panel.start, *at], [0.0, *drawn(fall)], color=INK, linestyle=DOTTED, linewidth=1.3, zorder=4)


def _from_clean(curve: np.ndarray, panel: Panel) -> np.ndarray:
    """Places on the axis and the other columns of a curve from the clean clip's 0 on: ``(columns, 1 + levels)``."""
    values = np.concatenate([np.zeros((1, curve.shape[1])), drawn(curve)])
    values[:, LEVEL] += panel.start
    return values.T


def _placebo(axes: Axes, placebo: np.ndarray, curve: np.ndarray, panel: Panel, shared: Drawn) -> None:
    look: dict[str, Any] = {"color": PLACEBO, "marker": panel.marker, "markersize": 2.4, "linewidth": 0.9}
    x, y, low, high, *_ = _from_clean(placebo, panel)
    if len(placebo) == 1 and len(curve) > 1:  # one strength that stands beside every level
        x = panel.start + curve[:, LEVEL]
        y, low, high = (np.repeat(values[1:], len(x)) for values in (y, low, high))
    shared.band(x, low, high, PLACEBO)
    axes.plot(x, y, markerfacecolor="white", markeredgewidth=0.7, zorder=2.5, **look)
