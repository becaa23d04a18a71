"""What the points of sensitivity curves say, and where they stand: for a page that shows values on demand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from degrade_bench.reports.figures.curve_layout import TITLE, layout_of
from degrade_bench.reports.figures.curve_rows import LEVEL, MEAN
from degrade_bench.reports.figures.scales import drawn
from degrade_bench.reports.inputs import View
from degrade_bench.reports.words import level_and_strength, with_interval, within

DIGITS = 4
"""Decimals of a place: a figure is less than ten thousand dots wide."""


def curve_points(run: View, damages: Sequence[str]) -> dict[str, Any]:
    """The points of a figure of curves, one for each metric, damage and level that was scored.

    Args:
        run: with its analysis.
        damages: those of the figure, as :func:`~degrade_bench.reports.figures.curves.sensitivity_curves` is told.

    Returns:
        ``metrics``; ``levels``, each as its damage, its words and its place from the figure's left edge; and
        ``points``, by rows from the top, from left to right: each as its metric and its level (places in the two
        lists), its place from the figure's upper edge, and the words of the drop with its interval and of the
        placebo's drop, ``""`` without one. Places are shares of the figure's width and height.
    """
    layout = layout_of(run, damages, None, "double")
    metrics: dict[str, int] = {}
    levels: dict[tuple[str, int], int] = {}
    told: list[tuple[str, str, float]] = []
    points = []
    for line, _, tops, _ in layout.places():
        for panel in line.panels:
            for level in panel.strengths:
                levels[panel.name, level] = len(told)
                across = (layout.left + (panel.start + level) * line.wide / line.span) / layout.width
                said = level_and_strength(level, panel.strengths, panel.unit)
                told.append((panel.name, said, round(across, DIGITS)))
        for row, top in zip(line.rows, tops, strict=True):
            low, high = row.limits
            for name, curve in row.curves.items():
                placebo = _placebo_words(row.placebos.get(name), curve)
                for values in curve[~np.isnan(curve[:, MEAN])]:
                    level = int(values[LEVEL])
                    share = (high - float(drawn(values[MEAN]))) / (high - low)
                    points.append(
                        (
                            metrics.setdefault(row.metric, len(metrics)),
                            levels[name, level],
                            round((top + TITLE + share * layout.tall) / layout.height, DIGITS),
                            with_interval(*_ends(values)),
                            placebo.get(level, ""),
                        )
                    )
    return {"metrics": list(metrics), "levels": told, "points": points}


def _placebo_words(placebo: np.ndarray | None, curve: np.ndarray) -> dict[int, str]:
    """The placebo's drop at each level; one of a single strength stands beside every level, as in the figure."""
    if placebo is None:
        return {}
    words = {int(values[LEVEL]): within(*_ends(values)) for values in placebo}
    if len(placebo) == 1 and len(curve) > 1:
        (only,) = words.values()
        return {int(level): only for level in curve[:, LEVEL]}
    return words


def _ends(values: np.ndarray) -> tuple[float, ...]:
    """The mean of a drop, and the ends of its interval."""
    return tuple(values[MEAN : MEAN + 3].tolist())
