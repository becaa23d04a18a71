"""Squared maximum mean discrepancy of two sets of vectors, with a Gaussian kernel, unbiased.

``k(x, y) = exp(−|x − y|² / 2 s²)``, where ``s`` is the median distance between vectors of the reference set.
The value is the mean of ``k`` within the one set and within the other, less twice its mean between them; kadtk
multiplies it by 100. It is unbiased because it leaves out pairs that are not independent: those of one vector
with itself, and all of one track, of which the clean and the damaged set hold the same music. An unbiased
estimate may be below zero.

Sources: A. Gretton et al., "A kernel two-sample test", JMLR 2012; Y. Chung et al., "KAD: No more FAD!", 2025
(arXiv 2502.15602).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from degrade_bench.metric.sets.base import SetMetric
from degrade_bench.metric.sets.vectors import VectorSet

ROUNDING = 1e-12
"""A discrepancy below that is none: the means that it is made of are at most 1."""


class Mmd(SetMetric):
    """Squared maximum mean discrepancy of a set's vectors from those of the reference set."""

    name = "mmd"
    summary = "discrepancy of a set's vectors from the clean set's by a Gaussian kernel, unbiased"
    higher_is_better = False
    source = "arXiv 2502.15602"

    def compare(self, reference: VectorSet, heard: VectorSet) -> float:
        """The discrepancy; it needs two tracks."""
        tracks = 1 + int(max(reference.track.max(), heard.track.max()))
        return float(self.on_subsets(reference, heard, np.ones((1, tracks), dtype=bool))[0])

    def on_subsets(self, reference: VectorSet, heard: VectorSet, kept: np.ndarray) -> np.ndarray:
        """The discrepancies without some tracks, from sums over pairs of tracks. The width stays the same."""
        tracks, scale = kept.shape[1], 2 * median_distance(reference) ** 2
        stays = kept.astype(float)
        within = [_sums(reference, reference, scale, tracks), _sums(heard, heard, scale, tracks)]
        between = _sums(reference, heard, scale, tracks)
        values = _mean(stays, within[0]) + _mean(stays, within[1]) - 2 * _mean(stays, between)
        return np.where(np.abs(values) <= ROUNDING, 0.0, values)


@lru_cache(maxsize=2)
def median_distance(vectors: VectorSet) -> float:
    """The median distance between two vectors of a set; 1 where most are equal."""
    from scipy.spatial.distance import pdist

    distances = pdist(vectors.vectors)
    median = float(np.median(distances)) if len(distances) else 0.0
    return median if median > 0 else 1.0


def _sums(one: VectorSet, other: VectorSet, scale: float, tracks: int) -> tuple[np.ndarray, np.ndarray]:
    """Sums of the kernel over pairs of tracks, ``(tracks, tracks)``, and how many pairs; 0 within a track.

    Args:
        one: a set.
        other: another, or the same.
        scale: that squared distances are divided by.
        tracks: how many there are.
    """
    if one is other:
        return _sums_within(one, scale, tracks)
    return _summed(one, other, scale, tracks)


@lru_cache(maxsize=4)
def _sums_within(vectors: VectorSet, scale: float, tracks: int) -> tuple[np.ndarray, np.ndarray]:
    return _summed(vectors, vectors, scale, tracks)


def _summed(one: VectorSet, other: VectorSet, scale: float, tracks: int) -> tuple[np.ndarray, np.ndarray]:
    x, y = (part.vectors - one.vectors.mean(axis=0) for part in (one, other))  # far from 0 they would lose digits
    squares = (x**2).sum(axis=1)[:, None] + (y**2).sum(axis=1)
    kernel = np.exp(-np.maximum(squares - 2 * x @ y.T, 0.0) / scale)
    first, second = (np.eye(tracks)[part.track] for part in (one, other))
    sums = first.T @ kernel @ second
    pairs = np.outer(first.sum(axis=0), second.sum(axis=0))
    np.fill_diagonal(sums, 0.0)
    np.fill_diagonal(pairs, 0.0)
    return sums, pairs


def _mean(stays: np.ndarray, made: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """The mean over pairs of tracks that stay, ``(choices,)``."""
    total, count = (((stays @ part) * stays).sum(axis=1) for part in made)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean: np.ndarray = total / count
    return mean
