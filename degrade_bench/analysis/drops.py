"""From the score table to paired drops: clean minus degraded, per clip, in the direction of quality."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

CELL = ["metric", "degradation", "level"]


@dataclass(frozen=True)
class Drops:
    """Paired drops of one table.

    Attributes:
        table: one row per metric, degradation, level and clip, replicates averaged: ``drop`` (NaN where there is
            none), ``role``, ``placebo_of``, ``track``.
        net: one row per metric, tested degradation, level and clip that has both: ``net`` is the drop beyond
            the placebo's.
        infinite: rows left out because a score was infinite, per metric.
    """

    table: pd.DataFrame
    net: pd.DataFrame
    infinite: dict[str, int]


def paired_drops(scores: pd.DataFrame) -> Drops:
    """Pair every cell with its clip's clean score. Rows that are not ``ok``, and infinite scores, give no drop."""
    scores = scores.sort_values(["metric", "clip_id", "degradation", "level", "replicate"], kind="stable")
    finite = np.isfinite(scores["score"].to_numpy(dtype=float, na_value=np.nan))
    infinite = scores[np.isinf(scores["score"].to_numpy(dtype=float, na_value=np.nan))]
    usable = scores[(scores["status"] == "ok").to_numpy() & finite]
    clean = usable[usable["role"] == "clean"].set_index(["metric", "clip_id"])["score"]
    cells = usable[usable["role"] != "clean"].join(clean.rename("clean"), on=["metric", "clip_id"])
    sign = np.where(cells["higher_is_better"].to_numpy(dtype=bool), 1.0, -1.0)
    cells = cells.assign(drop=sign * (cells["clean"] - cells["score"]))
    keys = [*CELL, "role", "clip_id", "track"]
    mean = cells.groupby(keys, sort=True, observed=True)["drop"].mean().dropna().reset_index()
    parents = scores.drop_duplicates("degradation").set_index("degradation")["placebo_of"]
    mean["placebo_of"] = mean["degradation"].map(parents)
    return Drops(mean, _net(mean, scores), infinite.groupby("metric").size().to_dict())


def _net(drops: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    tests = drops[drops["role"] == "test"]
    placebos = drops[drops["role"] == "placebo"]
    rows = scores[scores["role"] == "placebo"]
    tops = rows.groupby("degradation")["level"].max()
    single = set(tops[tops == 1].index)  # one level that stands beside every level of its degradation
    leveled = placebos[~placebos["degradation"].isin(single)]
    keys = ["metric", "placebo_of", "clip_id"]
    exact = leveled.set_index([*keys, "level"])["drop"].rename("placebo_drop")
    shared = placebos[placebos["degradation"].isin(single)].set_index(keys)["drop"].rename("shared_drop")
    on = ["metric", "degradation", "clip_id"]
    joined = tests.join(exact, on=[*on, "level"]).join(shared, on=on)
    joined["placebo_drop"] = joined["placebo_drop"].fillna(joined["shared_drop"])
    joined["net"] = joined["drop"] - joined["placebo_drop"]
    return joined.dropna(subset=["net"]).drop(columns=["shared_drop"])
