"""Beside people: how well each metric agrees with people's ratings of the same damage."""

from __future__ import annotations

from typing import Any

from degrade_bench.reports.figures import people as figure
from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.sections.base import Section
from degrade_bench.reports.tables import in_order, largest_counts
from degrade_bench.reports.words import records

ALL = "all"
"""Stands for all damages together, and comes first."""


def rows(run: RunView) -> dict[str, Any] | None:
    """The table of correlations; None where there is neither that nor a figure."""
    table = people_table(run)
    return {"table": table} if table or figure.has_people(run) else None


def people_table(run: RunView) -> dict[str, Any] | None:
    """Rank correlation with people: a row per metric, a cell per damage, all of them first; None without any."""
    people = run.analysis.people
    people = people[people["damage"].notna() & people["rho"].notna()]
    if people.empty:
        return None
    counts = largest_counts(people, "damage", "cells")
    damages = sorted(counts, key=lambda damage: damage != ALL)
    cells = {(row["metric"], row["damage"]): row for row in records(people)}
    return {
        "damages": [
            {"name": "all damages" if damage == ALL else damage, "cells": counts[damage]} for damage in damages
        ],
        "metrics": [
            {"metric": metric, "cells": [cells.get((metric, damage)) for damage in damages]}
            for metric in in_order(run.metrics, people["metric"])
        ],
    }


SECTION = Section(
    id="people",
    title="Beside people",
    link="People",
    template="people.html.j2",
    rows=rows,
    drawings=figure.drawings,
)
