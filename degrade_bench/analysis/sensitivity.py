"""One number per family and per group: how much of the damage a metric notices.

*Noticed* is a hit rate at a fixed rate of false alarms, as in signal detection: the share of clips whose drop
exceeds the metric's margin, which by default its nuisance floor, a quantile of its own |drop| where nothing is
damaged, and less the same share under the placebo. It has no unit, so metrics of any scale can be set beside one
another. Levels count equally within a degradation, degradations within a family, families within a group.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from degrade_bench.analysis.curves import area_weights
from degrade_bench.analysis.floor import Floor
from degrade_bench.analysis.means import ratio
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.resampling import Draws, Resampler, Totals
from degrade_bench.analysis.wide import MetricDrops


def noticed(own: MetricDrops, margin: float) -> np.ndarray:
    """Per clip and cell: 1 for a drop beyond the margin, less 1 for such a drop of the placebo.

    Returns:
        ``(clips, cells)``; NaN where there is no drop, or no placebo's drop although the degradation has a placebo,
        and everywhere for a margin that is NaN.
    """
    if math.isnan(margin):
        return np.full(own.drops.shape, math.nan)
    hits = np.where(np.isfinite(own.drops), (own.drops > margin).astype(float), math.nan)
    alarms = np.where(np.isfinite(own.placebo), (own.placebo > margin).astype(float), math.nan)
    return hits - np.where(has_placebo(own), alarms, 0.0)


def counted_drops(own: MetricDrops) -> np.ndarray:
    """The drop that counts, ``(clips, cells)``: beyond the placebo's, where the degradation has a placebo."""
    return np.where(has_placebo(own), own.net, own.drops)


def has_placebo(own: MetricDrops) -> np.ndarray:
    """Cells of degradations that have a placebo, ``(cells,)``; without its drop, theirs is not known."""
    known = np.isfinite(own.placebo).any(axis=0)
    for _, columns in own.ladders():
        known[columns] = known[columns].any()
    return known


def family_sensitivity(
    own: MetricDrops, floor: Floor, resampler: Resampler, options: AnalysisOptions
) -> pd.DataFrame:
    """One row per family, and one per group with ``family`` empty: the columns of ``Analysis.families``."""
    cells = own.cells
    hits = own.clustered(noticed(own, floor.margin))
    weights = _level_weights(own, hits.clips > 0)
    areas = own.clustered(_areas(own))
    names = [name for name, _ in own.ladders()]
    first = cells.drop_duplicates("degradation").set_index("degradation").loc[names]
    rows, average = _averages(
        first["group"].to_numpy(), first["family"].to_numpy(), np.asarray(weights.any(axis=0))
    )
    _, average_area = _averages(first["group"].to_numpy(), first["family"].to_numpy(), areas.clips > 0)

    def rate(totals: Totals) -> np.ndarray:
        each = ratio(totals(hits.sums), totals(hits.counts))
        return _weighted(_weighted(each, weights), average)

    def area(totals: Totals) -> np.ndarray:
        each = ratio(totals(areas.sums), totals(areas.counts))
        return _weighted(each, average_area)

    rates = resampler.evaluate(rate, own.tracks)
    in_floors = over_floor(resampler.evaluate(area, own.tracks), floor)
    (low, high), (area_low, area_high) = (d.intervals((options.confidence,))[0] for d in (rates, in_floors))
    frame = pd.DataFrame.from_records(rows)
    known, area_known = average.any(axis=0), average_area.any(axis=0)
    columns = {
        "noticed": rates.centre, "noticed_low": low, "noticed_high": high,
        "area_floor": in_floors.centre, "area_floor_low": area_low, "area_floor_high": area_high,
    }  # fmt: skip
    blank = {name: area_known if name.startswith("area") else known for name in columns}
    return frame.assign(
        metric=own.metric, **{name: np.where(blank[name], value, math.nan) for name, value in columns.items()}
    )


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


def _level_weights(own: MetricDrops, known: np.ndarray) -> np.ndarray:
    """From cells to degradations, levels that are known counting equally: ``(cells, degradations)``."""
    ladders = list(own.ladders())
    weights = np.zeros((len(own.cells), len(ladders)))
    for index, (_, columns) in enumerate(ladders):
        here = known[columns]
        if here.any():
            weights[columns, index] = here / here.sum()
    return weights


