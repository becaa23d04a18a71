"""The nuisance floor: what single clips' scores do under edits that nobody would call damage; and the margin."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from degrade_bench.analysis.margins import Margin, constant, effect_margin, floor_margin
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.resampling import Draws, Resampler, weighted_quantile
from degrade_bench.analysis.wide import MetricDrops


@dataclass(frozen=True, eq=False)
class Floor:
    """A nuisance floor, and the margin that the rules in force take.

    Attributes:
        value: the upper quantile of |drop| over the controls, clips and levels; NaN without any.
        low, high: its interval.
        draws: its bootstrap and jackknife, one column.
        alarm: what a single clip's drop has to exceed to count as noticed: the same quantile of the drop, with its
            sign; under rules 1 the margin.
        left_out: controls that are no part of the floor because the metric is meant to hear them.
        counts_as_none: the margin with its draws, its source, and the control that decided it.
    """

    value: float
    low: float
    high: float
    draws: Draws
    alarm: float
    left_out: tuple[str, ...]
    counts_as_none: Margin

    @property
    def margin(self) -> float:
        """What counts as no drop; 0 where nothing says."""
        return self.counts_as_none.value

    @property
    def effect(self) -> float:
        """What counts as no drop beyond the placebo's."""
        return float(self.counts_as_none.effect.centre[0])

    @property
    def single_clips(self) -> float:
        """What counts as no drop of a single clip: the floor, at least the margin; a margin that was given."""
        return self.margin if self.source == "given" else max(self.margin, np.nan_to_num(self.value))

    @property
    def margin_draws(self) -> Draws:
        """The margin's bootstrap and jackknife."""
        return self.counts_as_none.draws

    @property
    def source(self) -> str:
        """What the margin is: see the column ``margin_is``."""
        return self.counts_as_none.source

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
    """The floor of one metric, with the margin that the options ask for (:mod:`~degrade_bench.analysis.margins`).

    Args:
        metric_drops: the metric's drops.
        resampler: draws tracks.
        options: thresholds, and the margin where it was given.
    """
    is_nuisance = metric_drops.controls["nuisance"].to_numpy(dtype=bool)
    signed = metric_drops.control_drops[:, is_nuisance]
    drops = np.abs(signed)
    clips, columns = np.nonzero(np.isfinite(drops))
    left_out = tuple(dict.fromkeys(metric_drops.controls.loc[~is_nuisance, "degradation"]))
    draws, low, high = constant(math.nan, metric_drops, options), math.nan, math.nan
    if len(clips):
        draws = resampler.quantiles(
            drops[clips, columns], metric_drops.track[clips], metric_drops.tracks, options.floor_quantile
        )
        low, high = (float(end) for end in draws.intervals((options.confidence,))[0, :, 0])
    if options.rules == 1:
        margin = floor_margin(metric_drops, draws, resampler, options)
        alarm = margin.value
    else:
        margin = effect_margin(metric_drops, resampler, options)
        values = np.sort(signed[clips, columns])
        alarm = max(0.0, float(weighted_quantile(values, np.ones((1, len(values))), options.floor_quantile)[0]))
    return Floor(float(draws.centre[0]), low, high, draws, alarm, left_out, margin)
