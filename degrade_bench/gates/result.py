"""What gates there are, and their form on disk."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from degrade_bench._support.files import write_text
from degrade_bench._support.numbers import number
from degrade_bench.errors import UnknownNameError
from degrade_bench.gates.options import GateOptions
from degrade_bench.gates.rates import Rate
from degrade_bench.runs.names import GATE, GATE_TABLE
from degrade_bench.runs.ownership import claim
from degrade_bench.runs.stored import working

FORMAT = 1

State = Literal["caught", "missed", "open"]


@dataclass(frozen=True)
class Threshold:
    """What one metric of a gate asks.

    Attributes:
        metric: its name.
        of: ``score``, or ``drop`` from the clean clip.
        rejects: whether a clip is rejected ``above`` the value or ``below`` it.
        value: in the metric's unit.
    """

    metric: str
    of: Literal["score", "drop"]
    rejects: Literal["above", "below"]
    value: float

    @property
    def words(self) -> str:
        """Where a clip is rejected.

        >>> Threshold("loudness", "drop", "above", 1.5).words
        'drop of loudness > 1.5'
        """
        what = self.metric if self.of == "score" else f"drop of {self.metric}"
        return f"{what} {'>' if self.rejects == 'above' else '<'} {number(self.value, 4)}"


@dataclass(frozen=True)
class FamilyGate:
    """A gate, and how it fares with one family of damage.

    Attributes:
        group, family: of the damage.
        state: ``caught`` where both error rates were shown to be kept to, ``missed`` where gross damage was shown
            to be missed more often even by thresholds that reject more clean clips than may be, else ``open``.
        from_level: of what is caught, the lowest level from which on it is.
        thresholds: of the gate; a clip is rejected where any of them is passed.
        levels: that were scored.
        misses: at each of them, on held-out recordings.
        false_reject: of clean clips, on held-out recordings.
        false_reject_controls: of harmlessly edited clips, on held-out recordings.
    """

    group: str
    family: str
    state: State
    from_level: int | None
    thresholds: tuple[Threshold, ...]
    levels: tuple[int, ...]
    misses: tuple[Rate, ...]
    false_reject: Rate
    false_reject_controls: Rate


@dataclass(frozen=True)
class Gates:
    """The gates of a run.

    Attributes:
        families: for each family the smallest gate that catches it.
        common: one and the same gate for all families, and how it fares with each.
        recordings: that there are.
        clips: that there are.
        recordings_needed: without a miss among damaged and with one rejection among clean recordings, so many show
            that both rates are kept to.
        options: the error rates.
    """

    families: tuple[FamilyGate, ...]
    common: tuple[FamilyGate, ...]
    recordings: int
    clips: int
    recordings_needed: int
    options: GateOptions

    @property
    def suffices(self) -> bool:
        """Whether there are recordings enough to show that any gate keeps to the rates."""
        return self.recordings >= self.recordings_needed

    def not_caught(self, required: Sequence[str]) -> list[str]:
        """Those of some families that no gate was shown to catch.

        Raises:
            UnknownNameError: there is no such family.
        """
        states: dict[str, list[State]] = {found.family: [] for found in self.families}
        for found in self.families:
            states[found.family].append(found.state)
        for family in required:
            if family not in states:
                raise UnknownNameError("family of this run", family, states)
        return [family for family in required if set(states[family]) != {"caught"}]

    def to_json(self) -> str:
        """Everything as JSON; what is not known is null."""
        record = {"format": FORMAT, **asdict(self)}
        return json.dumps(_plain(record), indent=1, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write(gates: Gates, table: str, folder: Path) -> None:
    """Write ``gate.json`` and ``gate.md`` into a run directory, each whole or not at all.

    Args:
        gates: of the run.
        table: in Markdown.
        folder: the run directory.

    Raises:
        RunFolderError: it cannot be written, or holds files of these names that are not ours.
    """
    with working(folder, option="run directory") as place:
        claim(place, [GATE, GATE_TABLE])
        write_text(place / GATE, gates.to_json())
        write_text(place / GATE_TABLE, table)
