"""How far limits of means lie from them, many standard errors out and few."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np


def reach_of_means(reach: np.ndarray, errors: np.ndarray, skewness: np.ndarray, tracks: np.ndarray) -> np.ndarray:
    """How far over means their upper limits lie: of the t distribution, and more where values are skewed upwards.

    The correction is the first term of the Cornish-Fisher expansion (N. J. Johnson, JASA 1978), taken only where it
    widens: a few clips do not tell their skewness well enough to bring a limit in. It is read off no further out
    than at 95 % (two-sided), where the expansion still holds.

    Args:
        reach: quantiles of the t distribution, 0 or more.
        errors: standard errors of the means.
        skewness: of the values; of their negatives for how far lower limits lie under the means.
        tracks: how many values each mean is of.
    """
    return Limits.of(errors, skewness, tracks).over(reach)


@dataclass(frozen=True, eq=False)
class Limits:
    """What :func:`reach_of_means` computes but once for many reaches, each ``(columns,)``.

    Attributes:
        errors: standard errors of the means.
        skewness: 0 or more.
        ends: the reach beyond which the expansion no longer holds.
        width: what the skewness is divided by.
    """

    errors: np.ndarray
    skewness: np.ndarray
    ends: np.ndarray
    width: np.ndarray

    @classmethod
    def of(cls, errors: np.ndarray, skewness: np.ndarray, tracks: np.ndarray) -> Limits:
        """Of means.

        Args:
            errors: their standard errors.
            skewness: of the values.
            tracks: how many values each mean is of.
        """
        ends = _where_the_expansion_ends(np.asarray(tracks, dtype=np.int64).tobytes())
        width = 6 * np.sqrt(np.maximum(tracks, 2).astype(float))
        return cls(errors, np.maximum(skewness, 0.0), ends, width)

    def over(self, reach: np.ndarray) -> np.ndarray:
        """How far over the means their upper limits lie, so many standard errors out."""
        out = np.minimum(reach, self.ends)
        values: np.ndarray = self.errors * (reach + self.skewness * (1 + 2 * out**2) / self.width)
        return values


@lru_cache(maxsize=256)
def _where_the_expansion_ends(tracks: bytes) -> np.ndarray:
    """The two-sided 95 % quantiles of the t distribution for so many tracks: the bytes of whole numbers."""
    from scipy.special import stdtrit

    values: np.ndarray = stdtrit(np.maximum(np.frombuffer(tracks, dtype=np.int64), 2) - 1.0, 0.975)
    values.setflags(write=False)
    return values
