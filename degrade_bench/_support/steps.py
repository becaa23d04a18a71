"""Work that says how far it is."""

from __future__ import annotations

from collections.abc import Callable

Steps = Callable[[int, int], None]
"""Told how many parts of some work are done, and of how many; with 0 before the first."""


def silent(done: int, of: int) -> None:
    """Nobody wants to know."""
