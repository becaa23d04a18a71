"""Numbers at axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from degrade_bench.reports.figures.paper import SMALLEST, text_width
from degrade_bench.reports.words import number

FURTHEST = 1e100
"""Values beyond it are drawn at it: axes that reach to the ends of a double have no ticks."""

BEYOND = 0.06
"""Inches by which a number may stand beyond the end of its axis."""


def drawn(values: Any) -> np.ndarray:
    """Numbers as they can be drawn."""
    clipped: np.ndarray = np.clip(np.asarray(values, dtype=float), -FURTHEST, FURTHEST)
    return clipped


def few_ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers from a range, zero among them where the range holds it.

    Args:
        low: where the range begins.
        high: where it ends.
        most: about so many steps.
    """
    from matplotlib.ticker import MaxNLocator

    ticks = MaxNLocator(nbins=most, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    size = max(abs(low), abs(high))
    return [0.0 if abs(tick) < 1e-9 * size else float(tick) for tick in ticks if low <= tick <= high]


def tick_text(value: float) -> str:
    """A number at an axis."""
    return number(value, 4)


def roomy_ticks(low: float, high: float, inches: float) -> list[float]:
    """Round numbers that have room beside one another under an axis, and do not reach beyond it by much.

    Args:
        low: where the axis begins.
        high: where it ends.
        inches: its length.
    """

    def has_room(ticks: list[float]) -> bool:
        places = [(tick - low) / (high - low) * inches for tick in ticks]
        halves = [text_width(tick_text(tick), SMALLEST) / 2 for tick in ticks]
        ends = [place + half for place, half in zip(places, halves, strict=True)]
        starts = [place - half for place, half in zip(places, halves, strict=True)]
        apart = all(end + 0.06 < start for end, start in zip(ends, starts[1:], strict=False))
        return apart and starts[0] > -BEYOND and ends[-1] < inches + BEYOND

    every = [few_ticks(low, high, most) for most in (4, 3, 2)]
    pairs = [sorted({0.0, tick}) for ticks in every for tick in reversed(ticks) if low <= 0 <= high]
    alone = [[tick] for ticks in every for tick in sorted(ticks, key=abs)]
    return next((ticks for ticks in (*every, *pairs, *alone) if ticks and has_room(ticks)), [])
