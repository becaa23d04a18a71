"""Fréchet distance between two sets of vectors, each taken for a normal distribution.

``|μ₁ − μ₂|² + tr Σ₁ + tr Σ₂ − 2 tr (Σ₁ Σ₂)^½``. With ``Σ = Aᵀ A`` the last trace is the sum of the singular values
of ``A₁ A₂ᵀ`` (A. Mathiasen and F. Hvilshøj, "Backpropagating through Fréchet Inception Distance", arXiv
2009.14075): so nothing need be inverted, and sets of fewer vectors than dimensions have a distance, too. What fadtk
and others compute from the root of ``Σ₁ Σ₂`` is the same, but for what they add to a singular product.

Of few vectors the distance is too large. The bias shrinks with their number, as 1/n and 1/n², which is what the
jackknife takes off (:mod:`degrade_bench.metric.sets.jackknife`).

Source: K. Kilgour et al., "Fréchet Audio Distance", Interspeech 2019 (arXiv 1812.08466).
"""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property, lru_cache

import numpy as np

from degrade_bench.metric.sets.base import SetMetric
from degrade_bench.metric.sets.vectors import VectorSet

ROUNDING = 1e-12
"""A distance that is a smaller share of the two traces is none."""
ENOUGH = 3
"""So many times as many vectors as dimensions have a covariance that parts of them have, too."""
THIN = 1e-5
"""The variance of a direction, as a share of the largest, from which on sums of squares are exact enough."""


class Frechet(SetMetric):
    """Fréchet distance of a set's vectors to those of the reference set."""

    name = "frechet"
    summary = "distance of a set's vectors from the clean set's, each taken for a normal distribution"
    higher_is_better = False
    second_order = True
    source = "Fréchet Audio Distance (arXiv 1812.08466)"

    def compare(self, reference: VectorSet, heard: VectorSet) -> float:
        """The distance, 0 for equal sets."""
        everything = np.ones((1, _tracks(reference, heard)), dtype=bool)
        return float(self.on_subsets(reference, heard, everything)[0])

    def on_subsets(self, reference: VectorSet, heard: VectorSet, kept: np.ndarray) -> np.ndarray:
        """The distances without some tracks, from what is known of each track."""
        clean, damaged = _moments_of(reference), Moments(heard)
        if clean.is_round and damaged.is_round:
            with suppress(np.linalg.LinAlgError):  # a choice of very few tracks
                return _distances(clean, damaged, kept)
        return np.array([_distance(*clean.of_tracks(row), *damaged.of_tracks(row)) for row in kept])


class Moments:
    """What the mean and the covariance of a set, and of parts of it, are made from: a root of each track's scatter.

    Args:
        vectors: the set.
    """

    def __init__(self, vectors: VectorSet) -> None:
        self._dim = vectors.vectors.shape[1]
        self.tracks, self._counts = np.unique(vectors.track, return_counts=True)
        parts = [vectors.vectors[vectors.track == track] for track in self.tracks]
        self._means = np.array([part.mean(axis=0) for part in parts])
        self._roots = [_reduced(part - mean, self._dim) for part, mean in zip(parts, self._means, strict=True)]
        self._known: dict[bytes, tuple[np.ndarray, np.ndarray]] = {}
        self._about = vectors.vectors.mean(axis=0)

    @cached_property
    def is_round(self) -> bool:
        """Whether no direction is so thin that differences of sums of squares would lose it."""
        if self._counts.sum() < ENOUGH * self._dim:
            return False
        everything = np.ones((1, 1 + int(self.tracks.max())), dtype=bool)
        sizes = np.linalg.eigvalsh(self.covariances(everything)[1][0])
        return bool(sizes[0] > THIN * sizes[-1])

    def covariances(self, kept: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Means ``(choices, dim)`` and covariances ``(choices, dim, dim)`` of several choices of tracks, by sums.

        Args:
            kept: ``(choices, tracks)``, True at the numbers of those that stay.
        """
        stays = kept[:, self.tracks].astype(float)
        means, squares = self._by_track
        counts = (stays @ self._counts)[:, None]
        sums = stays @ (self._counts[:, None] * means)
        total = np.tensordot(stays, squares, axes=1) - sums[:, :, None] * (sums / counts)[:, None]
        return self._about + sums / counts, total / (counts[:, :, None] - 1)

    @cached_property
    def _by_track(self) -> tuple[np.ndarray, np.ndarray]:
        """Each track's mean from the set's, and its sum of squares about that."""
        means = self._means - self._about
        squares = np.array([root.T @ root for root in self._roots])
        return means, squares + self._counts[:, None, None] * means[:, :, None] * means[:, None]

    def of_tracks(self, kept: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean ``(dim,)`` and root ``A`` of the covariance ``Aᵀ A`` of some tracks.

        Args:
            kept: ``(tracks,)``, True at the numbers of those that stay.
        """
        key = np.packbits(kept).tobytes()
        if key not in self._known:
            self._known[key] = self._made(np.flatnonzero(kept[self.tracks]))
        return self._known[key]

    def _made(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        counts = self._counts[places, None]
        mean = (counts * self._means[places]).sum(axis=0) / counts.sum()
        apart = np.sqrt(counts) * (self._means[places] - mean)
        stacked = np.concatenate([apart, *(self._roots[place] for place in places)])
        return mean, _reduced(stacked, self._dim) / np.sqrt(counts.sum() - 1)


@lru_cache(maxsize=2)
def _moments_of(vectors: VectorSet) -> Moments:
    """Those of a reference set, which many sets are compared with."""
    return Moments(vectors)


def _reduced(rows: np.ndarray, dim: int) -> np.ndarray:
    """A root of ``rowsᵀ rows`` with no more rows than dimensions."""
    if len(rows) <= dim:
        return rows
    return np.asarray(np.linalg.qr(rows, mode="r"))


def _distance(mean_1: np.ndarray, root_1: np.ndarray, mean_2: np.ndarray, root_2: np.ndarray) -> float:
    """The distance of two normal distributions.

    Args:
        mean_1: ``(dim,)``.
        root_1: ``(rows, dim)``, of the covariance.
        mean_2: likewise of the other.
        root_2: likewise.
    """
    traces = (root_1**2).sum() + (root_2**2).sum()
    shared = np.linalg.svd(root_1 @ root_2.T, compute_uv=False).sum()
    apart = ((mean_1 - mean_2) ** 2).sum()
    distance = float(apart + traces - 2 * shared)
    return 0.0 if abs(distance) <= ROUNDING * traces else distance


def _distances(clean: Moments, damaged: Moments, kept: np.ndarray) -> np.ndarray:
    """The same for several choices of tracks at once, from their covariances, which are none of them singular.

    Args:
        clean: of the reference set.
        damaged: of the other.
        kept: ``(choices, tracks)``.
    """
    (mean_1, covariance_1), (mean_2, covariance_2) = clean.covariances(kept), damaged.covariances(kept)
    root_1, root_2 = np.linalg.cholesky(covariance_1), np.linalg.cholesky(covariance_2)
    shared = np.linalg.svd(root_1.transpose(0, 2, 1) @ root_2, compute_uv=False).sum(axis=1)
    traces = np.trace(covariance_1 + covariance_2, axis1=1, axis2=2)
    distances = ((mean_1 - mean_2) ** 2).sum(axis=1) + traces - 2 * shared
    return np.where(np.abs(distances) <= ROUNDING * traces, 0.0, distances)


def _tracks(*sets: VectorSet) -> int:
    return 1 + max(int(one.track.max()) for one in sets)
