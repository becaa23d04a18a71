"""Every damage: the heat map, and for every metric its verdicts and levels."""

from __future__ import annotations

from typing import Any

from degrade_bench.analysis.verdicts import VERDICT_MARKS
from degrade_bench.reports.figures import heat_map
from degrade_bench.reports.glossary import glossary
from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.sections.base import Section
from degrade_bench.reports.tables import Rows, of_metric
from degrade_bench.reports.words import MARGINS, detection, level_and_strength, missing, records

READING = (
    "heard from",
    "crosses the margin at",
    "levels off at",
    "trend",
    "smallest detectable drop",
    "corrected p",
    "confirmatory",
)
"""What the heads of the tables mean."""


def rows(run: RunView) -> dict[str, Any]:
    """Every metric with its floor and margin, its verdicts and its levels."""
    levels, verdicts = records(run.analysis.levels), verdict_rows(run)
    metrics = [
        facts
        | {
            "note": run.domain_notes.get(facts["metric"]),
            "verdicts": of_metric(verdicts, facts["metric"]),
            "levels": of_metric(levels, facts["metric"]),
        }
        for facts in records(run.analysis.metrics)
    ]
    return {
        "metrics": metrics,
        "margins": MARGINS,
        "marks": VERDICT_MARKS,
        "options": run.analysis.options,
        "terms": glossary(run.analysis.options.rules, READING),
    }


def verdict_rows(run: RunView) -> Rows:
    """Verdicts, each with words for from where on the damage is heard and where the curve levels off."""
    verdicts = records(run.analysis.verdicts)
    for verdict in verdicts:
        strengths = run.strengths(verdict["degradation"])
        verdict["heard_from"] = level_and_strength(verdict["detection_level"], strengths, verdict["unit"])
        at, ends = ("", "") if missing(verdict["detection_at"]) else detection(verdict, strengths)
        verdict["crosses"] = f"{at} ({ends})" if ends else at
        verdict["saturates"] = level_and_strength(verdict["saturation_level"], strengths, verdict["unit"])
    return verdicts


SECTION = Section(
    id="verdicts",
    title="Every damage",
    link="Verdicts",
    template="verdicts.html.j2",
    rows=rows,
    drawings=heat_map.drawings,
)
