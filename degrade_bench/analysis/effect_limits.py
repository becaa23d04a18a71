"""Limits of d_z, and how many recordings it takes to show that it lies beyond a bound.

Of normal values the t statistic of a mean follows the noncentral t distribution, whose noncentrality is d_z times
the root of their number: a limit of d_z is the noncentrality under which what was seen is just not surprising
(J. H. Steiger and R. T. Fouladi, 1997; G. Cumming and S. Finch, Educational and Psychological Measurement 2001).
Where values are skewed or have heavy tails, these limits lie too near; so a second pair is formed from the variance
that d_z has by the values' own skewness and kurtosis (its delta method), and of the two the farther one counts.

Powers are those of the noncentral t alone, as everywhere in :mod:`~degrade_bench.analysis.power`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from degrade_bench.analysis.power import fewest
from degrade_bench.analysis.statistics import effect_dz

FARTHEST = 30.0
"""Noncentralities beyond which the normal approximation takes over."""
STEPS = 60


@dataclass(frozen=True)
class DzLimits:
    """d_z with two one-sided limits; infinite where values have a mean and no spread, NaN with fewer than three.

    Attributes:
        dz: mean over standard deviation.
        low: what it was shown to exceed.
        high: what it was shown to stay under.
        tracks: how many values there are.
    """

    dz: float
    low: float
    high: float
    tracks: int


def dz_limits(means: np.ndarray, alpha: float) -> DzLimits:
    """d_z of one value per track, with limits that are each wrong with a chance of ``alpha``.

    >>> limits = dz_limits(np.array([0.5, 1.0, 1.5, 2.0, 0.2, 0.8]), 0.05)
    >>> print(f"{limits.dz:.2f}, at least {limits.low:.2f} and at most {limits.high:.2f}")
    1.51, at least 0.45 and at most 2.49
    """
    values = means[np.isfinite(means)]
    tracks = len(values)
    if tracks < 3:
        return DzLimits(math.nan, math.nan, math.nan, tracks)
    dz = effect_dz(values)
    if math.isnan(dz):  # all are alike
        mean = float(values.mean())
        alike = math.copysign(math.inf, mean) if mean else 0.0
        return DzLimits(alike, alike, alike, tracks)
    t = dz * math.sqrt(tracks)
    low, high = (_noncentrality(t, tracks, share) / math.sqrt(tracks) for share in (1 - alpha, alpha))
    own_low, own_high = _by_moments(values, dz, alpha)
    return DzLimits(dz, min(low, own_low), max(high, own_high), tracks)


def _by_moments(values: np.ndarray, dz: float, alpha: float) -> tuple[float, float]:
    """Limits from the values' own skewness and kurtosis."""
    from scipy.special import stdtrit

    tracks = len(values)
    apart = (values - values.mean()) / values.std()
    skewness, kurtosis = float((apart**3).mean()), float((apart**4).mean())
    error = math.sqrt(max(1 - dz * skewness + dz**2 * (kurtosis - 1) / 4, 0.0) / tracks)
    unbiased = dz * (1 - 3 / (4 * (tracks - 1) - 1))
    reach = float(stdtrit(tracks - 1, 1 - alpha)) * error
    return unbiased - reach, unbiased + reach


def _below(t: float, tracks: int, noncentrality: float) -> float:
    """The chance that a noncentral t statistic lies at or under ``t``."""
    from scipy.special import nctdtr, ndtr

    freedom = tracks - 1
    if abs(noncentrality) <= FARTHEST:
        chance = float(nctdtr(freedom, noncentrality, t))
        if math.isfinite(chance):
            return chance
    return float(ndtr((t * (1 - 1 / (4 * freedom)) - noncentrality) / math.sqrt(1 + t**2 / (2 * freedom))))


def _noncentrality(t: float, tracks: int, share: float) -> float:
    """The noncentrality under which a share of all t statistics lies at or under ``t``."""
    width = 12 * math.sqrt(1 + t**2 / (2 * (tracks - 1)))
    low, high = t - width, t + width
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if _below(t, tracks, middle) > share else (low, middle)
    return (low + high) / 2


def _critical(bound: float, tracks: int, alpha: float) -> float:
    """The t statistic from which on d_z is shown to exceed a bound."""
    shift = bound * math.sqrt(tracks)
    width = 40 * math.sqrt(1 + shift**2 / (2 * (tracks - 1)))
    low, high = shift - width, shift + width
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if _below(middle, tracks, shift) < 1 - alpha else (low, middle)
    return (low + high) / 2


def chance_to_exceed(dz: float, bound: float, tracks: int, alpha: float) -> float:
    """The chance that so many tracks show a true d_z to exceed a bound.

    Args:
        dz: the true one.
        bound: what it is to exceed.
        tracks: how many.
        alpha: level of the one-sided test.
    """
    if tracks < 3:
        return 0.0
    return 1 - _below(_critical(bound, tracks, alpha), tracks, dz * math.sqrt(tracks))


def smallest_shown(bound: float, tracks: int, alpha: float, power: float) -> float:
    """The smallest true d_z that so many tracks show to exceed a bound; NaN with fewer than three.

    Args:
        bound: what it is to exceed.
        tracks: how many.
        alpha: level of the one-sided test.
        power: the chance that it is shown.
    """
    if tracks < 3:
        return math.nan
    critical = _critical(bound, tracks, alpha)
    return _noncentrality(critical, tracks, 1 - power) / math.sqrt(tracks)


def tracks_to_exceed(dz: float, bound: float, alpha: float, power: float) -> int | None:
    """Fewest tracks that show a true d_z to exceed a bound; None where no number does.

    Args:
        dz: the true one.
        bound: what it is to exceed.
        alpha: level of the one-sided test.
        power: the chance that it is shown.
    """
    if not dz > bound:
        return None
    return fewest(lambda tracks: chance_to_exceed(dz, bound, tracks, alpha) >= power)


def chance_within(bound: float, levels: int, tracks: int, alpha: float) -> float:
    """The chance, at least, that a d_z of nothing is shown to lie within ± a bound at every level.

    Args:
        bound: to either side.
        levels: at how many.
        tracks: how many.
        alpha: level of each one-sided test.
    """
    if tracks < 3:
        return 0.0
    room = -_critical(-bound, tracks, alpha)
    return max(0.0, 1 - 2 * levels * _below(-room, tracks, 0.0)) if room > 0 else 0.0


def tracks_within(bound: float, levels: int, alpha: float, power: float) -> int | None:
    """Fewest tracks that show a d_z of nothing to lie within ± a bound at every level; None where no number does.

    Args:
        bound: to either side.
        levels: at how many.
        alpha: level of each one-sided test.
        power: the chance that it is shown.
    """
    if not bound > 0:
        return None
    return fewest(lambda tracks: chance_within(bound, levels, tracks, alpha) >= power)
