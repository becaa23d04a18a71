"""Entries of YAML files that users write: their keys, and what each key takes; a wrong one is told by its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

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


Number = Annotated[float, BeforeValidator(_number), Field(allow_inf_nan=False)]
AnyEntry = TypeVar("AnyEntry", bound="Entry")


class Entry(BaseModel):
    """Keys and what they take; an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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
