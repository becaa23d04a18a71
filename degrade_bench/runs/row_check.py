"""What every score table must satisfy beyond the types of its columns, whoever wrote it."""

from __future__ import annotations

from typing import get_args

import pyarrow as pa
import pyarrow.compute as pc

from degrade_bench.runs.columns import CLEAN, KEY, Role, Status

HIGHEST_LEVEL = 1000
"""Of any ladder."""


def check_rows(table: pa.Table) -> None:
    """Refuse a table that no sweep can have written. Columns that it does not have are not looked at.

    Raises:
        ValueError: a role, status or level that there is none of, a clean row or a placebo that contradicts itself,
            a score where there is none or none where there is one, or the same row twice; says which column.
        pyarrow.ArrowInvalid: text that is not UTF-8.
    """
    table.validate(full=True)
    names = set(table.column_names)
    for name, allowed in (("role", get_args(Role)), ("status", get_args(Status))):
        if name in names:
            for value in pc.unique(table[name]).to_pylist():
                if value not in allowed:
                    raise ValueError(f"column {name!r} holds {value[:80]!r}, expected one of {', '.join(allowed)}")
    for name, highest in (("level", HIGHEST_LEVEL), ("replicate", None)):
        if name in names and table.num_rows:
            ends = pc.min_max(table[name]).as_py()
            for value in (ends["min"], ends["max"]):
                if value < 0 or (highest is not None and value > highest):
                    raise ValueError(f"column {name!r} holds {value}, expected 0 or more")
    if "strength" in names:
        _refuse(pc.invert(pc.is_finite(table["strength"])), "strength", "is infinite or NaN")
    if {"role", "degradation", "level"} <= names:
        clean = pc.equal(table["role"], CLEAN)
        _refuse(pc.xor(clean, pc.equal(table["degradation"], CLEAN)), "role", "is clean where degradation is not")
        _refuse(pc.xor(clean, pc.equal(table["level"], 0)), "level", "is 0 where role is not clean, or the reverse")
    if {"role", "placebo_of"} <= names:
        placebo = pc.equal(table["role"], "placebo")
        _refuse(pc.xor(placebo, pc.is_valid(table["placebo_of"])), "placebo_of", "does not stand beside a placebo")
    if {"status", "score"} <= names:
        ok, scored = pc.equal(table["status"], "ok"), pc.is_valid(table["score"])
        _refuse(pc.xor(ok, scored), "score", "is missing although status is ok, or is there although it is not")
        _refuse(pc.is_nan(table["score"]), "score", "is NaN")
    if set(KEY) <= names:
        counted = table.select(KEY).group_by(list(KEY)).aggregate([([], "count_all")])
        if counted.num_rows < table.num_rows:
            raise ValueError(f"the same row stands in it twice: {', '.join(KEY)} make a row unique")


def _refuse(wrong: pa.ChunkedArray, column: str, what: str) -> None:
    if pc.any(wrong).as_py():
        raise ValueError(f"column {column!r} {what}")
