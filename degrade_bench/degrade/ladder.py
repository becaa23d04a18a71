"""Levels and their strengths: how far a degradation goes.

A level is a step from 1 (just noticeable) to 5 (gross); 0 is the clean clip. A ladder gives each level a strength
with a unit. Nothing here needs torch, so that whatever only counts levels can import it at no cost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from degrade_bench.errors import ConfigError, LevelError

LEVEL_COUNT = 5
"""How many levels a damage has."""

LEVELS = tuple(range(1, LEVEL_COUNT + 1))
"""The levels of a damage, from just noticeable to gross."""


@dataclass(frozen=True)
class Ladder:
    """The strengths of levels 1, 2, …, from just noticeable to gross, and their unit.

    A damage or a control has five levels; a placebo may have fewer. Strengths are strictly monotone, rising
    or falling (an SNR falls as the damage grows).
    """

    strengths: tuple[float, ...]
    unit: str

    def __post_init__(self) -> None:
        steps = np.diff(np.asarray(self.strengths, dtype=float))
        if not self.strengths or not np.isfinite(self.strengths).all():
            raise ConfigError(f"a ladder needs finite strengths, got {self.strengths}")
        if not ((steps > 0).all() or (steps < 0).all()):
            raise ConfigError(f"a ladder must rise or fall strictly, got {self.strengths}")

    @property
    def levels(self) -> tuple[int, ...]:
        """The levels that exist, from 1."""
        return tuple(range(1, len(self.strengths) + 1))

    def strength(self, level: int) -> float:
        """The strength of a level.

        Raises:
            LevelError: the ladder has no such level.
        """
        if level not in self.levels:
            raise LevelError(f"level must be one of 0 (clean) to {len(self.strengths)}, got {level!r}")
        return self.strengths[level - 1]
