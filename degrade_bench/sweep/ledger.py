"""The ledger of a sweep: what has happened, what is still to come, and what of it is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import pyarrow as pa

from degrade_bench._support.stages import spent_elsewhere, stage
from degrade_bench.corpus.inputs import Skipped
from degrade_bench.metric.base import Metric
from degrade_bench.metric.prepared import takes_prepared
from degrade_bench.metric.traits import Traits
from degrade_bench.runs.columns import INTERRUPTED, Row
from degrade_bench.runs.folder import RunFolder
from degrade_bench.runs.scores import BlockKey
from degrade_bench.sweep.asking import Listeners
from degrade_bench.sweep.batch_check import batch_dependence, checked_block
from degrade_bench.sweep.block import BlockResult, row_of, rows_with
from degrade_bench.sweep.counts import growth, totals
from degrade_bench.sweep.first_blocks import FirstBlocks
from degrade_bench.sweep.lane import Lane, gathers
from degrade_bench.sweep.pool import Event
from degrade_bench.sweep.processes import ClipDone
from degrade_bench.sweep.progress import Progress
from degrade_bench.sweep.rendering import seed_of
from degrade_bench.sweep.resume import check_samples_are_the_same
from degrade_bench.sweep.scoring import Outcome
from degrade_bench.sweep.spec import Sweep
from degrade_bench.sweep.worker import BlockLost, ClipLost, ClipRead, ClipUnusable, Task


@dataclass(eq=False)
class _Kept:
    """A block that is not stored yet.

    Attributes:
        result: what came of it in the worker.
        waiting: the metrics of this process that have not scored it yet.
        rows: of those that have, by metric.
        counts: what they counted, by metric.
    """

    result: BlockResult
    waiting: set[str]
    rows: dict[str, Sequence[Row]] = field(default_factory=dict)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)


class Ledger:
    """What has happened in a sweep so far: every event is entered here, and finished blocks go to the folder.

    A block whose cells wait for a device is finished when the last of them is scored.

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
        self._unstored: Counter[str] = Counter()
        self._reported: set[str] = set()
        self._open = {task.source.id: dict(task.todo) for task in tasks}
        blocks = sweep.blocks()
        self._cells = {block.name: len(block.cells) for block in blocks}
        self._checked = checked_block(blocks)
        self._lanes = {metric.name: Lane(metric) for metric in heavy if gathers(metric)}
        self._first = FirstBlocks()

    @property
    def cells_to_do(self) -> int:
        """Cells of all blocks that are open."""
        return sum(self._cells[block] for blocks in self._open.values() for block in blocks)

    def take(self, event: Event) -> None:
        """Enter an event."""
        if isinstance(event, ClipRead | BlockResult | ClipDone):
            spent_elsewhere(event.stages)
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
            self._reported.add(event.clip_id)
            self._tell_if_done(event.clip_id)

    def _tell_if_done(self, clip_id: str) -> None:
        """Say that a clip is done once all of it was reported and nothing of it waits for a device."""
        if clip_id in self._reported and not self._unstored[clip_id]:
            self._reported.discard(clip_id)
            self.progress.clip_done(clip_id)

    def _skip(self, clip_id: str, reason: str) -> None:
        self.skipped.append(Skipped(clip_id, reason))
        self.progress.clip_skipped(clip_id, reason)
        self.progress.advanced(sum(self._cells[block] for block in self._open[clip_id]))

    def idle(self) -> bool:
        """Take one step with what waits for a device, while no event is at hand; whether there was one."""
        return any(lane.step() for lane in self._lanes.values())

    def finish(self) -> None:
        """Score all that still waits for a device."""
        while self.idle():
            pass

    def _keep(self, result: BlockResult) -> None:
        """Have what the metrics of this process are given of a block scored; its rows are stored when all are."""
        self._open[result.clip_id].pop(result.block)
        self._unstored[result.clip_id] += 1
        kept = _Kept(result, set(result.inputs))
        rate = self.clips[result.clip_id].sample_rate
        for name in result.inputs.keys() - self._lanes.keys():
            metric = self._heavy[name]
            if takes_prepared(metric):  # what it remembers of other blocks depends on who worked on them when
                metric.forget()
        for name, cells in result.inputs.items():
            metric = self._heavy[name]
            if name in self._lanes:
                self._lanes[name].add(cells, rate, partial(self._scored, kept, metric))
                continue
            before = totals(metric)
            outcomes = self._listeners.score(
                metric, result.clip_id, result.block, cells, rate, self._sweep.batch_size
            )
            self._scored(kept, metric, outcomes, growth(before, totals(metric)))
        if not result.inputs:
            self._store(kept)

    def _scored(self, kept: _Kept, metric: Metric, outcomes: Sequence[Outcome], grown: Mapping[str, int]) -> None:
        """Enter what a metric of this process made of a block; with the last one the block is stored.

        Args:
            kept: the block.
            metric: of this process.
            outcomes: of its cells, in order.
            grown: what the metric counted meanwhile.
        """
        name, result = metric.name, kept.result
        kept.counts[name] = dict(grown)
        if result.block == self._checked:
            rate = self.clips[result.clip_id].sample_rate
            if takes_prepared(metric):
                metric.forget()  # else it would be given the score that it remembers
            with stage(f"score {name}"):
                kept.counts[name] |= batch_dependence(metric, result.inputs[name], outcomes, rate)
        kept.rows[name] = rows_with(result.row_stubs[name], outcomes)
        kept.waiting.discard(name)
        if not kept.waiting:
            self._store(kept)

    def _store(self, kept: _Kept) -> None:
        """Store all rows of a block."""
        result = kept.result
        rows = [*result.rows, *(row for name in result.inputs for row in kept.rows[name])]
        grown = {**result.counts, **kept.counts}
        counts = {(result.clip_id, result.block, name): dict(words) for name, words in grown.items() if words}
        with stage("write"):
            self._folder.add_shard(rows, counts)
        for text in self._first.warnings(rows):
            self.progress.warned(text)
        self.counts.update(counts)
        self.rows.extend(rows)
        self.cells_scored += self._cells[result.block]
        self.progress.advanced(self._cells[result.block])
        self._unstored[result.clip_id] -= 1
        self._tell_if_done(result.clip_id)

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
