"""One-sided tests of a mean against a margin that may itself be an estimate.

Whether a mean lies above a bound is asked of the lower limit of their difference, formed from the limits of both
(MOVER: G. Y. Zou and A. Donner, Statistics in Medicine 2008), so that neither has to be symmetric:

- a mean's limits are those of the t distribution over tracks, moved outwards by what the drops' skewness asks for
  (:func:`reach_of_means`);
- a margin's limits are formed in its logarithm, so that they stay above zero and fit a standard deviation; the
  upper limit of one that a mean shift decided, in its unit;
- how the two go together on the same clips enters as their correlation over the bootstrap's resamples.

The p value is the level at which the limit just touches the bound. Tests of a margin jointly with its error follow
the synthesis method of active-control trials (M. Rothmann and others, Statistics in Medicine 2003); tests of more
than a smallest effect are minimum-effect tests (K. R. Murphy and B. Myors, Journal of Applied Psychology 1999).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np

from degrade_bench.analysis.means import Clustered
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.reach import Limits, reach_of_means
from degrade_bench.analysis.resampling import Draws, Resampler

CAREFUL = 1.96
"""Standard errors up to which small samples widen a limit the more, the further out it lies."""
FARTHEST = 1e3
"""Standard errors beyond which a p value is called 0."""
STEPS = 50
ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Spread:
    """Means with what their limits are formed from, each ``(columns,)``.

    Attributes:
        means: over clips.
        errors: their standard errors over tracks; NaN with fewer than two.
        skewness: of the tracks' values.
        tracks: how many.
        influence: ``(tracks, columns)``, how far each track pulls the mean.
        drawn: ``(resamples, columns)``, the means of the bootstrap's resamples.
    """

    means: np.ndarray
    errors: np.ndarray
    skewness: np.ndarray
    tracks: np.ndarray
    influence: np.ndarray
    drawn: np.ndarray

    @classmethod
    def of(cls, values: Clustered, resampler: Resampler) -> Spread:
        """Of values by track."""
        drawn = values.draws(resampler).resampled
        return cls(values.means, values.errors, values.skewness, values.tracks, values.influence, drawn)

    def mirrored(self) -> Spread:
        """The same of the values with the other sign."""
        return Spread(-self.means, self.errors, -self.skewness, self.tracks, -self.influence, -self.drawn)

    def part(self, columns: np.ndarray) -> Spread:
        """The same of some of the columns."""
        return replace(self, **{own.name: getattr(self, own.name)[..., columns] for own in fields(self)})

    def below(self, reach: np.ndarray) -> np.ndarray:
        """How far under the means their lower limits lie, so many standard errors out."""
        return self._down.over(reach)

    def above(self, reach: np.ndarray) -> np.ndarray:
        """How far over the means their upper limits lie, so many standard errors out."""
        return self._up.over(reach)

    @cached_property
    def _down(self) -> Limits:
        return Limits.of(self.errors, -self.skewness, self.tracks)

    @cached_property
    def _up(self) -> Limits:
        return Limits.of(self.errors, self.skewness, self.tracks)


def mean_intervals(
    values: Clustered, resampler: Resampler, confidences: Sequence[float], options: AnalysisOptions
) -> np.ndarray:
    """Intervals of means ``(confidences, 2, columns)``: low and high; NaN with fewer than two tracks.

    Of the t distribution over tracks, widened for skewness; under rules 1 BCa bootstrap intervals.

    Args:
        values: by track.
        resampler: draws tracks, under rules 1.
        confidences: such as ``(0.95, 0.9)``.
        options: which rules.
    """
    from scipy.special import stdtrit

    if options.rules == 1:
        return values.intervals(resampler, confidences)
    means, errors, skewness, tracks = values.means, values.errors, values.skewness, values.tracks
    ends = []
    for confidence in confidences:
        reach = stdtrit(np.maximum(tracks - 1, 1), (1 + confidence) / 2)
        low, high = (reach_of_means(reach, errors, sign * skewness, tracks) for sign in (-1, 1))
        ends.append((means - low, means + high))
    return np.array(ends).reshape(len(confidences), 2, len(means))


@dataclass(frozen=True, eq=False)
class Bound:
    """A margin, given or estimated.

    Attributes:
        value: 0 or more.
        log_below, log_above: the standard error of its logarithm downwards and upwards; 0 for one that was given.
        influence: ``(tracks,)``, how far each track pulls it, times their number; zeros for one that was given.
        drawn: ``(resamples,)``, its resamples; empty for one that was given.
        is_spread: whether it is a standard deviation, whose upper limit lies further out than its lower one.
    """

    value: float
    log_below: float
    log_above: float
    influence: np.ndarray
    drawn: np.ndarray
    is_spread: bool = True

    @classmethod
    def of(cls, draws: Draws, is_spread: bool = True) -> Bound:
        """Of a margin's draws, which are one column.

        Args:
            draws: bootstrap and jackknife.
            is_spread: whether it is a standard deviation.
        """
        value, drawn, tracks = float(draws.centre[0]), draws.resampled[:, 0], len(draws.left_out)
        finite = drawn[np.isfinite(drawn)]
        if not value > 0 or tracks < 2 or not len(finite) or np.ptp(finite) == 0:
            return cls(value, 0.0, 0.0, np.zeros(tracks), drawn[:0])
        logs = np.log(np.maximum(finite, value / FARTHEST))
        near = np.maximum(logs, math.log(value / 2))  # beyond that, the recording that makes the spread is missing
        below, above = (float(np.std(part)) for part in (logs, near))
        small = math.sqrt(tracks / (tracks - 1))
        pulled = (tracks - 1) * (value - draws.left_out[:, 0])
        influence = np.where(np.isfinite(pulled), pulled, 0.0)
        return cls(value, below * small, above * small, influence, drawn, is_spread)

    def above(self, reach: np.ndarray) -> np.ndarray:
        """How far over the margin its upper limit lies, so many standard errors out.

        Of a standard deviation it is moved further out where recordings are few, since they tell the weight of the
        tails poorly (D. G. Bonett, Computational Statistics & Data Analysis 2006).
        """
        if not self.is_spread or not self.log_above:
            over: np.ndarray = self.value * reach * self.log_above
            return over
        count = len(self.influence)
        few = count / (count - np.minimum(reach, min(CAREFUL, count / 2)))
        values: np.ndarray = self.value * (
            np.sqrt(few) * np.exp(np.minimum(few * reach * self.log_above, 500.0)) - 1
        )
        return values

    def below(self, reach: np.ndarray) -> np.ndarray:
        """How far under the margin its lower limit lies, so many standard errors out."""
        values: np.ndarray = self.value * -np.expm1(-reach * self.log_below)
        return values

    def with_means(self, means: np.ndarray) -> np.ndarray:
        """Its correlation with means ``(resamples, columns)`` over the resamples; 0 where either stands still."""
        if not len(self.drawn):
            return np.zeros(means.shape[1])
        both = np.isfinite(means) & np.isfinite(self.drawn)[:, None]
        counts = np.maximum(both.sum(axis=0), 1)
        own = np.where(both, self.drawn[:, None], 0.0)
        other = np.where(both, means, 0.0)
        own, other = (np.where(both, part - part.sum(axis=0) / counts, 0.0) for part in (own, other))
        size = np.sqrt((own**2).sum(axis=0)) * np.sqrt((other**2).sum(axis=0))
        values: np.ndarray = np.where(size > 0, (own * other).sum(axis=0) / np.where(size > 0, size, 1.0), 0.0)
        return values


@dataclass(frozen=True, eq=False)
class Against:
    """Means against a margin: one-sided p values, each ``(columns,)``.

    Attributes:
        spread: the means.
        bound: the margin.
        together: ``(columns,)``, how the two go together over the resamples.
    """

    spread: Spread
    bound: Bound
    together: np.ndarray

    @classmethod
    def of(cls, spread: Spread, bound: Bound) -> Against:
        """Means against a margin."""
        return cls(spread, bound, bound.with_means(spread.drawn))

    def mirrored(self) -> Against:
        """The same of the values with the other sign."""
        return Against(self.spread.mirrored(), self.bound, -self.together)

    def beyond(self) -> np.ndarray:
        """Of a mean at or under the margin: small where it lies above it."""
        return _p(self.spread, self.bound.value, self.bound.above, self.together)

    def under(self) -> np.ndarray:
        """Of a mean at or above the margin: small where it lies under it."""
        return _p(self.spread.mirrored(), -self.bound.value, self.bound.below, self.together)

    def within(self) -> np.ndarray:
        """The larger p of the two tests of a mean at or beyond ± margin (D. J. Schuirmann 1987)."""
        values: np.ndarray = np.maximum(self.under(), self.mirrored().under())
        return values


def p_beyond(spread: Spread, bound: Bound) -> np.ndarray:
    """One-sided p of a mean at or under a margin, ``(columns,)``: small where it lies above it."""
    return Against.of(spread, bound).beyond()


def p_under(spread: Spread, bound: Bound) -> np.ndarray:
    """One-sided p of a mean at or above a margin, ``(columns,)``: small where it lies under it."""
    return Against.of(spread, bound).under()


def p_negative(spread: Spread) -> np.ndarray:
    """One-sided p of a mean of zero or more, ``(columns,)``: small where it lies below zero."""
    return p_under(spread, Bound(0.0, 0.0, 0.0, np.zeros(0), np.zeros(0)))


def _joined(one: np.ndarray, other: np.ndarray, together: np.ndarray) -> np.ndarray:
    """The reach of a difference from the reaches of its parts and their correlation."""
    values: np.ndarray = np.sqrt(np.maximum(one**2 + other**2 - 2 * together * one * other, 0.0))
    return values


def _p(spread: Spread, place: float, over: Callable[[np.ndarray], np.ndarray], together: np.ndarray) -> np.ndarray:
    """The tail of the t distribution at the reach at which no room is left; 1 where there is none to begin with.

    Args:
        spread: the means, which are to lie above a place.
        place: that place; room that rounding can account for is none.
        over: how far over the place its upper limit lies, so many standard errors out.
        together: how means and place go together.
    """
    from scipy.special import stdtr

    known = np.isfinite(spread.means) & np.isfinite(spread.errors)
    p_values = np.where(known, 1.0, math.nan)
    with np.errstate(invalid="ignore", over="ignore"):
        room = _Room(spread, place, over, together)
        some = known & room.is_left(np.zeros(len(known)))
        p_values[some] = 0.0
        columns = np.flatnonzero(some & ~room.is_left(np.full(len(known), FARTHEST)))
        room = _Room(spread.part(columns), place, over, together[columns])
        low, high = np.zeros(len(columns)), np.full(len(columns), FARTHEST)
        for _ in range(STEPS if len(columns) else 0):
            middle = np.where(high > 2 * (low + 0.01), np.sqrt((low + 1e-3) * high), (low + high) / 2)
            left = room.is_left(middle)
            low, high = np.where(left, middle, low), np.where(left, high, middle)
        p_values[columns] = stdtr(np.maximum(room.spread.tracks - 1, 1), -low)
    return p_values


@dataclass(frozen=True, eq=False)
class _Room:
    """What lies between the lower limits of means and the upper limit of a place; attributes as for :func:`_p`."""

    spread: Spread
    place: float
    over: Callable[[np.ndarray], np.ndarray]
    together: np.ndarray

    @cached_property
    def _rounding(self) -> np.ndarray:
        values: np.ndarray = ROUNDING * (np.abs(self.spread.means) + abs(self.place))
        return values

    def is_left(self, reach: np.ndarray) -> np.ndarray:
        """Whether there is any, so many standard errors out."""
        joined = _joined(self.spread.below(reach), self.over(reach), self.together)
        values: np.ndarray = self.spread.means - self.place - joined > self._rounding
        return values
