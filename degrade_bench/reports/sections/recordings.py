"""Every recording: its drop under each damage, which recordings stand out, and these to be heard."""

from __future__ import annotations

from typing import Any

from degrade_bench.reports.figures import drops as figure
from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.sections.base import Section
from degrade_bench.reports.sections.kept import Kept


def rows(run: RunView) -> dict[str, Any] | None:
    """What is wrong with the scores, if anything is, and recordings that stand out, by metric; None without scores.

    Raises:
        RunFolderError: a sound leaves the folder, is no regular file, or is too large.
    """
    found = figure.has_drops(run)
    if not found:
        return None
    kept = Kept(run)
    standing: dict[str, list[dict[str, Any]]] = {}
    for one in run.record.recordings:
        uris = kept.sound(one.clean_file), kept.sound(one.file)
        if None not in uris:
            standing.setdefault(one.metric, []).append({**one.model_dump(), "uris": uris})
    return {"unreadable": found if isinstance(found, str) else None, "standing": standing}


SECTION = Section(
    id="recordings",
    title="Every recording",
    link="Recordings",
    template="recordings.html.j2",
    rows=rows,
    drawings=figure.drawings,
)
