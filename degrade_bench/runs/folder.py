"""The run directory while a run is under way: its lock, its record, and its rows, shard by shard.

A shard holds every row of one (clip, block) for some metrics. It appears whole or not at all, so whatever
stops a run, the shards that are there are good, and the same command goes on from them. When nothing is
left to do they are merged into ``scores.parquet``, sorted, and removed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from degrade_bench._support.files import PARTIAL, folder_error, replacing, write_text
from degrade_bench.errors import RunFolderError
from degrade_bench.runs.columns import SCHEMA, Row, to_table, up_to_date
from degrade_bench.sweep import counts as tallies
from degrade_bench.sweep.counts import BlockKey

RECORD, SCORES, SHARDS, LOCK = "run.json", "scores.parquet", "shards", ".lock"
PRODUCTS = (RECORD, SCORES, "summary.csv", "analysis.json", "report.html", SHARDS, "figures", "audio", LOCK)


class RunFolder:
    """A run directory, locked for one process as long as the object is open.

    Args:
        path: the directory; made if missing.
        overwrite: remove what an earlier run left in it.

    Raises:
        RunFolderError: not a directory, no permission, in use by another process, or holding files that no
            run wrote.
    """

    def __init__(self, path: Path, overwrite: bool = False) -> None:
        self.path = path
        self._lock: IO[str] | None = None
        try:
            path.mkdir(parents=True, exist_ok=True)
            foreign = [each.name for each in path.iterdir() if not _ours(each.name)]
        except (FileExistsError, NotADirectoryError):
            raise RunFolderError(f"--out {path} is a file, expected a directory") from None
        except OSError as error:
            raise folder_error(path, error) from error
        if foreign and not (path / RECORD).exists():
            raise RunFolderError(
                f"--out {path} holds other files ({sorted(foreign)[0]!r}, …) and no run; "
                "choose an empty or a new directory"
            )
        self._take_lock()
        if overwrite:
            self._clear()
        try:
            for leftover in path.rglob(f"{PARTIAL}*"):  # of a process that was killed while writing
                leftover.unlink(missing_ok=True)
            self.shards.mkdir(exist_ok=True)
        except OSError as error:
            raise folder_error(self.shards, error) from error

    def __enter__(self) -> RunFolder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    @property
    def shards(self) -> Path:
        """Where shards lie until they are merged."""
        return self.path / SHARDS

    # -- the record --------------------------------------------------------------------------------

    def read_record(self) -> dict[str, Any] | None:
        """``run.json``, or None where there is none.

        Raises:
            RunFolderError: it is there and is not a run's record.
        """
        return read_record(self.path) if (self.path / RECORD).exists() else None

    def write_record(self, record: Mapping[str, Any]) -> None:
        """Write ``run.json``."""
        write_text(self.path / RECORD, json.dumps(record, indent=1, allow_nan=False, default=str) + "\n")

    # -- rows --------------------------------------------------------------------------------------

    def add_shard(
        self,
        clip_id: str,
        block: str,
        rows: Sequence[Row],
        counts: Mapping[BlockKey, Mapping[str, int]] | None = None,
    ) -> None:
        """Store the rows of one block, and what its metrics counted.

        Raises:
            RunFolderError: a full disk or no permission; earlier shards are as they were.
        """
        metrics = sorted({row.metric for row in rows})
        name = hashlib.sha256("\x1f".join([clip_id, block, *metrics]).encode()).hexdigest()[:24]
        with replacing(self.shards / f"{name}.parquet") as temporary:
            table = to_table(list(rows)).replace_schema_metadata(tallies.to_metadata(counts or {}))
            pq.write_table(table, temporary, compression="zstd")

    def add_clip(self, facts: Mapping[str, Any]) -> None:
        """Keep what is known of a clip that was read, until the record of the run takes it over."""
        name = hashlib.sha256(str(facts["id"]).encode()).hexdigest()[:24]
        write_text(self.shards / f"{name}.json", json.dumps(facts, allow_nan=False))

    def read_clips(self) -> dict[str, dict[str, Any]]:
        """Facts of every clip that was read so far, by id: from the record and from unfinished work."""
        record = self.read_record() or {}
        known = {str(facts["id"]): facts for facts in record.get("clips", [])}
        for path in sorted(self.shards.glob("*.json")):
            try:
                facts = json.loads(path.read_text(encoding="utf-8"))
                known[str(facts["id"])] = facts
            except (OSError, ValueError, KeyError, TypeError):
                continue  # torn by a power loss; the clip is read again if anything of it is missing
        return known

    def read_rows(self) -> pa.Table:
        """Every finished row, from ``scores.parquet`` and the shards, unsorted.

        A shard that cannot be read (a machine that lost power) is removed; its block is scored again.
        """
        tables = []
        if (self.path / SCORES).exists():
            tables.append(read_scores(self.path))
        for shard in sorted(self.shards.glob("*.parquet")):
            if shard.name.startswith("."):
                continue
            try:
                table = pq.read_table(shard)
            except (OSError, pa.ArrowException):
                shard.unlink(missing_ok=True)
                continue
            current = up_to_date(table)
            if current is None:
                shard.unlink(missing_ok=True)
            else:
                tables.append(current)
        return pa.concat_tables(tables) if tables else SCHEMA.empty_table()

    def read_counts(self) -> dict[BlockKey, dict[str, int]]:
        """What metrics counted, by block, of every row that :meth:`read_rows` gives."""
        known: dict[BlockKey, dict[str, int]] = {}
        for path in (self.path / SCORES, *sorted(self.shards.glob("*.parquet"))):
            known.update(tallies.of_file(path))
        return known

    def finish(self, table: pa.Table, record: Mapping[str, Any]) -> None:
        """Write ``scores.parquet`` and ``run.json``, and remove the shards that they hold now."""
        with replacing(self.path / SCORES) as temporary:
            pq.write_table(table, temporary, compression="zstd")
        self.write_record(record)
        shutil.rmtree(self.shards, ignore_errors=True)

    def _clear(self) -> None:
        for name in PRODUCTS:
            target = self.path / name
            if name == LOCK:
                continue
            if target.is_dir():
                shutil.rmtree(target, ignore_errors=True)
            else:
                target.unlink(missing_ok=True)

    def _take_lock(self) -> None:
        try:
            import fcntl
        except ImportError:  # no such locks on Windows: two runs in one directory are the user's to avoid
            return
        try:
            self._lock = open(self.path / LOCK, "w")  # noqa: SIM115 - held until __exit__
        except OSError as error:
            raise folder_error(self.path, error) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise RunFolderError(f"--out {self.path} is in use by another run; wait for it to end") from None


def _ours(name: str) -> bool:
    return name in PRODUCTS or name.startswith(PARTIAL)


def read_record(folder: Path) -> dict[str, Any]:
    """``run.json`` of a run directory.

    Raises:
        RunFolderError: missing, unreadable or not a run's record.
    """
    path = folder / RECORD
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunFolderError(f"{folder} is not a run directory: it has no {RECORD}") from None
    except (OSError, ValueError) as error:
        raise RunFolderError(f"{path} cannot be read: {error}") from error
    if not isinstance(record, dict) or "identity" not in record:
        raise RunFolderError(f"{path} is not the record of a run")
    return record


def read_scores(folder: Path) -> pa.Table:
    """``scores.parquet`` of a run directory.

    Raises:
        RunFolderError: missing, unreadable or with other columns.
    """
    path = folder / SCORES
    try:
        table = pq.read_table(path)
    except FileNotFoundError:
        raise RunFolderError(f"{folder} has no {SCORES}: the run has not finished") from None
    except (OSError, pa.ArrowException) as error:
        raise RunFolderError(f"{path} cannot be read: {error}") from error
    current = up_to_date(table)
    if current is None:
        raise RunFolderError(f"{path} has other columns than this version writes")
    return current


def block_counts(table: pa.Table) -> dict[BlockKey, int]:
    """How many rows there are per (clip, block, metric); a placebo belongs to its degradation's block."""
    frame = table.select(["clip_id", "degradation", "placebo_of", "metric"]).to_pandas()
    frame["block"] = frame["placebo_of"].fillna(frame["degradation"])
    counts = frame.groupby(["clip_id", "block", "metric"], sort=False).size()
    return {(str(c), str(b), str(m)): int(n) for (c, b, m), n in counts.items()}


def without_blocks(table: pa.Table, drop: Iterable[BlockKey]) -> pa.Table:
    """The table without the rows of the given (clip, block, metric)."""
    dropped = set(drop)
    if not dropped:
        return table
    columns = (table[name].to_pylist() for name in ("clip_id", "degradation", "placebo_of", "metric"))
    keep = [(c, p or d, m) not in dropped for c, d, p, m in zip(*columns, strict=True)]
    return table.filter(pa.array(keep, pa.bool_()))
