"""Which damages and metrics a figure is asked to show."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from degrade_bench.errors import UnknownNameError
from degrade_bench.reports.inputs import View

Names = str | Sequence[str] | None
"""One name, several, or None for all that there are."""


def chosen_damages(run: View, names: Names = None) -> list[str]:
    """Degradations, in the run's order.

    Args:
        run: with its analysis.
        names: families or degradations.

    Raises:
        UnknownNameError: the run has neither a family nor a degradation of such a name.
    """
    families = run.family_of
    if names is None:
        return list(families)
    asked = _several(names)
    for name in asked:
        if name not in families and name not in families.values():
            raise UnknownNameError("degradation or family of this run", name, [*families, *families.values()])
    return [name for name, family in families.items() if name in asked or family in asked]


def chosen_metrics(run: View, names: Names = None) -> list[str]:
    """Metrics, in the order in which they are asked for, or the run's.

    Args:
        run: with its analysis.
        names: of metrics.

    Raises:
        UnknownNameError: the run has no metric of such a name.
    """
    if names is None:
        return run.metrics
    asked = list(dict.fromkeys(_several(names)))
    for name in asked:
        if name not in run.metrics:
            raise UnknownNameError("metric of this run", name, run.metrics)
    return asked


def _several(names: str | Sequence[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def shares(names: Sequence[str], most: int) -> list[list[str]]:
    """Names in as few parts of at most so many as can be, the parts as equal as can be.

    >>> shares(["a", "b", "c", "d", "e"], 4)
    [['a', 'b', 'c'], ['d', 'e']]
    """
    parts = -(-len(names) // most)
    size, longer = divmod(len(names), parts) if parts else (0, 0)
    ends = [index * size + min(index, longer) for index in range(parts + 1)]
    return [list(names[start:end]) for start, end in pairwise(ends)]
