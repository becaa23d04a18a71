"""What may stand in a user's suite file: the kinds of entries, their keys, and what each key takes.

Nothing here makes a degradation: :mod:`degrade_bench.degrade.suite_file` does, from entries that were checked here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from degrade_bench.degrade import catalogue
from degrade_bench.degrade.base import Group
from degrade_bench.degrade.ladder import LEVELS
from degrade_bench.errors import UnknownNameError

Where = tuple[str | int, ...]
"""Keys and indices from the top of the file."""


def _number(value: Any) -> Any:
    """Refuse texts and truth values, which pydantic would take for numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        hint = (
            " (YAML takes 1.0e-5 for a number, and 1e-5 for a text)" if re.match(r"[-+\d.]+e", str(value)) else ""
        )
        raise ValueError(f"expected a number, got {value!r}{hint}")
    return value


def _name(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", value):
        raise ValueError("expected lower-case letters, digits and underscores, such as my_noise")
    if value == "clean" or value.endswith(catalogue.PLACEBO_SUFFIX):
        raise ValueError("'clean' and names that end in '_placebo' are taken")
    return value


Number = Annotated[float, BeforeValidator(_number), Field(allow_inf_nan=False)]
Name = Annotated[str, AfterValidator(_name)]
Family = Annotated[str, Field(pattern=r"^[a-z][a-z0-9 _-]*$")]
Settings = dict[str, Any]
AnyEntry = TypeVar("AnyEntry", bound="Entry")


class Entry(BaseModel):
    """Keys and what they take; an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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
    settings: Settings = {}
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


class WrongEntryError(Exception):
    """Something is wrong at ``where``."""

    def __init__(self, where: Where, message: str) -> None:
        self.where, self.message = where, message
        super().__init__(message)


def checked(model: type[AnyEntry], data: Any, where: Where) -> AnyEntry:
    """An entry from what the file holds.

    Args:
        model: which kind of entry is expected.
        data: what YAML gave.
        where: keys and indices that lead to ``data`` from the top of the file.

    Raises:
        WrongEntryError: the first thing that is wrong, at its place.
    """
    if not isinstance(data, Mapping):
        raise WrongEntryError(where, f"expected 'key: value' pairs ({', '.join(model.model_fields)}), got {data!r}")
    for key in data:
        if key not in model.model_fields:
            raise WrongEntryError((*where, key), str(UnknownNameError("key", str(key), model.model_fields)))
    try:
        return model.model_validate(dict(data))
    except ValidationError as error:
        first = error.errors()[0]
        place = tuple(first["loc"])
        said = first["msg"].removeprefix("Value error, ")
        named = ".".join(str(step) for step in place if isinstance(step, str)) or "this"
        if first["type"] == "missing":
            raise WrongEntryError(where, f"'{named}' is missing") from error
        if first["type"] == "extra_forbidden":
            raise WrongEntryError((*where, *place), f"unknown key {place[-1]!r}") from error
        said = f"{named}: {said[0].lower() + said[1:]}"
        if not said.endswith(repr(first["input"])) and not isinstance(first["input"], Mapping):
            said += f", got {first['input']!r}"
        raise WrongEntryError((*where, *place), said) from error
