"""The course of a degradation's drops along its ladder: trend, slope, area, detection, saturation.

A curve is *normalised* along the ladder: the clean clip stands at 0 with no drop, the highest level that was scored
at 1. Slope (of the least-squares line through those points) and area (by trapezoids) are taken clip by clip, so
that they have intervals over tracks like any drop; a clip counts where it has every level.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from degrade_bench.analysis import statistics as stat
from degrade_bench.analysis.bounds import mean_intervals
from degrade_bench.analysis.claims import covered_levels
from degrade_bench.analysis.floor import Floor
from degrade_bench.analysis.frames import Column, interval
from degrade_bench.analysis.means import Clustered
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.page import page_trend
from degrade_bench.analysis.resampling import Draws, Resampler, expanded
from degrade_bench.analysis.wide import MetricDrops


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


@dataclass(frozen=True, eq=False)
class Curves:
    """The courses of one metric's drops, in the order of ``MetricDrops.ladders()``.

    Attributes:
        table: one row per degradation: the columns :data:`COURSE_COLUMNS`.
        detections: for each degradation.
        saturation_levels: for each degradation, the lowest level from which on the drop grows no more; or None.
    """

    table: pd.DataFrame
    detections: tuple[Detection, ...]
    saturation_levels: tuple[int | None, ...]


COURSE_COLUMNS = (
    Column("monotonicity", "number", "Kendall's τ-b between level and drop, clip by clip, averaged"),
    *interval("monotonicity", "its interval over tracks"),
    Column("slope", "number", "least-squares slope of the curve over a ladder from 0 to 1", "the metric's"),
    *interval("slope", "its interval over tracks", "the metric's"),
    Column("area", "number", "area under that curve, by trapezoids", "the metric's"),
    *interval("area", "its interval over tracks", "the metric's"),
    Column("area_floor", "number", "area under that curve, by trapezoids", "nuisance floors"),
    Column("page_l", "number", "Page's L of drops that rise with the level, over tracks that have every level"),
    Column(
        "page_p",
        "number",
        "its one-sided p; exact or asymptotic as scipy decides, with ties by the tied ranks' own variance",
    ),
)

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
        "the lowest level from which on the drop was shown to grow by no more than the margin",
        "levels",
    ),
)


def detection_row(detection: Detection, saturation_level: int | None) -> dict[str, float | int | None]:
    """The columns :data:`DETECTION_COLUMNS` of one degradation."""
    row = {f"detection_{name}": value for name, value in asdict(detection).items()}
    return row | {"saturation_level": saturation_level}


def curves_of(
    metric_drops: MetricDrops, effects: pd.DataFrame, floor: Floor, resampler: Resampler, options: AnalysisOptions
) -> Curves:
    """The course of each degradation's drops.

    Args:
        metric_drops: the metric's drops.
        effects: its :func:`~degrade_bench.analysis.levels.level_effects`.
        floor: its nuisance floor and margin.
        resampler: draws tracks.
        options: thresholds.
    """
    ladders = [_deciding(columns, effects, options) for _, columns in metric_drops.ladders()]
    names = [column.name for column in COURSE_COLUMNS]
    if not ladders:
        return Curves(pd.DataFrame(columns=names), (), ())
    per_clip = np.column_stack([part for ladder in ladders for part in _per_clip(metric_drops, effects, ladder)])
    clustered = metric_drops.clustered(per_clip)
    means, (low, high) = clustered.means, mean_intervals(clustered, resampler, (options.confidence,), options)[0]
    low[::3], high[::3] = np.clip(low[::3], -1, 1), np.clip(high[::3], -1, 1)
    columns: dict[str, Any] = {}
    for place, name in enumerate(("monotonicity", "slope", "area")):
        columns |= {name: means[place::3], f"{name}_low": low[place::3], f"{name}_high": high[place::3]}
    columns["area_floor"] = columns["area"] / floor.value if floor.value > 0 else math.nan
    track_means = metric_drops.clustered(metric_drops.drops).track_means
    trends = [page_trend(_complete(track_means[:, ladder])) for ladder in ladders]
    columns["page_l"], columns["page_p"] = zip(*trends, strict=True)
    drops = _Course.of(metric_drops.clustered(metric_drops.drops), floor.margin_draws, resampler)
    nets = _Course.of(metric_drops.clustered(metric_drops.net), floor.counts_as_none.effect, resampler)
    beyond_placebo = metric_drops.has_placebo & (options.rules != 1)
    return Curves(
        pd.DataFrame(columns)[names],
        tuple(
            _detection(
                effects.iloc[ladder],
                ladder,
                (drops, nets) if beyond_placebo[ladder].any() else (drops,),
                metric_drops.tracks,
                options,
            )
            for ladder in ladders
        ),
        tuple(_saturation(metric_drops, effects, ladder, floor, resampler, options) for ladder in ladders),
    )


def _deciding(columns: slice, effects: pd.DataFrame, options: AnalysisOptions) -> np.ndarray:
    """The columns of a ladder that its curve is made of: scored, and under rules 2 by enough recordings."""
    if options.rules == 1:
        return scored_columns(columns, effects)
    return covered_levels(effects["counted_tracks"].to_numpy(), columns)


def scored_columns(columns: slice, effects: pd.DataFrame) -> np.ndarray:
    """The columns of a ladder that have a drop."""
    has_drops = effects["n"].to_numpy()[columns] > 0
    values: np.ndarray = np.arange(columns.start, columns.stop)[has_drops]
    return values


def _per_clip(metric_drops: MetricDrops, effects: pd.DataFrame, ladder: np.ndarray) -> tuple[np.ndarray, ...]:
    """Kendall's τ-b, slope and area of each clip's curve, each ``(clips,)``."""
    drops, x = metric_drops.drops[:, ladder], _x(effects, ladder)
    return kendall_of(drops), drops @ slope_weights(x), drops @ area_weights(x)


def _complete(track_means: np.ndarray) -> np.ndarray:
    """Tracks that have every level."""
    values: np.ndarray = track_means[np.isfinite(track_means).all(axis=1)]
    return values


def _x(effects: pd.DataFrame, ladder: np.ndarray) -> np.ndarray:
    """The levels of a curve, the clean clip's 0 first, over the highest: ``(levels + 1,)``."""
    levels = effects["level"].to_numpy(dtype=float)[ladder]
    return np.concatenate([[0.0], levels / levels.max()]) if len(levels) else np.zeros(1)


