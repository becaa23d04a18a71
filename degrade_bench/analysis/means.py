"""Means over clips, clustered by track, of many columns at once: values, intervals, standard errors."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from degrade_bench.analysis.resampling import Draws, Resampler, Statistic, Totals


@dataclass(frozen=True, eq=False)
class Clustered:
    """Values by track.

    Attributes:
        sums: ``(tracks, columns)``, sums over each track's clips.
        counts: ``(tracks, columns)``, how many of its clips have a value.
    """

    sums: np.ndarray
    counts: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, track: np.ndarray, tracks: int) -> Clustered:
        """Values of clips, gathered by track.

        Args:
            values: ``(clips, columns)``, NaN where there is none.
            track: ``(clips,)``, the track of each clip, 0 to ``tracks - 1``.
            tracks: how many there are.

        >>> Clustered.of(np.array([[1.0], [2.0], [6.0]]), np.array([0, 0, 1]), 2).track_means
        array([[1.5],
               [6. ]])
        """
        finite = np.isfinite(values)
        sums, counts = np.zeros((tracks, values.shape[1])), np.zeros((tracks, values.shape[1]))
        np.add.at(sums, track, np.where(finite, values, 0.0))
        np.add.at(counts, track, finite)
        return cls(sums, counts)

    @cached_property
    def tracks(self) -> np.ndarray:
        """Tracks with a value, ``(columns,)``."""
        values: np.ndarray = (self.counts > 0).sum(axis=0)
        return values

    @cached_property
    def clips(self) -> np.ndarray:
        """Clips with a value, ``(columns,)``."""
        values: np.ndarray = self.counts.sum(axis=0).astype(int)
        return values

    @cached_property
    def track_means(self) -> np.ndarray:
        """``(tracks, columns)``; NaN where a track has no value."""
        return ratio(self.sums, self.counts)

    @cached_property
    def means(self) -> np.ndarray:
        """Means over clips, ``(columns,)``; NaN without any."""
        return ratio(self.sums.sum(axis=0), self.counts.sum(axis=0))

    @cached_property
    def influence(self) -> np.ndarray:
        """``(tracks, columns)``: how far each track pulls the mean, times their number; 0 without a value."""
        tracks = np.maximum(self.tracks, 1)
        size = np.maximum(self.counts.sum(axis=0), 1) / tracks
        residuals: np.ndarray = np.where(self.counts > 0, self.sums - self.counts * self.means, 0.0) / size
        return residuals

    @cached_property
    def skewness(self) -> np.ndarray:
        """Skewness between tracks, for small samples, ``(columns,)``; 0 under three or without spread."""
        tracks, residuals = self.tracks, self.influence
        variance = (residuals**2).sum(axis=0) / np.maximum(tracks, 1)
        spread = np.sqrt(variance)
        some = (tracks > 2) & (spread > 1e-12 * np.abs(np.where(np.isfinite(self.means), self.means, 0.0)))
        third = (residuals / np.where(some, spread, 1.0) * some) ** 3
        known = np.maximum(tracks, 3)
        values: np.ndarray = third.sum(axis=0) / known * np.sqrt(known * (known - 1.0)) / (known - 2.0)
        return values

    @cached_property
    def errors(self) -> np.ndarray:
        """Standard errors of the means over clips with tracks as clusters, ``(columns,)``; NaN with fewer than two.

        With as many clips in every track, this is the standard deviation of the tracks' means over the root of
        their number.
        """
        tracks = self.tracks
        errors = np.full(len(tracks), math.nan)
        some = tracks > 1
        residuals = self.influence[:, some]
        errors[some] = np.sqrt((residuals**2).sum(axis=0) / (tracks[some] * (tracks[some] - 1.0)))
        return errors

    def statistic(self) -> Statistic:
        """The means as a statistic of totals over tracks."""

        def means(totals: Totals) -> np.ndarray:
            return ratio(totals(self.sums), totals(self.counts))

        return means

    def intervals(self, resampler: Resampler, confidences: Sequence[float]) -> np.ndarray:
        """BCa intervals ``(confidences, 2, columns)``, for each column over those tracks that have a value."""
        ends = np.full((len(confidences), 2, self.sums.shape[1]), math.nan)
        for rows, columns in self._patterns():
            part = Clustered(self.sums[np.ix_(rows, columns)], self.counts[np.ix_(rows, columns)])
            ends[:, :, columns] = resampler.evaluate(part.statistic(), len(rows)).intervals(confidences)
        return ends

    def draws(self, resampler: Resampler) -> Draws:
        """Bootstrap and jackknife of the means over all tracks, to go together with other statistics."""
        return resampler.evaluate(self.statistic(), len(self.sums))

    def _patterns(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Columns that have values in the same tracks, with these tracks."""
        filled = np.ascontiguousarray((self.counts > 0).T)
        patterns: dict[bytes, list[int]] = {}
        for column, row in enumerate(filled):
            patterns.setdefault(row.tobytes(), []).append(column)
        for columns in patterns.values():
            yield np.flatnonzero(filled[columns[0]]), np.array(columns)


def clean_sd(clean: np.ndarray, alike: float = 0.0) -> float:
    """Standard deviation of clean scores ``(clips,)``; NaN with fewer than two, 0 where all are alike.

    Scores are alike that lie no further apart than ``alike``.
    """
    finite = clean[np.isfinite(clean)]
    if len(finite) > 1 and np.ptp(finite) <= alike:
        return 0.0
    return float(np.std(finite, ddof=1)) if len(finite) > 1 else math.nan


def ratio(sums: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Sums over counts; NaN where there is nothing to count."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(counts > 0, sums / np.where(counts > 0, counts, 1), math.nan)
