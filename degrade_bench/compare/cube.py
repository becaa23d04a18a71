"""Drops and what was noticed, by metric, clip and cell."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from degrade_bench.analysis.means import Clustered
from degrade_bench.analysis.sensitivity import noticed
from degrade_bench.analysis.wide import MetricDrops


@dataclass(frozen=True, eq=False)
class Cube:
    """All paired drops of all metrics.

    Shape:
        cells: ``(cells)`` rows: ``group, family, degradation, level``.
        drops: ``(metrics, clips, cells)``, in each metric's unit; NaN where there is none.
        noticed: ``(metrics, clips, cells)``: :func:`~degrade_bench.analysis.sensitivity.noticed`.
        tested: ``(clips, cells)``: whether there is such a cell at all.
        track: ``(clips,)``, the track of each clip, 0 to ``tracks - 1``.
    """

    metrics: list[str]
    cells: pd.DataFrame
    drops: np.ndarray
    noticed: np.ndarray
    tested: np.ndarray
    track: np.ndarray
    tracks: int

    def clustered(self, values: np.ndarray) -> Clustered:
        """Values ``(clips, cells)`` by track."""
        return Clustered.of(values, self.track, self.tracks)


def make_cube(rows: pd.DataFrame, drops: Sequence[MetricDrops], noticed_from: Mapping[str, float]) -> Cube:
    """Lay the drops out.

    Args:
        rows: the paired score table.
        drops: of every metric, in the order of the cube's.
        noticed_from: by metric, what a clip's drop must exceed to be noticed; NaN where there is none, and then
            noticed is NaN.
    """
    clips = rows[["clip_id", "track"]].drop_duplicates("clip_id").sort_values("clip_id")
    names = pd.Index(clips["clip_id"].astype(object))
    track, tracks = pd.factorize(clips["track"], sort=True)
    cells = drops[0].cells
    values = np.full((len(drops), len(clips), len(cells)), math.nan)
    hits = values.copy()
    for index, metric_drops in enumerate(drops):
        place = names.get_indexer(pd.Index(metric_drops.clips))
        values[index, place] = metric_drops.drops
        hits[index, place] = noticed(metric_drops, noticed_from[metric_drops.metric])
    tests = rows[rows["role"] == "test"]
    columns = pd.MultiIndex.from_frame(cells[["degradation", "level"]].astype({"level": int}))
    wanted = pd.MultiIndex.from_arrays([tests["degradation"].astype(object), tests["level"].astype(int)])
    tested = np.zeros(values.shape[1:], dtype=bool)
    tested[names.get_indexer(tests["clip_id"].astype(object)), columns.get_indexer(wanted)] = True
    return Cube([metric_drops.metric for metric_drops in drops], cells, values, hits, tested, track, len(tracks))
