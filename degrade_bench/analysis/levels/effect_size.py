"""The effect size of paired drops, d_z."""

from __future__ import annotations

import numpy as np

from degrade_bench.analysis import statistics as stat
from degrade_bench.analysis.frames import Column
from degrade_bench.analysis.levels.base import LevelInputs, LevelStatistic


def effect_size(inputs: LevelInputs) -> dict[str, list[float]]:
    """d_z of the tracks' mean drops."""
    return {
        "effect_dz": [stat.effect_dz(means[np.isfinite(means)]) for means in inputs.drops.track_means.T],
    }


STATISTIC = LevelStatistic(
    (Column("effect_dz", "number", "mean over standard deviation of the tracks' mean drops (Lakens 2013)"),),
    effect_size,
)
