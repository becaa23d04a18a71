"""What a metric did under the controls and the placebos: ``Analysis.controls`` and ``Analysis.placebos``."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from degrade_bench.analysis import statistics as stat
from degrade_bench.analysis.bounds import mean_intervals
from degrade_bench.analysis.floor import Floor
from degrade_bench.analysis.frames import Column, Frame, interval
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.resampling import Resampler
from degrade_bench.analysis.wide import MetricDrops

CONTROLS = Frame(
    "controls",
    "a metric × control × level with a drop",
    (
        Column("metric", "text", "which metric, and which control"),
        Column("degradation", "text", "which metric, and which control"),
        Column("level", "count", "the control's level"),
        Column("strength", "number", "the level's physical strength", "as `unit` says"),
        Column("unit", "text", "of the strength"),
        Column("n", "count", "clips with a drop"),
        Column("tracks", "count", "the recordings that they are from"),
        Column("drop_mean", "number", "the mean drop over clips", "the metric's"),
        *interval("drop", "interval of the mean drop over tracks, as in `levels`", "the metric's"),
        Column("drop_abs_mean", "number", "the mean of \\|drop\\|: a control may go either way", "the metric's"),
        Column("drop_abs_max", "number", "the largest \\|drop\\|", "the metric's"),
        Column(
            "p_value",
            "number",
            "signed-rank test of \\|drop\\| − the larger of nuisance floor and margin, one-sided by its sign",
        ),
        Column("nuisance", "flag", "whether it is part of the nuisance floor: the metric is not meant to hear it"),
        Column(
            "reaction",
            "text",
            "`reacts` where the interval of the mean \\|drop\\| lies above the same, `indifferent` where it lies "
            "below, else `unclear`",
        ),
    ),
)

PLACEBOS = Frame(
    "placebos",
    "a metric × placebo × level with a drop",
    (
        Column("metric", "text", "which metric, and which placebo"),
        Column("degradation", "text", "which metric, and which placebo"),
        Column("placebo_of", "text", "the degradation that it stands beside"),
        Column("level", "count", "the placebo's level"),
        Column("n", "count", "clips with a drop"),
        Column("drop_mean", "number", "the placebo's mean drop over clips", "the metric's"),
        *interval("drop", "interval of the mean drop over tracks, as in `levels`", "the metric's"),
        Column("strength", "number", "the level's physical strength", "as `unit` says"),
        Column("unit", "text", "of the strength"),
    ),
)


def control_effects(
    metric_drops: MetricDrops, floor: Floor, resampler: Resampler, options: AnalysisOptions
) -> pd.DataFrame:
    """What a metric did under each control × level, and whether it reacts: the columns of :data:`CONTROLS`.

    A control may go either way from clip to clip (a gain up, a gain down), so what counts is |drop|.

    Args:
        metric_drops: the metric's drops.
        floor: its nuisance floor and margin.
        resampler: draws tracks.
        options: thresholds.
    """
    drops = metric_drops.clustered(metric_drops.control_drops)
    sizes = metric_drops.clustered(np.abs(metric_drops.control_drops))
    low, high = mean_intervals(drops, resampler, (options.confidence,), options)[0]
    size_low, size_high = mean_intervals(sizes, resampler, (options.confidence,), options)[0]
    margin = floor.single_clips
    beyond = sizes.track_means - margin
    above = sizes.means > margin if options.rules == 1 else stat.rank_direction(beyond) > 0
    frame = metric_drops.controls[["degradation", "level", "strength", "unit", "nuisance"]].assign(
        metric=metric_drops.metric,
        n=drops.clips,
        tracks=drops.tracks,
        drop_mean=drops.means,
        drop_low=low,
        drop_high=high,
        drop_abs_mean=sizes.means,
        drop_abs_max=_largest(metric_drops.control_drops),
        p_value=np.where(above, stat.wilcoxon_p(beyond, options.tied_exact) / 2, 1.0),
        reaction=np.where(size_low > margin, "reacts", np.where(size_high <= margin, "indifferent", "unclear")),
    )
    return CONTROLS.table(frame[frame["n"] > 0])


def _largest(drops: np.ndarray) -> list[float]:
    """The largest |drop| of each column; NaN without any."""
    return [float(np.abs(c[np.isfinite(c)]).max()) if np.isfinite(c).any() else math.nan for c in drops.T]


def placebo_effects(metric_drops: MetricDrops, resampler: Resampler, options: AnalysisOptions) -> pd.DataFrame:
    """The drop of each placebo × level with its interval: the columns of :data:`PLACEBOS`.

    Args:
        metric_drops: the metric's drops.
        resampler: draws tracks.
        options: thresholds.
    """
    drops = metric_drops.clustered(metric_drops.placebo_drops)
    low, high = mean_intervals(drops, resampler, (options.confidence,), options)[0]
    frame = metric_drops.placebos[["degradation", "placebo_of", "level", "strength", "unit"]].assign(
        metric=metric_drops.metric, n=drops.clips, drop_mean=drops.means, drop_low=low, drop_high=high
    )
    return PLACEBOS.table(frame[frame["n"] > 0])
