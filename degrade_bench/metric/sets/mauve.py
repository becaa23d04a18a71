"""MAUVE: how near two sets of vectors are, by how often each falls into the clusters that both make.

The vectors of both sets are scaled to length 1, reduced to the principal axes that hold nine tenths of their
variance, and put into k-means clusters, one for every ten vectors of the smaller set. That leaves two histograms, P
and Q. With their mixtures ``R = w P + (1 − w) Q`` the points ``exp(−5 KL(Q ‖ R)), exp(−5 KL(P ‖ R))`` make a curve,
from (1, 0) to (0, 1) as ``w`` rises; MAUVE is the area under it, by trapezoids. It is 1 for equal histograms, and
near 0 for such that share nothing.

Clusters are made once, of all tracks. Where tracks are left out, they leave the histograms and not the clusters: to
find clusters anew would scatter more than what is asked. The package ``mauve-text`` computes the same area of the
same histograms, and finds its clusters by another library; it is under GPL-3 and was last released in 2024.

Source: K. Pillutla et al., "MAUVE: measuring the gap between neural text and human text using divergence
frontiers", NeurIPS 2021 (arXiv 2102.01454), with the constants of that paper.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from degrade_bench.metric.sets.base import SetMetric
from degrade_bench.metric.sets.vectors import VectorSet

VECTORS_PER_CLUSTER = 10
VARIANCE_KEPT = 0.9
RESTARTS, ROUNDS = 5, 500
"""Of k-means."""
SCALE = 5.0
DIGITS = 12
"""Beyond them there is rounding, by which equal histograms would differ."""
WEIGHTS = np.linspace(1e-6, 1 - 1e-6, 25)


class Mauve(SetMetric):
    """MAUVE of a set's vectors and those of the reference set."""

    name = "mauve"
    summary = "how near a set's vectors are to the clean set's, by how often both fall into the same clusters"
    higher_is_better = True
    source = "arXiv 2102.01454"
    min_frames = 2 * VECTORS_PER_CLUSTER

    def compare(self, reference: VectorSet, heard: VectorSet) -> float:
        """The area, from 0 to 1."""
        tracks = 1 + int(max(reference.track.max(), heard.track.max()))
        return float(self.on_subsets(reference, heard, np.ones((1, tracks), dtype=bool))[0])

    def on_subsets(self, reference: VectorSet, heard: VectorSet, kept: np.ndarray) -> np.ndarray:
        """The areas without some tracks, in the clusters of all."""
        labels = clusters(reference, heard)
        stays = kept.astype(float)
        of_tracks = (
            _counts(of_set, one.track, 1 + max(int(part.max()) for part in labels), kept.shape[1])
            for of_set, one in zip(labels, (reference, heard), strict=True)
        )
        return areas(*(stays @ counts for counts in of_tracks))


@lru_cache(maxsize=2)
def clusters(reference: VectorSet, heard: VectorSet) -> tuple[np.ndarray, np.ndarray]:
    """The number of the cluster of every vector of both sets."""
    from sklearn.cluster import KMeans

    joined = np.concatenate([reference.vectors, heard.vectors])
    lengths = np.linalg.norm(joined, axis=1, keepdims=True)
    unit = joined / np.where(lengths > 0, lengths, 1.0)
    reduced = _principal(unit - unit.mean(axis=0))
    count = round(min(len(reference.vectors), len(heard.vectors)) / VECTORS_PER_CLUSTER)
    count = max(1, min(max(2, count), len(np.unique(reduced, axis=0))))
    means = KMeans(count, n_init=RESTARTS, max_iter=ROUNDS, random_state=0)
    labels: np.ndarray = means.fit_predict(reduced)
    return labels[: len(reference.vectors)], labels[len(reference.vectors) :]


def _principal(centred: np.ndarray) -> np.ndarray:
    """Vectors along the principal axes that hold most of their variance."""
    rotated, spread, _ = np.linalg.svd(centred, full_matrices=False)
    share = np.cumsum(spread**2)
    axes = 1 + int(np.argmax(share >= VARIANCE_KEPT * share[-1]))
    reduced: np.ndarray = rotated[:, :axes] * spread[:axes]
    return reduced


def _counts(labels: np.ndarray, track: np.ndarray, clusters: int, tracks: int) -> np.ndarray:
    """How many vectors of each track are in each cluster, ``(tracks, clusters)``.

    Args:
        labels: of the vectors.
        track: of each.
        clusters: how many there are.
        tracks: likewise.
    """
    counts = np.zeros((tracks, clusters))
    np.add.at(counts, (track, labels), 1.0)
    return counts


def areas(reference: np.ndarray, heard: np.ndarray) -> np.ndarray:
    """MAUVE of pairs of histograms; NaN where one is empty.

    Shape:
        reference, heard: ``(pairs, clusters)``, counts.
        returns: ``(pairs,)``.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        p, q = (counts / counts.sum(axis=1, keepdims=True) for counts in (reference, heard))
    weights = WEIGHTS[:, None, None]
    mixed = weights * p + (1 - weights) * q
    ends = np.ones((1, len(p))), np.zeros((1, len(p)))
    x = np.concatenate([ends[0], np.exp(-SCALE * _divergence(q, mixed)), ends[1]])
    y = np.concatenate([ends[1], np.exp(-SCALE * _divergence(p, mixed)), ends[0]])
    areas: np.ndarray = (-np.diff(x, axis=0) * (y[1:] + y[:-1]) / 2).sum(axis=0).round(DIGITS)
    return areas


def _divergence(of: np.ndarray, mixed: np.ndarray) -> np.ndarray:
    """Kullback and Leibler's, in nats, ``(weights, pairs)``; an empty cluster adds nothing."""
    with np.errstate(invalid="ignore", divide="ignore"):
        terms = of * np.log(of / mixed)
    divergence: np.ndarray = np.maximum(np.where(of == 0, 0.0, terms).sum(axis=2), 0.0)
    return divergence
