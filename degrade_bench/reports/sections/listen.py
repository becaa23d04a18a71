"""Listen: one clip, clean and damaged, with the audio inside the page."""

from __future__ import annotations

from typing import Any

from degrade_bench.reports.inline import data_uri
from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.sections.base import Section
from degrade_bench.runs.columns import CLEAN


def rows(run: RunView) -> dict[str, Any]:
    """The clean example, None without any, and the damaged ones by degradation."""
    clean: dict[str, Any] | None = None
    damaged: dict[str, list[dict[str, Any]]] = {}
    for excerpt in run.record.examples:
        try:
            audio = (run.folder / excerpt.file).read_bytes()
        except OSError:
            continue  # a run directory that was passed on without its audio
        example = {**excerpt.model_dump(), "uri": data_uri("audio/mpeg", audio)}
        if excerpt.degradation == CLEAN:
            clean = example
        else:
            damaged.setdefault(excerpt.degradation, []).append(example)
    return {"clean": clean, "damaged": damaged}


SECTION = Section(id="listen", title="Listen", template="listen.html.j2", rows=rows)
