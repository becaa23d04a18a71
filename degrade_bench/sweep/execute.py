"""Doing a sweep: what is not done yet is damaged and scored, block by block, and every row is kept at once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from degrade_bench.corpus.inputs import Skipped
from degrade_bench.errors import CorpusError, DegradeBenchError
from degrade_bench.metric.base import Metric
from degrade_bench.metric.host.proxy import Hosted
from degrade_bench.metric.traits import Traits
from degrade_bench.runs.columns import CLEAN, INTERRUPTED, KEY, Row
from degrade_bench.runs.folder import RunFolder
from degrade_bench.runs.record import ClipRecord, Counts, RunRecord
from degrade_bench.runs.scores import BlockKey, block_sizes, to_table, with_counts, without_blocks
from degrade_bench.sweep.asking import Listeners
from degrade_bench.sweep.batch_check import batch_dependence, checked_block
from degrade_bench.sweep.block import BlockResult, row_of, rows_with
from degrade_bench.sweep.counts import counts_by_metric, growth, totals
from degrade_bench.sweep.estimate import Estimate, estimate
from degrade_bench.sweep.first_blocks import FirstBlocks
from degrade_bench.sweep.pool import Event, Pool
from degrade_bench.sweep.processes import ClipDone
from degrade_bench.sweep.recordings import with_joined_tracks, with_tracks_of
from degrade_bench.sweep.rendering import seed_of
from degrade_bench.sweep.resume import (
    blocks_of_other_metrics,
    check_fingerprints,
    check_samples_are_the_same,
    check_versions,
    finished_blocks,
    open_tasks,
)
from degrade_bench.sweep.scoring import Outcome
from degrade_bench.sweep.spec import Sweep, split_metrics
from degrade_bench.sweep.staff import Staff
from degrade_bench.sweep.worker import (
    BlockLost,
    ClipLost,
    ClipRead,
    ClipUnusable,
    Task,
    Work,
)


@dataclass
class Progress:
    """Who wants to know how a sweep goes on. Every hook may be replaced; by default nothing is shown."""

    reading: Callable[[int], None] = lambda blocks: None
    planned: Callable[[int, int, Estimate | None], None] = lambda cells, done, expected: None
    advanced: Callable[[int], None] = lambda cells: None
    clip_done: Callable[[str], None] = lambda clip_id: None
    clip_skipped: Callable[[str, str], None] = lambda clip_id, reason: None
    clip_lost: Callable[[str, str], None] = lambda clip_id, reason: None
    warned: Callable[[str], None] = lambda text: None
    look: Callable[[int, int, int], None] = lambda number, of, clips: None
    looked: Callable[[int, int, bool], None] = lambda inconclusive, of, goes_on: None


@dataclass(frozen=True)
class SweepResult:
    """What a sweep came to.

    Attributes:
        table: the score table, sorted.
        clips: each clip that is in it, by id.
        skipped: clips that could not be used, or that were lost before they were read.
        lost: clips on which work was broken off, by id: workers died, memory ran out.
        seconds: time spent by this process on this sweep, this time.
        cells_scored: cells that this time were worked on.
        expected: the estimate that was made before the start.
        workers: that did it; 1 for this process.
        metric_counts: per metric, what it counted over the whole table, and its scores outside its range.
    """

    table: pa.Table
    clips: Mapping[str, ClipRecord]
    skipped: tuple[Skipped, ...]
    lost: tuple[str, ...]
    seconds: float
    cells_scored: int
    expected: Estimate | None
    workers: int
    metric_counts: Mapping[str, Mapping[str, int]]

    def counts(self) -> Counts:
        """Rows by status, clips and cells."""
        by_status = Counter(self.table["status"].to_pylist())
        cell_columns = [name for name in KEY if name != "metric"]
        cells = self.table.select(cell_columns).group_by(cell_columns).aggregate([]).num_rows
        return Counts(
            clips=len(pc.unique(self.table["clip_id"])),
            cells=cells,
            rows=self.table.num_rows,
            ok=by_status["ok"],
            not_applicable=by_status["not-applicable"],
            failed=by_status["failed"],
            clips_lost=len(self.lost),
        )

    def broken_off(self, clip_id: str) -> set[str]:
        """The degradations over which work on a clip was broken off, because workers died or memory ran out."""
        of_clip = self.table.filter(pc.equal(self.table["clip_id"], clip_id))
        rows = of_clip.filter(pc.starts_with(of_clip["error"], INTERRUPTED))
        return {*rows["degradation"].to_pylist(), *rows["placebo_of"].to_pylist()} - {None}


def execute(
    sweep: Sweep,
    folder: RunFolder,
    progress: Progress | None = None,
    previous: RunRecord | None = None,
    begin: Callable[[], None] = lambda: None,
) -> SweepResult:
    """Do what is not done yet, shard by shard, and return the whole score table.

    Args:
        sweep: what is to be done.
        folder: holds what was done before, and is given each block as it is finished.
        progress: who wants to know how it goes on.
        previous: the record of the earlier start of this run, if there was one.
        begin: called when nothing speaks against the work, before it begins.

    Raises:
        CorpusError: no clip can be used.
        RunFolderError: the folder cannot be written, or holds scores of other weights, other samples or other
            versions of what they were made with.
        WorkerStartError: worker processes cannot be started.
    """
    started = time.perf_counter()
    progress = progress or Progress()
    stored = folder.read_finished(progress.reading)
    rows = stored.rows
    check_fingerprints(rows, sweep, folder)
    finished = finished_blocks(rows, sweep)
    dropped = set(block_sizes(rows)) - finished - blocks_of_other_metrics(rows, sweep)
    rows = without_blocks(rows, dropped)
    counts = {key: words for key, words in stored.counts.items() if key not in dropped}
    tasks = [task for task in open_tasks(sweep, finished) if task.todo]
    if tasks:
        check_versions(previous, folder)
    begin()
    light, heavy = split_metrics(sweep.metrics)
    heavy_traits = tuple(Traits.of(metric) for metric in heavy)
    work = Work(sweep.seed, sweep.levels, sweep.replicates, sweep.degradations, light, heavy_traits)
    ledger = _Ledger(sweep, folder, tasks, heavy, rows, counts, progress)
    if sweep.workers > 1:
        _leave_to_workers(light)
    staff = Staff(sweep.workers, tuple(task.source for task in tasks)) if sweep.if_memory_suffices else None
    with Pool(work, sweep.workers if tasks else 1, staff) as pool:
        try:
            expected = estimate(tasks, work, heavy, pool)
        except DegradeBenchError:
            raise
        except Exception:  # whatever it stumbles over, the run will say it in its place
            expected = None
        if staff is not None and staff.shortage is not None:
            progress.warned(staff.shortage)
        ledger.progress.planned(sweep.cells_per_clip * len(sweep.sources), ledger.cells_to_do, expected)
        for event in pool.run(tasks):
            ledger.take(event)
    table = sort_table(pa.concat_tables([rows, to_table(ledger.rows)]), sweep)
    if table.num_rows == 0:
        reasons = "; ".join(f"{clip.id}: {clip.reason}" for clip in ledger.skipped[:3])
        raise CorpusError(f"none of {len(sweep.sources)} clips can be used ({reasons})")
    scored = set(table["clip_id"].to_pylist())
    of_table = [ledger.clips[source.id] for source in sweep.sources if source.id in scored]
    clips = {clip.id: clip for clip in with_joined_tracks(of_table)}
    table = with_tracks_of(table, clips)
    return SweepResult(
        table=with_counts(table, ledger.counts),
        clips=clips,
        skipped=tuple(ledger.skipped),
        lost=tuple(ledger.lost),
        seconds=time.perf_counter() - started,
        cells_scored=ledger.cells_scored,
        expected=expected,
        workers=pool.workers if tasks else sweep.workers,
        metric_counts=counts_by_metric(sweep.metrics, table, ledger.counts),
    )


def _leave_to_workers(light: Sequence[Metric]) -> None:
    """End the processes of metrics that are asked by workers only."""
    for metric in light:
        if isinstance(metric, Hosted):
            metric.rest()


class _Ledger:
    """What has happened in a sweep so far: every event is entered here, and finished blocks go to the folder.

    Args:
        sweep: what is to be done.
        folder: the run directory.
        tasks: what of it is not done yet.
        heavy: the metrics that are scored in this process.
        rows: what was done before.
        counts: what metrics counted before, by block.
        progress: who wants to know.
    """

    def __init__(
        self,
        sweep: Sweep,
        folder: RunFolder,
        tasks: list[Task],
        heavy: tuple[Metric, ...],
        rows: pa.Table,
        counts: dict[BlockKey, dict[str, int]],
        progress: Progress,
    ) -> None:
        self.progress = progress
        self.clips = folder.read_clips()
        self.skipped: list[Skipped] = []
        self.lost: list[str] = []
        self.rows: list[Row] = []
        self.counts = dict(counts)
        self.cells_scored = 0
        self._sweep, self._folder, self._listeners = sweep, folder, Listeners()
        self._heavy = {metric.name: metric for metric in heavy}
        self._hashes = dict(zip(rows["clip_id"].to_pylist(), rows["clip_hash"].to_pylist(), strict=True))
        self._open = {task.source.id: dict(task.todo) for task in tasks}
        blocks = sweep.blocks()
        self._cells = {block.name: len(block.cells) for block in blocks}
        self._checked = checked_block(blocks)
        self._first = FirstBlocks()

    @property
    def cells_to_do(self) -> int:
        """Cells of all blocks that are open."""
        return sum(self._cells[block] for blocks in self._open.values() for block in blocks)

    def take(self, event: Event) -> None:
        """Enter an event."""
        if isinstance(event, ClipRead):
            check_samples_are_the_same(event.clip, self._hashes, self._folder)
            self.clips[event.clip.id] = event.clip
            self._folder.add_clip(event.clip)
            if event.clip.file_damage is not None:
                self.progress.warned(f"clip {event.clip.id}: its file is {event.clip.file_damage}")
        elif isinstance(event, ClipUnusable):
            self._skip(event.clip_id, event.reason)
        elif isinstance(event, BlockResult):
            self._keep(event)
        elif isinstance(event, BlockLost):
            self._fail(event.clip_id, event.block, event.reason, event.metrics)
        elif isinstance(event, ClipLost):
            self._lose(event)
        elif isinstance(event, ClipDone):
            self.progress.clip_done(event.clip_id)

    def _skip(self, clip_id: str, reason: str) -> None:
        self.skipped.append(Skipped(clip_id, reason))
        self.progress.clip_skipped(clip_id, reason)
        self.progress.advanced(sum(self._cells[block] for block in self._open[clip_id]))

    def _keep(self, result: BlockResult) -> None:
        """Score what the metrics of this process are given of a block, and store all of its rows."""
        rows, grown = list(result.rows), dict(result.counts)
        rate = self.clips[result.clip_id].sample_rate
        for name, cells in result.inputs.items():
            metric = self._heavy[name]
            before = totals(metric)
            outcomes = self._listeners.score(
                metric, result.clip_id, result.block, cells, rate, self._sweep.batch_size
            )
            grown[name] = growth(before, totals(metric))
            if result.block == self._checked:
                grown[name] = {**grown[name], **batch_dependence(metric, cells, outcomes, rate)}
            rows.extend(rows_with(result.row_stubs[name], outcomes))
        counts = {(result.clip_id, result.block, name): dict(words) for name, words in grown.items() if words}
        self._folder.add_shard(rows, counts)
        for text in self._first.warnings(rows):
            self.progress.warned(text)
        self.counts.update(counts)
        self.rows.extend(rows)
        del self._open[result.clip_id][result.block]
        self.cells_scored += self._cells[result.block]
        self.progress.advanced(self._cells[result.block])

    def _fail(self, clip_id: str, block_name: str, reason: str, metrics: frozenset[str] | None = None) -> None:
        """Failed rows in place of a block that never came, of some metrics or of all that are wanted.

        Args:
            clip_id: of the clip.
            block_name: of the block.
            reason: why there is no score.
            metrics: whose rows; None for all.
        """
        clip, open_blocks = self.clips[clip_id], self._open[clip_id]
        wanted = open_blocks[block_name] if metrics is None else metrics
        open_blocks[block_name] -= wanted
        (block,) = (block for block in self._sweep.blocks() if block.name == block_name)
        rows = [
            row_of(
                clip, cell, Traits.of(metric), seed_of(cell, clip.hash, self._sweep.seed), Outcome.failed(reason)
            )
            for metric in self._sweep.metrics
            if metric.name in wanted
            for cell in block.cells
        ]
        self._folder.add_shard(rows)
        self.rows.extend(rows)
        if not open_blocks[block_name]:
            del open_blocks[block_name]
            self.progress.advanced(self._cells[block_name])

    def _lose(self, loss: ClipLost) -> None:
        """Failed rows for all that is open of a clip; where nothing is known of the clip, it is left out."""
        self.lost.append(loss.clip_id)
        self.progress.clip_lost(loss.clip_id, loss.reason)
        if loss.clip_id in self.clips:
            for block in list(self._open[loss.clip_id]):
                self._fail(loss.clip_id, block, INTERRUPTED + loss.reason.removeprefix(INTERRUPTED))
        else:
            self.skipped.append(Skipped(loss.clip_id, loss.reason))
            self.progress.advanced(sum(self._cells[block] for block in self._open[loss.clip_id]))


def sort_table(table: pa.Table, sweep: Sweep) -> pa.Table:
    """The one order of a score table: clip, block, role, level, replicate, metric, as they were asked for."""
    clips = {source.id: index for index, source in enumerate(sweep.sources)}
    cells: dict[tuple[str, int, int], int] = {}
    for block in sweep.blocks():
        for cell in block.cells:
            name = cell.degradation.name if cell.degradation else CLEAN
            cells[(name, cell.level, cell.replicate)] = len(cells)
    metrics = {metric.name: index for index, metric in enumerate(sweep.metrics)}
    columns = [table[name].to_pylist() for name in KEY]
    keys = [
        (
            clips.get(clip, len(clips)),
            cells.get((degradation, level, replicate), len(cells)),
            metrics.get(metric, len(metrics)),
            metric,
        )
        for clip, degradation, level, replicate, metric in zip(*columns, strict=True)
    ]
    return table.take(pa.array(sorted(range(len(keys)), key=keys.__getitem__), pa.int64()))
