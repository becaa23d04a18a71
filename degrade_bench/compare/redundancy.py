"""Which metrics say the same: rank correlations of their drops."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd

from degrade_bench.compare.cube import Cube
from degrade_bench.compare.resampling import Tracks, ratios

COLUMNS = ["metric", "other", "cells", "rho", "rho_low", "rho_high"]

FEWEST = 3
"""Cells under which no correlation is given."""


def redundancy(cube: Cube, tracks: Tracks) -> pd.DataFrame:
    """Spearman's correlation of two metrics' mean drops over the degradations × levels that both have.

    Returns:
        one row per pair: ``metric, other, cells, rho, rho_low, rho_high``; NaN with fewer than three cells, or
        where all drops of a metric are one.
    """
    ranks, names = _Ranks(cube, tracks), cube.metrics
    pairs = itertools.combinations(sorted(range(len(names)), key=names.__getitem__), 2)
    return pd.DataFrame.from_records([_between(ranks, one, other) for one, other in pairs], columns=COLUMNS)


def _between(ranks: _Ranks, one: int, other: int) -> dict[str, object]:
    cube = ranks.cube
    both = np.isfinite(cube.drops[one]) & np.isfinite(cube.drops[other])
    cells = int(both.any(axis=1).sum())
    row = {"metric": cube.metrics[one], "other": cube.metrics[other], "cells": cells}
    if cells < FEWEST:
        return row | dict.fromkeys(("rho", "rho_low", "rho_high"), math.nan)
    found = ranks.tracks.estimate(
        lambda weights: _correlations(ranks.of(one, both, weights), ranks.of(other, both, weights))
    )
    return row | {"rho": float(found.value[0]), "rho_low": float(found.low[0]), "rho_high": float(found.high[0])}


class _Ranks:
    """Ranks of a metric's cells, kept: most pairs share which clips and cells they have."""

    def __init__(self, cube: Cube, tracks: Tracks) -> None:
        self.cube, self.tracks = cube, tracks
        self.known: dict[tuple[int, bytes, int], np.ndarray] = {}

    def of(self, metric: int, mask: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Centred ranks of the cells' mean drops ``(rows, cells)``, of length 1; NaN where all are one."""
        key = (metric, mask.tobytes(), len(weights))
        if key not in self.known:
            self.known[key] = self._made(metric, mask, weights)
        return self.known[key]

    def _made(self, metric: int, mask: np.ndarray, weights: np.ndarray) -> np.ndarray:
        from scipy.stats import rankdata

        held = mask.any(axis=1)
        sums, counts = self.cube.sums(np.where(mask, self.cube.drops[metric], np.nan)[held])
        means = ratios(weights, sums, counts)
        if not np.isfinite(means).all():  # a cell that a resample does not hold keeps its mean
            means = np.where(np.isfinite(means), means, ratios(np.ones((1, weights.shape[1])), sums, counts))
        ranks = rankdata(means, axis=1)
        ranks -= ranks.mean(axis=1, keepdims=True)
        length = np.linalg.norm(ranks, axis=1, keepdims=True)
        normed = np.full(ranks.shape, math.nan)
        np.divide(ranks, length, out=normed, where=length > 0)
        return normed.astype(np.float32) if len(weights) > self.tracks.count else normed


def _correlations(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.clip(np.einsum("ij,ij->i", one, other), -1.0, 1.0).astype(float)[:, None]
