"""``Analysis.levels``: every statistic of the drops at one level of one degradation.

A statistic is a module of this folder that defines ``STATISTIC``, a :class:`LevelStatistic`: its columns and the
function that computes them. To add one, write such a module and name it in :data:`MODULES`. Its columns then are in
``Analysis.levels``, in ``analysis.json`` and in what ``degrade_bench.load`` gives; ``scripts/column_tables.py``
puts them into ``docs/analysis.md``.
"""

from __future__ import annotations

from importlib import import_module

import pandas as pd

from degrade_bench.analysis.frames import Column, Frame
from degrade_bench.analysis.levels.base import LevelInputs, LevelStatistic
from degrade_bench.analysis.multiplicity import LEVEL_COLUMNS

__all__ = ["LADDER", "LEVELS", "MODULES", "STATISTICS", "LevelInputs", "LevelStatistic", "level_effects"]

MODULES = (
    "mean_drop",
    "bands",
    "distribution",
    "between_tracks",
    "effect_size",
    "concordance",
    "any_drop",
    "equivalence",
    "beyond_placebo",
    "against_margin",
    "single_clips",
)
"""The modules of this folder that define a statistic, in the order of their columns."""

STATISTICS: tuple[LevelStatistic, ...] = tuple(
    import_module(f"degrade_bench.analysis.levels.{module}").STATISTIC for module in MODULES
)

LADDER = (
    Column("metric", "text", "which metric, and which tested damage"),
    Column("group", "text", "which metric, and which tested damage"),
    Column("family", "text", "which metric, and which tested damage"),
    Column("degradation", "text", "which metric, and which tested damage"),
    Column("level", "count", "the ladder's level: 1 is just noticeable, the highest is gross"),
    Column("strength", "number", "the level's physical strength", "as `unit` says"),
    Column("unit", "text", "of the strength"),
)

LEVELS = Frame(
    "levels",
    "a metric × tested degradation × level",
    (
        *LADDER,
        *(column for statistic in STATISTICS for column in statistic.columns),
        *LEVEL_COLUMNS,
        Column("verdict", "text", "the degradation's verdict, repeated"),
    ),
)


def level_effects(inputs: LevelInputs) -> pd.DataFrame:
    """One row per tested cell, scored or not, in the order of ``inputs.metric_drops.cells``.

    Returns:
        The columns of :data:`LEVELS` but for the verdict and what is adjusted for multiplicity.
    """
    frame = inputs.metric_drops.cells.assign(metric=inputs.metric_drops.metric)
    for statistic in STATISTICS:
        values = statistic.compute(inputs)
        frame = frame.assign(**{column.name: values[column.name] for column in statistic.columns})
    return frame
