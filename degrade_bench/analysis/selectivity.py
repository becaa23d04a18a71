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
from typing import Any

import numpy as np

from degrade_bench.analysis.means import ratio
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.resampling import Resampler, Totals
from degrade_bench.analysis.sensitivity import counted_drops
from degrade_bench.analysis.wide import MetricDrops

BINS = 8
FEWEST_TRACKS = 3
"""Tracks that a bin must have in both groups."""
OUTER = 0.05
"""Share of cells at either end of a group's range that does not count towards the range in common."""
GROUPS = ("signal", "structural")


def selectivity(
    own: MetricDrops, every: Mapping[str, MetricDrops], resampler: Resampler, options: AnalysisOptions
) -> dict[str, Any]:
    """The index of one metric with its interval: a row of ``Analysis.selectivity``.

    Args:
        own: the metric's drops.
        every: all metrics' drops by name, the distance among them.
        resampler: draws tracks.
        options: thresholds.
    """
    row: dict[str, Any] = {
        "metric": own.metric, "distance": options.distance, "bins": 0, "cells": 0, "note": None,
        **dict.fromkeys(("signal", "structural", "index", "index_low", "index_high"), math.nan),
    }  # fmt: skip
    measure = every.get(options.distance)
    if measure is None:
        return row | {"note": f"{options.distance}, which measures physical change, was not scored"}
    group = own.cells["group"].to_numpy()
    if not all((group == name).any() for name in GROUPS):
        return row | {"note": "signal and structural damage are not both in this run"}
    size = _distances(own, measure)
    values = counted_drops(own)
    known = np.isfinite(values) & (size > 0)
    clips, cells = np.nonzero(known)
    size, values, side = np.log(size[known]), values[known], np.where(group[cells] == GROUPS[0], 0, 1)
    ends = [
        np.quantile(size[side == each], [OUTER, 1 - OUTER], method="inverted_cdf")
        for each in (0, 1)
        if (side == each).any()
    ]
    if len(ends) < 2:
        return row | {"note": f"{options.distance} measures no cell of one of the groups"}
    low, high = max(end[0] for end in ends), min(end[1] for end in ends)
    if not low < high:
        return row | {"note": f"no change in {options.distance} that both groups reach"}
    place = np.floor((size - low) / (high - low) * BINS).astype(int)
    place[size == high] = BINS - 1
    inside = (place >= 0) & (place < BINS)
    column = side[inside] * BINS + place[inside]
    sums, counts = np.zeros((own.tracks, 2 * BINS)), np.zeros((own.tracks, 2 * BINS))
    np.add.at(sums, (own.track[clips[inside]], column), values[inside])
    np.add.at(counts, (own.track[clips[inside]], column), 1.0)
    tracks = (counts > 0).sum(axis=0).reshape(2, BINS)
    used = np.flatnonzero((tracks >= FEWEST_TRACKS).all(axis=0))
    if not len(used):
        return row | {"note": f"fewer than {FEWEST_TRACKS} tracks at any size that both groups reach"}
    pick = np.concatenate([used, BINS + used])

    def index(totals: Totals) -> np.ndarray:
        each = ratio(totals(sums[:, pick]), totals(counts[:, pick]))
        signal, structural = (_mean_known(half) for half in (each[:, : len(used)], each[:, len(used) :]))
        above = np.maximum(signal, 0.0), np.maximum(structural, 0.0)
        whole = above[0] + above[1]
        share = np.where(whole > 0, (above[0] - above[1]) / np.where(whole > 0, whole, 1.0), math.nan)
        return np.column_stack([signal, structural, share])

    draws = resampler.evaluate(index, own.tracks)
    lows, highs = draws.intervals((options.confidence,))[0]
    found = dict(zip(("signal", "structural", "index"), (float(each) for each in draws.centre), strict=True))
    row |= found | {"bins": len(used), "cells": int(np.isin(column, pick).sum())}
    if not (lows[:2] > 0).any():  # a share of nothing would be any number
        return row | {"index": math.nan, "note": "neither group was shown to lower the score at matched change"}
    return row | {"index_low": float(lows[2]), "index_high": float(highs[2])}


def _distances(own: MetricDrops, measure: MetricDrops) -> np.ndarray:
    """The distance of each cell from its clean clip, ``(clips, cells)``; NaN where not measured."""
    place = {clip: index for index, clip in enumerate(measure.clips)}
    padded = np.vstack([measure.drops, np.full((1, measure.drops.shape[1]), math.nan)])
    return padded[[place.get(clip, -1) for clip in own.clips]]


def _mean_known(values: np.ndarray) -> np.ndarray:
    """Mean over columns, passing over NaN: ``(rows,)``."""
    known = np.isfinite(values)
    return ratio(np.where(known, values, 0.0).sum(axis=1), known.sum(axis=1))
