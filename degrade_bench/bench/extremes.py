"""Which recordings stand out, by the scores: for a metric, the largest and the smallest drop under one damage."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from degrade_bench.runs.columns import ANALYSED
from degrade_bench.runs.played import Which
from degrade_bench.sweep.execute import SweepResult
from degrade_bench.sweep.heard import room_for_recordings
from degrade_bench.sweep.spec import Sweep
from degrade_bench.sweep.standing_out import Extreme

if TYPE_CHECKING:
    import pandas as pd

FEWEST = 3
"""Recordings of which one can be said to stand out."""


def extremes(sweep: Sweep, result: SweepResult) -> tuple[Extreme, ...]:
    """Two clips for every metric, as far as there is room: where its drops under one damage are farthest apart.

    That damage is the one whose drops lie farthest apart, at its highest level; of equal ones it is the first. The
    clips are of two recordings. None stands out where all drops lie closer together than the smallest effect of
    interest, which is half a standard deviation of clean scores: what little a deaf metric's scores differ by.

    Args:
        sweep: what was scored.
        result: what came of it.
    """
    chosen: list[Extreme] = []
    damages = sum(one.group != "control" for one in sweep.degradations)
    left = room_for_recordings(len(sweep.judged), damages)
    drops, least = _drops(result.table)
    for metric in sweep.metrics:
        of_metric = drops[(drops["metric"] == metric.name).to_numpy()]
        pair = _of_metric(metric.name, of_metric, least.get(metric.name, math.inf), sweep, result)
        needed = sum(one.most_bytes for one in pair)
        if needed <= left:
            chosen += pair
            left -= needed
    return tuple(chosen)


def _drops(table: pa.Table) -> tuple[pd.DataFrame, dict[str, float]]:
    """The drops of all clips under every tested damage at its highest level, and every metric's smallest effect."""
    from degrade_bench.analysis.drops import clean_scores, coded, drop_table  # not before: it brings pandas
    from degrade_bench.analysis.options import AnalysisOptions

    tested = table.filter(pc.equal(table["role"], "test"))
    highest = tested.group_by("degradation").aggregate([("level", "max")])
    tops = dict(zip(highest["degradation"].to_pylist(), highest["level_max"].to_pylist(), strict=True))
    kept = pc.equal(table["role"], "clean")
    for level in set(tops.values()):
        names = pa.array([name for name, top in tops.items() if top == level], pa.string())
        kept = pc.or_(kept, pc.and_(pc.equal(table["level"], level), pc.is_in(table["degradation"], names)))
    scores = coded(table.filter(kept).select(ANALYSED).to_pandas())
    effect = AnalysisOptions().effect
    clean = zip(scores["metric"].cat.categories, clean_scores(scores), strict=True)
    usable = {name: values[np.isfinite(values)] for name, values in clean}
    least = {name: effect * float(values.std(ddof=1)) for name, values in usable.items() if len(values) > 1}
    return drop_table(scores), least


def _of_metric(metric: str, drops: pd.DataFrame, least: float, sweep: Sweep, result: SweepResult) -> list[Extreme]:
    """The clips with the largest and the smallest drop under the damage whose drops lie farthest apart.

    Args:
        metric: whose drops these are.
        drops: of every clip and damage.
        least: how far apart they have to lie.
        sweep: what was scored.
        result: what came of it.
    """
    by_damage = drops.groupby("degradation", observed=True)
    spreads = by_damage["drop"].max() - by_damage["drop"].min()
    widest = spreads[by_damage["track"].nunique() >= FEWEST].to_dict()
    degradation = max(sweep.degradations, key=lambda one: widest.get(one.name, 0.0))
    if not widest.get(degradation.name, 0.0) > least:
        return []
    of_damage = drops[(drops["degradation"] == degradation.name).to_numpy()].sort_values("clip_id", kind="stable")
    largest = of_damage.loc[of_damage["drop"].idxmax()]
    smallest = of_damage.loc[of_damage.loc[of_damage["track"] != largest["track"], "drop"].idxmin()]
    median, sources = float(of_damage["drop"].median()), {source.id: source for source in sweep.sources}
    chosen: list[Extreme] = []
    ends: tuple[tuple[Which, pd.Series], ...] = (("largest", largest), ("smallest", smallest))
    for which, row in ends:
        source = sources.get(row["clip_id"])
        if source is not None and degradation.name not in result.broken_off(source.id):
            chosen.append(
                Extreme(metric, which, source, degradation, int(row["level"]), float(row["drop"]), median)
            )
    return chosen
