"""Precision, recall, density and coverage of a set of vectors, from nearest neighbours.

A ball lies around every vector of a set, as far as its k-th nearest neighbour in that set. *Precision* is the share
of the heard vectors that lie in a ball of the reference set, *recall* the share of the reference's that lie in a
ball of the heard. *Density* counts in how many of the reference's balls a heard vector lies, over k. *Coverage* is
the share of the reference's balls with a heard vector in them. All are 1 for a set that is the reference set.

Source: M. F. Naeem et al., "Reliable fidelity and diversity metrics for generative models", ICML 2020
(arXiv 2002.09797), with k = 5 as there; the package ``prdc`` computes the same.
"""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar

import numpy as np

from degrade_bench.metric.sets.base import SetMetric
from degrade_bench.metric.sets.vectors import VectorSet

NEIGHBOURS = 5
WORDS = ("precision", "recall", "density", "coverage")


class Neighbourhood(SetMetric):
    """One of the four.

    Attributes:
        word: which.
    """

    higher_is_better = True
    source = "arXiv 2002.09797"
    min_frames = NEIGHBOURS + 2
    word: ClassVar[str]

    def compare(self, reference: VectorSet, heard: VectorSet) -> float:
        """The share; NaN where a set has too few vectors for a ball."""
        tracks = 1 + int(max(reference.track.max(), heard.track.max()))
        return float(self.on_subsets(reference, heard, np.ones((1, tracks), dtype=bool))[0])

    def on_subsets(self, reference: VectorSet, heard: VectorSet, kept: np.ndarray) -> np.ndarray:
        """The shares without some tracks, from distances that are computed once."""
        return _shares(reference, heard, kept.shape, kept.tobytes())[:, WORDS.index(self.word)]


class Precision(Neighbourhood):
    """How much of the heard set could be of the reference set."""

    name = word = "precision"
    summary = "share of a set's vectors that could be clean: near to a vector of the clean set"


class Recall(Neighbourhood):
    """How much of the reference set could be of the heard set."""

    name = word = "recall"
    summary = "share of the clean set's vectors that a set could hold: near to one of its own"


class Density(Neighbourhood):
    """In how dense parts of the reference set the heard set lies."""

    name = word = "density"
    summary = "in how dense parts of the clean set a set's vectors lie"


class Coverage(Neighbourhood):
    """How much of the reference set the heard set reaches."""

    name = word = "coverage"
    summary = "share of the clean set's vectors with a vector of the set nearby"


@lru_cache(maxsize=2)
def _shares(reference: VectorSet, heard: VectorSet, shape: tuple[int, int], kept: bytes) -> np.ndarray:
    """All four, ``(choices, 4)``: who asks for one asks for the others next.

    Args:
        reference: clean music.
        heard: the set.
        shape: of ``kept``, ``(choices, tracks)``.
        kept: as bytes.
    """
    from scipy.spatial.distance import cdist

    clean = _own_distances(reference)
    damaged = clean if heard is reference else cdist(heard.vectors, heard.vectors)
    between = cdist(reference.vectors, heard.vectors)
    choices = np.frombuffer(kept, dtype=bool).reshape(shape)
    return np.array([_four(clean, damaged, between, row[reference.track], row[heard.track]) for row in choices])


@lru_cache(maxsize=2)
def _own_distances(vectors: VectorSet) -> np.ndarray:
    from scipy.spatial.distance import cdist

    distances: np.ndarray = cdist(vectors.vectors, vectors.vectors)
    return distances


def _four(
    clean: np.ndarray, damaged: np.ndarray, between: np.ndarray, of_clean: np.ndarray, of_damaged: np.ndarray
) -> tuple[float, float, float, float]:
    """Precision, recall, density and coverage of some of the vectors.

    Args:
        clean: distances within the reference set.
        damaged: within the heard set.
        between: from the one to the other.
        of_clean: True for vectors of the reference set that stay.
        of_damaged: likewise of the heard set.
    """
    if min(of_clean.sum(), of_damaged.sum()) <= NEIGHBOURS:
        return (np.nan,) * 4
    apart = between[of_clean][:, of_damaged]
    around_clean = _radii(clean[of_clean][:, of_clean])[:, None]
    inside = apart < around_clean
    return (
        float(inside.any(axis=0).mean()),
        float((apart < _radii(damaged[of_damaged][:, of_damaged])).any(axis=1).mean()),
        float(inside.sum(axis=0).mean() / NEIGHBOURS),
        float((apart.min(axis=1, keepdims=True) < around_clean).mean()),
    )


def _radii(distances: np.ndarray) -> np.ndarray:
    """From each vector to its k-th neighbour: the next in rank after itself, at no distance."""
    radii: np.ndarray = np.partition(distances, NEIGHBOURS, axis=1)[:, NEIGHBOURS]
    return radii
