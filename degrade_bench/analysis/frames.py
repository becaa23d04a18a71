"""Data frames that are declared once: columns with type, meaning and unit, beside the function that fills them.

From a :class:`Frame` follow the order and the types of a frame's columns, its empty form, its form in JSON, the
check of what is read back, and its table in the documentation (``scripts/column_tables.py``).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any, Literal

import numpy as np
import pandas as pd

from degrade_bench._support.plain_text import plain

Kind = Literal["text", "number", "count", "flag"]
"""``text`` may be None, ``number`` may be NaN; ``count`` (a whole number) and ``flag`` are never missing."""

DTYPES: Mapping[Kind, type] = {"text": object, "number": np.float64, "count": np.int64, "flag": np.bool_}


@dataclass(frozen=True)
class Column:
    """One column of a frame.

    Attributes:
        name: as it stands in the frame, in JSON and in CSV.
        kind: what it holds.
        meaning: what it is, in plain words (Markdown); neighbours with the same meaning share a line of the docs.
        unit: of the numbers, where they have one.
    """

    name: str
    kind: Kind
    meaning: str
    unit: str = ""

    def of(self, values: Any) -> pd.Series:
        """The values as this column, with its type.

        >>> Column("level", "count", "the ladder's level").of([1, 2]).dtype
        dtype('int64')
        """
        if self.kind == "text":
            # of a list pandas would first make its own kind of text, which takes most of the time
            series = (
                pd.Series(values, dtype=object) if isinstance(values, list) else pd.Series(values).astype(object)
            )
            return series.where(series.notna(), None)
        series = pd.Series(values)
        if series.dtype == DTYPES[self.kind]:
            return series
        if self.kind == "number":
            series = pd.to_numeric(series)
        return series.astype(DTYPES[self.kind])

    def admits(self, value: Any) -> bool:
        """Whether this is what JSON holds in this column.

        >>> Column("level", "count", "the ladder's level").admits(None)
        False
        """
        if self.kind == "text":
            return value is None or isinstance(value, str)
        if self.kind == "flag":
            return isinstance(value, bool)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if self.kind == "number":
            return is_number or value is None
        return is_number and float(value).is_integer() and abs(value) < 2**63


def interval(name: str, meaning: str, unit: str = "") -> tuple[Column, Column]:
    """The two ends of an interval, ``<name>_low`` and ``<name>_high``.

    Args:
        name: what the interval is of.
        meaning: what kind of interval it is.
        unit: of both ends.

    >>> [column.name for column in interval("drop", "of the mean drop")]
    ['drop_low', 'drop_high']
    """
    return Column(f"{name}_low", "number", meaning, unit), Column(f"{name}_high", "number", meaning, unit)


@dataclass(frozen=True)
class Frame:
    """The declaration of a data frame.

    Attributes:
        name: as in ``Analysis`` and ``analysis.json``.
        row: what one row stands for.
        columns: in their order.
    """

    name: str
    row: str
    columns: tuple[Column, ...]

    @cached_property
    def names(self) -> list[str]:
        """The columns' names, in order."""
        return [column.name for column in self.columns]

    def table(self, values: Mapping[str, Any] | pd.DataFrame) -> pd.DataFrame:
        """The frame from its columns, which may come in any order; each gets its type.

        Raises:
            ValueError: a column is missing, or is not declared.
        """
        self._check(values.keys())
        series = {column.name: column.of(values[column.name]) for column in self.columns}
        return pd.DataFrame(series, columns=self.names).reset_index(drop=True)

    def rows(self, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
        """The frame from its rows.

        >>> Frame("heights", "a person", (Column("name", "text", "", ""),)).rows([{"name": "Ann"}]).shape
        (1, 1)

        Raises:
            ValueError: a row lacks a column, or has one that is not declared.
        """
        for row in rows:
            self._check(row.keys())
        return self.table({name: [row[name] for row in rows] for name in self.names})

    def empty(self) -> pd.DataFrame:
        """The frame without a row."""
        return self._empty.copy()

    @cached_property
    def _empty(self) -> pd.DataFrame:
        return self.rows([])

    def joined(self, frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
        """Several such frames, one below the other."""
        filled = [frame for frame in frames if len(frame)]
        return self.table(pd.concat(filled, ignore_index=True)) if filled else self.empty()

    def from_json(self, rows: Any) -> pd.DataFrame:
        """The frame from what :func:`json_rows` made of it.

        Raises:
            ValueError: a column is missing, not declared, or holds something else.
        """
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ValueError(f"{self.name} is no list of rows")
        for row in rows:
            self._check(row.keys())
        values = {name: [row[name] for row in rows] for name in self.names}
        for column in self.columns:
            for value in values[column.name]:
                if not column.admits(value):
                    shown = repr(value)[:80]
                    raise ValueError(f"{self.name}: column {column.name!r} holds {shown}, expected a {column.kind}")
        return self.table(values)

    def markdown(self) -> str:
        """The columns as a table in Markdown; neighbours that mean the same share a line."""
        lines = ["| column | type | unit | what it is |", "| --- | --- | --- | --- |"]
        for (kind, unit, meaning), columns in groupby(self.columns, lambda c: (c.kind, c.unit, c.meaning)):
            names = ", ".join(f"`{column.name}`" for column in columns)
            lines.append(f"| {names} | {kind} | {unit} | {meaning} |")
        return "\n".join(lines)

    def _check(self, given: Any) -> None:
        names = set(given)
        if len(names) == len(self.names) and names.issuperset(self.names):
            return
        missing = [name for name in self.names if name not in names]
        if missing:
            raise ValueError(f"{self.name} lacks the column {missing[0]!r}")
        unknown = [name for name in given if name not in self.names]
        if unknown:
            raise ValueError(f"{self.name} has a column that is not declared: {unknown[0]!r}")


FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How a cell begins that a spreadsheet takes for a formula; the last four are wide forms of the same."""


def csv_text(frame: pd.DataFrame) -> str:
    """A frame as CSV in which every text is a text to a spreadsheet; numbers are numbers.

    A text that a spreadsheet would calculate, such as a name that begins with ``=``, has an apostrophe before it,
    and control characters are escapes.

    >>> print(csv_text(pd.DataFrame({"name": ["=1+1", "a"], "drop": [-1.5, 2.0]})), end="")
    name,drop
    '=1+1,-1.5
    a,2.0
    """
    shown = {}
    for name in frame:
        cells = frame[name]
        if not pd.api.types.is_numeric_dtype(cells.dtype):
            texts = [_cell(value) if isinstance(value, str) else value for value in cells]
            shown[str(name)] = pd.Series(texts, cells.index, object)
    return str(frame.assign(**shown).to_csv(index=False, lineterminator="\n"))


def _cell(text: str) -> str:
    shown = plain(text)
    return f"'{shown}" if shown.startswith(FORMULA) else shown


def json_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A frame's rows as plain Python values; NaN and NA are None.

    >>> json_rows(pd.DataFrame({"level": [1], "drop": [math.nan]}))
    [{'level': 1, 'drop': None}]
    """
    names = [str(name) for name in frame]
    columns = [[_plain(value) for value in frame[name].tolist()] for name in frame]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def json_text(record: Mapping[str, Any]) -> str:
    """A record as JSON, a line for each value, as ``json.dumps(record, indent=1)`` writes it, in less time.

    >>> record = {"rows": [{"level": 1, "drop": None}]}
    >>> json_text(record) == json.dumps(record, indent=1)
    True

    Raises:
        ValueError: a number is infinite or NaN.
    """
    parts = []
    for name, value in record.items():
        is_frame = isinstance(value, list) and value and all(isinstance(row, dict) and row for row in value)
        text = _rows_text(value) if is_frame else json.dumps(value, indent=1, allow_nan=False).replace("\n", "\n ")
        parts.append(f"{json.dumps(name)}: {text}")
    return "{\n " + ",\n ".join(parts) + "\n}"


def _rows_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows of single values, as a value of the outermost record; the encoder in C knows no indentation."""
    encoder = json.JSONEncoder(allow_nan=False, separators=(",\n   ", ": "))
    texts = (encoder.encode(row)[1:-1] for row in rows)
    return "[\n  " + ",\n  ".join(f"{{\n   {text}\n  }}" for text in texts) + "\n ]"


def _plain(value: Any) -> Any:
    if hasattr(value, "item"):
        value = value.item()
    if value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    return value
