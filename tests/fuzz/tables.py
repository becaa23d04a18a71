"""Score tables of runs, bit for bit, and how two of them differ."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any


def shards_of(out: Path) -> list[Path]:
    """The files of finished blocks in the folder of a run that goes on."""
    try:
        names = sorted(os.listdir(out / "shards"))
    except OSError:
        return []
    return [out / "shards" / name for name in names if not name.startswith(".") and not name.endswith(".json")]


Rows = Counter[tuple[tuple[Any, ...], str]]
"""How often there is a row: its key, and everything else in it but the seconds, bit for bit."""


def read_rows(folder: Path, metrics: str | None = None) -> Rows:
    """The rows of ``scores.parquet``; none where it is missing or cannot be read.

    Args:
        folder: a run directory.
        metrics: only those of these, separated by commas; None for all.
    """
    import pyarrow as pa
    from pyarrow import parquet

    from degrade_bench.runs.columns import KEY

    wanted = None if metrics is None else metrics.split(",")
    rows: Rows = Counter()
    try:
        table = parquet.ParquetFile(folder / "scores.parquet").read()
    except (OSError, pa.ArrowException):
        return rows
    for row in table.to_pylist():
        if wanted is None or row["metric"] in wanted:
            rest = {name: value for name, value in row.items() if name not in (*KEY, "seconds")}
            rows[tuple(row[name] for name in KEY), repr(sorted(rest.items()))] += 1
    return rows


def differences(expected: Rows, found: Rows) -> list[tuple[str, str]]:
    """How a table differs from the one expected: (``lost``, ``doubled`` or ``wrong``, detail) of each kind."""
    there = Counter({key: 0 for key, _ in expected})
    for (key, _), count in found.items():
        there[key] += count
    values = dict(expected.keys())
    by_kind: dict[str, list[Any]] = {
        "lost": [key for key in values if there[key] == 0],
        "doubled": [key for key in values if there[key] > 1],
        "wrong": [(key, rest) for key, rest in found if values.get(key) != rest],
    }
    return [(kind, f"{len(keys)} rows, {keys[0]}"[:500]) for kind, keys in by_kind.items() if keys]
