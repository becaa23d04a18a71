"""By group of clips: whether a metric's drop is the same for every genre."""

from __future__ import annotations

from typing import Any

from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.sections.base import Section
from degrade_bench.reports.tables import in_order, largest_counts
from degrade_bench.reports.words import records


def rows(run: RunView) -> dict[str, Any] | None:
    """Evenness of every metric's drops over the groups of clips, and the drops; None where clips have no groups."""
    genres = run.analysis.genres
    genres = genres[genres["clip_group"].notna() & genres["drop_mean"].notna()]
    if genres.empty:
        return None
    metrics = in_order(run.metrics, genres["metric"])
    degradations = in_order(run.degradations, genres["degradation"])
    evenness = {(row["metric"], row["degradation"]): row["evenness"] for row in records(run.analysis.verdicts)}
    groups = largest_counts(genres, "clip_group", "n")
    cells = {(row["metric"], row["degradation"], str(row["clip_group"])): row for row in records(genres)}
    return {
        "metrics": metrics,
        "evenness": [
            {"degradation": name, "cells": [evenness.get((metric, name)) for metric in metrics]}
            for name in degradations
        ],
        "groups": [{"name": group, "n": clips} for group, clips in groups.items()],
        "drops": {
            metric: [
                {"degradation": name, "cells": [cells.get((metric, name, group)) for group in groups]}
                for name in degradations
            ]
            for metric in metrics
        },
    }


SECTION = Section(
    id="genres",
    title="By group of clips",
    link="Groups of clips",
    template="genres.html.j2",
    rows=rows,
)
