"""The vectors of the cells of a run, kept for metrics of sets: rows like those of the score table, with vectors.

An embedder hears every cell once, whatever metrics compare its vectors. What came of it is a row, as for a
metric: ``metric`` and ``fingerprint`` are the embedder's, ``score`` is the number of vectors. Rows and vectors
are in one file, which is there whole or not at all, named like a shard. When a run has finished, the files are
merged, and stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from degrade_bench.runs.columns import KEY, SCHEMA, Row
from degrade_bench.runs.scores import to_table
from degrade_bench.runs.shards import read_shard, serial_of, shard_files, write_shard

VECTORS = pa.schema([*SCHEMA, pa.field("dim", pa.int32()), pa.field("vectors", pa.list_(pa.float32()))])
"""Of a file: the columns of a score table, and the vectors of the cell, frame after frame; null where it failed."""

MERGED_BYTES = 64 * 2**20
"""Files are merged up to this size."""

CellKey = tuple[str, str, int, int, str]
"""(clip id, degradation, level, replicate, embedder): what makes a row unique."""


def key_of(row: Row) -> CellKey:
    """What makes a row unique."""
    return row.clip_id, row.degradation, row.level, row.replicate, row.metric


def vector_table(rows: Sequence[Row], vectors: Sequence[np.ndarray | None]) -> pa.Table:
    """Rows with their vectors.

    Args:
        rows: of embedders.
        vectors: of each, ``(frames, dim)``; None where there are none.
    """
    flat = [None if one is None else np.ascontiguousarray(one, dtype=np.float32).ravel() for one in vectors]
    dims = [None if one is None else one.shape[1] for one in vectors]
    table = to_table(rows).append_column(VECTORS.field("dim"), pa.array(dims, pa.int32()))
    return table.append_column(VECTORS.field("vectors"), pa.array(flat, pa.list_(pa.float32())))


class VectorFiles:
    """The files of the vectors in a run directory.

    Args:
        folder: where they lie; it need not be there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, table: pa.Table) -> None:
        """Write a :func:`vector_table`, whole or not at all.

        Raises:
            RunFolderError: a full disk or no permission.
        """
        files = shard_files(self._folder)
        write_shard(self._folder, serial_of(files[-1]) + 1 if files else 0, table)

    def rows(self, forgets: bool) -> list[pa.Table]:
        """The rows of every file, without vectors, in the order of their writing.

        Args:
            forgets: whether a file that is not as it was written is removed.
        """
        tables = []
        for path in shard_files(self._folder):
            table = read_shard(path, VECTORS)
            if table is not None:
                tables.append(table.select(SCHEMA.names))
            elif forgets:
                path.unlink(missing_ok=True)
        return tables

    def vectors(self) -> dict[CellKey, np.ndarray]:
        """The vectors of every cell that has some, from the last file that holds the cell.

        The arrays are parts of the files, which are read as they are asked for.
        """
        found: dict[CellKey, np.ndarray] = {}
        for path in shard_files(self._folder):
            table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
            dims = table["dim"].to_pylist()
            lists = [part for chunk in table["vectors"].chunks for part in _parts_of(chunk)]
            for key, dim, values in zip(_keys(table), dims, lists, strict=True):
                found.pop(key, None)
                if values is not None and dim:
                    found[key] = values.reshape(-1, dim)
        return found

    def merge(self) -> None:
        """Put small files together. Whatever stops it, every cell is in some file.

        Raises:
            RunFolderError: a full disk or no permission.
        """
        small = [path for path in shard_files(self._folder) if path.stat().st_size < MERGED_BYTES / 2]
        if len(small) < 2:
            return
        size, group = 0, list[Path]()
        for path in small:
            group.append(path)
            size += path.stat().st_size
            if size >= MERGED_BYTES / 2 or path == small[-1]:
                self._merge(group)
                size, group = 0, []

    def _merge(self, paths: Sequence[Path]) -> None:
        tables = [table for path in paths if (table := read_shard(path, VECTORS)) is not None]
        if len(paths) < 2 or not tables:
            return
        whole = pa.concat_tables(tables)
        last = {key: place for place, key in enumerate(_keys(whole))}
        self.add(whole.take(pa.array(sorted(last.values()), pa.int64())).combine_chunks())
        for path in paths:
            path.unlink(missing_ok=True)


def _keys(table: pa.Table) -> list[CellKey]:
    return list(zip(*(table[name].to_pylist() for name in KEY), strict=True))


def _parts_of(chunk: pa.ListArray) -> list[np.ndarray | None]:
    """The lists of an Arrow array as views of its values."""
    values = chunk.values.to_numpy(zero_copy_only=False)
    ends = chunk.offsets.to_numpy()
    return [
        values[start:end] if there else None
        for start, end, there in zip(ends[:-1], ends[1:], chunk.is_valid().to_pylist(), strict=True)
    ]
