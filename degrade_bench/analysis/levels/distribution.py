"""How the drops of single clips lie: their median and their spread."""

from __future__ import annotations

import math

import numpy as np

from degrade_bench.analysis.frames import Column
from degrade_bench.analysis.levels.base import LevelInputs, LevelStatistic


def distribution(inputs: LevelInputs) -> dict[str, list[float]]:
    """Median and standard deviation of the clips' drops."""
    samples = [column[np.isfinite(column)] for column in inputs.metric_drops.drops.T]
    return {
        "drop_median": [float(np.median(sample)) if len(sample) else math.nan for sample in samples],
        "drop_spread": [float(np.std(sample, ddof=1)) if len(sample) > 1 else math.nan for sample in samples],
    }


STATISTIC = LevelStatistic(
    (
        Column("drop_median", "number", "the median drop over clips", "the metric's"),
        Column("drop_spread", "number", "standard deviation of the drop between clips", "the metric's"),
    ),
    distribution,
)
