"""Whole sets: what set metrics say of them, as it is and without the bias of few clips."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from degrade_bench._support.plain_text import plain
from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.sections.base import Section
from degrade_bench.runs.set_values import SetValue, read_set_values


def rows(run: RunView) -> dict[str, Any] | None:
    """By metric, a row per tested degradation with its levels; nothing where no set metric was asked."""
    tested = [value for value in read_set_values(run.folder) if value.role == "test"]
    asked = [metric for metric in run.record.metrics if any(value.metric == metric.name for value in tested)]
    if not asked:
        return None
    return {
        "levels": sorted({value.level for value in tested}),
        "reference": len(run.record.reference_clips),
        "files": ", ".join(run.record.request.reference_set),
        "sets": [
            _of_metric(metric.name, [value for value in tested if value.metric == metric.name]) for metric in asked
        ],
    }


def _of_metric(name: str, values: Sequence[SetValue]) -> dict[str, Any]:
    """What the template shows of a metric: its smallest set, and its values by degradation and level."""
    fewest = min(values, key=lambda value: value.vectors)
    return {
        "metric": plain(name),
        "fewest": fewest,
        "degradations": {
            plain(degradation): {
                level: _mean(
                    [value for value in values if (value.degradation, value.level) == (degradation, level)]
                )
                for level in sorted({value.level for value in values if value.degradation == degradation})
            }
            for degradation in dict.fromkeys(value.degradation for value in values)
        },
    }


def _mean(values: Sequence[SetValue]) -> dict[str, float | None]:
    """Over replicates."""
    lines = [value.extrapolated for value in values if value.extrapolated is not None]
    return {
        "value": sum(value.value for value in values) / len(values),
        "corrected": sum(value.corrected for value in values) / len(values),
        "extrapolated": sum(lines) / len(lines) if len(lines) == len(values) else None,
    }


SECTION = Section(id="sets", title="Whole sets", template="sets.html.j2", rows=rows)
