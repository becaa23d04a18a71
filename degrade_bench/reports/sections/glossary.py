"""Words: what the terms of the page mean."""

from __future__ import annotations

from typing import Any

from degrade_bench.reports.glossary import glossary
from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.sections.base import Section


def rows(run: RunView) -> dict[str, Any]:
    """Every term."""
    return {"terms": glossary(run.analysis.options.rules)}


SECTION = Section(id="glossary", title="Glossary", template="glossary.html.j2", rows=rows)
