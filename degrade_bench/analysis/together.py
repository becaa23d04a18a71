"""The correction for many damages, which goes by how their tests hang together.

All damages are heard against the same clean scores, and measured against the same margin, so that their tests err
together; Holm's correction takes them for strangers. Here the smallest of several p values is set beside the
smallest that chance gives with the same dependence between them, step by step from the smallest p on (free
step-down resampling, P. H. Westfall and S. S. Young 1993; J. P. Romano and M. Wolf, Econometrica 2005). Chance is
drawn by Gaussian multipliers on the tracks: what a track adds to a statistic's error, it adds to all of them with
the same sign; dependence that few tracks merely seem to show is left out (:func:`shrinkage`). The corrected p is
never larger than Holm's.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from degrade_bench.analysis import statistics as stat
from degrade_bench.analysis.bounds import Spread
from degrade_bench.analysis.levels.base import LevelInputs
from degrade_bench.analysis.resampling import CHUNK

DRAWS = 4000
"""Draws of the multipliers."""


@dataclass(frozen=True, eq=False)
class Pulls:
    """How far the tracks pull what is tested: of drops and of net drops, each with its distance from the bound.

    A method gives the pulls on the part of a claim that decides it, ``(tracks, damages)``, for the row of each
    damage that decides it; zeros for the row -1, which is none.
    """

    inputs: LevelInputs

    @classmethod
    def of(cls, inputs: LevelInputs) -> Pulls:
        """On the statistics of one metric."""
        return cls(inputs)

    def exceeding(self, rows: np.ndarray) -> np.ndarray:
        """On the drop above the margin, or the net drop above the effect."""
        return self._nearer(rows, [(self.inputs.drop_spread, 1, False, 1), (self.inputs.net_spread, 1, True, 1)])

    def preferring(self, rows: np.ndarray) -> np.ndarray:
        """On the drop under −margin, or the net drop under −effect."""
        return self._nearer(rows, [(self.inputs.drop_spread, -1, False, 1), (self.inputs.net_spread, -1, True, 1)])

    def within(self, rows: np.ndarray) -> np.ndarray:
        """On the drop and the net drop within ± margin and ± effect."""
        drop, net = self.inputs.drop_spread, self.inputs.net_spread
        return self._nearer(rows, [(spread, sign, spread is net, -1) for spread in (drop, net) for sign in (-1, 1)])

    def of_placebo(self, rows: np.ndarray) -> np.ndarray:
        """On the drop above the margin, or the share that is not the placebo's."""
        return self._nearer(rows, [(self.inputs.drop_spread, 1, False, 1), (self.inputs.rest_spread, -1, True, 0)])

    def _nearer(self, rows: np.ndarray, parts: list[tuple[Spread, int, bool, int]]) -> np.ndarray:
        """The pulls on the part with the least room to its bound, in standard errors.

        Args:
            rows: of the cells.
            parts: means, the sign that they count with, whether they are beyond the placebo's (their bound then is
                the effect, else the margin), and how the bound counts: 1 where the mean has to exceed it, −1 where
                it has to stay under it, 0 where the bound is zero.
        """
        rooms, pulls = [], []
        for spread, sign, beyond, side in parts:
            bound = self.inputs.effect if beyond else self.inputs.margin
            side_sign = sign if side >= 0 else -sign
            pull = side_sign * spread.influence[:, rows] - side * bound.influence[:, None]
            room = side_sign * spread.means[rows] - side * bound.value
            with np.errstate(invalid="ignore", divide="ignore"):
                room = np.where(spread.errors[rows] > 0, room / spread.errors[rows], math.inf)
            known = np.isfinite(spread.means[rows]) & (rows >= 0)
            rooms.append(np.where(known & ~np.isnan(room), room, math.inf))
            pulls.append(np.where(known, pull, 0.0))
        nearest = np.argmin(np.array(rooms), axis=0)
        values: np.ndarray = np.take_along_axis(np.array(pulls), nearest[None, None], axis=0)[0]
        return values


