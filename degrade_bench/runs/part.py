"""What every part of a record is: fields that are declared and checked."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A part of the record: unknown fields are refused, nothing changes once it is made."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Described(BaseModel):
    """A part whose further fields are what ``degrade-bench list … --json`` prints of the same thing."""

    model_config = ConfigDict(extra="allow", frozen=True, allow_inf_nan=False)
