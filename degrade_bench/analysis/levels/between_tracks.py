"""How much drops differ between recordings: what planning goes by."""

from __future__ import annotations

import math

import numpy as np

from degrade_bench.analysis.frames import Column
from degrade_bench.analysis.levels.base import LevelInputs, LevelStatistic
from degrade_bench.analysis.means import Clustered, ratio


def between_tracks(inputs: LevelInputs) -> dict[str, np.ndarray]:
    """Standard deviations of the drop and of the net drop between tracks, and what of it lies within them."""
    spread = _spread(inputs.drops)
    excerpts, draws = _within(inputs)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = [np.where(spread > 0, np.clip(part / spread**2, 0, 1), math.nan) for part in (excerpts, draws)]
    return {
        "drop_track_sd": spread,
        "net_track_sd": _spread(inputs.nets),
        "excerpt_share": shares[0],
        "draw_share": shares[1],
    }


def _within(inputs: LevelInputs) -> tuple[np.ndarray, np.ndarray]:
    """What excerpts and draws add to the variance of a track's mean drop, each ``(cells,)``; NaN where unknown.

    The first is that between the clips of a track, less what draws make of it.
    """
    drops, metric_drops = inputs.drops, inputs.metric_drops
    apart = metric_drops.drops - drops.track_means[metric_drops.track]
    squares = np.where(np.isfinite(apart), apart, 0.0) ** 2
    has = drops.counts > 0
    one_over_clips = ratio(np.where(has, 1 / np.maximum(drops.counts, 1), 0.0).sum(axis=0), drops.tracks)
    between = ratio(squares.sum(axis=0), drops.clips - drops.tracks) * one_over_clips
    drawn = metric_drops.draw_variance
    draws = np.full(len(between), math.nan) if drawn is None else _mean(drawn) * one_over_clips
    return np.maximum(between - np.nan_to_num(draws), 0.0), draws


def _mean(values: np.ndarray) -> np.ndarray:
    """Means of columns over what there is."""
    known = np.isfinite(values)
    return ratio(np.where(known, values, 0.0).sum(axis=0), known.sum(axis=0))


def _spread(values: Clustered) -> np.ndarray:
    """The standard error of the mean times the root of the number of tracks, ``(columns,)``."""
    result: np.ndarray = values.errors * np.sqrt(values.tracks)
    return result


MEANING = "standard deviation {} between recordings: the clustered standard error times the root of their number"

STATISTIC = LevelStatistic(
    (
        Column("drop_track_sd", "number", MEANING.format("of the drop"), "the metric's"),
        Column("net_track_sd", "number", MEANING.format("of the net drop"), "the metric's"),
        Column(
            "excerpt_share",
            "number",
            "share of the drop's variance between recordings that is which part of a recording was taken: more "
            "clips of a recording bring it down; NaN with one of each",
        ),
        Column(
            "draw_share",
            "number",
            "share of it that is how the damage was drawn: more replicates bring it down; NaN with one",
        ),
    ),
    between_tracks,
)