def _weighted(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted sums of rows, NaN only where something that counts is missing: ``(rows, columns)``."""
    known = np.isfinite(values)
    missing = (~known).astype(float) @ (weights != 0) > 0
    return np.where(missing, math.nan, np.where(known, values, 0.0) @ weights)


def _areas(own: MetricDrops) -> np.ndarray:
    """Per clip and degradation, the area under the normalised curve of the drop that counts."""
    values, level = counted_drops(own), own.cells["level"].to_numpy(dtype=float)
    areas = []
    for _, columns in own.ladders():
        scored = np.flatnonzero(np.isfinite(values[:, columns]).any(axis=0)) + columns.start
        if not len(scored):
            areas.append(np.full(len(values), math.nan))
            continue
        x = np.concatenate([[0.0], level[scored] / level[scored].max()])
        areas.append(values[:, scored] @ area_weights(x))
    return np.column_stack(areas) if areas else np.zeros((len(values), 0))


def _averages(groups: np.ndarray, families: np.ndarray, known: np.ndarray) -> tuple[list[dict], np.ndarray]:
    """Rows for families and groups, and from degradations to rows: ``(degradations, rows)``."""
    rows, columns = [], []
    for group in dict.fromkeys(groups):
        of_group = []
        for family in dict.fromkeys(families[groups == group]):
            members = (groups == group) & (families == family)
            own = members & known
            rows.append({"group": group, "family": family, "degradations": int(members.sum())})
            columns.append(own / own.sum() if own.any() else np.zeros(len(groups)))
            if own.any():
                of_group.append(columns[-1])
        rows.append({"group": group, "family": "", "degradations": int((groups == group).sum())})
        columns.append(np.mean(of_group, axis=0) if of_group else np.zeros(len(groups)))
    return rows, np.column_stack(columns) if columns else np.zeros((0, 0))


def genre_sensitivity(
    own: MetricDrops, tops: list[int | None], resampler: Resampler, options: AnalysisOptions
) -> tuple[pd.DataFrame, list[float]]:
    """The drop at the top level by clip group, and how even it is over the groups.

    Groups of at least two tracks are taken, where there are at least two such groups. *Evenness* is Pielou's: the
    entropy of the groups' shares of the drop over the largest that so many groups could have; 1 where all lose
    alike, 0 where one loses everything. Groups that lose nothing have no share.

    Args:
        own: the metric's drops.
        tops: for each degradation, the column of the highest level that was scored.
        resampler: draws tracks.
        options: thresholds.
    """
    groups = [str(g) for g in dict.fromkeys(own.clip_group) if g is not None and g == g]
    groups = sorted(g for g in groups if len(set(own.track[own.clip_group == g])) > 1)
    evenness = [math.nan] * len(tops)
    columns = [top for top in tops if top is not None]
    if len(groups) < 2 or not columns:
        return pd.DataFrame(), evenness
    frames, means = [], []
    for group in groups:
        clips = own.clip_group == group
        values = np.where(clips[:, None], own.drops[:, columns], math.nan)
        clustered = own.clustered(values)
        low, high = clustered.intervals(resampler, (options.confidence,))[0]
        means.append(clustered.means)
        frames.append(
            pd.DataFrame(
                {
                    "metric": own.metric, "degradation": own.cells["degradation"].to_numpy()[columns],
                    "clip_group": group, "n": clustered.clips, "tracks": clustered.tracks,
                    "drop_mean": clustered.means, "drop_low": low, "drop_high": high,
                }
            )
        )  # fmt: skip
    table = np.array(means)
    place = {column: index for index, column in enumerate(columns)}
    evenness = [math.nan if top is None else pielou(table[:, place[top]]) for top in tops]
    return pd.concat(frames, ignore_index=True), evenness


def pielou(drops: np.ndarray) -> float:
    """Pielou's evenness of groups' mean drops; NaN with fewer than two groups or without any loss.

    >>> pielou(np.array([2.0, 2.0, 2.0]))
    1.0
    """
    known = drops[np.isfinite(drops)]
    lost = np.maximum(known, 0.0)
    if len(known) < 2 or lost.sum() == 0:
        return math.nan
    shares = lost[lost > 0] / lost.sum()
    return float(-(shares * np.log(shares)).sum() / math.log(len(known)))
