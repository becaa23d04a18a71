"""How far to trust it: strengths asked for and achieved, what the controls did, cells that do not apply."""

from __future__ import annotations

from typing import Any

from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.sections.base import Section
from degrade_bench.reports.tables import Rows, of_metric
from degrade_bench.reports.words import missing, records


def rows(run: RunView) -> dict[str, Any]:
    """What degradations achieved at the run's levels, what controls did, and which cells do not apply."""
    achieved, controls = achieved_rows(run), control_rows(run)
    return {
        "levels": sorted({step["level"] for row in achieved for step in row["steps"]}),
        "achieved": achieved,
        "metrics": [
            facts | {"controls": of_metric(controls, facts["metric"])} for facts in records(run.analysis.metrics)
        ],
        "not_applicable": run.record.not_applicable,
        "options": run.analysis.options,
    }


def control_rows(run: RunView) -> Rows:
    """Controls, each with whether it is part of the nuisance floor: it is unless the analysis says otherwise."""
    return [
        row | {"part_of_floor": missing(row["nuisance"]) or bool(row["nuisance"])}
        for row in records(run.analysis.controls)
    ]


def achieved_rows(run: RunView) -> Rows:
    """A row per degradation with its summary and its steps, each with the strength asked for and achieved."""
    summaries = {degradation.name: degradation.summary for degradation in run.record.degradations}
    by_degradation: dict[str, dict[str, Any]] = {}
    for step in records(run.analysis.achieved):
        name = step["degradation"]
        row = by_degradation.setdefault(name, {**step, "summary": summaries.get(name, ""), "steps": []})
        row["steps"].append(step)
    return list(by_degradation.values())


SECTION = Section(id="trust", title="How far to trust it", template="trust.html.j2", rows=rows)
