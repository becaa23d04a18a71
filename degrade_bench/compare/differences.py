"""Which of two metrics notices more, on the cells that both have."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

from degrade_bench.analysis.means import ratio
from degrade_bench.analysis.resampling import Resampler
from degrade_bench.analysis.statistics import holm, sign_flip_p
from degrade_bench.compare.cube import Cube
from degrade_bench.compare.options import CompareOptions
from degrade_bench.compare.units import Units

COLUMNS = [
    *("metric", "other", "scope", "group", "family", "degradation"),
    *("difference", "difference_low", "difference_high", "cells", "p_value", "p_holm", "holds"),
]


def differences(cube: Cube, units: Units, resampler: Resampler, options: CompareOptions) -> pd.DataFrame:
    """One row per pair of metrics and unit.

    Args:
        cube: what was noticed.
        units: what is averaged over what.
        resampler: draws tracks.
        options: thresholds; the signs that are flipped are those of tracks.

    Returns:
        ``metric, other, scope, group, family, degradation, difference, difference_low, difference_high, cells,
        p_value, p_holm, holds``. The difference is what ``metric`` notices less what ``other`` does. Holm's
        correction runs over the pairs × units of one scope, such as pairs × families.
    """
    names = cube.metrics
    pairs = itertools.combinations(sorted(range(len(names)), key=names.__getitem__), 2)
    frames = [_between(cube, units, resampler, options, one, other) for one, other in pairs]
    if not frames:
        return pd.DataFrame(columns=COLUMNS)
    frame = pd.concat(frames, ignore_index=True)
    adjusted = frame.groupby("scope")["p_value"].transform(holm)
    return frame.assign(p_holm=adjusted, holds=adjusted < options.alpha)[COLUMNS]


def _between(
    cube: Cube, units: Units, resampler: Resampler, options: CompareOptions, one: int, other: int
) -> pd.DataFrame:
    """Every unit of one pair, before Holm's correction."""
    values = cube.noticed[one] - cube.noticed[other]
    by_track = cube.clustered(values)
    draws = resampler.evaluate(units.statistic(by_track), cube.tracks)
    low, high = draws.intervals((options.confidence,))[0]
    shares = units.means(ratio(by_track.sums, by_track.counts.sum(axis=0)))  # what each track adds to each mean
    return units.frame.drop(columns="weight").assign(
        metric=cube.metrics[one],
        other=cube.metrics[other],
        difference=draws.centre,
        difference_low=low,
        difference_high=high,
        cells=units.totals(np.isfinite(values).sum(axis=0)).astype(int),
        p_value=sign_flip_p(shares, options.flips, options.seed),
    )
