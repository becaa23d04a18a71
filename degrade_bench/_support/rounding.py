"""Rounding is no effect: scores that a few units in the last place of their type could account for are equal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

UNITS = 4
"""Units in the last place by which two scores may differ and be equal."""


@dataclass(frozen=True)
class Ties:
    """How close scores of one metric are that count as equal.

    Attributes:
        single: whether every score of the metric is a float32 exactly, so that this is its type.
        typical: the median of the scores' sizes: a score near zero is rounded like the terms that it came from.
        exact: whether scores are whole numbers, which nothing was rounded in.
    """

    single: bool = False
    typical: float = 0.0
    exact: bool = True

    @classmethod
    def of(cls, scores: np.ndarray) -> Ties:
        """From all finite scores of a metric.

        >>> Ties.of(np.array([0.5, 0.75])).single, Ties.of(np.array([0.1, 0.2])).single
        (True, False)
        """
        if not len(scores):
            return cls()
        with np.errstate(over="ignore"):
            single = bool((scores.astype(np.float32).astype(np.float64) == scores).all())
        return cls(single, float(np.median(np.abs(scores))), bool((scores == np.rint(scores)).all()))

    def reach(self, *sizes: np.ndarray | float) -> np.ndarray:
        """The largest difference that is none, between scores of these sizes.

        Args:
            sizes: scores or their sizes, of shapes that fit together; NaN for none.
        """
        size = np.asarray(self.typical)
        for other in sizes:
            size = np.fmax(size, np.abs(other))
        if self.exact:
            return np.zeros(np.shape(size))
        with np.errstate(over="ignore", invalid="ignore"):
            kind = np.float32 if self.single else np.float64
            unit = np.spacing(size.astype(kind)).astype(np.float64)
        reach: np.ndarray = np.where(size > np.finfo(kind).tiny, UNITS * unit, 0.0)
        return reach

    def settled(self, differences: np.ndarray, *sizes: np.ndarray | float) -> np.ndarray:
        """The differences with 0 for those that rounding can account for.

        Args:
            differences: of scores.
            sizes: of the scores, as for :meth:`reach`.

        >>> float(Ties.of(np.float32([0.7, 0.3]).astype(float)).settled(np.array(6e-8), 0.7))
        0.0
        """
        with np.errstate(invalid="ignore"):
            settled: np.ndarray = np.where(np.abs(differences) <= self.reach(*sizes), 0.0, differences)
        return settled
