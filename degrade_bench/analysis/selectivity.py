"""The selectivity index: does a metric hear signal damage more than structural damage of the same physical size?

Physical size is what a full-reference distance of the panel says of the same cell of the same clip. Cells of both
groups are sorted into bins of equal width in its logarithm, over the range that both groups reach; within a bin the
metric's drop beyond the placebo is averaged, and over the bins that both groups fill. With S and T these averages
for signal and structural damage, cut off at zero, the index is (S − T) / (S + T): 1 where only signal damage is
heard, 0 where both are heard alike, −1 where only structural damage is. Cells that the distance cannot measure (a
changed duration) are left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from degrade_bench.analysis.frames import Column, Frame, interval
from degrade_bench.analysis.means import ratio
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.resampling import Resampler, Totals
from degrade_bench.analysis.wide import MetricDrops

BINS = 8
FEWEST_TRACKS = 3
"""Tracks that a bin must have in both groups."""
OUTER = 0.05
"""Share of cells at either end of a group's range that does not count towards the range in common."""
GROUPS = ("signal", "structural")


SELECTIVITY = Frame(
    "selectivity",
    "a metric",
    (
        Column("metric", "text", "which metric"),
        Column("distance", "text", "the full-reference metric that measured physical change"),
        Column("bins", "count", "bins of physical change that cells of both groups fill"),
        Column("cells", "count", "clips × cells in them"),
        Column("note", "text", "why there is no index, where there is none"),
        Column("signal", "number", "S: the mean net drop under signal damage, over the bins", "the metric's"),
        Column(
            "structural", "number", "T: the mean net drop under structural damage, over the bins", "the metric's"
        ),
        Column("index", "number", "(S − T) / (S + T), each cut off at zero"),
        *interval("index", "its interval over tracks"),
    ),
)


@dataclass(frozen=True, eq=False)
class Matched:
    """Drops of cells of both groups, by bin of physical change.

    Attributes:
        sums, counts: ``(tracks, 2 × bins)``: the drops, signal's bins first, in bins that both groups fill.
        bins: how many bins there are.
        cells: how many clips × cells were summed.
    """

    sums: np.ndarray
    counts: np.ndarray
    bins: int
    cells: int

    def index(self, totals: Totals) -> np.ndarray:
        """S, T and the index, ``(rows, 3)``."""
        means = ratio(totals(self.sums), totals(self.counts))
        signal, structural = _finite_mean(means[:, : self.bins]), _finite_mean(means[:, self.bins :])
        above = np.maximum(signal, 0.0), np.maximum(structural, 0.0)
        whole = above[0] + above[1]
        share = np.where(whole > 0, (above[0] - above[1]) / np.where(whole > 0, whole, 1.0), math.nan)
        return np.column_stack([signal, structural, share])


def selectivity(
    metric_drops: MetricDrops,
    drops_by_metric: Mapping[str, MetricDrops],
    resampler: Resampler,
    options: AnalysisOptions,
) -> pd.DataFrame:
    """The index of one metric with its interval: one row with the columns of :data:`SELECTIVITY`.

    Args:
        metric_drops: the metric's drops.
        drops_by_metric: all metrics' drops by name, the distance among them.
        resampler: draws tracks.
        options: thresholds, and which metric is the distance.
    """
    matched = _matched(metric_drops, drops_by_metric.get(options.distance), options.distance)
    row = {"metric": metric_drops.metric, "distance": options.distance} | _index_row(
        matched, metric_drops.tracks, resampler, options
    )
    return SELECTIVITY.rows([row])


def _index_row(
    matched: Matched | str, tracks: int, resampler: Resampler, options: AnalysisOptions
) -> dict[str, Any]:
    """S, T, the index and its interval, or the reason why there is none."""
    row: dict[str, Any] = {
        "bins": 0,
        "cells": 0,
        "note": None,
        **dict.fromkeys(("signal", "structural", "index", "index_low", "index_high"), math.nan),
    }
    if isinstance(matched, str):
        return row | {"note": matched}
    draws = resampler.evaluate(matched.index, tracks)
    signal, structural, index = (float(value) for value in draws.centre)
    lows, highs = draws.intervals((options.confidence,))[0]
    row |= {"signal": signal, "structural": structural, "bins": matched.bins, "cells": matched.cells}
    if not (lows[:2] > 0).any():  # a share of nothing would be any number
        return row | {"note": "neither group was shown to lower the score at matched change"}
    for name, high in zip(GROUPS, highs[:2], strict=True):
        if high < 0:  # what is gained is no part of what is lost
            return row | {"note": f"{name} damage was shown to raise the score at matched change"}
    return row | {"index": index, "index_low": float(lows[2]), "index_high": float(highs[2])}


def _matched(metric_drops: MetricDrops, distance_drops: MetricDrops | None, distance: str) -> Matched | str:
    """The drops of both groups by physical change, or why they cannot be matched."""
    if distance_drops is None:
        return f"{distance}, which measures physical change, was not scored"
    group = metric_drops.cells["group"].to_numpy()
    if not all((group == name).any() for name in GROUPS):
        return "signal and structural damage are not both in this run"
    changes, drops = _distances(metric_drops, distance_drops), metric_drops.counted
    usable = np.isfinite(drops) & (changes > 0)
    clips, cells = np.nonzero(usable)
    size, drops, side = np.log(changes[usable]), drops[usable], np.where(group[cells] == GROUPS[0], 0, 1)
    if not all((side == number).any() for number in (0, 1)):
        return f"{distance} measures no cell of one of the groups"
    ends = [np.quantile(size[side == number], [OUTER, 1 - OUTER], method="inverted_cdf") for number in (0, 1)]
    low, high = max(end[0] for end in ends), min(end[1] for end in ends)
    if not low < high:
        return f"no change in {distance} that both groups reach"
    place = np.floor((size - low) / (high - low) * BINS).astype(int)
    place = np.where(size == high, BINS - 1, place)
    inside = (place >= 0) & (place < BINS)
    column = side[inside] * BINS + place[inside]
    sums, counts = np.zeros((metric_drops.tracks, 2 * BINS)), np.zeros((metric_drops.tracks, 2 * BINS))
    np.add.at(sums, (metric_drops.track[clips[inside]], column), drops[inside])
    np.add.at(counts, (metric_drops.track[clips[inside]], column), 1.0)
    tracks = (counts > 0).sum(axis=0).reshape(2, BINS)
    used = np.flatnonzero((tracks >= FEWEST_TRACKS).all(axis=0))
    if not len(used):
        return f"fewer than {FEWEST_TRACKS} tracks at any size that both groups reach"
    picked = np.concatenate([used, BINS + used])
    return Matched(sums[:, picked], counts[:, picked], len(used), int(np.isin(column, picked).sum()))


def _distances(metric_drops: MetricDrops, distance_drops: MetricDrops) -> np.ndarray:
    """The distance of each cell from its clean clip, ``(clips, cells)``; NaN where not measured."""
    place = {clip: index for index, clip in enumerate(distance_drops.clips)}
    padded = np.vstack([distance_drops.drops, np.full((1, distance_drops.drops.shape[1]), math.nan)])
    return padded[[place.get(clip, -1) for clip in metric_drops.clips]]


def _finite_mean(values: np.ndarray) -> np.ndarray:
    """Mean over columns, passing over NaN: ``(rows,)``."""
    finite = np.isfinite(values)
    return ratio(np.where(finite, values, 0.0).sum(axis=1), finite.sum(axis=1))
