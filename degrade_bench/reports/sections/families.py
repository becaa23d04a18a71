"""By family: how many damages each metric hears, and how many single clips raise an alarm."""

from __future__ import annotations

from typing import Any

from degrade_bench.analysis.verdicts import Verdict
from degrade_bench.reports.figures import families as figure
from degrade_bench.reports.glossary import glossary
from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.sections.base import Section
from degrade_bench.reports.tables import Rows, in_order, of_metric
from degrade_bench.reports.words import records


def rows(run: RunView) -> dict[str, Any] | None:
    """Rows of families and groups, a cell per metric; None where nothing is known of families."""
    if not figure.has_families(run):
        return None
    families = run.analysis.families
    metrics = in_order(run.metrics, families["metric"])
    verdicts = records(run.analysis.verdicts)
    cells = {(row["group"], row["family"] or "", row["metric"]): row for row in records(families)}
    return {
        "metrics": metrics,
        "terms": glossary(only=("heard", "alarm", "net alarms")),
        "families": [
            {
                "label": row.label,
                "whole": not row.family,
                "heard": [heard(verdicts, name, row.group, row.family) for name in metrics],
                "cells": [cells.get((row.group, row.family, name)) for name in metrics],
            }
            for row in figure.family_rows(families)
        ],
    }


def heard(verdicts: Rows, metric: str, group: str, family: str) -> tuple[int, int]:
    """How many damages a metric hears, and of how many that it could be asked about.

    Args:
        verdicts: of every metric and damage.
        metric: its name.
        group: of damages.
        family: in the group; empty for all of it.
    """
    asked = [
        row["verdict"]
        for row in of_metric(verdicts, metric)
        if row["group"] == group and family in ("", row["family"]) and row["verdict"] != Verdict.NOT_APPLICABLE
    ]
    return asked.count(Verdict.SENSITIVE), len(asked)


SECTION = Section(
    id="families",
    title="By family",
    link="Families",
    template="families.html.j2",
    rows=rows,
    drawings=figure.drawings,
)
