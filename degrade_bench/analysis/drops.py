"""From the score table to paired drops: clean minus degraded, per clip, in the direction of quality."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from degrade_bench._support.rounding import Ties
from degrade_bench.analysis.frames import Column, Frame
from degrade_bench.errors import RunFolderError
from degrade_bench.runs.columns import ANALYSED, ANALYSED_TEXTS, SCHEMA

CELL = ["metric", "degradation", "level"]
LARGEST = 1e150
"""Scores from here on count as infinite: their squares would be."""


DROPS = Frame(
    "drops",
    "a metric × degradation × level × clip, replicates averaged",
    (
        Column("metric", "text", "which metric"),
        Column("degradation", "text", "which degradation: tested, placebo or control, as `role` says"),
        Column("level", "count", "the ladder's level"),
        Column("role", "text", "`test`, `placebo` or `control`"),
        Column("placebo_of", "text", "for a placebo, the degradation that it stands beside"),
        Column("clip_id", "text", "which clip"),
        Column("track", "text", "the recording that the clip was cut from"),
        Column("nuisance", "flag", "whether it counts towards the metric's nuisance floor"),
        Column("drop", "number", "clean less degraded, in the direction of quality", "the metric's"),
    ),
)

NET_DROPS = Frame(
    "net_drops",
    "a metric × tested degradation × level × clip that has a drop and a placebo's drop",
    (
        *(column for column in DROPS.columns if column.name not in ("placebo_of", "nuisance")),
        Column("placebo_drop", "number", "the placebo's drop", "the metric's"),
        Column("net", "number", "the drop beyond the placebo's", "the metric's"),
    ),
)


@dataclass(frozen=True)
class Drops:
    """Paired drops of one table.

    Attributes:
        table: the columns of :data:`DROPS`.
        net: the columns of :data:`NET_DROPS`.
        infinite: rows left out because a score was infinite, per metric.
    """

    table: pd.DataFrame
    net: pd.DataFrame
    infinite: dict[str, int]


def coded(scores: pd.DataFrame) -> pd.DataFrame:
    """The table with its texts as categories in alphabetical order: smaller, and sorted and grouped as numbers.

    Raises:
        RunFolderError: a column that the analysis reads is not there, or has empty cells where it may have none.
    """
    for name in ANALYSED:
        if name not in scores:
            raise RunFolderError(f"this is no score table: it lacks the column {name!r}")
        if not SCHEMA.field(name).nullable and scores[name].isna().any():
            raise RunFolderError(f"this is no score table: its column {name!r} has empty cells")
    categories = {}
    for name in ANALYSED_TEXTS:
        if not isinstance(scores[name].dtype, pd.CategoricalDtype):
            codes, texts = pd.factorize(scores[name], sort=True)
            categories[name] = pd.Categorical.from_codes(codes, categories=pd.Index(texts, dtype=object))
    return scores.assign(**categories)


def paired_drops(scores: pd.DataFrame, table: pd.DataFrame | None = None) -> Drops:
    """Pair every cell with its clip's clean score. Rows that are not ``ok``, and infinite scores, give no drop.

    Args:
        scores: the score table.
        table: its :func:`drop_table`, where it was made already.
    """
    scores = coded(scores)
    table = DROPS.table((drop_table(scores) if table is None else table)[DROPS.names])
    infinite = scores[is_infinite(scores["score"].to_numpy(dtype=float, na_value=np.nan))]
    counts = infinite["metric"].astype(object).value_counts()
    return Drops(table, _net(table, scores), {str(k): int(n) for k, n in counts.items()})


def is_usable(score: np.ndarray) -> np.ndarray:
    """Whether each score can be squared: it is a number, and finite, and under 1e150."""
    values: np.ndarray = np.abs(score) < LARGEST
    return values


def is_infinite(score: np.ndarray) -> np.ndarray:
    """Whether each score is infinite, or so large that its square would be."""
    values: np.ndarray = np.abs(score) >= LARGEST
    return values


def single_level_placebos(scores: pd.DataFrame) -> set[str]:
    """Placebos with one level, which stands beside every level of its degradation."""
    rows = scores[(scores["role"] == "placebo").to_numpy()]
    tops = rows.groupby("degradation", observed=True)["level"].max()
    return {str(name) for name in tops[tops == 1].index}


def clean_scores(scores: pd.DataFrame) -> np.ndarray:
    """The clean scores of a :func:`coded` table, ``(metrics, clips)`` by their categories; NaN for none."""
    score = scores["score"].to_numpy(dtype=float, na_value=np.nan)
    is_clean = (scores["role"] == "clean").to_numpy()
    at = np.flatnonzero((scores["status"] == "ok").to_numpy() & is_usable(score) & is_clean)
    clean = np.full((len(scores["metric"].cat.categories), len(scores["clip_id"].cat.categories)), np.nan)
    clean[scores["metric"].cat.codes.to_numpy()[at], scores["clip_id"].cat.codes.to_numpy()[at]] = score[at]
    return clean


def ties_by_metric(scores: pd.DataFrame) -> dict[str, Ties]:
    """How close equal scores are, for every metric of a score table."""
    score = scores["score"].to_numpy(dtype=float, na_value=np.nan)
    usable = (scores["status"] == "ok").to_numpy() & is_usable(score)
    names = scores["metric"].astype(object).to_numpy()
    return {str(name): Ties.of(score[usable & (names == name)]) for name in pd.unique(names)}


def drop_table(scores: pd.DataFrame) -> pd.DataFrame:
    """The drops of a :func:`coded` table: the columns of :data:`DROPS`, texts as categories, and ``draw_variance``.

    That is the variance of a cell's mean drop over its replicates, by what these differ; NaN with one.

    Scores that rounding can account for are equal (see :mod:`degrade_bench._support.rounding`): their drop is 0.
    """
    score = scores["score"].to_numpy(dtype=float, na_value=np.nan)
    usable = (scores["status"] == "ok").to_numpy() & is_usable(score)
    is_clean = (scores["role"] == "clean").to_numpy()
    metric = scores["metric"].cat.codes.to_numpy()
    clean = clean_scores(scores)[metric, scores["clip_id"].cat.codes.to_numpy()]
    sign = np.where(scores["higher_is_better"].to_numpy(dtype=bool), 1.0, -1.0)
    with np.errstate(invalid="ignore", over="ignore"):
        drop = sign * (clean - score)
    for name, ties in ties_by_metric(scores).items():
        here = metric == scores["metric"].cat.categories.get_loc(name)
        drop[here] = ties.settled(drop[here], clean[here], score[here])
    keep = usable & ~is_clean & np.isfinite(drop)
    columns = [*CELL, "role", "placebo_of", "clip_id", "track", "nuisance"]
    cells = scores.loc[keep, [*columns, "replicate"]].assign(drop=drop[keep])
    cells = cells.sort_values([*CELL, "clip_id", "replicate", "drop"], kind="stable")
    keys = [*CELL, "clip_id"]
    first = ~cells.duplicated(keys).to_numpy()
    number = np.cumsum(first) - 1
    values, counts = cells["drop"].to_numpy(), np.bincount(number)
    mean = np.bincount(number, weights=values) / counts if len(cells) else drop[:0]
    apart = np.bincount(number, weights=(values - mean[number]) ** 2) if len(cells) else drop[:0]
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = np.where(counts > 1, apart / (counts - 1) / counts, math.nan)
    return cells.loc[first, columns].assign(drop=mean, draw_variance=variance).reset_index(drop=True)


def _net(drops: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """The drop beyond the placebo's, from :data:`DROPS` and the coded score table that they are of."""
    single = single_level_placebos(scores)
    tests = drops[drops["role"] == "test"].drop(columns=["placebo_of", "nuisance"])
    placebos = drops[drops["role"] == "placebo"]
    shares = placebos["degradation"].isin(single)
    placebos = placebos.assign(degradation=placebos["placebo_of"])
    on = ["metric", "degradation", "clip_id"]
    exact = placebos[~shares].set_index([*on, "level"])["drop"].rename("placebo_drop")
    shared = placebos[shares].set_index(on)["drop"].rename("shared_drop")
    joined = tests.join(exact, on=[*on, "level"]).join(shared, on=on)
    joined["placebo_drop"] = joined["placebo_drop"].fillna(joined["shared_drop"])
    clean = pd.DataFrame(clean_scores(scores), scores["metric"].cat.categories, scores["clip_id"].cat.categories)
    ties = ties_by_metric(scores)
    joined["net"] = math.nan
    for name, rows in joined.groupby("metric", sort=False, observed=True):
        drop, placebo = rows["drop"].to_numpy(), rows["placebo_drop"].to_numpy(dtype=float)
        start = clean.loc[name].reindex(rows["clip_id"].astype(object)).to_numpy()
        joined.loc[rows.index, "net"] = net_drops(ties[str(name)], start, drop, placebo)
    return NET_DROPS.table(joined.dropna(subset=["net"]).drop(columns=["shared_drop"]))


def net_drops(ties: Ties, clean: np.ndarray, drops: np.ndarray, placebo: np.ndarray) -> np.ndarray:
    """Drops beyond the placebos': 0 where rounding can account for what the two scores differ by.

    Args:
        ties: of the metric.
        clean: the clean scores, of a shape that fits the drops'.
        drops: of the damage.
        placebo: of its placebo, in the same shape.
    """
    sizes = (np.abs(clean) + np.abs(values) for values in (drops, placebo))
    return ties.settled(drops - placebo, *sizes)
