"""The smallest set of metrics that between them hear every family."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import pandas as pd

COLUMNS = ["metric", "group", "family", "sensitive", "scored", "degradations", "covers", "chosen"]

SHARE = 0.5
"""Share of a family's degradations of which a metric must be sensitive to cover it."""


def cover(verdicts: pd.DataFrame, miss_rates: Mapping[str, float]) -> pd.DataFrame:
    """Which metric covers which family, and the smallest set that covers all that can be covered.

    A metric covers a family when its verdict is ``sensitive`` on at least half of the family's degradations that
    could be scored by any of the metrics.

    Args:
        verdicts: the analysis's.
        miss_rates: by metric, the overall mean miss rate. Of several smallest sets, the one with the lowest mean is
            chosen, then the first in the alphabet.

    Returns:
        one row per metric and family: ``metric, group, family, sensitive`` (degradations), ``scored`` (by this
        metric), ``degradations`` (scored by any), ``covers``, ``chosen`` (the metric is of the set).
    """
    scored = verdicts["verdict"] != "not-applicable"
    table = verdicts.assign(_scored=scored, _sensitive=verdicts["verdict"] == "sensitive")
    families = table[table["_scored"]].groupby(["group", "family"], sort=False)["degradation"].nunique()
    own = table.groupby(["metric", "group", "family"], sort=False)[["_sensitive", "_scored"]].sum().reset_index()
    own = own.rename(columns={"_sensitive": "sensitive", "_scored": "scored"})
    own["degradations"] = families.reindex(
        pd.MultiIndex.from_frame(own[["group", "family"]]), fill_value=0
    ).to_numpy()
    own["covers"] = (own["degradations"] > 0) & (own["sensitive"] >= SHARE * own["degradations"])
    covers = {
        str(metric): frozenset(part.loc[part["covers"], ["group", "family"]].itertuples(index=False, name=None))
        for metric, part in own.groupby("metric", sort=False)
    }
    own["chosen"] = own["metric"].isin(smallest_cover(covers, miss_rates))
    return own[COLUMNS]


def smallest_cover(covers: Mapping[str, frozenset], miss_rates: Mapping[str, float]) -> tuple[str, ...]:
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
