"""Reading the score table of a run directory."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from degrade_bench.errors import RunFolderError

SCORES = "scores.parquet"
NEEDED = (
    "clip_id", "track", "group", "family", "degradation", "level", "strength", "unit", "achieved", "role",
    "placebo_of", "replicate", "metric", "score", "higher_is_better", "needs_reference", "status",
)  # fmt: skip
"""Columns that are read; a table without one of them is no score table."""
OPTIONAL = ("clip_group", "nuisance")


def load_scores(folder: Path) -> pd.DataFrame:
    """The score table of a run directory, every column.

    Raises:
        RunFolderError: missing, unreadable or with other columns.
    """
    return _read(folder, None)


def load_needed(folder: Path) -> pd.DataFrame:
    """Only the columns that the analysis needs, which are a good deal smaller.

    Raises:
        RunFolderError: missing, unreadable or with other columns.
    """
    return _read(folder, (*NEEDED, *OPTIONAL))


def _read(folder: Path, columns: tuple[str, ...] | None) -> pd.DataFrame:
    import pyarrow.parquet as pq

    path = folder / SCORES
    if not path.is_file():
        raise RunFolderError(f"{folder} has no {SCORES}: no run has finished there")
    try:
        known = pq.read_schema(path).names
        missing = [name for name in NEEDED if name not in known]
        if missing:
            raise RunFolderError(f"{path} is no score table: it lacks the column {missing[0]!r}")
        wanted = None if columns is None else [name for name in columns if name in known]
        return pd.read_parquet(path, columns=wanted)
    except (OSError, ValueError) as error:  # pyarrow's errors derive from both
        raise RunFolderError(f"{path} cannot be read: {error}") from error
