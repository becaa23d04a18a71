"""Which recordings stand out, by the scores: for a metric, the largest and the smallest drop under one damage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from degrade_bench.runs.columns import ANALYSED
from degrade_bench.runs.played import Which
from degrade_bench.sweep.execute import SweepResult
from degrade_bench.sweep.heard import BYTES_OF_RECORDINGS
from degrade_bench.sweep.spec import Sweep
from degrade_bench.sweep.standing_out import Extreme

if TYPE_CHECKING:
    import pandas as pd

FEWEST = 3
"""Clips of which one can be said to stand out."""


def extremes(sweep: Sweep, result: SweepResult) -> tuple[Extreme, ...]:
    """Two clips for every metric, as far as there is room: where its drops under one damage are farthest apart.

    That damage is the one whose drops lie farthest apart, at its highest level; of equal ones it is the first.

    Args:
        sweep: what was scored.
        result: what came of it.
    """
    chosen: list[Extreme] = []
    left = float(BYTES_OF_RECORDINGS)
    drops = _drops(result.table)
    for metric in sweep.metrics:
        pair = _of_metric(metric.name, drops[(drops["metric"] == metric.name).to_numpy()], sweep, result)
        needed = sum(one.most_bytes for one in pair)
        if needed <= left:
            chosen += pair
            left -= needed
    return tuple(chosen)


def _drops(table: pa.Table) -> pd.DataFrame:
    """The drops of all clips under every tested damage at the highest level of it that was run."""
    from degrade_bench.analysis.drops import coded, drop_table  # not before: it brings pandas

    tested = table.filter(pc.equal(table["role"], "test"))
    highest = tested.group_by("degradation").aggregate([("level", "max")])
    tops = dict(zip(highest["degradation"].to_pylist(), highest["level_max"].to_pylist(), strict=True))
    kept = pc.equal(table["role"], "clean")
    for level in set(tops.values()):
        names = pa.array([name for name, top in tops.items() if top == level], pa.string())
        kept = pc.or_(kept, pc.and_(pc.equal(table["level"], level), pc.is_in(table["degradation"], names)))
    return drop_table(coded(table.filter(kept).select(ANALYSED).to_pandas()))


def _of_metric(metric: str, drops: pd.DataFrame, sweep: Sweep, result: SweepResult) -> list[Extreme]:
    """The clips with the largest and the smallest drop under the damage whose drops lie farthest apart.

    Args:
        metric: whose drops these are.
        drops: of every clip and damage.
        sweep: what was scored.
        result: what came of it.
    """
    spreads = drops.groupby("degradation", observed=True)["drop"].agg(["min", "max", "count"])
    widest = (spreads["max"] - spreads["min"])[spreads["count"] >= FEWEST].to_dict()
    degradation = max(sweep.degradations, key=lambda one: widest.get(one.name, 0.0))
    if not widest.get(degradation.name, 0.0):
        return []
    of_damage = drops[(drops["degradation"] == degradation.name).to_numpy()].sort_values("clip_id", kind="stable")
    values, level = of_damage["drop"].to_numpy(), int(of_damage["level"].iloc[0])
    sources = {source.id: source for source in sweep.sources}
    chosen: list[Extreme] = []
    ends: tuple[tuple[Which, int], ...] = (("largest", int(values.argmax())), ("smallest", int(values.argmin())))
    for which, row in ends:
        source = sources.get(of_damage["clip_id"].iloc[row])
        if source is not None and degradation.name not in result.broken_off(source.id):
            drop, median = float(values[row]), float(of_damage["drop"].median())
            chosen.append(Extreme(metric, which, source, degradation, level, drop, median))
    return chosen
