"""Which of two metrics raises more alarms under damage, on the cells that both have."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

from degrade_bench.analysis.frames import Column, Frame, interval
from degrade_bench.analysis.means import ratio
from degrade_bench.analysis.resampling import Resampler
from degrade_bench.analysis.statistics import holm, sign_flip_p
from degrade_bench.compare.cube import Cube
from degrade_bench.compare.options import CompareOptions
from degrade_bench.compare.units import UNIT_COLUMNS, Units

DIFFERENCES = Frame(
    "differences",
    "a pair of metrics × degradation, family, group of damages and overall",
    (
        Column("metric", "text", "which two metrics"),
        Column("other", "text", "which two metrics"),
        Column("scope", "text", "`degradation`, `family`, `group` or `overall`"),
        *UNIT_COLUMNS,
        Column("difference", "number", "net alarms of `metric` less those of `other`, on the cells that both have"),
        *interval("difference", "its BCa bootstrap interval over recordings"),
        Column("cells", "count", "clips × degradations × levels that both have"),
        Column(
            "p_value",
            "number",
            "two-sided, from flips of the signs of the recordings' differences: every pattern up to 14 recordings, "
            "9,999 random ones beyond",
        ),
        Column(
            "p_holm",
            "number",
            "`p_value` after Holm's correction over pairs × families, and likewise over pairs × groups, pairs × "
            "degradations, and pairs overall",
        ),
        Column("holds", "flag", "whether `p_holm` is below 0.05"),
    ),
)


def differences(cube: Cube, units: Units, resampler: Resampler, options: CompareOptions) -> pd.DataFrame:
    """One row per pair of metrics and unit.

    Args:
        cube: what was noticed.
        units: what is averaged over what.
        resampler: draws tracks.
        options: thresholds; the signs that are flipped are those of tracks.

    Returns:
        The columns of :data:`DIFFERENCES`.
    """
    names = cube.metrics
    pairs = itertools.combinations(sorted(range(len(names)), key=names.__getitem__), 2)
    frames = [_between(cube, units, resampler, options, one, other) for one, other in pairs]
    if not frames:
        return DIFFERENCES.empty()
    frame = pd.concat(frames, ignore_index=True)
    adjusted = frame.groupby("scope")["p_value"].transform(holm)
    return DIFFERENCES.table(frame.assign(p_holm=adjusted, holds=adjusted < options.alpha))


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
