"""Whether the drop lies within the margin: the equivalence test."""

from __future__ import annotations

import math

import numpy as np

from degrade_bench.analysis import statistics as stat
from degrade_bench.analysis.frames import Column
from degrade_bench.analysis.levels.base import LevelInputs, LevelStatistic


def equivalence(inputs: LevelInputs) -> dict[str, np.ndarray]:
    """The equivalence test's p, with the margin's own uncertainty where it is an estimate."""
    drops, floor = inputs.drops, inputs.floor
    errors = drops.errors
    if not floor.is_estimate:
        return {"p_blind": stat.equivalence_p(drops.means, errors, errors, floor.margin, drops.tracks)}
    together = drops.draws(inputs.resampler).resampled
    margin = floor.margin_draws.resampled
    tracks = len(drops.sums)
    scale = math.sqrt(tracks / (tracks - 1)) if tracks > 1 else math.nan
    below, above = (
        np.where(np.isfinite(errors), _spread(together + sign * margin) * scale, math.nan) for sign in (1, -1)
    )
    return {"p_blind": stat.equivalence_p(drops.means, below, above, floor.margin, drops.tracks)}


def _spread(draws: np.ndarray) -> np.ndarray:
    """Standard deviation over resamples, passing over NaN: ``(columns,)``."""
    spreads = np.full(draws.shape[1], math.nan)
    finite = np.isfinite(draws).any(axis=0)
    spreads[finite] = np.nanstd(draws[:, finite], axis=0)
    return spreads


STATISTIC = LevelStatistic(
    (
        Column(
            "p_blind",
            "number",
            "the larger p of two one-sided t tests against ± margin; where the margin is an estimate, its "
            "uncertainty on the same clips is part of the standard error",
        ),
    ),
    equivalence,
)
