"""Provenance: what was run, where, with which versions, metrics and licences."""

from __future__ import annotations

from typing import Any

from degrade_bench.reports.bibliography import bibtex
from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.methods import reproduction
from degrade_bench.reports.sections.base import Section

LICENCES = (
    "degrade-bench: Apache-2.0. Built-in corpus: CC0 1.0, rendered with the FluidR3 soundfont (MIT).",
    "pedalboard, which decodes, encodes and stretches: GPL-3.",
    "MuQ's weights, where MuQ-Eval was scored: CC-BY-NC 4.0.",
    "speechmos with the networks of DNSMOS, where that was scored: MIT.",
    "The weights of musicnn, where its metrics were scored: ISC.",
    "The network of Basic Pitch, Zimtohrli and visqol-python, where these were scored: Apache-2.0; pyclarity: MIT.",
)


def rows(run: RunView) -> dict[str, Any]:
    """The record, the options of the analysis, how to make it again, sources and licences.

    The record is there whole but for its timings: the first page is made before they are known, and the same folder
    gives the same page.
    """
    return {
        "record": run.record,
        "options": run.analysis.options,
        "earlier": run.analysis.earlier,
        "domains": run.domain_notes,
        "licences": LICENCES,
        "again": reproduction(run.record),
        "bibtex": [entry.split("\n") for entry in bibtex(run.record)],
        "everything": run.record.model_dump_json(indent=1, exclude={"timings"}).split("\n"),
    }


SECTION = Section(id="provenance", title="Provenance", template="provenance.html.j2", rows=rows)