def area_weights(x: np.ndarray) -> np.ndarray:
    """What each drop but the clean clip's counts for in the area by trapezoids: ``(levels,)``.

    >>> area_weights(np.array([0.0, 0.5, 1.0]))
    array([0.5 , 0.25])
    """
    steps = np.diff(x)
    values: np.ndarray = (steps + np.append(steps[1:], 0.0)) / 2
    return values


def slope_weights(x: np.ndarray) -> np.ndarray:
    """What each drop but the clean clip's counts for in the least-squares slope: ``(levels,)``.

    >>> slope_weights(np.array([0.0, 1.0]))
    array([1.])
    """
    away = x - x.mean()
    return (away / (away**2).sum())[1:] if len(x) > 1 else np.zeros(0)


def kendall_of(drops: np.ndarray) -> np.ndarray:
    """Kendall's τ-b with the level, clip by clip; NaN with a single level."""
    return stat.kendall_tau(drops) if drops.shape[1] > 1 else np.full(len(drops), math.nan)


# -- detection -----------------------------------------------------------------------------------------


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
class _Course:
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
    def of(cls, values: Clustered, bound: Draws, resampler: Resampler) -> _Course:
        return cls(values.means, values.draws(resampler).resampled, float(bound.centre[0]), bound.resampled[:, 0])


def _detection(
    ladder: pd.DataFrame, rows: np.ndarray, courses: Sequence[_Course], tracks: int, options: AnalysisOptions
) -> Detection:
    """Where one degradation is detected: where the last of its courses comes to lie above its bound for good.

    Args:
        ladder: its levels that count, with ``drop_low``.
        rows: their places among all cells.
        courses: the drop's, and that of the net drop where there is a placebo.
        tracks: how many the metric has.
        options: thresholds.
    """
    if ladder.empty:
        return Detection()
    levels = ladder["level"].to_numpy(dtype=float)
    places = [crossing(course.means[rows][None], np.array([course.bound]), levels)[0] for course in courses]
    at = float(np.max(places))
    low = high = math.nan
    if tracks > 1 and math.isfinite(at):
        drawn = [crossing(course.resampled[:, rows], course.bound_draws, levels) for course in courses]
        low, high = _percentiles(np.sort(np.max(drawn, axis=0)), tracks, options.confidence)
    at = at if math.isfinite(at) else math.nan
    beyond = ladder["drop_low"].to_numpy(dtype=float) > courses[0].bound
    level = None
    if beyond[-1]:
        level = int(levels[len(beyond) - int(np.argmin(np.append(beyond[::-1], False)))])
    return Detection(level, at, low, high, *(strength_at(ladder, place) for place in (at, low, high)))


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


def strength_at(ladder: pd.DataFrame, level: float) -> float:
    """The strength at a place between levels; the first level's before it. NaN for NaN.

    Interpolated in the strength or in its logarithm, wherever the ladder's steps are more even.
    """
    strengths = ladder["strength"].to_numpy(dtype=float)
    if math.isnan(level) or not len(strengths) or not np.isfinite(strengths).all():
        return math.nan
    levels = ladder["level"].to_numpy(dtype=float)
    if len(strengths) > 2 and (strengths > 0).all():
        steps, ratios = np.diff(strengths), np.diff(np.log(strengths))
        if np.ptp(ratios) * abs(steps.mean()) < np.ptp(steps) * abs(ratios.mean()):
            return float(np.exp(np.interp(level, levels, np.log(strengths))))
    return float(np.interp(level, levels, strengths))


def _saturation(
    metric_drops: MetricDrops,
    effects: pd.DataFrame,
    ladder: np.ndarray,
    floor: Floor,
    resampler: Resampler,
    options: AnalysisOptions,
) -> int | None:
    """The lowest level under the top from which on the drop was shown to grow by no more than the margin."""
    if len(ladder) < 2 or not effects["drop_low"].to_numpy()[ladder[-1]] > floor.margin:
        return None
    growth = metric_drops.drops[:, ladder[-1:]] - metric_drops.drops[:, ladder[:-1]]
    low, high = mean_intervals(metric_drops.clustered(growth), resampler, options.tails, options)[1]
    within = (low >= -floor.margin) & (high <= floor.margin)
    saturated = ladder[:-1][np.logical_and.accumulate(within[::-1])[::-1]]
    return int(effects["level"].to_numpy()[saturated[0]]) if len(saturated) else None
