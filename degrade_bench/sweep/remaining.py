"""What of a sweep is not done yet, and what every worker must know to do it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from degrade_bench.metric.base import Metric
from degrade_bench.metric.prepared import takes_prepared
from degrade_bench.metric.traits import Traits
from degrade_bench.runs.folder import RunFolder
from degrade_bench.runs.scores import BlockKey, block_sizes, without_blocks
from degrade_bench.sweep.resume import blocks_of_other_metrics, check_fingerprints, finished_blocks, open_tasks
from degrade_bench.sweep.spec import Sweep, split_metrics
from degrade_bench.sweep.worker import Task, Work


@dataclass(frozen=True)
class Remaining:
    """What of a sweep is not done yet.

    Attributes:
        rows: of what is done.
        counts: what metrics counted meanwhile, by block.
        tasks: what is to be done. A clip whose record was lost, though its rows were not, is read again: its task
            may have no blocks.
        embedders: whose rows are no scores.
    """

    rows: pa.Table
    counts: dict[BlockKey, dict[str, int]]
    tasks: list[Task]
    embedders: frozenset[str] = frozenset()

    @classmethod
    def of(cls, sweep: Sweep, folder: RunFolder, reading: Callable[[int], None] = lambda blocks: None) -> Remaining:
        """Look into a run directory.

        Args:
            sweep: what is to be done.
            folder: holds what was done before.
            reading: told how many blocks are read, where there are many.

        Raises:
            RunFolderError: it cannot be read, or holds scores of other weights.
        """
        stored = folder.read_finished(reading)
        check_fingerprints(stored.rows, sweep, folder)
        finished = finished_blocks(stored.rows, sweep)
        dropped = set(block_sizes(stored.rows)) - finished - blocks_of_other_metrics(stored.rows, sweep)
        counts = {key: words for key, words in stored.counts.items() if key not in dropped}
        without_record = set(pc.unique(stored.rows["clip_id"]).to_pylist()) - set(folder.read_clips())
        tasks = [task for task in open_tasks(sweep, finished) if task.todo or task.source.id in without_record]
        embedders = stored.embedders | {maker.name for maker in sweep.makers}
        return cls(without_blocks(stored.rows, dropped), counts, tasks, embedders)

    def cells(self, sweep: Sweep) -> int:
        """How many cells are to be made."""
        sizes = {block.name: len(block.cells) for block in sweep.blocks()}
        return sum(sizes[name] for task in self.tasks for name in task.todo)

    def scores(self, sweep: Sweep) -> int:
        """How many scores are to be made of them: a row each."""
        sizes = {block.name: len(block.cells) for block in sweep.blocks()}
        return sum(sizes[name] * len(wanted) for task in self.tasks for name, wanted in task.todo.items())


def work_of(sweep: Sweep) -> tuple[Work, tuple[Metric, ...]]:
    """What every worker must know, and the metrics that stay in this process."""
    light, heavy = split_metrics(sweep.heard)
    work = Work(
        sweep.seed,
        sweep.levels,
        sweep.replicates,
        sweep.degradations,
        light,
        tuple(Traits.of(metric) for metric in heavy),
        preparations={metric.name: metric.preparation for metric in heavy if takes_prepared(metric)},
        device=sweep.damage_device,
    )
    return work, heavy
