"""The score table on disk: the one writer and the one reader of ``scores.parquet`` and of the shards it grows from.

A block is everything that is scored together of a clip and a degradation: its cells and those of its placebo. What
metrics counted while they scored a block is kept in the metadata of the table that holds the block's rows, so that
a count is neither lost nor doubled when a run is stopped.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from degrade_bench._support.contained import check_file
from degrade_bench._support.files import replacing
from degrade_bench.errors import RunFolderError
from degrade_bench.runs.columns import ANALYSED, SCHEMA, Row
from degrade_bench.runs.names import SCORES
from degrade_bench.runs.row_check import check_rows

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 50_000_000
"""Rows that are read of a table: a file of a few kilobytes can state billions."""

BlockKey = tuple[str, str, str]
"""(clip id, block, metric)."""

Counts = Mapping[BlockKey, Mapping[str, int]]
"""What metrics counted, by block and word."""

COUNTS_METADATA = b"degrade_bench.counts"
DIGEST_METADATA = b"degrade_bench.counts.sha256"
"""Of the counts: the checksums of a Parquet file are of its pages, and its metadata have none."""


def to_table(rows: Sequence[Row]) -> pa.Table:
    """Rows as an Arrow table with :data:`~degrade_bench.runs.columns.SCHEMA`."""
    columns: dict[str, list[Any]] = {name: [getattr(row, name) for row in rows] for name in SCHEMA.names}
    return pa.table(columns, schema=SCHEMA)


def with_counts(table: pa.Table, counts: Counts) -> pa.Table:
    """The table with what metrics counted in its metadata; words that were never counted are left out."""
    entries = [[*key, dict(sorted(words.items()))] for key, words in sorted(counts.items()) if words]
    if not entries:
        return table.replace_schema_metadata({})
    stored = json.dumps(entries).encode()
    digest = hashlib.sha256(stored).hexdigest().encode()
    return table.replace_schema_metadata({COUNTS_METADATA: stored, DIGEST_METADATA: digest})


def write_table(path: Path, table: pa.Table) -> None:
    """Write a score table whole or not at all.

    Raises:
        RunFolderError: a full disk or no permission; what was there before is as it was.
    """
    from pyarrow import parquet

    with replacing(path) as temporary:
        parquet.write_table(table, temporary, compression="zstd", write_page_checksum=True)


def read_table(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """Read a score table, and what metrics counted in its metadata; columns that are not declared are passed over.

    Args:
        path: of ``scores.parquet``.
        columns: only these; None for all.

    Raises:
        RunFolderError: it is missing or unreadable, or lacks a column of this version.
    """
    from pyarrow import parquet

    wanted = SCHEMA if columns is None else pa.schema([SCHEMA.field(name) for name in columns])
    try:
        check_file(path.parent, path)
        with parquet.ParquetFile(path, page_checksum_verification=True) as file:
            if file.metadata.num_rows > MOST_ROWS:
                raise RunFolderError(f"{path} has {file.metadata.num_rows} rows, expected at most {MOST_ROWS}")
            lacking = [name for name in SCHEMA.names if name not in file.schema_arrow.names]
            if lacking:
                raise RunFolderError(
                    f"{path} is no score table of this version: it lacks the column {lacking[0]!r}"
                )
            table = file.read(columns=wanted.names).select(wanted.names).cast(wanted)
            metadata = _checked_metadata(path, file.schema_arrow.metadata or {})
        check_rows(table)
        return table.replace_schema_metadata(metadata)
    except FileNotFoundError:
        raise RunFolderError(f"{path.parent} has no {path.name}: no run has finished there") from None
    except (OSError, ValueError, pa.ArrowException) as error:
        raise RunFolderError(f"{path} cannot be read: {' '.join(str(error).split())[:200]}") from error


def _checked_metadata(path: Path, metadata: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
    """What the metadata of a table say of counts; the rest is other programs'.

    Raises:
        RunFolderError: the counts are not those that were written.
    """
    counts, digest = metadata.get(COUNTS_METADATA, b""), metadata.get(DIGEST_METADATA)
    if digest is not None and hashlib.sha256(counts).hexdigest().encode() != digest:
        raise RunFolderError(f"{path} is damaged: what metrics counted is not what was written")
    return {COUNTS_METADATA: counts} if counts else {}


def load_scores(folder: Path) -> pd.DataFrame:
    """The score table of a run directory, every column.

    Raises:
        RunFolderError: missing, unreadable or with other columns.
    """
    return read_table(folder / SCORES).to_pandas()


def load_analysed(folder: Path) -> pd.DataFrame:
    """Only the columns that the analysis reads, which are a good deal smaller.

    Raises:
        RunFolderError: missing, unreadable or with other columns.
    """
    return read_table(folder / SCORES, ANALYSED).to_pandas()


def stored_counts(metadata: Mapping[bytes, bytes] | None) -> dict[BlockKey, dict[str, int]]:
    """What metrics counted, by block, from the metadata of a table; empty where it holds none."""
    try:
        entries = json.loads((metadata or {}).get(COUNTS_METADATA, b"[]"))
        return {(clip, block, metric): dict(words) for clip, block, metric, words in entries}
    except (ValueError, TypeError):
        return {}


def block_keys(table: pa.Table) -> list[BlockKey]:
    """Of every row the block that it belongs to; a placebo belongs to its degradation's."""
    columns = (table[name].to_pylist() for name in ("clip_id", "degradation", "placebo_of", "metric"))
    return [
        (clip, placebo_of or degradation, metric)
        for clip, degradation, placebo_of, metric in zip(*columns, strict=True)
    ]


def block_sizes(table: pa.Table) -> dict[BlockKey, int]:
    """How many rows there are per (clip, block, metric)."""
    frame = table.select(["clip_id", "degradation", "placebo_of", "metric"]).to_pandas()
    frame["block"] = frame["placebo_of"].fillna(frame["degradation"])
    sizes = frame.groupby(["clip_id", "block", "metric"], sort=False).size()
    return {(str(clip), str(block), str(metric)): int(size) for (clip, block, metric), size in sizes.items()}


def without_blocks(table: pa.Table, blocks: Iterable[BlockKey]) -> pa.Table:
    """The table without the rows of the given (clip, block, metric)."""
    dropped = set(blocks)
    if not dropped:
        return table
    return table.filter(pa.array([key not in dropped for key in block_keys(table)], pa.bool_()))
