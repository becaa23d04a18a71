"""Which of two metrics notices more, on the cells that both have."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

from degrade_bench.compare.cube import Cube
from degrade_bench.compare.resampling import Tracks, holm, ratios
from degrade_bench.compare.units import Units

COLUMNS = [
    "metric", "other", "scope", "group", "family", "degradation", "difference", "difference_low", "difference_high",
    "cells", "p_value", "p_holm", "holds",
]  # fmt: skip


def differences(cube: Cube, units: Units, tracks: Tracks, alpha: float) -> pd.DataFrame:
    """One row per pair of metrics and unit.

    Args:
        cube: what was noticed.
        units: what is averaged over what.
        tracks: what is resampled and whose signs are flipped.
        alpha: the level below which a difference holds, after Holm.

    Returns:
        ``metric, other, scope, group, family, degradation, difference, difference_low, difference_high, cells,
        p_value, p_holm, holds``. The difference is what ``metric`` notices less what ``other`` does. Holm's
        correction runs over the pairs × units of one scope, such as pairs × families.
    """
    names = cube.metrics
    pairs = itertools.combinations(sorted(range(len(names)), key=names.__getitem__), 2)
    frames = [_between(cube, units, tracks, one, other) for one, other in pairs]
    if not frames:
        return pd.DataFrame(columns=COLUMNS)
    frame = pd.concat(frames, ignore_index=True)
    frame["p_holm"] = np.nan
    for _, own in frame.groupby("scope"):
        frame.loc[own.index, "p_holm"] = holm(own["p_value"].to_list())
    frame["holds"] = frame["p_holm"] < alpha
    return frame[COLUMNS]


def _between(cube: Cube, units: Units, tracks: Tracks, one: int, other: int) -> pd.DataFrame:
    """Every unit of one pair; no correction yet."""
    values = cube.noticed[one] - cube.noticed[other]
    sums, counts = cube.sums(values)
    found = tracks.estimate(lambda weights: units.means(ratios(weights, sums, counts)))
    return units.frame.drop(columns="weight").assign(
        metric=cube.metrics[one], other=cube.metrics[other],
        difference=found.value, difference_low=found.low, difference_high=found.high,
        cells=units.totals(np.isfinite(values).sum(axis=1)).astype(int),
        p_value=tracks.flip_p(units.means(_shares(sums, counts))),
    )  # fmt: skip


def _shares(sums: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """What each track adds to each cell's mean: ``(tracks, cells)``; NaN where a cell has no value at all."""
    totals = counts.sum(axis=1)
    return np.where(totals > 0, sums.T / np.maximum(totals, 1), np.nan)
