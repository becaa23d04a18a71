"""The smallest set of metrics that between them hear every family."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import pandas as pd

from degrade_bench.analysis.frames import Column, Frame
from degrade_bench.analysis.verdicts import Verdict

SHARE = 0.5
"""Share of a family's degradations of which a metric must be sensitive to cover it."""


COVER = Frame(
    "cover",
    "a metric × family",
    (
        Column("metric", "text", "which metric, and which family of which group of damages"),
        Column("group", "text", "which metric, and which family of which group of damages"),
        Column("family", "text", "which metric, and which family of which group of damages"),
        Column("sensitive", "count", "degradations to which the metric is `sensitive`"),
        Column("scored", "count", "degradations that this metric could score"),
        Column("degradations", "count", "degradations that any of the metrics could score"),
        Column("covers", "flag", "whether it is sensitive to at least half of these"),
        Column("chosen", "flag", "whether the metric is of the smallest set"),
    ),
)


def cover(verdicts: pd.DataFrame, miss_rates: Mapping[str, float]) -> pd.DataFrame:
    """Which metric covers which family, and the smallest set that covers all that can be covered.

    A metric covers a family when its verdict is ``sensitive`` on at least half of the family's degradations that
    could be scored by any of the metrics.

    Args:
        verdicts: the analysis's.
        miss_rates: by metric, the overall mean miss rate. Of several smallest sets, the one with the lowest mean is
            chosen, then the first in the alphabet.

    Returns:
        The columns of :data:`COVER`.
    """
    scored = ~verdicts["verdict"].isin([Verdict.NOT_APPLICABLE, Verdict.FAILED])
    table = verdicts.assign(_scored=scored, _sensitive=verdicts["verdict"] == Verdict.SENSITIVE)
    families = table[table["_scored"]].groupby(["group", "family"], sort=False)["degradation"].nunique()
    counts = table.groupby(["metric", "group", "family"], sort=False)[["_sensitive", "_scored"]].sum().reset_index()
    counts = counts.rename(columns={"_sensitive": "sensitive", "_scored": "scored"})
    keys = pd.MultiIndex.from_frame(counts[["group", "family"]])
    degradations = families.reindex(keys, fill_value=0).to_numpy()
    covers = (degradations > 0) & (counts["sensitive"] >= SHARE * degradations)
    counts = counts.assign(degradations=degradations, covers=covers)
    covered = {
        str(metric): frozenset(part.loc[part["covers"], ["group", "family"]].itertuples(index=False, name=None))
        for metric, part in counts.groupby("metric", sort=False)
    }
    return COVER.table(counts.assign(chosen=counts["metric"].isin(smallest_cover(covered, miss_rates))))


def smallest_cover(covers: Mapping[str, frozenset[Any]], miss_rates: Mapping[str, float]) -> tuple[str, ...]:
    """The smallest set of metrics whose families are all that any metric covers; every set of a size is tried."""
    useful = {name: families for name, families in sorted(covers.items()) if families}
    target = frozenset().union(*useful.values())
    for size in range(len(useful) + 1):
        fitting = [
            names
            for names in itertools.combinations(useful, size)
            if frozenset().union(*(useful[name] for name in names)) == target
        ]
        if fitting:
            return min(fitting, key=lambda names: (sum(miss_rates[name] for name in names), names))
    return ()
