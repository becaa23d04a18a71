"""Agreement with people: the drops of a metric beside PMQD's published ratings, cell by cell.

PMQD's table has 20 cells, four damages at five intensities; the ``pmqd`` suite damages with its parameters. The
music is not PMQD's, so what can be asked is whether a metric *orders* the cells as people do: Spearman's rank
correlation between its mean drops and what people's ratings lost. Its interval is over the tracks of this run; the
ratings stand as published.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from degrade_bench.analysis.frames import Column, Frame, interval
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.ranks import average_ranks
from degrade_bench.analysis.resampling import Draws, Resampler
from degrade_bench.analysis.wide import MetricDrops
from degrade_bench.degrade.reproduction.pmqd_ratings import MEAN_RATINGS, UNDAMAGED_RATING

FEWEST_CELLS = 3
"""Cells under which no correlation is given."""
ALL = "all"
"""What stands for all of PMQD's damages together."""

PEOPLE = Frame(
    "people",
    "a metric × PMQD damage, and one over all of them; empty unless the `pmqd` suite was run",
    (
        Column("metric", "text", "which metric"),
        Column("damage", "text", "which PMQD damage, or `all`"),
        Column("cells", "count", "cells of PMQD that the metric scored"),
        Column("rho", "number", "Spearman's rank correlation of mean drops with what people's ratings lost"),
        *interval("rho", "its interval over this run's tracks"),
    ),
)

HUMAN_CURVES = Frame(
    "human_curves",
    "a PMQD damage × level; empty unless the `pmqd` suite was run",
    (
        Column("degradation", "text", "which PMQD damage"),
        Column("level", "count", "the ladder's level"),
        Column("strength", "number", "the level's physical strength", "as `unit` says"),
        Column("unit", "text", "of the strength"),
        Column("rating", "number", "the mean rating, as published", "rating points"),
        Column("human_drop", "number", "what it lost to the undamaged music's", "rating points"),
    ),
)


def human_curves(cells: pd.DataFrame) -> pd.DataFrame:
    """What people's ratings lost at each of PMQD's cells that a run has; empty where it has none."""
    of_pmqd = cells[cells["degradation"].isin(MEAN_RATINGS)]
    rows = []
    for cell in of_pmqd.to_dict("records"):
        ratings = MEAN_RATINGS[cell["degradation"]]
        if cell["level"] <= len(ratings):
            rating = ratings[cell["level"] - 1]
            row = {name: cell[name] for name in ("degradation", "level", "strength", "unit")}
            rows.append(row | {"rating": rating, "human_drop": UNDAMAGED_RATING - rating})
    return HUMAN_CURVES.rows(rows)


def agreement(metric_drops: MetricDrops, resampler: Resampler, options: AnalysisOptions) -> pd.DataFrame:
    """Rank correlation over all of PMQD's cells and within each damage: the columns of :data:`PEOPLE`.

    Args:
        metric_drops: the metric's drops.
        resampler: draws tracks.
        options: thresholds.
    """
    people = human_curves(metric_drops.cells)
    if people.empty:
        return PEOPLE.empty()
    lost = people.set_index(["degradation", "level"])["human_drop"]
    cells = zip(metric_drops.cells["degradation"], metric_drops.cells["level"], strict=True)
    human = np.array([lost.get(cell, math.nan) for cell in cells])
    drops = metric_drops.clustered(metric_drops.drops)
    scored = np.flatnonzero(np.isfinite(human) & (drops.clips > 0))
    names = metric_drops.cells["degradation"].to_numpy()[scored]
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
        row = {"metric": metric_drops.metric, "damage": damage, "cells": len(columns)}
        rows.append(row | {"rho": float(rho.centre[0]), "rho_low": float(low), "rho_high": float(high)})
    return PEOPLE.rows(rows)


def spearman(values: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Spearman's rank correlation of each row with one vector, ties sharing their ranks.

    Args:
        values: ``(rows, cells)``.
        other: ``(cells,)``.

    Returns:
        ``(rows,)``; NaN for a row without two different values, or with a NaN.
    """
    if not len(values):
        return np.zeros(0)
    ranks, beside = average_ranks(values), average_ranks(other)
    ranks = ranks - ranks.mean(axis=1, keepdims=True)
    beside = beside - beside.mean()
    scale = np.sqrt((ranks**2).sum(axis=1) * (beside**2).sum())
    usable = np.isfinite(values).all(axis=1) & (scale > 0)
    return np.where(usable, (ranks @ beside) / np.where(usable, scale, 1.0), math.nan)
