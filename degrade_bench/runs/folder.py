"""The run directory while a run is under way: its lock, its record, and its rows, shard by shard.

A shard holds every row of one (clip, block) for some metrics. It appears whole or not at all, so whatever
stops a run, the shards that are there are good, and the same command goes on from them. When nothing is
left to do they are merged into ``scores.parquet``, sorted, and removed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import filelock
import pyarrow as pa
from pydantic import ValidationError

from degrade_bench._support.files import folder_error, write_text
from degrade_bench.errors import RunFolderError
from degrade_bench.runs import ownership
from degrade_bench.runs.columns import SCHEMA, Row
from degrade_bench.runs.names import AUDIO, FIGURES, LOCK, RECORD, RUN_FILES, SCORES, SHARDS
from degrade_bench.runs.record import ClipRecord, RunRecord, read_record, write_record
from degrade_bench.runs.scores import (
    BlockKey,
    Counts,
    read_counts,
    read_table,
    to_table,
    with_counts,
    write_table,
)


class RunFolder:
    """A run directory, locked for one process as long as the object is open.

    Args:
        path: the directory; made if missing.
        overwrite: remove the files of an earlier run that its ``files.json`` lists.

    Raises:
        RunFolderError: not a directory, no permission, in use by another process, or not empty and not ours;
            nothing in it was touched.
    """

    def __init__(self, path: Path, overwrite: bool = False) -> None:
        self.path = path
        self._lock = filelock.FileLock(path / LOCK)
        ownership.begin(path, (*RUN_FILES, FIGURES, AUDIO, f"{SHARDS}/"))
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

    def add_shard(self, clip_id: str, block: str, rows: Sequence[Row], counts: Counts | None = None) -> None:
        """Store the rows of one block, and what its metrics counted.

        Args:
            clip_id: the clip that the block is of.
            block: its name.
            rows: of one metric or several, each metric's whole.
            counts: what these metrics counted over the block.

        Raises:
            RunFolderError: a full disk or no permission; earlier shards are as they were.
        """
        metrics = sorted({row.metric for row in rows})
        name = _file_name(clip_id, block, *metrics)
        write_table(self.shards / f"{name}.parquet", with_counts(to_table(rows), counts or {}))

    def add_clip(self, clip: ClipRecord) -> None:
        """Keep what is known of a clip that was read, until the record of the run takes it over."""
        write_text(self.shards / f"{_file_name(clip.id)}.json", json.dumps(clip.model_dump(mode="json")))

    def read_clips(self) -> dict[str, ClipRecord]:
        """Every clip that was read so far, by id: from the record and from unfinished work."""
        record = self.read_record()
        clips = {clip.id: clip for clip in record.clips} if record is not None else {}
        for path in sorted(self.shards.glob("*.json")):
            try:
                clip = ClipRecord.model_validate_json(path.read_bytes())
            except (OSError, ValidationError):
                continue  # torn by a power loss; the clip is read again if anything of it is missing
            clips[clip.id] = clip
        return clips

    def read_rows(self) -> pa.Table:
        """Every finished row, from ``scores.parquet`` and the shards, unsorted.

        A shard that cannot be read (a machine that lost power) is removed; its block is scored again.

        Raises:
            RunFolderError: ``scores.parquet`` cannot be read.
        """
        tables = []
        if (self.path / SCORES).exists():
            tables.append(read_table(self.path / SCORES))
        for shard in self._shard_files():
            try:
                tables.append(read_table(shard))
            except RunFolderError:
                shard.unlink(missing_ok=True)
        return pa.concat_tables(tables) if tables else SCHEMA.empty_table()

    def read_counts(self) -> dict[BlockKey, dict[str, int]]:
        """What metrics counted, by block, of every row that :meth:`read_rows` gives."""
        counts: dict[BlockKey, dict[str, int]] = {}
        for path in (self.path / SCORES, *self._shard_files()):
            counts.update(read_counts(path))
        return counts

    def finish(self, table: pa.Table, record: RunRecord) -> None:
        """Write ``scores.parquet`` and ``run.json``, and remove the shards that they hold now."""
        ownership.claim(self.path, [SCORES])
        write_table(self.path / SCORES, table)
        self.write_record(record)
        ownership.remove(self.path, [f"{SHARDS}/"])

    def _shard_files(self) -> list[Path]:
        return sorted(path for path in self.shards.glob("*.parquet") if ownership.is_shard(path))


def _file_name(*parts: str) -> str:
    """A file name for whatever the parts hold."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:24]
