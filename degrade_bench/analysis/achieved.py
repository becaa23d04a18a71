"""Strengths asked for and achieved, whatever the metric: ``Analysis.achieved``."""

from __future__ import annotations

import numpy as np
import pandas as pd

from degrade_bench.analysis.frames import Column, Frame

ACHIEVED = Frame(
    "achieved",
    "a tested degradation or control × level",
    (
        Column("group", "text", "which degradation"),
        Column("family", "text", "which degradation"),
        Column("degradation", "text", "which degradation"),
        Column("level", "count", "the ladder's level"),
        Column("strength", "number", "the strength that was asked for", "as `unit` says"),
        Column("unit", "text", "of the strength"),
        Column("n", "count", "clips × replicates in which the strength was measured"),
        Column("mean", "number", "mean, smallest and largest achieved strength over them", "as `unit` says"),
        Column("min", "number", "mean, smallest and largest achieved strength over them", "as `unit` says"),
        Column("max", "number", "mean, smallest and largest achieved strength over them", "as `unit` says"),
    ),
)


def achieved_strengths(scores: pd.DataFrame) -> pd.DataFrame:
    """The columns of :data:`ACHIEVED` from a score table, over clips and replicates."""
    cells = scores[scores["role"].isin(["test", "control"])]
    cells = cells.drop_duplicates(["clip_id", "degradation", "level", "replicate"])
    keys = ["group", "family", "degradation", "level", "strength", "unit"]
    achieved = cells["achieved"].astype(float)
    cells = cells.assign(achieved=achieved.where(np.isfinite(achieved)))  # an endless SNR has no mean
    cells = cells.astype({name: object for name in ("group", "family", "degradation", "unit")})
    frame = cells.groupby(keys, sort=False, dropna=False)["achieved"].agg(["count", "mean", "min", "max"])
    frame = frame.where(np.isfinite(frame))  # nor have numbers whose sum is beyond a double
    return ACHIEVED.table(frame.reset_index().rename(columns={"count": "n"}))
