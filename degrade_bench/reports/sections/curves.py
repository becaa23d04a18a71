"""Sensitivity curves: a figure per family, each degradation beside its placebo."""

from __future__ import annotations

from typing import Any

from degrade_bench.reports.figures import curves as figure
from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.sections.base import Section


def rows(run: RunView) -> dict[str, Any]:
    """Nothing beside the figures."""
    return {}


SECTION = Section(
    id="curves",
    title="Sensitivity curves",
    link="Curves",
    template="curves.html.j2",
    rows=rows,
    drawings=figure.drawings,
)
