"""The drop beyond the placebo's."""

from __future__ import annotations

import math

import numpy as np

from degrade_bench.analysis import statistics as stat
from degrade_bench.analysis.frames import Column, interval
from degrade_bench.analysis.levels.base import LevelInputs, LevelStatistic


def beyond_placebo(inputs: LevelInputs) -> dict[str, np.ndarray]:
    """The placebo's mean drop over clips that have both, and the mean drop beyond it with its intervals and p."""
    nets, metric_drops = inputs.nets, inputs.metric_drops
    (low, high), (equivalence_low, equivalence_high) = inputs.intervals(nets, inputs.options.tails)
    placebo = np.where(np.isfinite(metric_drops.net), metric_drops.placebo, math.nan)
    return {
        "placebo_drop": metric_drops.clustered(placebo).means,
        "net_drop": nets.means,
        "net_low": low,
        "net_high": high,
        "net_equivalence_low": equivalence_low,
        "net_equivalence_high": equivalence_high,
        "p_net": stat.wilcoxon_p(nets.track_means, inputs.options.tied_exact),
    }


STATISTIC = LevelStatistic(
    (
        Column("placebo_drop", "number", "the placebo's mean drop, over clips that have both", "the metric's"),
        Column("net_drop", "number", "the mean drop beyond the placebo's; NaN without a placebo", "the metric's"),
        *interval("net", "its interval, as that of the drop", "the metric's"),
        *interval("net_equivalence", "the same at a confidence of 1 − 2 α", "the metric's"),
        Column("p_net", "number", "two-sided signed-rank test of the tracks' mean net drops"),
    ),
    beyond_placebo,
)
