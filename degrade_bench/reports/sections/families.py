"""By family: how much of every family of degradations each metric noticed."""

from __future__ import annotations

from typing import Any

from degrade_bench.reports.figures import families as figure
from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.sections.base import Section
from degrade_bench.reports.tables import in_order
from degrade_bench.reports.words import records


def rows(run: RunView) -> dict[str, Any] | None:
    """Rows of families and groups, a cell per metric; None where nothing is known of families."""
    if not figure.has_families(run):
        return None
    families = run.analysis.families
    metrics = in_order(run.metrics, families["metric"])
    cells = {(row["group"], row["family"] or "", row["metric"]): row for row in records(families)}
    return {
        "metrics": metrics,
        "families": [
            {
                "label": row.label,
                "whole": not row.family,
                "cells": [cells.get((row.group, row.family, name)) for name in metrics],
            }
            for row in figure.family_rows(families)
        ],
    }


SECTION = Section(
    id="families",
    title="By family",
    link="Families",
    template="families.html.j2",
    rows=rows,
    drawings=figure.drawings,
)
