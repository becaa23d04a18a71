"""How many clips of each family of damages, and of each group of families, raise an alarm: ``Analysis.families``.

*Net alarms* (the column ``noticed``) are a hit rate at a fixed rate of false alarms, as in signal detection: the
share of clips whose drop exceeds what 95 % of the controls' drops stay under, less the same share under the
placebo. The rate has no unit, so metrics of any scale can be set beside one another. Levels count equally within a
degradation, degradations within a family, families within a group.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from degrade_bench.analysis.curves import area_weights
from degrade_bench.analysis.floor import Floor
from degrade_bench.analysis.frames import Column, Frame, interval
from degrade_bench.analysis.means import ratio
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.resampling import Draws, Resampler, Totals
from degrade_bench.analysis.wide import MetricDrops

FAMILIES = Frame(
    "families",
    "a metric × family, and one per metric × group of damages (`family` is then empty)",
    (
        Column("metric", "text", "which metric"),
        Column("group", "text", "the damages' group, `signal` or `structural`, and their family in it"),
        Column("family", "text", "the damages' group, `signal` or `structural`, and their family in it"),
        Column("degradations", "count", "tested degradations in it"),
        Column(
            "noticed",
            "number",
            "net alarms: the share of clips whose drop exceeds `noticed_from`, less the same share under the "
            "placebo",
        ),
        *interval("noticed", "its interval over tracks"),
        Column("area_floor", "number", "area under the net curve, averaged in the same way", "nuisance floors"),
        *interval("area_floor", "its interval over tracks, in which the floor is uncertain too", "nuisance floors"),
    ),
)


def noticed(metric_drops: MetricDrops, threshold: float) -> np.ndarray:
    """Per clip and cell: 1 for a drop beyond a threshold, less 1 for such a drop of the placebo.

    Returns:
        ``(clips, cells)``; NaN where there is no drop, or no placebo's drop although the degradation has a placebo,
        and everywhere for a threshold that is NaN.
    """
    if math.isnan(threshold):
        return np.full(metric_drops.drops.shape, math.nan)
    hits = np.where(np.isfinite(metric_drops.drops), (metric_drops.drops > threshold).astype(float), math.nan)
    alarms = np.where(np.isfinite(metric_drops.placebo), (metric_drops.placebo > threshold).astype(float), math.nan)
    return hits - np.where(metric_drops.has_placebo, alarms, 0.0)


def family_sensitivity(
    metric_drops: MetricDrops, floor: Floor, resampler: Resampler, options: AnalysisOptions
) -> pd.DataFrame:
    """What is noticed of each family, and of each group of damages as a whole: the columns of :data:`FAMILIES`.

    Args:
        metric_drops: the metric's drops.
        floor: its nuisance floor and margin.
        resampler: draws tracks.
        options: thresholds.
    """
    names = [name for name, _ in metric_drops.ladders()]
    first = metric_drops.cells.drop_duplicates("degradation").set_index("degradation").loc[names]
    kinds = first["group"].to_numpy(), first["family"].to_numpy()
    hits = metric_drops.clustered(noticed(metric_drops, floor.alarm))
    areas = metric_drops.clustered(_areas(metric_drops))
    weights = _level_weights(metric_drops, hits.clips > 0)
    rows, average = _averages(*kinds, np.asarray(weights.any(axis=0)))
    _, average_area = _averages(*kinds, areas.clips > 0)

    def rate(totals: Totals) -> np.ndarray:
        shares = ratio(totals(hits.sums), totals(hits.counts))
        return _weighted(_weighted(shares, weights), average)

    def area(totals: Totals) -> np.ndarray:
        return _weighted(ratio(totals(areas.sums), totals(areas.counts)), average_area)

    rates = resampler.evaluate(rate, metric_drops.tracks)
    in_floors = over_floor(resampler.evaluate(area, metric_drops.tracks), floor)
    frame = pd.DataFrame.from_records(rows, columns=["group", "family", "degradations"])
    columns = {
        **_with_interval("noticed", rates, np.asarray(average.any(axis=0)), options),
        **_with_interval("area_floor", in_floors, np.asarray(average_area.any(axis=0)), options),
    }
    return FAMILIES.table(frame.assign(metric=metric_drops.metric, **columns))


def _with_interval(
    name: str, draws: Draws, has_value: np.ndarray, options: AnalysisOptions
) -> dict[str, np.ndarray]:
    """A statistic and its interval as three columns, blank where nothing counts."""
    low, high = draws.intervals((options.confidence,))[0]
    values = {name: draws.centre, f"{name}_low": low, f"{name}_high": high}
    return {column: np.where(has_value, value, math.nan) for column, value in values.items()}


def over_floor(draws: Draws, floor: Floor) -> Draws:
    """Values in multiples of the nuisance floor, with its uncertainty in them; NaN where it is zero or unknown."""
    with np.errstate(divide="ignore", invalid="ignore"):
        made = [
            np.where(whole > 0, values / np.where(whole > 0, whole, 1.0), math.nan)
            for values, whole in (
                (draws.centre, floor.draws.centre),
                (draws.resampled, floor.draws.resampled),
                (draws.left_out, floor.draws.left_out),
            )
        ]
    return Draws(*made)


def _level_weights(metric_drops: MetricDrops, has_value: np.ndarray) -> np.ndarray:
    """From cells to degradations, levels that have a value counting equally: ``(cells, degradations)``."""
    ladders = list(metric_drops.ladders())
    weights = np.zeros((len(metric_drops.cells), len(ladders)))
    for index, (_, columns) in enumerate(ladders):
        here = has_value[columns]
        if here.any():
            weights[columns, index] = here / here.sum()
    return weights


def _weighted(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted sums of rows, NaN only where something that counts is missing: ``(rows, columns)``."""
    finite = np.isfinite(values)
    missing = (~finite).astype(float) @ (weights != 0) > 0
    return np.where(missing, math.nan, np.where(finite, values, 0.0) @ weights)


