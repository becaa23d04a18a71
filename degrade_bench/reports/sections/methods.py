"""Methods and limits: a paragraph for a paper, and what the run cannot say."""

from __future__ import annotations

from typing import Any

from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.methods import limits, methods
from degrade_bench.reports.sections.base import Section


def rows(run: RunView) -> dict[str, Any]:
    """The sentences of both."""
    return {"methods": methods(run), "limits": limits(run)}


SECTION = Section(
    id="methods", title="Methods and limits", link="Methods, limits", template="methods.html.j2", rows=rows
)
