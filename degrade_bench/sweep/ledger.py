"""The ledger of a sweep: what has happened, what is still to come, and what of it is stored.

Storing a shard takes milliseconds, of which most are waited for the disk: as long as a block of a short clip. So
short blocks that are finished soon after one another are stored together. Whatever kills the process costs
:data:`SECONDS_OF_WORK` beside the blocks that are under way.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pyarrow as pa

from degrade_bench._support.stages import spent_elsewhere, stage
from degrade_bench.corpus.inputs import Skipped
from degrade_bench.metric.base import Metric
from degrade_bench.metric.traits import Traits
from degrade_bench.runs.columns import INTERRUPTED, Row
from degrade_bench.runs.embeddings import CellKey, key_of
from degrade_bench.runs.folder import RunFolder
from degrade_bench.runs.record import ClipRecord
from degrade_bench.runs.scores import BlockKey, Counts
from degrade_bench.sweep.batch_check import checked_block
from degrade_bench.sweep.block import BlockResult, row_of, vectors_of
from degrade_bench.sweep.crew import Event
from degrade_bench.sweep.first_blocks import FirstBlocks
from degrade_bench.sweep.gathered import Gathered
from degrade_bench.sweep.heavy import HeavyScorer
from degrade_bench.sweep.processes import ClipDone
from degrade_bench.sweep.progress import Progress
from degrade_bench.sweep.rendering import seed_of
from degrade_bench.sweep.resume import check_samples_are_the_same
from degrade_bench.sweep.scoring import Outcome
from degrade_bench.sweep.spec import Sweep
from degrade_bench.sweep.worker import BlockLost, ClipLost, ClipRead, ClipUnusable, Task

SECONDS_APART = 0.5
"""Blocks that are finished within so many seconds after a shard was written may wait for the next one."""

SECONDS_OF_WORK = 0.5
"""What waits to be stored may have taken so long, added up: a long block is stored as soon as it is finished."""


class Ledger:
    """What has happened in a sweep so far: every event is entered here, and finished blocks go to the folder.

    A metric that fails everywhere (:mod:`.first_blocks`) raises
    :class:`~degrade_bench.errors.FailsEverywhereError` wherever an event is entered.

    A block whose cells wait for a device is finished when the last of them is scored. When no event comes any more,
    for whatever reason, :meth:`store` stores what is finished and was not stored yet.

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
        self.made = Gathered()
        self.counts = dict(counts)
        self.cells_scored = 0
        self._sweep, self._folder = sweep, folder
        clips = rows.select(["clip_id", "clip_hash"]).group_by(["clip_id", "clip_hash"]).aggregate([])
        self._hashes = dict(zip(clips["clip_id"].to_pylist(), clips["clip_hash"].to_pylist(), strict=True))
        self._unstored: Counter[str] = Counter()
        self._read: list[ClipRecord] = []
        self._finished: list[BlockResult] = []
        self._stored_at, self._work_at_stake = -math.inf, 0.0
        self._reported: set[str] = set()
        self._open = {task.source.id: dict(task.todo) for task in tasks}
        blocks = sweep.blocks()
        self._cells = {block.name: len(block.cells) for block in blocks}
        self._embedders = {maker.name for maker in sweep.makers}
        self._heavy = HeavyScorer(heavy, sweep.batch_size, checked_block(blocks))
        self._first = FirstBlocks(
            [metric.name for metric in sweep.heard],
            [block.name for block in blocks],
            tasks,
            rows,
            sweep.keep_going,
        )

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
            self._read.append(event.clip)
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
        self._store_in_time()

    def _tell_if_done(self, clip_id: str) -> None:
        """Say that a clip is done once all of it was reported and nothing of it waits for a device.

        Of a clip that was left out or lost that was said, and it is not done.
        """
        if clip_id in self._reported and not self._unstored[clip_id]:
            self._reported.discard(clip_id)
            if all(clip_id != skipped.id for skipped in self.skipped):
                self.progress.clip_done(clip_id)

    def _skip(self, clip_id: str, reason: str) -> None:
        self.skipped.append(Skipped(clip_id, reason))
        self.progress.clip_skipped(clip_id, reason)
        self.progress.advanced(sum(self._cells[block] for block in self._open[clip_id]))
        self._warn(self._first.without(clip_id))

    def _warn(self, texts: Iterable[str]) -> None:
        for text in texts:
            self.progress.warned(text)

    def idle(self) -> bool:
        """Take one step with what waits for a device, while no event is at hand; whether there was one."""
        return self._heavy.step()

    def finish(self) -> None:
        """Score all that still waits for a device."""
        self._heavy.finish()
        self._warn(self._first.end())

    def _keep(self, result: BlockResult) -> None:
        """Have what the metrics of this process are given of a block scored; its rows are stored when all are."""
        wanted = self._open[result.clip_id].pop(result.block, frozenset())
        if not wanted:  # it waited for a device while the rest of its clip was given up, and it with it
            return
        self._unstored[result.clip_id] += 1
        self._heavy.take(result, self._finish)

    def _finish(self, result: BlockResult) -> None:
        """Take all rows of a block."""
        self._finished.append(result)
        self._work_at_stake += sum(row.seconds for row in result.rows)
        self._warn(self._first.take(result.rows, result.clip_id, result.block))
        self.cells_scored += self._cells[result.block]
        self.progress.advanced(self._cells[result.block])
        self._store_in_time()

    def _store_in_time(self) -> None:
        late = time.monotonic() - self._stored_at >= SECONDS_APART
        if self._finished and (late or self._work_at_stake >= SECONDS_OF_WORK):
            self.store()

    def store(self) -> None:
        """Store the rows of all blocks that are finished, in one shard, and before them what is known of clips."""
        with stage("write"):
            if self._read:
                self._folder.add_clips(self._read)
                self._read = []
            if not self._finished:
                return
            counts = {
                (result.clip_id, result.block, name): dict(words)
                for result in self._finished
                for name, words in result.counts.items()
                if words
            }
            rows = [row for result in self._finished for row in result.rows]
            self._write(rows, {key: one for result in self._finished for key, one in vectors_of(result)}, counts)
        self.counts.update(counts)
        stored, self._finished = self._finished, []
        self._stored_at, self._work_at_stake = time.monotonic(), 0.0
        for result in stored:
            self._unstored[result.clip_id] -= 1
            self._tell_if_done(result.clip_id)

    def _write(
        self,
        rows: Sequence[Row],
        vectors: Mapping[CellKey, np.ndarray | None] = MappingProxyType({}),
        counts: Counts | None = None,
    ) -> None:
        """Store rows: those of embedders with their vectors, apart from the others.

        Args:
            rows: of blocks.
            vectors: what embedders made, by row.
            counts: what metrics counted.
        """
        scored = [row for row in rows if row.metric not in self._embedders]
        made = [row for row in rows if row.metric in self._embedders]
        if made:
            kept = [vectors.get(key_of(row)) for row in made]
            self.made.add(self._folder.add_vectors(made, kept))
        if scored:
            self.made.add(self._folder.add_shard(scored, counts))

    def _fail(self, clip_id: str, block_name: str, reason: str, metrics: frozenset[str] | None = None) -> None:
        """Failed rows in place of a block that never came, of some metrics or of all that are wanted.

        Args:
            clip_id: of the clip.
            block_name: of the block.
            reason: why there is no score.
            metrics: whose rows; None for all.
        """
        clip, open_blocks = self.clips[clip_id], self._open[clip_id]
        still_open = open_blocks.get(block_name, frozenset())
        wanted = still_open if metrics is None else still_open & metrics
        if not still_open:
            return
        open_blocks[block_name] = still_open - wanted
        (block,) = (block for block in self._sweep.blocks() if block.name == block_name)
        rows = [
            row_of(
                clip, cell, Traits.of(metric), seed_of(cell, clip.hash, self._sweep.seed), Outcome.failed(reason)
            )
            for metric in self._sweep.heard
            if metric.name in wanted
            for cell in block.cells
        ]
        self.store()
        self._write(rows)
        self._warn(self._first.lost(clip_id, block_name, sorted(wanted)))
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
            self._warn(self._first.without(loss.clip_id))