def corrected(p: np.ndarray, pulls: np.ndarray, seed: int) -> np.ndarray:
    """One-sided p values after the correction for their number; NaN stays NaN and counts for nothing.

    Args:
        p: ``(damages,)``.
        pulls: ``(tracks, damages)``, how far the tracks pull each statistic.
        seed: of the multipliers.
    """
    from scipy.special import ndtri

    holm = stat.holm(p)
    tested = np.flatnonzero(np.isfinite(p))
    if len(tested) < 2 or len(pulls) < 2:
        return holm
    order = tested[np.argsort(p[tested], kind="stable")]
    counts, bounds = np.zeros(len(order), dtype=int), -ndtri(p[order])
    for chance in _drawn(pulls[:, order], seed):
        largest = np.maximum.accumulate(chance[:, ::-1], axis=1)[:, ::-1]
        counts += (largest >= bounds).sum(axis=0)
    steps = np.maximum((counts + 1) / (DRAWS + 1), p[order])
    values = holm.copy()
    values[order] = np.minimum(np.maximum.accumulate(steps), holm[order])
    return values


def chance_of_all(pulls: np.ndarray, seed: int) -> np.ndarray:
    """What chance does to several statistics at once, in standard errors: ``(draws, statistics)``.

    Args:
        pulls: ``(tracks, statistics)``, how far the tracks pull each; at least two tracks.
        seed: of the multipliers.
    """
    return np.concatenate([np.where(np.isfinite(chance), chance, 0.0) for chance in _drawn(pulls, seed)])


def _drawn(pulls: np.ndarray, seed: int) -> Iterator[np.ndarray]:
    """Standard normal draws with the dependence of the pulls, block by block; −∞ where nothing pulls.

    Args:
        pulls: ``(tracks, statistics)``.
        seed: of the multipliers.
    """
    pulls = pulls / np.maximum(np.abs(pulls).max(axis=0), sys.float_info.min)
    size = np.sqrt((pulls**2).sum(axis=0))
    directions = pulls / np.where(size > 0, size, 1.0)
    apart = shrinkage(directions)
    shared, alone = math.sqrt(1 - apart) * directions, math.sqrt(apart)
    step = max(1, CHUNK // sum(pulls.shape))
    for block in range(math.ceil(DRAWS / step)):
        of_tracks, of_tests = _normals(seed, block, min(step, DRAWS - block * step), *pulls.shape)
        chance = of_tracks @ shared
        chance += alone * of_tests
        chance[:, size == 0] = -math.inf
        yield chance


@lru_cache(maxsize=8)
def _normals(seed: int, block: int, draws: int, tracks: int, tests: int) -> tuple[np.ndarray, np.ndarray]:
    """Draws of the tracks' multipliers, and of what chance is each test's alone: not to be written to.

    Args:
        seed: of all.
        block: which of the blocks that the draws are split into.
        draws: how many.
        tracks: columns of the first.
        tests: columns of the second.
    """
    rng = np.random.Generator(np.random.Philox(key=[seed % 2**64, block]))
    made = rng.standard_normal((draws, tracks)), rng.standard_normal((draws, tests))
    for values in made:
        values.setflags(write=False)
    return made


def shrinkage(directions: np.ndarray) -> float:
    """How much of the statistics' dependence few tracks merely seem to show: 0 for none of it, 1 for all.

    Correlations over few tracks are large by chance, and tests that seem to hang together would be corrected too
    little. The weight is that at which correlations shrunk towards none have the least squared error (J. Schäfer
    and K. Strimmer, Statistical Applications in Genetics and Molecular Biology 2005).

    Args:
        directions: ``(tracks, statistics)``, of length 1 each, or 0 for a statistic that stands still.
    """
    tracks = len(directions)
    correlation = directions.T @ directions
    products = tracks * (directions**2).T @ directions**2  # mean squares of the terms that a correlation is made of
    variance = tracks / (tracks - 1) ** 3 * tracks * np.maximum(products - correlation**2, 0.0)
    for square in (variance, correlation):
        np.fill_diagonal(square, 0.0)
    total = float((correlation**2).sum())
    return min(1.0, float(variance.sum()) / total) if total > 0 else 0.0
