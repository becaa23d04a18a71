"""Bootstrap intervals over tracks.

Clips of one track (recording) are not independent, so tracks are what is resampled. Whatever is estimated here
follows from *totals over tracks*: each track counts once (the sample), as often as it was drawn (a resample), or
once but for one (the jackknife, for the acceleration). A statistic is written once, as a function of something that
forms such totals.

Sources: BCa intervals, B. Efron, "Better bootstrap confidence intervals", JASA 1987. Percentile and BCa intervals
are too narrow for small samples, by what separates the normal from the t distribution and 1/n from 1/(n - 1); their
tails are moved out accordingly (T. Hesterberg, "What teachers should know about the bootstrap", The American
Statistician 2015: expanded percentile intervals). For a mean of normal values that comes to the t interval.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

Totals = Callable[[np.ndarray], np.ndarray]
"""From values by track ``(tracks, columns)`` to their totals ``(rows, columns)``."""

Statistic = Callable[[Totals], np.ndarray]
"""A statistic from totals: ``(rows, columns)``; NaN where a row has nothing to say."""

ROUNDING = 1e-12
CHUNK = 4_000_000
"""Numbers that are held at once while totals are formed."""
REMEMBERED = 32_000_000
"""Draws that are kept, about."""


@dataclass
class Resampler:
    """Which tracks are drawn in each resample; the same draws for every statistic of as many tracks.

    Args:
        resamples: how many.
        seed: of the draws.
    """

    resamples: int
    seed: int
    _drawn: dict[int, np.ndarray] = field(default_factory=dict)

    def counts(self, tracks: int) -> np.ndarray:
        """How often each track is drawn in each resample: ``(resamples, tracks)``, small integers."""
        if tracks not in self._drawn:
            if sum(counts.size for counts in self._drawn.values()) > REMEMBERED:
                self._drawn.pop(next(iter(self._drawn)))
            rng = np.random.Generator(np.random.Philox(key=self.seed))
            counts = np.empty((self.resamples, tracks), dtype=np.uint16)
            step = max(1, CHUNK // tracks)
            for first in range(0, self.resamples, step):
                part = counts[first : first + step]
                drawn = rng.integers(0, tracks, size=part.shape) + tracks * np.arange(len(part))[:, None]
                part[:] = np.bincount(drawn.ravel(), minlength=part.size).reshape(part.shape)
            self._drawn[tracks] = counts
        return self._drawn[tracks]

    def evaluate(self, statistic: Statistic, tracks: int) -> Draws:
        """A statistic of the sample, of its resamples and of its jackknife.

        >>> values = np.array([[1.0], [2.0], [6.0]])
        >>> Resampler(100, 0).evaluate(lambda totals: totals(values) / 3, 3).left_out.ravel()
        array([2.66666667, 2.33333333, 1.        ])
        """
        centre = statistic(lambda values: values.sum(axis=0, keepdims=True))[0]
        if tracks < 2:
            empty = np.full((0, len(centre)), math.nan)
            return Draws(centre, empty, empty)
        resampled = np.concatenate([statistic(part.__matmul__) for part in self._parts(tracks)])
        return Draws(centre, resampled, statistic(lambda values: values.sum(axis=0) - values))

    def quantiles(self, values: np.ndarray, track: np.ndarray, tracks: int, quantile: float) -> Draws:
        """A quantile of values that belong to tracks, as one column.

        Args:
            values: ``(values,)``.
            track: ``(values,)``, each value's track, 0 to ``tracks - 1``.
            tracks: how many there are.
            quantile: 0 to 1; see :func:`weighted_quantile`.
        """
        order = np.argsort(values, kind="stable")
        values, track = values[order], track[order]
        centre = weighted_quantile(values, np.ones((1, len(values)), dtype=np.uint16), quantile)
        if tracks < 2:
            empty = np.full((0, 1), math.nan)
            return Draws(centre, empty, empty)
        step = max(1, CHUNK // max(1, len(values)))
        counts = self.counts(tracks)
        drawn = [
            weighted_quantile(values, counts[first : first + step][:, track], quantile)
            for first in range(0, len(counts), step)
        ]
        jackknife = [weighted_quantile(values, (track != left_out)[None], quantile) for left_out in range(tracks)]
        return Draws(centre, np.concatenate(drawn)[:, None], np.concatenate(jackknife)[:, None])

    def _parts(self, tracks: int) -> Iterator[np.ndarray]:
        counts = self.counts(tracks)
        step = max(1, CHUNK // tracks)
        for first in range(0, len(counts), step):
            yield counts[first : first + step].astype(float)


@dataclass(frozen=True, eq=False)
class Draws:
    """A statistic with its bootstrap and jackknife.

    Shape:
        centre: ``(columns,)``.
        resampled: ``(resamples, columns)``.
        left_out: ``(tracks, columns)``.
    """

    centre: np.ndarray
    resampled: np.ndarray
    left_out: np.ndarray

    def intervals(self, confidences: Sequence[float]) -> np.ndarray:
        """BCa intervals: ``(confidences, 2, columns)``."""
        return bca(self.centre, self.resampled, self.left_out, confidences)

    def standard_errors(self) -> np.ndarray:
        """The bootstrap's standard error, with n - 1 for n: ``(columns,)``; NaN with fewer than two tracks."""
        tracks = len(self.left_out)
        errors = np.full(len(self.centre), math.nan)
        drawn = np.isfinite(self.resampled).any(axis=0)
        if tracks > 1 and drawn.any():
            errors[drawn] = np.nanstd(self.resampled[:, drawn], axis=0) * math.sqrt(tracks / (tracks - 1))
        return errors


