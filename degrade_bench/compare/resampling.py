"""Intervals and tests over tracks, for many statistics at once.

Everything here is a statistic of *weights*: how often each track counts. Ones give the estimate, the bootstrap's
draws its resamples, and ones with a single zero its jackknife. All metrics are resampled with the same draws: the
differences between them are paired.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from degrade_bench.analysis.resampling import Resampler, bca
from degrade_bench.analysis.statistics import holm

__all__ = ["Estimate", "Tracks", "holm", "ratios"]

Statistic = Callable[[np.ndarray], np.ndarray]
"""From weights ``(rows, tracks)`` to statistics ``(rows, columns)``; NaN where there is nothing to say."""

EXACT_UP_TO = 14
"""Tracks up to which every pattern of signs is tried: 16,384 of them."""

FLIPS = 9999
"""Random patterns of signs beyond that."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """Statistics with their intervals, each ``(columns,)``."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray


class Tracks:
    """What is resampled.

    Args:
        count: how many tracks there are.
        resamples: bootstrap resamples.
        seed: of the draws and of the sign flips.
        confidence: of the intervals.
    """

    def __init__(self, count: int, resamples: int, seed: int, confidence: float) -> None:
        self.count, self.confidence = count, confidence
        self.draws = Resampler(resamples, seed).counts(count).astype(float)
        self.is_exact = count <= EXACT_UP_TO
        self.signs = _signs(count, seed)

    def estimate(self, statistic: Statistic) -> Estimate:
        """Statistics of all tracks with BCa bootstrap intervals; no interval with fewer than two tracks."""
        value = statistic(np.ones((1, self.count)))[0]
        if self.count < 2:
            nothing = np.full(len(value), math.nan)
            return Estimate(value, nothing, nothing)
        left_out = statistic(1.0 - np.eye(self.count))
        low, high = bca(value, statistic(self.draws), left_out, (self.confidence,))[0]
        return Estimate(value, low, high)

    def flip_p(self, shares: np.ndarray) -> np.ndarray:
        """Two-sided p of sums over tracks under flips of the tracks' signs; NaN with fewer than two tracks.

        Args:
            shares: ``(tracks, columns)``, what each track adds to each sum.

        Returns:
            ``(columns,)``; 1 where every track adds nothing.
        """
        if self.count < 2:
            return np.full(shares.shape[1], math.nan)
        known = np.isfinite(shares).all(axis=0)
        found = np.abs(shares[:, known].sum(axis=0))
        scale = np.abs(shares[:, known]).sum(axis=0)
        # sums in another order differ by rounding
        hits = np.count_nonzero(np.abs(self.signs @ shares[:, known]) >= found - 1e-12 * scale, axis=0)
        p = np.full(shares.shape[1], math.nan)
        p[known] = hits / len(self.signs) if self.is_exact else (1 + hits) / (1 + len(self.signs))
        return p

    @property
    def smallest_p(self) -> float:
        """The smallest p that :meth:`flip_p` can give."""
        return 1 / len(self.signs) if self.is_exact else 1 / (1 + len(self.signs))


def ratios(weights: np.ndarray, sums: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Weighted means over tracks.

    Args:
        weights: ``(rows, tracks)``.
        sums: ``(cells, tracks)``, the sum of a track's values.
        counts: ``(cells, tracks)``, their number.

    Returns:
        ``(rows, cells)``; NaN where the weights leave nothing.
    """
    totals = weights @ counts.T
    means = np.full(totals.shape, math.nan)
    np.divide(weights @ sums.T, totals, out=means, where=totals > 0)
    return means


def _signs(count: int, seed: int) -> np.ndarray:
    """Patterns of signs ``(patterns, tracks)``: all of them, but for a pattern's negative, or random ones."""
    if count <= EXACT_UP_TO:
        bits = np.arange(2 ** max(count - 1, 0))[:, None] >> np.arange(count)
        return 1.0 - 2.0 * (bits & 1)
    rng = np.random.Generator(np.random.Philox(key=seed))
    return rng.choice([-1.0, 1.0], size=(FLIPS, count))
