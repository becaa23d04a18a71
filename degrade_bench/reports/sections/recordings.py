"""Every recording: its drop under each damage, and which recordings stand out."""

from __future__ import annotations

from typing import Any

from degrade_bench.reports.figures import drops as figure
from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.sections.base import Section


def rows(run: RunView) -> dict[str, Any] | None:
    """What is wrong with the scores, if anything is; None where the folder has none."""
    found = figure.has_drops(run)
    return {"unreadable": found if isinstance(found, str) else None} if found else None


SECTION = Section(
    id="recordings",
    title="Every recording",
    link="Recordings",
    template="recordings.html.j2",
    rows=rows,
    drawings=figure.drawings,
)
