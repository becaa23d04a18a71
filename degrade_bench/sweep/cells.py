"""Cells: every (clip, degradation, level, replicate) that a run asks for, in one fixed order.

Cells are grouped in blocks: the clean clip; each degradation with its placebo; each control. A (clip, block)
is the unit of work that is stored whole or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.ladder import LEVEL_COUNT
from degrade_bench.runs.columns import CLEAN, Role


@dataclass(frozen=True, eq=False)
class Cell:
    """One application of one degradation to a clip that is not named here.

    Attributes:
        degradation: None for the clean clip.
        role: what the cell is for.
    """

    degradation: Degradation | None
    level: int
    replicate: int
    role: Role


@dataclass(frozen=True, eq=False)
class Block:
    """The cells that are rendered, scored and stored together for a clip."""

    name: str
    cells: tuple[Cell, ...]


def levels_of(degradation: Degradation, levels: Sequence[int]) -> tuple[int, ...]:
    """The asked levels of a ladder. A ladder shorter than a damage's (a placebo's) is run whole."""
    if len(degradation.ladder.levels) < LEVEL_COUNT:
        return degradation.ladder.levels
    return tuple(level for level in degradation.ladder.levels if level in levels)


def expand(degradations: Sequence[Degradation], levels: Sequence[int], replicates: int) -> list[Block]:
    """The blocks of one clip, in the order of the score table.

    Args:
        degradations: of the run, controls included.
        levels: those that were asked for.
        replicates: draws of every cell.
    """
    blocks = [Block(CLEAN, (Cell(None, 0, 0, "clean"),))]
    for degradation in degradations:
        role: Role = "control" if degradation.group == "control" else "test"
        cells = _cells(degradation, levels, replicates, role)
        if degradation.placebo is not None:
            cells += _cells(degradation.placebo, levels, replicates, "placebo")
            cells.sort(key=lambda cell: (cell.level, cell.replicate))  # a placebo right behind its degradation
        blocks.append(Block(degradation.name, tuple(cells)))
    return blocks


def _cells(degradation: Degradation, levels: Sequence[int], replicates: int, role: Role) -> list[Cell]:
    return [
        Cell(degradation, level, replicate, role)
        for level in levels_of(degradation, levels)
        for replicate in range(replicates)
    ]
