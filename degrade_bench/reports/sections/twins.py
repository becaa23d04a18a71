"""Twins: what damage costs in audio beyond its placebo, beside what the same damage costs in the notes."""

from __future__ import annotations

from typing import Any

from degrade_bench.reports.figures import twins as figure
from degrade_bench.reports.figures.twins import strongest
from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.sections.base import Section
from degrade_bench.reports.tables import in_order
from degrade_bench.reports.words import listed, percent, records

LARGEST_SHARE = 10
"""A difference of more than this many drops is one beside next to nothing."""


def rows(run: RunView) -> dict[str, Any] | None:
    """A row for every metric and pair at its strongest level, and how many agree; None for a run without pairs."""
    table = strongest(run.twins)
    if table.empty:
        return None
    more = table[~table["agrees"] & (table["difference"] > 0)]
    metrics = in_order(run.metrics, table["metric"])
    return {
        "pairs": len(table),
        "agreeing": int(table["agrees"].sum()),
        "more": [f"{row['metric']} on {row['degradation']}{_share(row)}" for row in records(more)],
        "less": int((~table["agrees"] & (table["difference"] <= 0)).sum()),
        "metrics": {metric: records(table[table["metric"] == metric]) for metric in metrics},
        "listed": listed,
    }


def _share(row: dict[str, Any]) -> str:
    """By what part of the drop in the notes the drop in audio is larger, where that says anything."""
    share = row["difference"] / abs(row["notes_drop"]) if row["notes_drop"] else float("inf")
    return f" (by {percent(share, 0)})" if share < LARGEST_SHARE else ""


SECTION = Section(id="twins", title="Twins", template="twins.html.j2", rows=rows, drawings=figure.drawings)
