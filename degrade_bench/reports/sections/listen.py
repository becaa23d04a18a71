"""Listen: one clip, clean and damaged, with the audio inside the page."""

from __future__ import annotations

from typing import Any

from degrade_bench._support.contained import read_bytes
from degrade_bench.errors import RunFolderError
from degrade_bench.reports.inline import data_uri
from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.sections.base import Section
from degrade_bench.runs.columns import CLEAN

EXCERPT_BYTES = 8 * 2**20
"""The most that one example may hold; six seconds of MP3 at 320 kbps have a quarter of a megabyte."""

PAGE_BYTES = 64 * 2**20
"""The most that the examples of a page may hold together."""


def rows(run: RunView) -> dict[str, Any]:
    """The clean examples, one for each bit rate, and by degradation the damaged ones and the placebo.

    Raises:
        RunFolderError: an example leaves the folder, is no regular file, or is too large.
    """
    cleans: list[dict[str, Any]] = []
    damaged: dict[str, list[dict[str, Any]]] = {}
    heard = 0
    for excerpt in run.record.examples:
        try:
            audio = read_bytes(run.folder, run.folder / excerpt.file, EXCERPT_BYTES)
        except OSError:
            continue  # a run directory that was passed on without its audio
        heard += len(audio)
        if heard > PAGE_BYTES:
            raise RunFolderError(f"{run.folder}: its examples are larger than {PAGE_BYTES} bytes in all")
        example = {**excerpt.model_dump(), "uri": data_uri("audio/mpeg", audio)}
        if excerpt.degradation == CLEAN:
            cleans.append(example)
        else:
            damaged.setdefault(excerpt.placebo_of or excerpt.degradation, []).append(example)
    return {"cleans": cleans, "damaged": damaged}


SECTION = Section(id="listen", title="Listen", template="listen.html.j2", rows=rows)
