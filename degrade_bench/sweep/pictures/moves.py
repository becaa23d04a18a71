"""What was moved in time: which moment of the clean clip is heard when, or how far from its place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from degrade_bench._support.numbers import number
from degrade_bench.clip import Clip
from degrade_bench.sweep.pictures.order import Run, bar_bounds, place_at, runs
from degrade_bench.sweep.pictures.raster import COLUMNS, ROWS, band, line_at
from degrade_bench.sweep.pictures.version import Version

GRID = 0.12
UNHEARD = 0.5
"""Ink of bar lines, and by how much less there is of it outside the excerpt that is played."""
THICK = 3
"""Dots of the line."""


def orders(clip: Clip, versions: Sequence[Version]) -> tuple[list[np.ndarray], str] | None:
    """A panel for each version with the place in the clean clip that is heard at each moment, and what they show.

    Args:
        clip: the clean clip.
        versions: the clean clip first.

    Returns:
        None where some plan does not tell.
    """
    told = [runs(version.plan, version.seconds) for version in versions]
    if not all(told):
        return None
    bounds = bar_bounds(clip.annotations, clip.duration)
    grid = np.zeros((ROWS, 1))
    if len(bounds) <= ROWS // 3:
        for bound in bounds[1:-1]:
            grid = np.maximum(grid, GRID * line_at(bound, 0, clip.duration))
    longest = max(version.seconds for version in versions)
    panels = []
    for version, order in zip(versions, told, strict=True):
        low, high = _reach(order, longest)
        least = THICK * clip.duration / ROWS / 2
        middle, half = (low + high) / 2, np.maximum((high - low) / 2, least)
        ink = np.maximum(band(middle - half, middle + half, 0, clip.duration), grid)
        panels.append(_heard(ink, version, longest))
    return panels, (
        "Across: the whole clip; upward: the place in the clean clip that is heard. A line that falls is heard "
        "backwards. Pale: what is not played here"
    )


def tempi(versions: Sequence[Version]) -> tuple[list[np.ndarray], str] | None:
    """A panel for each version with how much later a moment is heard than in the clean clip, and what they show.

    Args:
        versions: the clean clip first; one whose plan says nothing of time kept every moment in its place.

    Returns:
        None where nothing moved.
    """
    told = [runs(version.plan, version.seconds) or runs(None, version.seconds) for version in versions]
    longest = max(version.seconds for version in versions)
    moments = _moments(longest, 4)
    shifts = [moments - place_at(order, moments) for order in told]
    widest = max(float(np.nanmax(np.abs(shift), initial=0)) for shift in shifts)
    if widest < 1e-6:
        return None
    edge = 1.1 * widest
    panels = []
    for version, shift in zip(versions, shifts, strict=True):
        each = shift.reshape(COLUMNS, 4)
        low, high = each.min(axis=1), each.max(axis=1)
        least = THICK * edge / ROWS
        middle, half = (low + high) / 2, np.maximum((high - low) / 2, least)
        ink = np.maximum(band(middle - half, middle + half, -edge, edge), GRID * line_at(0, -edge, edge))
        panels.append(_heard(ink, version, longest))
    return panels, (
        "Across: the whole clip; upward: how much later a moment is heard than in the clean clip, "
        f"{number(1000 * widest)} ms at most in any version. Pale: what is not played here"
    )


def span(version: Version, longest: float) -> tuple[float, float]:
    """Where in a panel that is as wide as the longest version the excerpt lies, from 0 to 1.

    Args:
        version: whose excerpt it is.
        longest: seconds of the panel.
    """
    return version.begins / longest, version.ends / longest


def _moments(longest: float, of_column: int) -> np.ndarray:
    count = COLUMNS * of_column
    return (np.arange(count) + 0.5) * longest / count


def _reach(order: Sequence[Run], longest: float) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and the highest source time of each column, of the piece at its middle; NaN without one."""
    middle = _moments(longest, 1)
    here = place_at(order, middle)
    sides = [place_at(order, middle + side * longest / COLUMNS / 2) for side in (-0.98, 0.98)]
    near = [np.where(np.abs(side - here) <= longest / COLUMNS, side, here) for side in sides]
    return np.minimum(*near), np.maximum(*near)


def _heard(ink: np.ndarray, version: Version, longest: float) -> np.ndarray:
    """Less ink outside the excerpt."""
    centres = (np.arange(COLUMNS) + 0.5) / COLUMNS
    begins, ends = span(version, longest)
    return np.asarray(ink * np.where((centres >= begins) & (centres <= ends), 1.0, UNHEARD))
