"""Which metrics say the same: rank correlations of their drops."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd

from degrade_bench.analysis.frames import Column, Frame, interval
from degrade_bench.analysis.ranks import average_ranks
from degrade_bench.analysis.resampling import Draws, Resampler, Totals
from degrade_bench.compare.cube import Cube
from degrade_bench.compare.options import CompareOptions

FEWEST = 3
"""Cells under which no correlation is given."""


REDUNDANCY = Frame(
    "redundancy",
    "a pair of metrics",
    (
        Column("metric", "text", "which two metrics"),
        Column("other", "text", "which two metrics"),
        Column("cells", "count", "degradations × levels that both have"),
        Column(
            "rho",
            "number",
            "Spearman's correlation of the two metrics' drops, in the direction of quality, over these, each the "
            "mean over the clips that both have",
        ),
        *interval("rho", "its BCa bootstrap interval over recordings"),
    ),
)


def redundancy(cube: Cube, resampler: Resampler, options: CompareOptions) -> pd.DataFrame:
    """Spearman's correlation of two metrics' mean drops over the degradations × levels that both have.

    Args:
        cube: the drops of all metrics.
        resampler: draws tracks.
        options: thresholds.

    Returns:
        The columns of :data:`REDUNDANCY`; NaN with fewer than three cells, or where all drops of a metric are one.
    """
    ranks, names = _Ranks(cube, resampler), cube.metrics
    pairs = itertools.combinations(sorted(range(len(names)), key=names.__getitem__), 2)
    rows = [_between(ranks, one, other, options) for one, other in pairs]
    return REDUNDANCY.rows(rows)


def _between(ranks: _Ranks, one: int, other: int, options: CompareOptions) -> dict[str, object]:
    cube = ranks.cube
    both = np.isfinite(cube.drops[one]) & np.isfinite(cube.drops[other])
    cells = int(both.any(axis=0).sum())
    row = {"metric": cube.metrics[one], "other": cube.metrics[other], "cells": cells}
    if cells < FEWEST:
        return row | dict.fromkeys(("rho", "rho_low", "rho_high"), math.nan)
    mine, theirs = ranks.of(one, both), ranks.of(other, both)
    rho = Draws(
        _correlations(mine.centre[None], theirs.centre[None])[0],
        _correlations(mine.resampled, theirs.resampled),
        _correlations(mine.left_out, theirs.left_out),
    )
    low, high = rho.intervals((options.confidence,))[0][:, 0]
    return row | {"rho": float(rho.centre[0]), "rho_low": float(low), "rho_high": float(high)}


class _Ranks:
    """Ranks of a metric's cells, kept: most pairs share which clips and cells they have."""

    def __init__(self, cube: Cube, resampler: Resampler) -> None:
        self.cube, self.resampler = cube, resampler
        self._ranks: dict[tuple[int, bytes], Draws] = {}

    def of(self, metric: int, mask: np.ndarray) -> Draws:
        """Centred ranks of the cells' mean drops, of length 1, a column per cell; NaN where all are one."""
        key = (metric, mask.tobytes())
        if key not in self._ranks:
            self._ranks[key] = self._made(metric, mask)
        return self._ranks[key]

    def _made(self, metric: int, mask: np.ndarray) -> Draws:
        held = mask.any(axis=0)
        values = self.cube.clustered(np.where(mask, self.cube.drops[metric], math.nan)[:, held])
        means = values.statistic()

        def ranks(totals: Totals) -> np.ndarray:
            resampled = means(totals)
            # a cell that a resample does not hold keeps its mean
            placed = average_ranks(np.where(np.isfinite(resampled), resampled, values.means))
            placed -= placed.mean(axis=1, keepdims=True)
            length = np.linalg.norm(placed, axis=1, keepdims=True)
            return np.where(length > 0, placed / np.where(length > 0, length, 1.0), math.nan)

        return self.resampler.evaluate(ranks, self.cube.tracks)


def _correlations(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    values: np.ndarray = np.clip(np.einsum("ij,ij->i", one, other), -1.0, 1.0)[:, None]
    return values
