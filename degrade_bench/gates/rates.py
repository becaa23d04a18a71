"""Error rates over recordings, with the limits of C. J. Clopper and E. S. Pearson (Biometrika 1934).

Clips of a recording are no independent trials: each recording is one trial, and counts with the share of its clips
that were decided wrongly. Such shares vary less than yes and no would, so that the limits hold for them, too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Rate:
    """A share of clips, with two one-sided limits; NaN without any.

    Attributes:
        value: the mean over recordings.
        low: what it was shown to exceed.
        high: what it was shown to stay under.
        recordings: that it is of.
    """

    value: float
    low: float
    high: float
    recordings: int

    @classmethod
    def of(cls, shares: np.ndarray, confidence: float) -> Rate:
        """Of the share of each recording, NaN where it has none; each limit at this confidence.

        >>> rate = Rate.of(np.array([0.0] * 59), 0.95)
        >>> print(f"{rate.value:.3f}, at most {rate.high:.3f}")
        0.000, at most 0.050
        """
        known = shares[np.isfinite(shares)]
        count = len(known)
        if not count:
            return cls(math.nan, math.nan, math.nan, 0)
        wrong = float(known.sum())
        return cls(wrong / count, lower(wrong, count, confidence), upper(wrong, count, confidence), count)


def upper(wrong: float, recordings: int, confidence: float) -> float:
    """The largest rate under which so few wrong ones are not surprising.

    Args:
        wrong: how many; parts of one count, too.
        recordings: of how many.
        confidence: of the limit.
    """
    from scipy.special import betaincinv

    return 1.0 if wrong >= recordings else float(betaincinv(wrong + 1, recordings - wrong, confidence))


def lower(wrong: float, recordings: int, confidence: float) -> float:
    """The smallest rate under which so many wrong ones are not surprising.

    Args:
        wrong: how many; parts of one count, too.
        recordings: of how many.
        confidence: of the limit.
    """
    from scipy.special import betaincinv

    return 0.0 if wrong <= 0 else float(betaincinv(wrong, recordings - wrong + 1, 1 - confidence))


def most_wrong(recordings: int, rate: float, confidence: float) -> int:
    """How many wrong ones of so many still show that a rate is kept to; −1 where not even none does.

    Args:
        recordings: how many.
        rate: to be kept to.
        confidence: of the limit.
    """
    wrong = -1
    while wrong + 1 < recordings and upper(wrong + 1, recordings, confidence) <= rate:
        wrong += 1
    return wrong


def fewest_wrong(recordings: int, rate: float, confidence: float) -> int:
    """How many wrong ones of so many show that a rate is passed; all of them where not even all do.

    Args:
        recordings: how many.
        rate: that is passed.
        confidence: of the limit.
    """
    wrong = 0
    while wrong < recordings and lower(wrong, recordings, confidence) <= rate:
        wrong += 1
    return wrong


def fewest_recordings(rate: float, confidence: float, wrong: int = 0) -> int:
    """How many recordings show that a rate is kept to, with so many wrong ones among them.

    With none it is ``log(1 − confidence) / log(1 − rate)``: of small rates three over the rate (the rule of three;
    J. A. Hanley and A. Lippman-Hand, JAMA 1983).

    Args:
        rate: to be kept to.
        confidence: of the limit.
        wrong: how many.

    >>> fewest_recordings(0.05, 0.95), fewest_recordings(0.05, 0.95, wrong=1)
    (59, 93)
    """
    recordings = wrong + 1
    while upper(wrong, recordings, confidence) > rate:
        recordings += max(1, recordings // 1000)
    return recordings
