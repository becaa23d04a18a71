"""The drops of single recordings: what is drawn of each metric and damage, and which recordings stand out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from degrade_bench.reports.figures.scales import drawn
from degrade_bench.reports.inputs import View

FENCE = 1.5
"""A recording stands out where its drop lies further outside the quartiles than so many times their distance."""
SEEN = 0.03
"""And by so much of the axis: less cannot be told from the others by eye."""
MOST_NAMED, EACH_SIDE = 24, 2
"""Recordings that are named in a figure, and on each side of a row."""


@dataclass(frozen=True, eq=False)
class Cell:
    """The drops of one metric under one damage.

    Attributes:
        tracks: the recordings, from the least drop to the greatest.
        drops: theirs, in this order.
        out: places of those that stand out, the furthest first on each side.
    """

    tracks: Sequence[str]
    drops: np.ndarray
    out: Sequence[int]


def cells_of(
    drops: pd.DataFrame, damages: Sequence[str], metrics: Sequence[str]
) -> tuple[dict[str, int], dict[tuple[str, str], Cell]]:
    """The highest level of each damage, and the drops there by metric and damage.

    Args:
        drops: of recordings.
        damages: degradations.
        metrics: their names.
    """
    drops = drops[drops["degradation"].isin(damages) & drops["metric"].isin(metrics)]
    tops = {str(name): int(level) for name, level in drops.groupby("degradation")["level"].max().items()}
    drops = drops[drops["level"].to_numpy() == drops["degradation"].map(tops).to_numpy()]
    cells = {}
    for (metric, damage), rows in drops.groupby(["metric", "degradation"], sort=False):
        rows = rows.sort_values(["drop", "track"], kind="stable")
        values = drawn(rows["drop"])
        low, high = np.quantile(values, (0.25, 0.75))
        beyond = np.maximum(low - values, values - high) - FENCE * (high - low)
        out = [int(place) for place in np.argsort(-beyond, kind="stable") if beyond[place] > 0]
        sides = ([place for place in out if values[place] < low], [place for place in out if values[place] > high])
        chosen = [place for side in sides for place in side[:EACH_SIDE]]
        cells[str(metric), str(damage)] = Cell(list(rows["track"]), values, chosen)
    return tops, cells


def ends_of(run: View, metric: str, cells: Sequence[Cell | None]) -> tuple[float, float]:
    """Where a metric's axis begins and ends.

    Args:
        run: with its analysis.
        metric: its name.
        cells: what is drawn along the axis.
    """
    margin = float(drawn(run.facts_of[metric]["margin"] or 0.0))
    values = np.concatenate([[0.0, -margin, margin], *(cell.drops for cell in cells if cell is not None)])
    low, high = float(values.min()), float(values.max())
    edge = 0.05 * ((high - low) or 1.0)
    return low - edge, high + edge


def numbers_of(cells: dict[tuple[str, str], Cell], ends: dict[str, tuple[float, float]]) -> dict[str, int]:
    """Numbers of the recordings that are named, in the order in which they are met."""
    numbers: dict[str, int] = {}
    for (metric, _), cell in cells.items():
        for place in seen(cell, ends[metric]):
            if len(numbers) < MOST_NAMED:
                numbers.setdefault(cell.tracks[place], len(numbers) + 1)
    return numbers


def seen(cell: Cell, ends: tuple[float, float]) -> list[int]:
    """Those that stand out by so much that it can be seen, from left to right."""
    low, high = np.quantile(cell.drops, (0.25, 0.75))
    least = SEEN * (ends[1] - ends[0])
    return sorted(place for place in cell.out if max(low - cell.drops[place], cell.drops[place] - high) > least)


def apart(wanted: Sequence[float], halves: Sequence[float], length: float) -> list[float]:
    """Places near those wanted, from left to right, so that nothing overlaps and all lies on the line if it can.

    Args:
        wanted: places, ascending.
        halves: half of what each takes.
        length: of the line.

    >>> apart([1.0, 1.0], [0.5, 0.5], 10.0)
    [1.0, 2.0]
    >>> apart([9.8, 9.9], [0.5, 0.5], 10.0)
    [8.5, 9.5]
    """
    places: list[float] = []
    for place, half in zip(wanted, halves, strict=True):
        least = places[-1] + halves[len(places) - 1] + half if places else half
        places.append(max(place, least))
    limit = length
    for index in range(len(places) - 1, -1, -1):
        places[index] = min(places[index], limit - halves[index])
        limit = places[index] - halves[index]
    return places
