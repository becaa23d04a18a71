"""In short: what was found of every metric in plain words, and the profile of families and metrics."""

from __future__ import annotations

from typing import Any

from degrade_bench.analysis.verdicts import VERDICT_MARKS, VERDICT_MEANINGS
from degrade_bench.reports.figures import profile as figure
from degrade_bench.reports.in_short import in_short, profile
from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.sections.base import Section


def rows(run: RunView) -> dict[str, Any]:
    """A card for every metric, the profile, and the legend of the verdicts that occur."""
    cards, families = in_short(run), profile(run)
    occurring = {verdict for row in families for cell in row.cells for verdict, _, _ in cell.counts}
    groups = list(dict.fromkeys(row.group for row in families))
    return {
        "cards": cards,
        "metrics": [card.metric for card in cards],
        "groups": {group: [row for row in families if row.group == group] for group in groups},
        "marks": {verdict: mark for verdict, mark in VERDICT_MARKS.items() if verdict in occurring},
        "meanings": VERDICT_MEANINGS,
    }


SECTION = Section(id="summary", title="In short", template="summary.html.j2", rows=rows, drawings=figure.drawings)
