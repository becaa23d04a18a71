"""Drops and what was noticed, by metric, cell and clip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from degrade_bench.analysis.drops import Drops


@dataclass(frozen=True, eq=False)
class Cube:
    """All paired drops of all metrics.

    Shape:
        cells: ``(cells)`` rows: ``group, family, degradation, level``.
        drops: ``(metrics, cells, clips)``, in each metric's unit; NaN where there is none.
        noticed: ``(metrics, cells, clips)``: 1 where the drop exceeds the metric's margin, less 1 where its
            placebo's does; NaN where there is no drop, or no placebo's drop although there are others.
        tested: ``(cells, clips)``: whether there is such a cell at all.
        tracks: ``(clips, tracks)``: 1 where the clip is of the track.
    """

    metrics: list[str]
    cells: pd.DataFrame
    drops: np.ndarray
    noticed: np.ndarray
    tested: np.ndarray
    tracks: np.ndarray

    def sums(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sums and counts by track, ``(cells, tracks)`` each, of ``(cells, clips)`` values with NaN."""
        known = np.isfinite(values)
        return np.where(known, values, 0.0) @ self.tracks, known.astype(float) @ self.tracks


def make_cube(rows: pd.DataFrame, drops: Drops, metrics: Sequence[str], margins: Mapping[str, float]) -> Cube:
    """Lay the drops out.

    Args:
        rows: the paired score table.
        drops: its drops.
        metrics: in the order of the cube's.
        margins: by metric, what a drop must exceed: the nuisance floor, unless the analysis says otherwise; NaN
            where there is none, and then noticed is NaN.
    """
    tests = rows[rows["role"] == "test"]
    order = {name: place for place, name in enumerate(dict.fromkeys(tests["degradation"]))}
    cells = tests[["group", "family", "degradation", "level"]].drop_duplicates(["degradation", "level"])
    cells = cells.assign(_order=cells["degradation"].map(order)).sort_values(["_order", "level"])
    cells = cells.drop(columns="_order").reset_index(drop=True)
    clips = tests[["clip_id", "track"]].drop_duplicates("clip_id").sort_values("clip_id")
    names = sorted(set(clips["track"]))
    tracks = (clips["track"].to_numpy()[:, None] == np.array(names, dtype=object)[None]).astype(float)
    places = _Places(list(metrics), cells, list(clips["clip_id"]))

    own = drops.table[(drops.table["role"] == "test").to_numpy()]
    dropped = places.fill(own, "drop")
    beside = places.fill(drops.net, "placebo_drop")
    placebos = drops.table[(drops.table["role"] == "placebo").to_numpy()]
    pairs = set(zip(placebos["metric"].astype(str), placebos["placebo_of"].astype(str), strict=True))
    has = np.array([[(metric, name) in pairs for name in cells["degradation"]] for metric in metrics])[:, :, None]
    margin = np.array([margins[metric] for metric in metrics], dtype=float)[:, None, None]
    noticed = _exceeds(dropped, margin) - np.where(has, _exceeds(beside, margin), 0.0)
    tested = np.zeros(dropped.shape[1:], dtype=bool)
    tested[places.cells_of(tests), places.clips_of(tests)] = True
    return Cube(list(metrics), cells, dropped, noticed, tested, tracks)


def _exceeds(values: np.ndarray, margin: np.ndarray) -> np.ndarray:
    """1 or 0, NaN where either is unknown."""
    return np.where(np.isfinite(values) & np.isfinite(margin), (values > margin).astype(float), np.nan)


class _Places:
    """Where a row of a table belongs in the cube."""

    def __init__(self, metrics: list[str], cells: pd.DataFrame, clips: list[str]) -> None:
        self.metrics, self.clips = pd.Index(metrics), pd.Index(clips)
        self.cells = pd.MultiIndex.from_arrays([cells["degradation"].astype(object), cells["level"].astype(int)])

    def cells_of(self, table: pd.DataFrame) -> np.ndarray:
        wanted = pd.MultiIndex.from_arrays([table["degradation"].astype(object), table["level"].astype(int)])
        return self.cells.get_indexer(wanted)

    def clips_of(self, table: pd.DataFrame) -> np.ndarray:
        return self.clips.get_indexer(table["clip_id"].astype(object))

    def fill(self, table: pd.DataFrame, column: str) -> np.ndarray:
        filled = np.full((len(self.metrics), len(self.cells), len(self.clips)), np.nan)
        at = self.metrics.get_indexer(table["metric"].astype(object)), self.cells_of(table), self.clips_of(table)
        filled[at] = table[column].to_numpy(dtype=float)
        return filled
