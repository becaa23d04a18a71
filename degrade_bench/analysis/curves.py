"""The course of a degradation's drops along its ladder: trend, slope, area, detection, saturation.

A curve is *normalised* along the ladder: the clean clip stands at 0 with no drop, the highest level that was scored
at 1. Slope (of the least-squares line through those points) and area (by trapezoids) are taken clip by clip, so
that they have intervals over tracks like any drop; a clip counts where it has every level.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from degrade_bench.analysis import statistics as stat
from degrade_bench.analysis.floor import Floor
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.resampling import Resampler, expanded
from degrade_bench.analysis.wide import MetricDrops


def curve_facts(
    own: MetricDrops, levels: pd.DataFrame, floor: Floor, resampler: Resampler, options: AnalysisOptions
) -> list[dict[str, Any]]:
    """What is known of each degradation's curve, in the order of ``own.ladders()``.

    Args:
        own: the metric's drops.
        levels: its :func:`~degrade_bench.analysis.effects.level_effects`.
        floor: its nuisance floor and margin.
        resampler: draws tracks.
        options: thresholds.
    """
    places = [_scored(columns, levels) for _, columns in own.ladders()]
    if not places:
        return []
    per_clip = np.column_stack(
        [
            column
            for scored in places
            for column in (
                kendall_of(own.drops[:, scored]),
                own.drops[:, scored] @ slope_weights(_x(levels, scored)),
                own.drops[:, scored] @ area_weights(_x(levels, scored)),
            )
        ]
    )
    clustered = own.clustered(per_clip)
    means = clustered.means
    low, high = clustered.intervals(resampler, (options.confidence,))[0]
    curves = own.clustered(own.drops).draws(resampler).resampled
    track_means = own.clustered(own.drops).track_means
    facts = []
    for index, scored in enumerate(places):
        tau, slope, area = (3 * index + offset for offset in range(3))
        found: dict[str, Any] = {
            "monotonicity": means[tau], "monotonicity_low": low[tau], "monotonicity_high": high[tau],
            "slope": means[slope], "slope_low": low[slope], "slope_high": high[slope],
            "area": means[area], "area_low": low[area], "area_high": high[area],
            "area_floor": means[area] / floor.value if floor.value > 0 else math.nan,
        }  # fmt: skip
        complete = track_means[:, scored]
        complete = complete[np.isfinite(complete).all(axis=1)]
        found["page_l"], found["page_p"] = stat.page_trend(complete)
        found |= _detection(levels, scored, curves, floor, own.tracks, options)
        found["saturation_level"] = _saturation(own, levels, scored, floor, resampler, options)
        facts.append(found)
    return facts


def _scored(columns: slice, levels: pd.DataFrame) -> np.ndarray:
    """The columns of a ladder that have a drop."""
    known = levels["n"].to_numpy()[columns] > 0
    return np.arange(columns.start, columns.stop)[known]


def _x(levels: pd.DataFrame, scored: np.ndarray) -> np.ndarray:
    """The levels of a curve, the clean clip's 0 first, over the highest: ``(levels + 1,)``."""
    own = levels["level"].to_numpy(dtype=float)[scored]
    return np.concatenate([[0.0], own / own.max()]) if len(own) else np.zeros(1)


def area_weights(x: np.ndarray) -> np.ndarray:
    """What each drop but the clean clip's counts for in the area by trapezoids: ``(levels,)``.

    >>> area_weights(np.array([0.0, 0.5, 1.0]))
    array([0.5 , 0.25])
    """
    steps = np.diff(x)
    return (steps + np.append(steps[1:], 0.0)) / 2


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
    result = np.full(len(curves), math.inf)
    rows = np.flatnonzero(first > 0)
    at = first[rows]
    y0, y1 = y[rows, at - 1], y[rows, at]
    share = (margins[rows] - y0) / (y1 - y0)
    result[rows] = x[at - 1] + np.clip(share, 0.0, 1.0) * (x[at] - x[at - 1])
    result[~np.isfinite(y).all(axis=1) | np.isnan(margins)] = math.nan
    return result


def _detection(
    levels: pd.DataFrame,
    scored: np.ndarray,
    curves: np.ndarray,
    floor: Floor,
    tracks: int,
    options: AnalysisOptions,
) -> dict[str, Any]:
    own = levels.iloc[scored]
    found: dict[str, Any] = {"detection_level": None}
    places = dict.fromkeys(("at", "at_low", "at_high"), math.nan)
    if len(scored):
        ladder = own["level"].to_numpy(dtype=float)
        mean = own["drop_mean"].to_numpy(dtype=float)[None]
        place = float(crossing(mean, np.array([floor.margin]), ladder)[0])
        places["at"] = place if math.isfinite(place) else math.nan
        if tracks > 1 and math.isfinite(place):
            drawn = np.sort(crossing(curves[:, scored], floor.margin_draws.resampled[:, 0], ladder))
            places["at_low"], places["at_high"] = _percentiles(drawn, tracks, options.confidence)
        beyond = own["drop_low"].to_numpy(dtype=float) > floor.margin
        if beyond[-1]:
            found["detection_level"] = int(ladder[len(beyond) - int(np.argmin(np.append(beyond[::-1], False)))])
    found |= {f"detection_{name}": value for name, value in places.items()}
    for name, value in places.items():
        found[f"detection_strength{name.removeprefix('at')}"] = strength_at(own, value)
    return found


def _percentiles(drawn: np.ndarray, tracks: int, confidence: float) -> tuple[float, float]:
    """Expanded percentiles of sorted draws; NaN where one lies beyond the ladder."""
    from scipy.special import ndtr

    drawn = drawn[~np.isnan(drawn)]
    if not len(drawn):
        return math.nan, math.nan
    tail = float(ndtr(-expanded(confidence, tracks)))
    low = drawn[math.floor(tail * (len(drawn) - 1))]
    high = drawn[math.ceil((1 - tail) * (len(drawn) - 1))]
    return tuple(float(end) if math.isfinite(end) else math.nan for end in (low, high))  # type: ignore[return-value]


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
    own: MetricDrops,
    levels: pd.DataFrame,
    scored: np.ndarray,
    floor: Floor,
    resampler: Resampler,
    options: AnalysisOptions,
) -> int | None:
    """The lowest level under the top from which on the drop was shown to grow by no more than the margin."""
    if len(scored) < 2 or not levels["drop_low"].to_numpy()[scored[-1]] > floor.margin:
        return None
    growth = own.drops[:, scored[-1:]] - own.drops[:, scored[:-1]]
    low, high = own.clustered(growth).intervals(resampler, options.tails)[1]
    within = (low >= -floor.margin) & (high <= floor.margin)
    found = None
    for index in reversed(range(len(within))):
        if not within[index]:
            break
        found = int(levels["level"].to_numpy()[scored[index]])
    return found
