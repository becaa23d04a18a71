"""Signal against structure: each metric's index of selectivity."""

from __future__ import annotations

from typing import Any

from degrade_bench.reports.figures import selectivity as figure
from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.sections.base import Section
from degrade_bench.reports.words import records


def rows(run: RunView) -> dict[str, Any] | None:
    """A row per metric; None without any."""
    metrics = records(run.analysis.selectivity)
    return {"metrics": metrics} if metrics else None


SECTION = Section(
    id="selectivity",
    title="Signal against structure",
    template="selectivity.html.j2",
    rows=rows,
    drawings=figure.drawings,
)
