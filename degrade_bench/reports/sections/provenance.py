"""Provenance: what was run, where, with which versions, metrics and licences."""

from __future__ import annotations

from typing import Any

from degrade_bench.reports.inputs import RunView
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
    """The record, the options of the analysis, what metrics were made for where that is not music, and licences."""
    return {
        "record": run.record,
        "options": run.analysis.options,
        "earlier": run.analysis.earlier,
        "domains": run.domain_notes,
        "licences": LICENCES,
    }


SECTION = Section(id="provenance", title="Provenance", template="provenance.html.j2", rows=rows)
