"""Whether there is a drop at all: the signed-rank test, and the permutation test of the mean."""

from __future__ import annotations

import numpy as np

from degrade_bench.analysis import statistics as stat
from degrade_bench.analysis.frames import Column
from degrade_bench.analysis.levels.base import LevelInputs, LevelStatistic


def any_drop(inputs: LevelInputs) -> dict[str, np.ndarray]:
    """Two-sided p of the tracks' mean drops, by signed ranks and by sign flips."""
    means, options = inputs.drops.track_means, inputs.options
    return {
        "p_value": stat.wilcoxon_p(means, options.tied_exact),
        "p_flip": stat.sign_flip_p(means, options.flips, options.seed),
    }


STATISTIC = LevelStatistic(
    (
        Column(
            "p_value",
            "number",
            "two-sided Wilcoxon signed-rank test of the tracks' means, zeros by Pratt; exact up to 50 tracks",
        ),
        Column(
            "p_flip",
            "number",
            "two-sided sign-flip permutation test of their mean; every pattern up to 14 tracks, else 9,999 random "
            "ones",
        ),
    ),
    any_drop,
)
