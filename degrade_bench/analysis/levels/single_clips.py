"""Whether a single damaged clip is told from its clean self, given what the controls do to it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from degrade_bench.analysis.frames import Column, interval
from degrade_bench.analysis.levels.base import LevelInputs, LevelStatistic
from degrade_bench.analysis.margins import nuisance_tops


def single_clips(inputs: LevelInputs) -> dict[str, Any]:
    """The probability that a damage costs a clip more than a control does, with its interval."""
    metric_drops = inputs.metric_drops
    controls = nuisance_tops(metric_drops).index.to_numpy(dtype=int)
    told = superiority(
        metric_drops.drops, metric_drops.control_drops[:, controls], metric_drops.ties.reach(metric_drops.clean)
    )
    clustered = metric_drops.clustered(told)
    low, high = np.clip(inputs.intervals(clustered, (inputs.options.confidence,))[0], 0, 1)
    return {"told": clustered.means, "told_low": low, "told_high": high}


def superiority(drops: np.ndarray, controls: np.ndarray, alike: np.ndarray) -> np.ndarray:
    """For every clip and cell the share of the clip's controls that cost it less, ties as half.

    Args:
        drops: ``(clips, cells)``.
        controls: ``(clips, controls)``, the controls' drops.
        alike: ``(clips,)``, how far apart drops are equal.

    Returns:
        ``(clips, cells)``; NaN where there is no drop, or no control's drop.

    >>> superiority(np.array([[1.0]]), np.array([[0.5, 1.0]]), np.zeros(1))
    array([[0.75]])
    """
    won, count = np.zeros(drops.shape), np.zeros((len(drops), 1))
    for control in controls.T[:, :, None]:
        known = np.isfinite(control)
        tied = np.abs(drops - control) <= alike[:, None]
        won += np.where(known, 0.5 * tied + (~tied & (drops > control)), 0.0)
        count += known
    known = np.isfinite(drops) & (count > 0)
    return np.where(known, won / np.maximum(count, 1), math.nan)


STATISTIC = LevelStatistic(
    (
        Column(
            "told",
            "number",
            "probability of superiority: how often the damage costs a clip more than a control does at its highest "
            "level, one that the metric is not meant to hear; ties as half, so that 0.5 tells nothing",
        ),
        *interval("told", "its interval over tracks"),
    ),
    single_clips,
)
