"""A sweep: what is to be done, doing it, and the record of it."""

from __future__ import annotations

import hashlib
import json
import pickle
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from degrade_bench.corpus.inputs import Skipped
from degrade_bench.corpus.source import ClipSource
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.ladder import LEVELS
from degrade_bench.errors import CorpusError, RunFolderError
from degrade_bench.metric.base import Metric
from degrade_bench.runs.columns import KEY, Row, to_table
from degrade_bench.runs.folder import RunFolder, block_counts, without_blocks
from degrade_bench.sweep import counts as tallies
from degrade_bench.sweep.cells import Block, expand
from degrade_bench.sweep.counts import BlockKey
from degrade_bench.sweep.estimate import Estimate, estimate
from degrade_bench.sweep.pool import ClipDone, WorkerDied, run_tasks
from degrade_bench.sweep.scoring import Outcome, score_cells
from degrade_bench.sweep.worker import (
    BlockResult,
    ClipRead,
    ClipUnusable,
    MetricTraits,
    Task,
    Work,
    row_of,
    rows_with,
    seed_of,
)

FORMAT = 1
"""The version of what a run directory holds."""


@dataclass(frozen=True)
class Sweep:
    """What a sweep is made of, all resolved.

    Attributes:
        sources: the clips, in order.
        degradations: in the order of the table, controls included.
        metrics: light ones are computed by the workers, the others here.
        batch_size: the most signals that a metric is given at once here; None for whole blocks.
    """

    sources: tuple[ClipSource, ...]
    degradations: tuple[Degradation, ...]
    metrics: tuple[Metric, ...]
    seed: int = 0
    levels: tuple[int, ...] = LEVELS
    replicates: int = 1
    batch_size: int | None = None
    workers: int = 1
    retry_failed: bool = False

    def blocks(self) -> list[Block]:
        """The blocks of every clip."""
        return expand(self.degradations, self.levels, self.replicates)

    @property
    def cells_per_clip(self) -> int:
        """Cells of one clip, the clean one included."""
        return sum(len(block.cells) for block in self.blocks())

    def identity(self) -> dict[str, Any]:
        """What makes two sweeps the same, the metrics aside: those may be added later."""
        return {
            "format": FORMAT,
            "seed": self.seed,
            "levels": list(self.levels),
            "replicates": self.replicates,
            "degradations": {each.name: each.identity() for each in self.degradations},
            "clips": {source.id: source.identity for source in self.sources},
        }


@dataclass
class Progress:
    """Who wants to know how a sweep goes on. Every hook may be replaced; by default nothing is shown."""

    planned: Callable[[int, int, Estimate | None], None] = lambda cells, done, expected: None
    advanced: Callable[[int], None] = lambda cells: None
    clip_done: Callable[[str], None] = lambda clip_id: None
    clip_skipped: Callable[[str, str], None] = lambda clip_id, reason: None


@dataclass
class SweepResult:
    """What a sweep came to.

    Attributes:
        table: the score table, sorted.
        clips: facts of each clip that was read, by id.
        skipped: clips that could not be used.
        seconds: time spent by this process on this sweep, this time.
        cells_scored: cells that this time were worked on.
        expected: the estimate that was made before the start.
        metric_counts: per metric, what it counted over the whole table, and its scores outside its range.
    """

    table: pa.Table
    clips: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)
    seconds: float = 0.0
    cells_scored: int = 0
    expected: Estimate | None = None
    metric_counts: dict[str, dict[str, int]] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        """Rows by status, and cells."""
        by_status = Counter(self.table["status"].to_pylist())
        cell_columns = [name for name in KEY if name != "metric"]
        cells = self.table.select(cell_columns).group_by(cell_columns).aggregate([]).num_rows
        return {
            "clips": len(pc.unique(self.table["clip_id"])),
            "cells": cells,
            "rows": self.table.num_rows,
            "ok": by_status["ok"],
            "not_applicable": by_status["not-applicable"],
            "failed": by_status["failed"],
        }


def check_same(folder: RunFolder, sweep: Sweep) -> dict[str, Any] | None:
    """The record in ``folder``, if it is this sweep's.

    Raises:
        RunFolderError: it is another's; says in what they differ.
    """
    record = folder.read_record()
    if record is None:
        return None
    theirs, ours = record["identity"], json.loads(json.dumps(sweep.identity()))
    for name in ours:
        if theirs.get(name) != ours[name]:
            raise RunFolderError(
                f"--out {folder.path} holds the results of another run ({_difference(name, theirs, ours)}); "
                "choose another directory, or give --overwrite"
            )
    return record


