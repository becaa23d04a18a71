"""A band for a whole curve: how far the drops of all levels of a damage may lie from their means at once.

Intervals hold level by level; of five, one misses its truth more often than stated. A simultaneous band is as many
standard errors wide as the largest of the levels' errors reaches, by their dependence over the recordings (the
sup-t band: J. L. Montiel Olea and M. Plagborg-Møller, Journal of Applied Econometrics 2019).
"""

from __future__ import annotations

import math

import numpy as np

from degrade_bench.analysis.frames import interval
from degrade_bench.analysis.levels.base import LevelInputs, LevelStatistic
from degrade_bench.analysis.reach import reach_of_means
from degrade_bench.analysis.together import chance_of_all


def bands(inputs: LevelInputs) -> dict[str, np.ndarray]:
    """The ends of the band at every level."""
    from scipy.special import ndtr, ndtri, stdtrit

    drops, options = inputs.drops, inputs.options
    low, high = (np.full(len(drops.means), math.nan) for _ in range(2))
    for _, columns in inputs.metric_drops.ladders():
        rows = np.flatnonzero(np.isfinite(drops.errors[columns])) + columns.start
        if not len(rows):
            continue
        chance = chance_of_all(drops.influence[:, rows], options.seed)
        farthest = float(np.quantile(np.abs(chance).max(axis=1), options.confidence))
        farthest = max(farthest, float(ndtri((1 + options.confidence) / 2)))
        tracks, errors, skewness = drops.tracks[rows], drops.errors[rows], drops.skewness[rows]
        reach = stdtrit(np.maximum(tracks - 1, 1), ndtr(farthest))
        below, above = (reach_of_means(reach, errors, sign * skewness, tracks) for sign in (-1, 1))
        low[rows], high[rows] = drops.means[rows] - below, drops.means[rows] + above
    return {"band_low": low, "band_high": high}


STATISTIC = LevelStatistic(
    interval(
        "band",
        "a simultaneous band: it holds the drops of all levels of the damage at once with the confidence of the "
        "intervals (sup-t, Montiel Olea and Plagborg-Møller 2019)",
        "the metric's",
    ),
    bands,
)
