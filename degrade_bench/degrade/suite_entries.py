"""What may stand in a user's suite file: the kinds of entries, their keys, and what each key takes.

Nothing here makes a degradation: :mod:`degrade_bench.degrade.suite_file` does, from entries that were checked here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from degrade_bench._support.yaml_entries import Entry, Number
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.base import Group
from degrade_bench.degrade.ladder import LEVELS


def _name(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", value):
        raise ValueError("expected lower-case letters, digits and underscores, such as my_noise")
    if value == "clean" or value.endswith(catalogue.PLACEBO_SUFFIX):
        raise ValueError("'clean' and names that end in '_placebo' are taken")
    return value


Name = Annotated[str, AfterValidator(_name)]
Family = Annotated[str, Field(pattern=r"^[a-z][a-z0-9 _-]*$")]
Settings = dict[str, Any]


class RegisteredEntry(Entry):
    """A degradation by its name, as it is or with another ladder and another name."""

    degradation: str
    name: Name | None = None
    ladder: list[Number] | None = None


class ChainStep(Entry):
    """One step of a chain."""

    degradation: str
    strength: Any  # one number or five; checked by hand, since pydantic tells of both readings of a union


class NewEntry(Entry):
    """What chains and plug-ins have in common: each makes a degradation that is not registered."""

    name: Name | None = None
    group: Group | None = None
    family: Family | None = None
    summary: str | None = None
    ladder: list[Number] | None = None
    unit: str | None = None


class ChainEntry(NewEntry):
    """Several degradations in a row."""

    name: Name
    chain: list[Any]  # of steps, which are checked one by one


class PluginEntry(NewEntry):
    """What plug-ins have in common."""

    parameter: str
    ladder: list[Number]
    placebo: Number | None = None
    matches_loudness: bool = True


class AudiomentationsEntry(PluginEntry):
    """An audiomentations transform."""

    audiomentations: str
    settings: Settings = Field(default_factory=dict)
    changes_duration: bool = False


class PedalboardEntry(PluginEntry):
    """A pedalboard plug-in or a chain of them."""

    pedalboard: Any  # a name, or a list of names and of settings by name; its class checks it


class SuiteTop(Entry):
    """The top of the file."""

    name: Name | None = None
    summary: str = ""
    levels: list[Literal[LEVELS]] | None = None  # type: ignore[valid-type]
    degradations: list[Any] = Field(min_length=1)


DegradationEntry = RegisteredEntry | ChainEntry | AudiomentationsEntry | PedalboardEntry

KINDS: Mapping[str, type[DegradationEntry]] = {
    "degradation": RegisteredEntry,
    "chain": ChainEntry,
    "audiomentations": AudiomentationsEntry,
    "pedalboard": PedalboardEntry,
}
"""What an entry may be, by the key that says so."""
