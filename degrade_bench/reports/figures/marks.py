"""The verdicts in a figure: colours of cells, and the legend of the marks."""

from __future__ import annotations

from collections.abc import Iterable

from degrade_bench.analysis.verdicts import VERDICT_MARKS
from degrade_bench.reports.figures.paper import Key

SHADES = {
    "sensitive": "#d7e8f7",
    "faint": "#edf3f9",
    "blind": "#ededeb",
    "inverted": "#f9d9d3",
    "artefact": "#fdebd0",
    "failed": "#fde3de",
}
"""As on the page; a verdict that is not named here has white."""


def verdict_keys(verdicts: Iterable[str]) -> list[Key]:
    """The legend of those verdicts that occur, in the order of verdicts.

    Args:
        verdicts: any, each as often as it comes.
    """
    occurring = set(verdicts)
    return [Key(f"{mark} {name.replace('-', ' ')}") for name, mark in VERDICT_MARKS.items() if name in occurring]
