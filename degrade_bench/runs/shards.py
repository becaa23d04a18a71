"""Shards: the rows of a run that goes on, a small file for a block that was finished, or for several short ones.

A shard is an Arrow file, which is read in a fraction of a millisecond. Its name says when it was written among its
like, and holds a digest of its bytes: what was torn by a power loss or has rotted on the disk is not what its name
says, and is scored again. Where two sources hold the same block of a metric, the later one counts.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import TypeAdapter, ValidationError

from degrade_bench._support.contained import read_bytes
from degrade_bench._support.files import replacing
from degrade_bench.errors import RunFolderError
from degrade_bench.runs.columns import KEY, SCHEMA
from degrade_bench.runs.record import ClipRecord
from degrade_bench.runs.scores import BlockKey, block_keys, stored_counts

_SHARD = re.compile(r"([0-9a-f]{8})([0-9a-f]{16})\.arrow")
_CLIPS = re.compile(r"([0-9a-f]{24})\.json")
_CLIP_RECORDS = TypeAdapter(list[ClipRecord])
MOST_BYTES = 256 * 2**20
"""What a shard may hold; one of a thousand cells and a hundred metrics has a tenth of it."""


@dataclass(frozen=True)
class Finished:
    """What was finished of a run.

    Attributes:
        rows: unsorted.
        counts: what metrics counted, by block, of these rows.
        embedders: whose rows are no scores.
    """

    rows: pa.Table
    counts: dict[BlockKey, dict[str, int]]
    embedders: frozenset[str] = frozenset()


def shard_files(folder: Path) -> list[Path]:
    """The shards in a folder, in the order of their writing."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if _SHARD.fullmatch(path.name) and not path.is_dir())


def serial_of(path: Path) -> int:
    """The place of a shard in the order of writing."""
    return int(path.name[:8], 16)


def write_shard(folder: Path, serial: int, table: pa.Table) -> Path:
    """Write a shard whole or not at all.

    Args:
        folder: of the shards.
        serial: its place in the order of writing.
        table: its rows, with what metrics counted in its metadata.

    Raises:
        RunFolderError: a full disk or no permission.
    """
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    content = sink.getvalue().to_pybytes()
    path = folder / f"{serial:08x}{hashlib.sha256(content).hexdigest()[:16]}.arrow"
    with replacing(path) as temporary:
        temporary.write_bytes(content)
    return path


def read_shard(path: Path, schema: pa.Schema = SCHEMA) -> pa.Table | None:
    """The rows of a shard; None where it is no file of its folder, not as it was written, or of other columns.

    Args:
        path: of the shard.
        schema: its columns.
    """
    try:
        content = read_bytes(path.parent, path, MOST_BYTES)
        if hashlib.sha256(content).hexdigest()[:16] != path.name[8:24]:
            return None
        table = pa.ipc.open_file(content).read_all()
        table.validate(full=True)
    except (OSError, ValueError, RunFolderError, pa.ArrowException):
        return None
    return table if table.schema.equals(schema) else None


def write_clips(folder: Path, clips: Sequence[ClipRecord]) -> None:
    """Keep what is known of clips, in one file.

    Raises:
        RunFolderError: a full disk or no permission.
    """
    content = json.dumps([clip.model_dump(mode="json") for clip in clips]).encode()
    path = folder / f"{hashlib.sha256(content).hexdigest()[:24]}.json"
    if not path.exists():
        with replacing(path) as temporary:
            temporary.write_bytes(content)


def read_clips(folder: Path) -> list[ClipRecord]:
    """The clips that were kept; those that are not as they were written are read again when they are wanted."""
    clips: list[ClipRecord] = []
    for path in sorted(folder.glob("*.json")):
        try:
            content = read_bytes(folder, path, MOST_BYTES)
            if _CLIPS.fullmatch(path.name) and hashlib.sha256(content).hexdigest()[:24] == path.name[:24]:
                clips += _CLIP_RECORDS.validate_json(content)
        except (OSError, RunFolderError, ValidationError):
            continue
    return clips


def united(sources: Sequence[pa.Table]) -> Finished:
    """Rows and counts of several tables, each block of a metric from the last table that holds it.

    Args:
        sources: in the order of their writing.
    """
    rows = pa.concat_tables([table.replace_schema_metadata() for table in sources] or [SCHEMA.empty_table()])
    rows = rows.combine_chunks()
    source = np.repeat(np.arange(len(sources)), [table.num_rows for table in sources])
    block = _codes([rows["clip_id"], pc.coalesce(rows["placebo_of"], rows["degradation"]), rows["metric"]])
    latest = _last(block, source)
    cell = _codes([rows[name] for name in KEY])
    number = np.arange(rows.num_rows)
    keep = (source == latest[block]) & (number == _last(cell, number)[cell])
    codes, first = np.unique(block, return_index=True)
    latest_of = dict(zip(block_keys(rows.take(pa.array(first))), latest[codes].tolist(), strict=True))
    counts = {
        key: words
        for number, table in enumerate(sources)
        for key, words in stored_counts(table.schema.metadata).items()
        if latest_of.get(key) == number
    }
    return Finished(rows if keep.all() else rows.filter(pa.array(keep)), counts)


def _last(codes: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """For each code, the largest of its numbers."""
    largest = np.zeros(len(codes), dtype=np.int64)
    np.maximum.at(largest, codes, numbers)
    return largest


def _codes(columns: Iterable[pa.ChunkedArray]) -> np.ndarray:
    """A number below the number of rows for each row, the same where all columns hold the same."""
    codes: np.ndarray | None = None
    for column in columns:
        encoded = pa.chunked_array(column).combine_chunks().dictionary_encode()
        indices = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        joined = indices if codes is None else codes * len(encoded.dictionary) + indices
        codes = np.unique(joined, return_inverse=True)[1].reshape(-1)
    assert codes is not None
    return codes
