"""Every recording: its drop under each damage, and which recordings stand out."""

from __future__ import annotations

from typing import Any

from degrade_bench.reports.figures import drops as figure
from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.sections.base import Section


def rows(run: RunView) -> dict[str, Any] | None:
    """What is wrong with the scores, if anything is, and which recording is played; None without any scores."""
    found = figure.has_drops(run)
    if not found:
        return None
    there = (example.clip_id for example in run.record.examples if (run.folder / example.file).is_file())
    return {
        "unreadable": found if isinstance(found, str) else None,
        "played": next(there, None),
        "seed": run.record.request.seed,
    }


SECTION = Section(
    id="recordings",
    title="Every recording",
    link="Recordings",
    template="recordings.html.j2",
    rows=rows,
    drawings=figure.drawings,
)
