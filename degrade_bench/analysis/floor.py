"""The nuisance floor: what a metric does under edits that nobody would call damage, with its uncertainty."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.resampling import Draws, Resampler
from degrade_bench.analysis.wide import MetricDrops


@dataclass(frozen=True, eq=False)
class Floor:
    """A nuisance floor and the margin that follows from it.

    Attributes:
        value: the upper quantile of |drop| over the controls, clips and levels; NaN without any.
        low, high: its interval.
        margin: what counts as no drop: the floor, or what was given instead; 0 where there is neither.
        draws: bootstrap and jackknife of the *margin*, one column: constant where it was given.
        left_out: controls that are no part of the floor because the metric is meant to hear them.
    """

    value: float
    low: float
    high: float
    margin: float
    draws: Draws
    left_out: tuple[str, ...]

    @property
    def is_estimate(self) -> bool:
        """Whether the margin was measured on these clips, so that it is uncertain."""
        return bool(np.ptp(self.draws.resampled) > 0) if self.draws.resampled.size else False


def nuisance_floor(own: MetricDrops, resampler: Resampler, options: AnalysisOptions) -> Floor:
    """The floor of one metric, with the margin that the options ask for."""
    counted = own.controls["nuisance"].to_numpy(dtype=bool)
    drops = np.abs(own.control_drops[:, counted])
    clips, columns = np.nonzero(np.isfinite(drops))
    left_out = tuple(dict.fromkeys(own.controls.loc[~counted, "degradation"]))
    given = options.margin_of(own.metric)
    value, low, high = math.nan, math.nan, math.nan
    draws = None
    if len(clips):
        draws = resampler.quantiles(drops[clips, columns], own.track[clips], own.tracks, options.floor_quantile)
        value = float(draws.centre[0])
        low, high = (float(end) for end in draws.intervals((options.confidence,))[0, :, 0])
    if given is not None or draws is None:
        margin = 0.0 if given is None else float(given)
        draws = _constant(margin, own.tracks, options.resamples)
    return Floor(value, low, high, float(draws.centre[0]), draws, left_out)


def _constant(value: float, tracks: int, resamples: int) -> Draws:
    rows = (resamples, tracks) if tracks > 1 else (0, 0)
    return Draws(np.array([value]), np.full((rows[0], 1), value), np.full((rows[1], 1), value))
