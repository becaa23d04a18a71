"""The mean drop over clips, with its intervals over tracks, in the metric's unit and in units of its own."""

from __future__ import annotations

import math
from typing import Any

from degrade_bench.analysis.frames import Column, interval
from degrade_bench.analysis.levels.base import LevelInputs, LevelStatistic
from degrade_bench.analysis.means import clean_sd

INTERVAL = (
    "t interval of the mean over tracks, widened where drops are skewed (Johnson 1978); under rules 1 a BCa "
    "bootstrap interval, its tails moved out for small samples (Efron 1987, Hesterberg 2015)"
)
EQUIVALENCE = "the same at a confidence of 1 − 2 α, which belongs to the equivalence test at α"


def mean_drop(inputs: LevelInputs) -> dict[str, Any]:
    """Means over clips, their intervals, and the means in standard deviations of clean scores and in floors."""
    drops, floor = inputs.drops, inputs.floor
    (low, high), (equivalence_low, equivalence_high) = inputs.intervals(drops, inputs.options.tails)
    spread = clean_sd(inputs.metric_drops.clean, float(inputs.metric_drops.ties.reach()))
    return {
        "n": drops.clips,
        "tracks": drops.tracks,
        "drop_mean": drops.means,
        "drop_low": low,
        "drop_high": high,
        "drop_equivalence_low": equivalence_low,
        "drop_equivalence_high": equivalence_high,
        "drop_sd": drops.means / spread if spread > 0 else math.nan,
        "drop_floor": drops.means / floor.value if floor.value > 0 else math.nan,
    }


STATISTIC = LevelStatistic(
    (
        Column("n", "count", "clips with a drop"),
        Column("tracks", "count", "the recordings that they are from"),
        Column("drop_mean", "number", "the mean drop over clips", "the metric's"),
        *interval("drop", INTERVAL, "the metric's"),
        *interval("drop_equivalence", EQUIVALENCE, "the metric's"),
        Column("drop_sd", "number", "the mean drop", "standard deviations of clean scores between clips"),
        Column("drop_floor", "number", "the mean drop", "nuisance floors"),
    ),
    mean_drop,
)
