"""What a suite is: a named list of degradations."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from degrade_bench.degrade.base import Degradation

SUITE_FILES = (".yaml", ".yml")
"""How the name of a user's suite ends."""


@dataclass(frozen=True)
class Suite:
    """A named list of degradations.

    Attributes:
        name: what it is called.
        summary: what it is for.
        degradations: in the order of the table.
        levels: the levels it is meant for; None for all. Asking for levels wins over it.
    """

    name: str
    summary: str
    degradations: tuple[Degradation, ...]
    levels: tuple[int, ...] | None = None


def is_suite_file(name: str | Path) -> bool:
    """Whether a suite is named by its YAML file."""
    return str(name).lower().endswith(SUITE_FILES)
