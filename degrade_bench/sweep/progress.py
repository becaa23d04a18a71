"""Who wants to know how a sweep goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from degrade_bench.sweep.estimate import Estimate


@dataclass
class Progress:
    """Who wants to know how a sweep goes on. Every hook may be replaced; by default nothing is shown."""

    reading: Callable[[int], None] = lambda blocks: None
    planned: Callable[[int, int, Estimate | None], None] = lambda cells, done, expected: None
    advanced: Callable[[int], None] = lambda cells: None
    clip_done: Callable[[str], None] = lambda clip_id: None
    clip_skipped: Callable[[str, str], None] = lambda clip_id, reason: None
    clip_lost: Callable[[str, str], None] = lambda clip_id, reason: None
    warned: Callable[[str], None] = lambda text: None
    look: Callable[[int, int, int], None] = lambda number, of, clips: None
    looked: Callable[[int, int, bool], None] = lambda inconclusive, of, goes_on: None
    concluding: Callable[[str, int, int], None] = lambda what, done, of: None