@lru_cache(maxsize=256)
def expanded(confidence: float, tracks: int) -> float:
    """The normal quantile whose percentile of a bootstrap over so many tracks reaches as far as the t interval."""
    from scipy.special import stdtrit

    return float(math.sqrt(tracks / (tracks - 1)) * stdtrit(tracks - 1, (1 + confidence) / 2))


def bca(
    centre: np.ndarray, resampled: np.ndarray, left_out: np.ndarray, confidences: Sequence[float]
) -> np.ndarray:
    """Bias-corrected and accelerated intervals of several statistics, expanded for small samples.

    Args:
        centre: ``(columns,)``, the statistics of the sample.
        resampled: ``(resamples, columns)``; NaN resamples are passed over.
        left_out: ``(tracks, columns)``, each without one track.
        confidences: such as ``(0.95, 0.9)``.

    Returns:
        ``(confidences, 2, columns)``: low and high; NaN with fewer than two tracks or where the statistic is NaN,
        and the statistic itself where no track changes it.
    """
    from scipy.special import ndtr, ndtri

    ends = np.full((len(confidences), 2, len(centre)), math.nan)
    if len(left_out) < 2 or not len(centre):
        return ends
    counts = np.isfinite(resampled).sum(axis=0)
    defined = np.isfinite(centre) & np.isfinite(left_out).all(axis=0) & (counts > 0)
    with np.errstate(invalid="ignore"):
        scale = np.maximum(np.abs(centre), np.abs(left_out).max(axis=0))
        fixed = defined & (np.ptp(left_out, axis=0) <= ROUNDING * scale)
    ends[:, :, fixed] = centre[fixed]
    moving = np.flatnonzero(defined & ~fixed)
    if not len(moving):
        return ends
    draws, counts, centre = np.sort(resampled[:, moving], axis=0), counts[moving], centre[moving]  # NaN at the end
    last = np.take_along_axis(draws, counts[None] - 1, axis=0)[0]
    rounding = 1e-9 * (last - draws[0])  # a resample that is the sample is a tie, however it adds up
    under, upto = (draws < centre - rounding).sum(axis=0), (draws <= centre + rounding).sum(axis=0)
    below = (under + 0.5 * (upto - under)) / counts
    shift = ndtri(np.clip(below, 0.5 / counts, 1 - 0.5 / counts))
    acceleration = _acceleration(left_out[:, moving])
    for index, confidence in enumerate(confidences):
        tail = expanded(confidence, len(left_out))
        for end, sign in enumerate((-1, 1)):
            place = ndtr(_moved(shift, acceleration, sign * tail)) * (counts - 1)
            ends[index, end, moving] = _at(draws, place, counts)
    return ends


def weighted_quantile(values: np.ndarray, counts: np.ndarray, quantile: float) -> np.ndarray:
    """The smallest value that at least a share ``quantile`` of the values does not exceed.

    This is numpy's method ``inverted_cdf``: of all definitions the one that does not change when every value occurs
    four times.

    Args:
        values: ``(values,)``, rising.
        counts: ``(rows, values)``, how often each occurs; whole numbers.
        quantile: 0 to 1.

    Returns:
        ``(rows,)``; NaN for a row in which nothing occurs.

    >>> weighted_quantile(np.array([1.0, 2.0, 4.0]), np.array([[1, 0, 1], [1, 1, 4]]), 0.5)
    array([1., 4.])
    """
    quantiles = np.full(len(counts), np.nan)
    if not len(values):
        return quantiles
    until = np.cumsum(counts, axis=1, dtype=np.int64)
    total = until[:, -1]
    wanted = np.maximum(np.ceil(total * quantile - 1e-9), 1)
    place = (until < wanted[:, None]).sum(axis=1)
    quantiles[total > 0] = values[place[total > 0]]
    return quantiles


def _at(draws: np.ndarray, place: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Sorted draws at fractional places, column by column."""
    first = np.minimum(np.floor(place).astype(np.int64), counts - 1)
    low = np.take_along_axis(draws, first[None], axis=0)[0]
    high = np.take_along_axis(draws, np.minimum(first + 1, counts - 1)[None], axis=0)[0]
    values: np.ndarray = low + (place - first) * (high - low)
    return values


def _acceleration(left_out: np.ndarray) -> np.ndarray:
    """BCa's acceleration from the jackknife, ``(columns,)``."""
    spread = left_out.mean(axis=0) - left_out
    spread = spread / np.abs(spread).max(axis=0)  # it has no scale, and scores may be large
    values: np.ndarray = (spread**3).sum(axis=0) / (6 * (spread**2).sum(axis=0) ** 1.5)
    return values


def _moved(shift: np.ndarray, acceleration: np.ndarray, tail: float) -> np.ndarray:
    """Where BCa reads a tail off; beyond the formula's pole, as far out as the draws go."""
    reach = shift + tail
    room = 1 - acceleration * reach
    return np.where(room > 0, shift + reach / np.where(room > 0, room, 1.0), np.copysign(math.inf, reach))
