"""From where on a damage is detected: where the mean curve comes to lie above the margin for good."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from degrade_bench.analysis.frames import Column, interval
from degrade_bench.analysis.means import Clustered
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.resampling import Draws, Resampler, expanded


@dataclass(frozen=True)
class Detection:
    """From where on a damage is detected; NaN where it is not, or not known.

    Attributes:
        level: the lowest level from which on the whole interval of the drop lies above the margin; None without.
        at, at_low, at_high: where the mean curve comes to lie above the margin for good, in levels, with interval.
        strength, strength_low, strength_high: the same in the ladder's unit.
    """

    level: int | None = None
    at: float = math.nan
    at_low: float = math.nan
    at_high: float = math.nan
    strength: float = math.nan
    strength_low: float = math.nan
    strength_high: float = math.nan


DETECTION_COLUMNS = (
    Column(
        "detection_level",
        "number",
        "the lowest level from which on the counted drop was shown to exceed the margin, in fixed sequence from "
        "the "
        "top; under rules 1 from which on the whole interval of the drop lies above it",
        "levels",
    ),
    Column(
        "detection_at",
        "number",
        "where the mean drop comes to lie above the margin for good, and the net drop above the effect, between "
        "levels",
        "levels",
    ),
    *interval("detection_at", "its bootstrap interval, in which the margin is uncertain too", "levels"),
    Column(
        "detection_strength",
        "number",
        "the same place in the ladder's unit, interpolated in its logarithm where that makes the ladder more even",
        "as `unit` says",
    ),
    *interval("detection_strength", "its interval", "as `unit` says"),
    Column(
        "saturation_level",
        "number",
        "the lowest level under the top, of those where the damage is heard, from which on the drop was shown to "
        "grow by no more than the margin",
        "levels",
    ),
)


def detection_row(detection: Detection, steady: int | None, top: int | None) -> dict[str, float | int | None]:
    """The columns :data:`DETECTION_COLUMNS` of one degradation.

    Args:
        detection: where it is detected.
        steady: the lowest level from which on the drop was shown to grow by no more than the margin, or None.
        top: the highest level that counts.

    >>> [detection_row(Detection(level), 1, 5)["saturation_level"] for level in (None, 1, 3, 5)]
    [None, 1, 3, None]
    """
    row = {f"detection_{name}": value for name, value in asdict(detection).items()}
    heard = None if steady is None or detection.level is None else max(steady, detection.level)
    return row | {"saturation_level": None if heard == top else heard}


def crossing(curves: np.ndarray, margins: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """From which level on curves lie above a margin, interpolated between levels.

    Args:
        curves: ``(rows, levels)``; before the first level lies the clean clip, at level 0 with no drop.
        margins: ``(rows,)``.
        levels: ``(levels,)``, rising.

    Returns:
        ``(rows,)``; infinity where the curve does not end above the margin, NaN where it is not known.
    """
    x = np.concatenate([[0.0], levels])
    y = np.column_stack([np.zeros(len(curves)), curves])
    above = y > margins[:, None]
    above[:, 0] = False
    stays = np.logical_and.accumulate(above[:, ::-1], axis=1)[:, ::-1]
    first = np.where(stays[:, -1], stays.argmax(axis=1), -1)
    places = np.full(len(curves), math.inf)
    rows = np.flatnonzero(first > 0)
    at = first[rows]
    y0, y1 = y[rows, at - 1], y[rows, at]
    share = (margins[rows] - y0) / (y1 - y0)
    places[rows] = x[at - 1] + np.clip(share, 0.0, 1.0) * (x[at] - x[at - 1])
    places[~np.isfinite(y).all(axis=1) | np.isnan(margins)] = math.nan
    return places


@dataclass(frozen=True, eq=False)
class Course:
    """Mean drops of all cells beside what they have to exceed.

    Attributes:
        means: ``(cells,)``.
        resampled: ``(resamples, cells)``.
        bound: the margin, or the smallest effect of interest.
        bound_draws: ``(resamples,)``.
    """

    means: np.ndarray
    resampled: np.ndarray
    bound: float
    bound_draws: np.ndarray

    @classmethod
    def of(cls, values: Clustered, bound: Draws, resampler: Resampler) -> Course:
        """Of drops.

        Args:
            values: the drops by track.
            bound: what they have to exceed.
            resampler: draws tracks.
        """
        return cls(values.means, values.draws(resampler).resampled, float(bound.centre[0]), bound.resampled[:, 0])


@dataclass(frozen=True, eq=False)
class Ladder:
    """A damage's levels that count, rising, each ``(levels,)``: which, how strong, and the drop's lower limits."""

    levels: np.ndarray
    strengths: np.ndarray
    drop_low: np.ndarray


def detection_of(
    ladder: Ladder, rows: np.ndarray, courses: Sequence[Course], tracks: int, options: AnalysisOptions
) -> Detection:
    """Where one degradation is detected: where the last of its courses comes to lie above its bound for good.

    Args:
        ladder: its levels that count.
        rows: their places among all cells.
        courses: the drop's, and that of the net drop where there is a placebo.
        tracks: how many the metric has.
        options: thresholds.
    """
    levels = ladder.levels
    if not len(levels):
        return Detection()
    places = [crossing(course.means[rows][None], np.array([course.bound]), levels)[0] for course in courses]
    at = float(np.max(places))
    low = high = math.nan
    if tracks > 1 and math.isfinite(at):
        drawn = [crossing(course.resampled[:, rows], course.bound_draws, levels) for course in courses]
        low, high = _percentiles(np.sort(np.max(drawn, axis=0)), tracks, options.confidence)
    at = at if math.isfinite(at) else math.nan
    beyond = ladder.drop_low > courses[0].bound
    level = None
    if beyond[-1]:
        level = int(levels[len(beyond) - int(np.argmin(np.append(beyond[::-1], False)))])
    return Detection(
        level, at, low, high, *(strength_at(levels, ladder.strengths, place) for place in (at, low, high))
    )


def _percentiles(drawn: np.ndarray, tracks: int, confidence: float) -> tuple[float, float]:
    """Expanded percentiles of sorted draws; NaN where one lies beyond the ladder."""
    from scipy.special import ndtr

    drawn = drawn[~np.isnan(drawn)]
    if not len(drawn):
        return math.nan, math.nan
    tail = float(ndtr(-expanded(confidence, tracks)))
    low = drawn[math.floor(tail * (len(drawn) - 1))]
    high = drawn[math.ceil((1 - tail) * (len(drawn) - 1))]
    return (float(low) if math.isfinite(low) else math.nan, float(high) if math.isfinite(high) else math.nan)


def strength_at(levels: np.ndarray, strengths: np.ndarray, level: float) -> float:
    """The strength at a place between levels; the first level's before it. NaN for NaN.

    Interpolated in the strength or in its logarithm, wherever the ladder's steps are more even.

    Args:
        levels: of the ladder, rising.
        strengths: theirs.
        level: a place between them.
    """
    if math.isnan(level) or not len(strengths) or not np.isfinite(strengths).all():
        return math.nan
    if len(strengths) > 2 and (strengths > 0).all():
        steps, ratios = np.diff(strengths), np.diff(np.log(strengths))
        if np.ptp(ratios) * abs(steps.mean()) < np.ptp(steps) * abs(ratios.mean()):
            return float(np.exp(np.interp(level, levels, np.log(strengths))))
    return float(np.interp(level, levels, strengths))