def _difference(name: str, theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> str:
    old, new = theirs.get(name), ours[name]
    if isinstance(old, dict) and isinstance(new, dict):
        for word, keys in (("without", set(new) - set(old)), ("with", set(old) - set(new))):
            if keys:
                more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
                return f"{word} {name[:-1]} {sorted(keys)[0]!r}{more}"
        changed = next(key for key in new if old[key] != new[key])
        return f"{name[:-1]} {changed!r} has changed"
    return f"{name} {old}, not {new}"


def identity_digest(sweep: Sweep) -> str:
    """Sixteen hexadecimal digits of a sweep's identity."""
    return hashlib.sha256(json.dumps(sweep.identity(), sort_keys=True).encode()).hexdigest()[:16]


def execute(sweep: Sweep, folder: RunFolder, progress: Progress | None = None) -> SweepResult:
    """Do what is not done yet, shard by shard, and return the whole score table.

    Raises:
        CorpusError: no clip can be used.
        RunFolderError: the folder cannot be written, or holds scores of other weights or other samples.
    """
    progress = progress or Progress()
    started = time.perf_counter()
    rows = folder.read_rows()
    _check_fingerprints(rows, sweep, folder)
    finished = _finished_blocks(rows, sweep)
    dropped = set(block_counts(rows)) - finished - _foreign(rows, sweep)
    rows = without_blocks(rows, dropped)
    counted = {key: each for key, each in folder.read_counts().items() if key not in dropped}
    tasks = _tasks(sweep, finished)
    light, heavy = split_metrics(sweep.metrics)
    work = Work(
        sweep.seed,
        sweep.levels,
        sweep.replicates,
        sweep.degradations,
        light,
        tuple(MetricTraits.of(metric) for metric in heavy),
    )
    expected = estimate(tasks, work, heavy, sweep.workers)
    sizes = {block.name: len(block.cells) for block in sweep.blocks()}
    todo = sum(sizes[name] for task in tasks for name in task.todo)
    progress.planned(sweep.cells_per_clip * len(sweep.sources), todo, expected)

    known_hashes = dict(zip(rows["clip_id"].to_pylist(), rows["clip_hash"].to_pylist(), strict=True))
    result = SweepResult(rows, clips=dict(folder.read_clips()), expected=expected)
    new_rows: list[Row] = []
    open_blocks = {task.source.id: dict(task.todo) for task in tasks}
    heavy_by_name = {metric.name: metric for metric in heavy}
    for event in run_tasks([task for task in tasks if task.todo], work, sweep.workers):
        if isinstance(event, ClipRead):
            _check_hash(event, known_hashes, folder)
            result.clips[event.clip_id] = event.facts
            folder.add_clip(event.facts)
        elif isinstance(event, ClipUnusable):
            result.skipped.append(Skipped(event.clip_id, event.reason))
            progress.clip_skipped(event.clip_id, event.reason)
            progress.advanced(sum(sizes[name] for name in open_blocks[event.clip_id]))
        elif isinstance(event, BlockResult):
            rate = int(result.clips[event.clip_id]["sample_rate"])
            block_rows, grown = _completed(event, heavy_by_name, rate, sweep.batch_size)
            folder.add_shard(event.clip_id, event.block, block_rows, grown)
            counted.update(grown)
            new_rows.extend(block_rows)
            del open_blocks[event.clip_id][event.block]
            result.cells_scored += sizes[event.block]
            progress.advanced(sizes[event.block])
        elif isinstance(event, WorkerDied):
            for block, dead_rows in _dead_clip_rows(event, sweep, open_blocks, result).items():
                folder.add_shard(event.clip_id, block, dead_rows)
                new_rows.extend(dead_rows)
                progress.advanced(sizes[block])
        elif isinstance(event, ClipDone):
            progress.clip_done(event.clip_id)
    table = sort_table(pa.concat_tables([rows, to_table(new_rows)]), sweep)
    result.table = table.replace_schema_metadata(tallies.to_metadata(counted))
    result.metric_counts = tallies.per_metric(sweep.metrics, table, counted)
    if result.table.num_rows == 0:
        reasons = "; ".join(f"{each.id}: {each.reason}" for each in result.skipped[:3])
        raise CorpusError(f"none of {len(sweep.sources)} clips can be used ({reasons})")
    in_table = set(result.table["clip_id"].to_pylist())
    result.clips = {source.id: result.clips[source.id] for source in sweep.sources if source.id in in_table}
    result.seconds = time.perf_counter() - started
    return result


def _completed(
    event: BlockResult, heavy: Mapping[str, Metric], sample_rate: int, batch_size: int | None
) -> tuple[list[Row], dict[BlockKey, dict[str, int]]]:
    """All rows of a block, those of the metrics that are scored here included, and what metrics counted over it."""
    rows = list(event.rows)
    counted = dict(event.counts)
    for name, cells in event.heard.items():
        before = tallies.read(heavy[name])
        outcomes = score_cells(heavy[name], cells, sample_rate, batch_size)
        counted[name] = tallies.grown(before, tallies.read(heavy[name]))
        rows.extend(rows_with(event.row_stubs[name], outcomes))
    return rows, {(event.clip_id, event.block, name): each for name, each in counted.items() if each}


def split_metrics(metrics: Sequence[Metric]) -> tuple[tuple[Metric, ...], tuple[Metric, ...]]:
    """Metrics for the workers, and metrics for this process: those with a device, or that cannot travel."""
    light = []
    for metric in metrics:
        if metric.light:
            try:
                pickle.dumps(metric)
            except Exception:  # whatever a third party's object raises: it stays here
                continue
            light.append(metric)
    return tuple(light), tuple(metric for metric in metrics if metric not in light)


def _foreign(rows: pa.Table, sweep: Sweep) -> set[BlockKey]:
    """Blocks of metrics that this sweep does not ask for; they are kept as they are."""
    names = {metric.name for metric in sweep.metrics}
    return {key for key in block_counts(rows) if key[2] not in names}


def _finished_blocks(rows: pa.Table, sweep: Sweep) -> set[BlockKey]:
    sizes = {block.name: len(block.cells) for block in sweep.blocks()}
    finished = {key for key, count in block_counts(rows).items() if sizes.get(key[1]) == count}
    if sweep.retry_failed:
        failed = rows.filter(pc.equal(rows["status"], "failed"))
        finished -= set(block_counts(failed))
    return finished


def _tasks(sweep: Sweep, finished: set[BlockKey]) -> list[Task]:
    names = [metric.name for metric in sweep.metrics]
    tasks = []
    for source in sweep.sources:
        todo = {}
        for block in sweep.blocks():
            wanted = frozenset(name for name in names if (source.id, block.name, name) not in finished)
            if wanted:
                todo[block.name] = wanted
        tasks.append(Task(source, todo))
    return tasks


def _check_fingerprints(rows: pa.Table, sweep: Sweep, folder: RunFolder) -> None:
    stored = rows.select(["metric", "fingerprint"]).group_by(["metric", "fingerprint"]).aggregate([])
    known = dict(zip(stored["metric"].to_pylist(), stored["fingerprint"].to_pylist(), strict=True))
    for metric in sweep.metrics:
        ours = metric.fingerprint()
        if known.get(metric.name, ours) != ours:
            raise RunFolderError(
                f"--out {folder.path} holds scores of {metric.name!r} with fingerprint {known[metric.name]}, "
                f"not {ours} (other weights, settings or version); choose another directory, or --overwrite"
            )


def _check_hash(event: ClipRead, known: Mapping[str, str], folder: RunFolder) -> None:
    stored = known.get(event.clip_id)
    if stored is not None and stored != event.facts["hash"]:
        raise RunFolderError(
            f"--out {folder.path} holds scores of clip {event.clip_id!r} with other samples: the file has "
            "changed; choose another directory, or give --overwrite"
        )


def _dead_clip_rows(
    event: WorkerDied, sweep: Sweep, open_blocks: Mapping[str, dict[str, frozenset[str]]], result: SweepResult
) -> dict[str, list[Row]]:
    """Failed rows for every block that a dead worker left open; none if it died before reading the clip."""
    if event.clip_id not in result.clips:  # it died while reading
        result.skipped.append(Skipped(event.clip_id, event.reason))
        return {}
    facts = result.clips[event.clip_id]
    traits = {metric.name: MetricTraits.of(metric) for metric in sweep.metrics}
    outcome = Outcome.failed(event.reason)
    dead: dict[str, list[Row]] = {}
    for block in sweep.blocks():
        wanted = open_blocks[event.clip_id].get(block.name, frozenset())
        dead[block.name] = [
            row_of(facts, cell, traits[name], seed_of(cell, facts["hash"], sweep.seed), outcome)
            for name in traits
            if name in wanted
            for cell in block.cells
        ]
    return {name: rows for name, rows in dead.items() if rows}


def sort_table(table: pa.Table, sweep: Sweep) -> pa.Table:
    """The one order of a score table: clip, block, role, level, replicate, metric, as they were asked for."""
    clips = {source.id: index for index, source in enumerate(sweep.sources)}
    cells: dict[tuple[str, int, int], int] = {}
    for block in sweep.blocks():
        for cell in block.cells:
            name = cell.degradation.name if cell.degradation else "clean"
            cells[(name, cell.level, cell.replicate)] = len(cells)
    metrics = {metric.name: index for index, metric in enumerate(sweep.metrics)}
    columns = [table[name].to_pylist() for name in KEY]
    keys = [
        (clips.get(c, len(clips)), cells.get((d, lv, r), len(cells)), metrics.get(m, len(metrics)), m)
        for c, d, lv, r, m in zip(*columns, strict=True)
    ]
    return table.take(pa.array(sorted(range(len(keys)), key=keys.__getitem__), pa.int64()))
