"""The course of a degradation's drops along its ladder: trend, slope, area, detection, saturation.

A curve is *normalised* along the ladder: the clean clip stands at 0 with no drop, the highest level that was scored
at 1. Slope (of the least-squares line through those points) and area (by trapezoids) are taken clip by clip, so
that they have intervals over tracks like any drop; a clip counts where it has every level.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from degrade_bench.analysis import statistics as stat
from degrade_bench.analysis.bounds import mean_intervals
from degrade_bench.analysis.claims import covered_levels
from degrade_bench.analysis.detection import Course, Detection, Ladder, detection_of
from degrade_bench.analysis.floor import Floor
from degrade_bench.analysis.frames import Column, interval
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.page import page_trend
from degrade_bench.analysis.resampling import Resampler
from degrade_bench.analysis.wide import MetricDrops


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
    drops = Course.of(metric_drops.clustered(metric_drops.drops), floor.margin_draws, resampler)
    nets = Course.of(metric_drops.clustered(metric_drops.net), floor.counts_as_none.effect, resampler)
    beyond_placebo = metric_drops.has_placebo & (options.rules != 1)
    of_cells = [effects[name].to_numpy(dtype=float) for name in ("level", "strength", "drop_low")]
    return Curves(
        pd.DataFrame(columns)[names],
        tuple(
            detection_of(
                Ladder(*(steps[ladder] for steps in of_cells)),
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
