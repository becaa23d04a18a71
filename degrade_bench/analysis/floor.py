"""The nuisance floor: what a metric does under edits that nobody would call damage, with its uncertainty."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from degrade_bench.analysis.means import Clustered
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.resampling import Draws, Resampler
from degrade_bench.analysis.wide import MetricDrops


@dataclass(frozen=True, eq=False)
class Floor:
    """A nuisance floor and the margin that follows from it.

    Attributes:
        value: the upper quantile of |drop| over the controls, clips and levels; NaN without any.
        low, high: its interval.
        draws: its bootstrap and jackknife, one column.
        margin: what counts as no drop; 0 where there is neither a floor nor a given margin.
        margin_draws: its bootstrap and jackknife: constant where it was given.
        source: what the margin is: ``floor``, ``resolution``, ``rounding``, ``given`` or ``none``.
        left_out: controls that are no part of the floor because the metric is meant to hear them.
    """

    value: float
    low: float
    high: float
    draws: Draws
    margin: float
    margin_draws: Draws
    source: str
    left_out: tuple[str, ...]

    @property
    def is_estimate(self) -> bool:
        """Whether the margin was measured on these clips, so that it is uncertain."""
        drawn = self.margin_draws.resampled
        drawn = drawn[np.isfinite(drawn)]  # a resample may hold no track that has a control
        return bool(len(drawn) and np.ptp(drawn) > 0)

    @property
    def margin_error(self) -> float:
        """The margin's standard error; 0 for one that was given."""
        return float(self.margin_draws.standard_errors()[0]) if self.is_estimate else 0.0


def nuisance_floor(metric_drops: MetricDrops, resampler: Resampler, options: AnalysisOptions) -> Floor:
    """The floor of one metric, with the margin that the options ask for.

    The margin is the floor, unless that is under the metric's *resolution*: a small share of the largest mean drop
    that any cell of the run brought about. A metric that compares with the clean clip itself does next to nothing
    under some controls, and a drop of three times next to nothing is not one that anybody should call heard. Nor is
    the margin under what rounding can account for.

    Args:
        metric_drops: the metric's drops.
        resampler: draws tracks.
        options: thresholds, and the margin where it was given.
    """
    is_nuisance = metric_drops.controls["nuisance"].to_numpy(dtype=bool)
    drops = np.abs(metric_drops.control_drops[:, is_nuisance])
    clips, columns = np.nonzero(np.isfinite(drops))
    left_out = tuple(dict.fromkeys(metric_drops.controls.loc[~is_nuisance, "degradation"]))
    no_floor = _constant(math.nan, metric_drops.tracks, options.resamples)
    draws, low, high = no_floor, math.nan, math.nan
    if len(clips):
        draws = resampler.quantiles(
            drops[clips, columns], metric_drops.track[clips], metric_drops.tracks, options.floor_quantile
        )
        low, high = (float(end) for end in draws.intervals((options.confidence,))[0, :, 0])
    value = float(draws.centre[0])
    given = options.margin_of(metric_drops.metric)
    if given is not None:
        margin, source = _constant(float(given), metric_drops.tracks, options.resamples), "given"
    elif not len(clips):
        margin, source = _constant(0.0, metric_drops.tracks, options.resamples), "none"
    else:
        smallest = _resolution(metric_drops, resampler, options)
        source = "floor" if smallest is None or value >= smallest.centre[0] else "resolution"
        margin = draws if smallest is None else _larger(draws, smallest)
        rounding = float(metric_drops.ties.reach())
        if rounding > margin.centre[0]:
            margin, source = (
                _larger(margin, _constant(rounding, metric_drops.tracks, options.resamples)),
                "rounding",
            )
    return Floor(value, low, high, draws, float(margin.centre[0]), margin, source, left_out)


def _resolution(metric_drops: MetricDrops, resampler: Resampler, options: AnalysisOptions) -> Draws | None:
    """A share of the largest mean drop in either direction; None without any."""
    means = metric_drops.clustered(metric_drops.drops)
    sizes = np.where(means.tracks >= min(options.min_tracks, metric_drops.tracks), np.abs(means.means), math.nan)
    if not options.resolution or not np.isfinite(sizes).any():
        return None
    at = int(np.nanargmax(sizes))
    largest = Clustered(means.sums[:, [at]], means.counts[:, [at]]).draws(resampler)
    share = options.resolution
    return Draws(
        share * np.abs(largest.centre), share * np.abs(largest.resampled), share * np.abs(largest.left_out)
    )


def _larger(one: Draws, other: Draws) -> Draws:
    return Draws(
        np.maximum(one.centre, other.centre),
        np.fmax(one.resampled, other.resampled),
        np.fmax(one.left_out, other.left_out),
    )


def _constant(value: float, tracks: int, resamples: int) -> Draws:
    rows = (resamples, tracks) if tracks > 1 else (0, 0)
    return Draws(np.array([value]), np.full((rows[0], 1), value), np.full((rows[1], 1), value))
