"""Clips: those that were left out, and those that were scored."""

from __future__ import annotations

from typing import Any

from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.sections.base import Section


def rows(run: RunView) -> dict[str, Any]:
    """The clips of the record."""
    return {"scored": run.record.clips, "left_out": run.record.clips_skipped}


SECTION = Section(id="clips", title="Clips", template="clips.html.j2", rows=rows)