def _areas(metric_drops: MetricDrops) -> np.ndarray:
    """Per clip and degradation, the area under the normalised curve of the drop that counts."""
    values, level = metric_drops.counted, metric_drops.cells["level"].to_numpy(dtype=float)
    areas = []
    for _, columns in metric_drops.ladders():
        scored = np.flatnonzero(np.isfinite(values[:, columns]).any(axis=0)) + columns.start
        if not len(scored):
            areas.append(np.full(len(values), math.nan))
            continue
        x = np.concatenate([[0.0], level[scored] / level[scored].max()])
        areas.append(values[:, scored] @ area_weights(x))
    return np.column_stack(areas) if areas else np.zeros((len(values), 0))


def _averages(
    groups: np.ndarray, families: np.ndarray, counts: np.ndarray
) -> tuple[list[tuple[str, str, int]], np.ndarray]:
    """How degradations are averaged over families, and families over groups of damages.

    Args:
        groups: ``(degradations,)``, the group of each.
        families: ``(degradations,)``, the family of each.
        counts: ``(degradations,)``, whether it has a value.

    Returns:
        (group, family, number of degradations) of each row, and the weights ``(degradations, rows)``.
    """
    rows, columns = [], []
    for group in dict.fromkeys(groups):
        of_group = []
        for family in dict.fromkeys(families[groups == group]):
            members = (groups == group) & (families == family)
            counted = members & counts
            rows.append((group, family, int(members.sum())))
            columns.append(counted / counted.sum() if counted.any() else np.zeros(len(groups)))
            if counted.any():
                of_group.append(columns[-1])
        rows.append((group, "", int((groups == group).sum())))
        columns.append(np.mean(of_group, axis=0) if of_group else np.zeros(len(groups)))
    return rows, np.column_stack(columns) if columns else np.zeros((0, 0))
