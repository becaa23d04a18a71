"""The run directory while a run is under way: its lock, its record, and its rows, shard by shard.

A shard holds every row of one or more (clip, block) for some metrics. It appears whole or not at all, so whatever
stops a run, the shards that are there are good, and the same command goes on from them. When nothing is
left to do they are merged into ``scores.parquet``, sorted, and removed. A start that finds very many merges them
into one, so that the next start has few to read.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import filelock
import numpy as np
import pyarrow as pa

from degrade_bench._support.files import folder_error
from degrade_bench.errors import RunFolderError
from degrade_bench.runs import ownership
from degrade_bench.runs.columns import SCHEMA, Row
from degrade_bench.runs.embeddings import VectorFiles, vector_table
from degrade_bench.runs.names import AUDIO, EMBEDDINGS, FIGURES, LOCK, RECORD, RUN_FILES, SCORES, SETS, SHARDS
from degrade_bench.runs.record import ClipRecord, RunRecord, read_record, write_record
from degrade_bench.runs.scores import Counts, read_table, to_table, with_counts, write_table
from degrade_bench.runs.set_values import SetValue, write_set_values
from degrade_bench.runs.shards import (
    Finished,
    read_clips,
    read_shard,
    serial_of,
    shard_files,
    united,
    write_clips,
    write_shard,
)

MOST_SHARDS = 500
"""A start that finds more merges them."""


class RunFolder:
    """A run directory, locked for one process as long as the object is open.

    Args:
        path: the directory; made if missing.
        overwrite: remove the files of an earlier run that its ``files.json`` lists.
        only_looks: read what is there, if there is anything; lock, make and change nothing.

    Where it is left by an error before anything was written, nothing of ours stays in it.

    Raises:
        RunFolderError: not a directory, no permission, in use by another process, or not empty and not ours;
            nothing in it was touched.
    """

    def __init__(self, path: Path, overwrite: bool = False, only_looks: bool = False) -> None:
        self.path = path
        self._serial: int | None = None
        self._lock = filelock.FileLock(path / LOCK)
        self._only_looks = only_looks
        if only_looks:
            return
        self._made, self._locked_before = not path.exists(), (path / LOCK).exists()
        ownership.begin(path, (*RUN_FILES, FIGURES, AUDIO, f"{SHARDS}/", f"{EMBEDDINGS}/"))
        try:
            self._lock.acquire(timeout=0)
        except filelock.Timeout:
            raise RunFolderError(f"--out {path} is in use by another run; wait for it to end") from None
        except OSError as error:
            raise folder_error(path, error) from error
        try:
            if overwrite:
                ownership.remove(path, ownership.listed(path))
            ownership.remove_leftovers(path)
            ownership.claim(path, [f"{SHARDS}/"])
        except OSError as error:
            self._lock.release()
            raise folder_error(self.shards, error) from error
        except RunFolderError:
            self._lock.release()
            raise

    def __enter__(self) -> RunFolder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and not self._only_looks:
            ownership.withdraw(self.path, self._made, self._locked_before)
        self._lock.release()

    @property
    def shards(self) -> Path:
        """Where shards lie until they are merged."""
        return self.path / SHARDS

    # -- the record --------------------------------------------------------------------------------

    def read_record(self) -> RunRecord | None:
        """``run.json``, or None where there is none.

        Raises:
            RunFolderError: it is there and is not a run's record.
        """
        return read_record(self.path) if (self.path / RECORD).exists() else None

    def write_record(self, record: RunRecord) -> None:
        """Write ``run.json``."""
        write_record(self.path, record)

    # -- rows --------------------------------------------------------------------------------------

    def add_shard(self, rows: Sequence[Row], counts: Counts | None = None) -> pa.Table:
        """Store the rows of one block or more, and what metrics counted.

        Args:
            rows: of one metric or several, each metric's whole.
            counts: what these metrics counted over the blocks.

        Returns:
            the rows as a table.

        Raises:
            RunFolderError: a full disk or no permission; earlier shards are as they were.
        """
        table = to_table(rows)
        self._add(with_counts(table, counts or {}))
        return table

    def add_vectors(self, rows: Sequence[Row], vectors: Sequence[np.ndarray | None]) -> pa.Table:
        """Store what embedders made of the cells of one block or more.

        Args:
            rows: of embedders, each embedder's whole.
            vectors: of each row, ``(frames, dim)``; None where there are none.

        Returns:
            the rows as a table.

        Raises:
            RunFolderError: a full disk or no permission; earlier files are as they were.
        """
        table = vector_table(rows, vectors)
        if not (self.path / EMBEDDINGS).is_dir():
            ownership.claim(self.path, [f"{EMBEDDINGS}/"])
        self.vector_files.add(table)
        return table.select(SCHEMA.names)

    @property
    def vector_files(self) -> VectorFiles:
        """The vectors of cells, for metrics of sets."""
        return VectorFiles(self.path / EMBEDDINGS)

    def _add(self, table: pa.Table) -> None:
        if self._serial is None:
            files = shard_files(self.shards)
            self._serial = serial_of(files[-1]) + 1 if files else 0
        self._claim_shards()
        write_shard(self.shards, self._serial, table)
        self._serial += 1

    def add_clips(self, clips: Sequence[ClipRecord]) -> None:
        """Keep what is known of clips that were read, until the record of the run takes it over."""
        self._claim_shards()
        write_clips(self.shards, clips)

    def _claim_shards(self) -> None:
        """Make the folder of the shards again where a finished table has taken its place."""
        if not self.shards.is_dir():
            ownership.claim(self.path, [f"{SHARDS}/"])

    def read_clips(self) -> dict[str, ClipRecord]:
        """Every clip that was read so far, by id: from the record and from unfinished work."""
        record = self.read_record()
        clips = {clip.id: clip for clip in (*record.clips, *record.reference_clips)} if record is not None else {}
        clips.update((clip.id, clip) for clip in read_clips(self.shards))
        return clips

    def read_finished(self, slow: Callable[[int], None] = lambda blocks: None) -> Finished:
        """Everything that was finished, from ``scores.parquet`` and the shards.

        Where both hold a block, or two shards do, the later one counts: a run that was killed while its table was
        made has left both. A shard whose bytes are not those that were written is removed; its block is scored
        again.

        Args:
            slow: called once, with the number of shards, when reading them takes longer than a second.

        Raises:
            RunFolderError: ``scores.parquet`` cannot be read.
        """
        started = time.monotonic()
        sources = [read_table(self.path / SCORES)] if (self.path / SCORES).exists() else []
        files = shard_files(self.shards)
        read: list[Path] = []
        for number, path in enumerate(files):
            if (table := read_shard(path)) is None:
                if not self._only_looks:
                    path.unlink(missing_ok=True)
                continue
            sources.append(table)
            read.append(path)
            if number % 100 == 0 and time.monotonic() - started > 1:
                slow(len(files))
                started = math.inf
        shards = sources[-len(read) :] if read else []
        made = self.vector_files.rows(forgets=not self._only_looks)
        embedders = frozenset(name for table in made for name in table["metric"].unique().to_pylist())
        finished = replace(united([*sources, *made]), embedders=embedders)
        if len(read) > MOST_SHARDS and not self._only_looks:
            merged = united(shards)
            self._add(with_counts(merged.rows, merged.counts))
            for path in read:
                path.unlink(missing_ok=True)
        return finished

    def finish(self, table: pa.Table, record: RunRecord, set_values: Sequence[SetValue] = ()) -> None:
        """Write ``scores.parquet`` and ``run.json``, remove the shards that they hold now, and merge vectors.

        Args:
            table: every row.
            record: of the run.
            set_values: what set metrics say of whole sets.
        """
        if set_values:
            ownership.claim(self.path, [SETS])
            write_set_values(self.path, set_values)
        ownership.claim(self.path, [SCORES])
        write_table(self.path / SCORES, table)
        self.write_record(record)
        ownership.remove(self.path, [f"{SHARDS}/"])
        self._serial = None
        self.vector_files.merge()
