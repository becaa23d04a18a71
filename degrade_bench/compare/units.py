"""What is averaged over what: levels, then degradations, then families, then groups, each equally."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from degrade_bench.analysis.frames import Column
from degrade_bench.analysis.means import Clustered
from degrade_bench.analysis.resampling import Statistic

SCOPES = ("degradation", "family", "group", "overall")


_UNIT = "which group of damages, family and degradation; empty where the row is of several"

UNIT_COLUMNS = (
    Column("group", "text", _UNIT),
    Column("family", "text", _UNIT),
    Column("degradation", "text", _UNIT),
)
"""What says which of the :class:`Units` a row is of, beside its ``scope``."""


class Units:
    """The degradations, families and groups of a table of cells, and all of them together.

    Families of one name in two groups are two families.

    Args:
        cells: ``group, family, degradation, level``, one row per cell.

    Attributes:
        frame: one row per unit: ``scope, group, family, degradation`` (``""`` where it is of several) and
            ``weight``, its share of the overall mean where every cell has a value.
    """

    def __init__(self, cells: pd.DataFrame) -> None:
        levels = [["group", "family", "degradation"], ["group", "family"], ["group"], []]
        self._members: list[np.ndarray] = []
        frames = []
        below = cells
        for scope, keys in zip(SCOPES, levels, strict=True):
            units = below[keys].drop_duplicates().reset_index(drop=True) if keys else pd.DataFrame(index=[0])
            index = pd.MultiIndex.from_frame(units[keys]) if keys else None
            place = (
                np.zeros(len(below), dtype=int)
                if index is None
                else index.get_indexer(pd.MultiIndex.from_frame(below[keys]))
            )
            self._members.append((place[:, None] == np.arange(len(units))[None]).astype(float))
            frames.append(units.assign(scope=scope))
            below = units
        columns = ["scope", "group", "family", "degradation"]
        self.frame = pd.concat(frames, ignore_index=True).reindex(columns=columns).fillna("")
        self.frame["weight"] = self._weights()

    def statistic(self, values: Clustered) -> Statistic:
        """The means of every unit as a statistic of totals over tracks."""
        cells = values.statistic()
        return lambda totals: self.means(cells(totals))

    def means(self, cells: np.ndarray) -> np.ndarray:
        """Means of every unit over its cells that have a value: ``(rows, cells)`` to ``(rows, units)``."""
        means, values = [], cells
        for members in self._members:
            values = _averages(values, members)
            means.append(values)
        return np.concatenate(means, axis=1)

    def totals(self, cells: np.ndarray) -> np.ndarray:
        """Sums over every unit's cells: ``(cells,)`` to ``(units,)``."""
        sums, values = [], cells.astype(float)
        for members in self._members:
            values = values @ members
            sums.append(values)
        return np.concatenate(sums)

    def _weights(self) -> np.ndarray:
        """From the top down: each unit's share is spread equally over its members."""
        weights = [np.ones(1)]
        for members in reversed(self._members[1:]):
            weights.insert(0, members @ (weights[0] / members.sum(axis=0)))
        return np.concatenate(weights)


def _averages(values: np.ndarray, members: np.ndarray) -> np.ndarray:
    """Means over members, passing over NaN: ``(rows, parts)`` and ``(parts, units)`` to ``(rows, units)``."""
    finite = np.isfinite(values)
    if finite.all():
        result: np.ndarray = values @ (members / members.sum(axis=0))
        return result
    counts = finite.astype(float) @ members
    means = np.full(counts.shape, math.nan)
    np.divide(np.where(finite, values, 0.0) @ members, counts, out=means, where=counts > 0)
    return means
