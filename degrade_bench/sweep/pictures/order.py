"""Which moment of the clean clip is heard when, as a plan tells it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, TypeGuard

import numpy as np

from degrade_bench.clip import Annotations, TimeMap
from degrade_bench.degrade.plan import Plan

Run = tuple[float, float, float, float]
"""Output start and end, source start and end, in seconds; source end first where it is heard backwards."""


def runs(plan: Plan | None, seconds: float) -> list[Run]:
    """The pieces of a rendering in the order in which they are heard; none where the plan does not tell.

    Args:
        plan: of the rendering; None for the clean clip.
        seconds: how long the rendering is.
    """
    if plan is None:
        return [(0.0, seconds, 0.0, seconds)]
    pieces = plan.params.get("pieces")
    if _are_pieces(pieces):
        return _from_pieces(pieces, plan.sample_rate)
    if plan.time_map is not None:
        return _from_time_map(plan.time_map, seconds)
    return []


def bar_bounds(annotations: Annotations, seconds: float) -> np.ndarray:
    """A clip's start, its downbeats (or beats) and its end, in seconds.

    Args:
        annotations: of the clip.
        seconds: how long it is.
    """
    inner = annotations.downbeats if len(annotations.downbeats) > 1 else annotations.beats
    return np.array([0.0, *(time for time in inner if 0 < time < seconds), seconds])


def place_at(order: Sequence[Run], times: np.ndarray) -> np.ndarray:
    """Which source time is heard at output times, in seconds; NaN where nothing is.

    Args:
        order: the pieces, as :func:`runs` gives them.
        times: in seconds, ``(moments,)``.
    """
    start, end, first, last = np.array(order, dtype=float).T
    piece = np.clip(np.searchsorted(start, times, side="right") - 1, 0, len(start) - 1)
    length = end[piece] - start[piece]
    share = np.divide(times - start[piece], length, out=np.zeros(len(times)), where=length > 0)
    place = first[piece] + share * (last[piece] - first[piece])
    return np.where((times >= start[piece]) & (times <= end[piece]), place, np.nan)


def _are_pieces(pieces: Any) -> TypeGuard[Sequence[tuple[int, int]]]:
    """Whether a parameter of that name is what it is in this package: a plug-in may call something else so."""
    return isinstance(pieces, Sequence) and all(
        isinstance(piece, Sequence) and len(piece) == 2 and all(isinstance(end, int) for end in piece)
        for piece in pieces
    )


def _from_pieces(pieces: Sequence[tuple[int, int]], rate: int) -> list[Run]:
    """Pieces are ``[start, end]`` in source samples; one that is played backwards has its end first."""
    placed: list[Run] = []
    position = 0.0
    for start, end in pieces:
        length = abs(end - start) / rate
        placed.append((position, position + length, start / rate, end / rate))
        position += length
    return placed


def _from_time_map(time_map: TimeMap, seconds: float) -> list[Run]:
    """A run between any two points where the output rises; the first and the last slope go on to the ends."""
    points = np.asarray(time_map.points, dtype=float)
    rising = [(*before[::-1], *after[::-1]) for before, after in pairwise(points) if after[1] > before[1]]
    placed: list[Run] = []
    for k, (start, first, end, last) in enumerate(rising):
        slope = (last - first) / (end - start)
        begins = 0.0 if k == 0 else max(0.0, start)
        stops = seconds if k == len(rising) - 1 else min(seconds, end)
        if stops > begins:
            source = [float(first + (time - start) * slope) for time in (begins, stops)]
            placed.append((float(begins), float(stops), source[0], source[1]))
    return placed
