"""Agreement with people: the drops of a metric beside PMQD's published ratings, cell by cell.

PMQD's table has 20 cells, four damages at five intensities; the ``pmqd`` suite damages with its parameters. The
music is not PMQD's, so what can be asked is whether a metric *orders* the cells as people do: Spearman's rank
correlation between its mean drops and what people's ratings lost. Its interval is over the tracks of this run; the
ratings stand as published.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.resampling import Draws, Resampler
from degrade_bench.analysis.wide import MetricDrops
from degrade_bench.degrade.reproduction.pmqd_ratings import MEAN_RATINGS, UNDAMAGED_RATING

FEWEST_CELLS = 3
ALL = "all"


def human_curves(cells: pd.DataFrame) -> pd.DataFrame:
    """What people's ratings lost at each of PMQD's cells that a run has; empty where it has none."""
    own = cells[cells["degradation"].isin(MEAN_RATINGS)]
    rows = [
        {
            "degradation": cell.degradation, "level": cell.level, "strength": cell.strength, "unit": cell.unit,
            "rating": MEAN_RATINGS[cell.degradation][cell.level - 1],
            "human_drop": UNDAMAGED_RATING - MEAN_RATINGS[cell.degradation][cell.level - 1],
        }
        for cell in own.itertuples()
        if cell.level <= len(MEAN_RATINGS[cell.degradation])
    ]  # fmt: skip
    return pd.DataFrame.from_records(rows)


def agreement(own: MetricDrops, resampler: Resampler, options: AnalysisOptions) -> list[dict[str, Any]]:
    """Rank correlation over all of PMQD's cells and within each damage: rows of ``Analysis.people``."""
    people = human_curves(own.cells)
    if people.empty:
        return []
    lost = people.set_index(["degradation", "level"])["human_drop"]
    human = np.array([lost.get((c.degradation, c.level), math.nan) for c in own.cells.itertuples()])
    drops = own.clustered(own.drops)
    scored = np.flatnonzero(np.isfinite(human) & (drops.clips > 0))
    names = own.cells["degradation"].to_numpy()[scored]
    draws = drops.draws(resampler)
    rows = []
    for damage in (ALL, *dict.fromkeys(names)):
        columns = scored if damage == ALL else scored[names == damage]
        if len(columns) < FEWEST_CELLS:
            continue
        rho = Draws(
            spearman(draws.centre[None, columns], human[columns]),
            spearman(draws.resampled[:, columns], human[columns])[:, None],
            spearman(draws.left_out[:, columns], human[columns])[:, None],
        )
        low, high = rho.intervals((options.confidence,))[0][:, 0]
        rows.append(
            {
                "metric": own.metric, "damage": damage, "cells": len(columns), "rho": float(rho.centre[0]),
                "rho_low": float(low), "rho_high": float(high),
            }
        )  # fmt: skip
    return rows


def spearman(values: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Spearman's rank correlation of each row with one vector, ties sharing their ranks.

    Args:
        values: ``(rows, cells)``.
        other: ``(cells,)``.

    Returns:
        ``(rows,)``; NaN for a row without two different values, or with a NaN.
    """
    from scipy.stats import rankdata

    if not len(values):
        return np.zeros(0)
    ranks, beside = rankdata(values, axis=1), rankdata(other)
    ranks = ranks - ranks.mean(axis=1, keepdims=True)
    beside = beside - beside.mean()
    scale = np.sqrt((ranks**2).sum(axis=1) * (beside**2).sum())
    known = np.isfinite(values).all(axis=1) & (scale > 0)
    return np.where(known, (ranks @ beside) / np.where(known, scale, 1.0), math.nan)
