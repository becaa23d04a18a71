"""What a run will take, without doing it: cells, time, memory and disk."""

from __future__ import annotations

import os
from dataclasses import dataclass

from degrade_bench._support.resources import taken_by
from degrade_bench.runs.folder import RunFolder
from degrade_bench.sweep.crew import Engine, Terms
from degrade_bench.sweep.estimate import Estimate, estimate
from degrade_bench.sweep.local import LOCAL
from degrade_bench.sweep.remaining import Remaining, work_of
from degrade_bench.sweep.spec import Sweep
from degrade_bench.sweep.staff import Staff

BYTES_PER_SCORE = 520
"""On disk while a run goes on: shards of blocks of twenty rows take some 450 bytes a row, the merged table 70."""


@dataclass(frozen=True)
class Forecast:
    """What a run will take.

    Attributes:
        clips: that are not finished.
        cells: that are to be made of them.
        scores: that are to be made of the cells.
        of_cells: all cells of the run.
        expected: the time, where a clip could be read.
        workers: processes that damage and score; 1 for this one alone.
        worker_bytes: memory of a worker; None where the system does not tell, or nothing is to be done.
        own_bytes: memory of this process beside its workers.
        disk_bytes: of scores in the run directory, at most; without report, figures and examples.
        vector_bytes: of vectors for metrics of sets, beside the scores.
        shortage: in words, where memory does not suffice for as many workers as are wanted.
    """

    clips: int
    cells: int
    scores: int
    of_cells: int
    expected: Estimate | None
    workers: int
    worker_bytes: int | None
    own_bytes: int
    disk_bytes: int
    vector_bytes: int
    shortage: str | None

    @property
    def memory_bytes(self) -> int | None:
        """Memory of all processes together."""
        if self.worker_bytes is None:
            return None
        return self.worker_bytes * self.workers + (self.own_bytes if self.workers > 1 else 0)


def forecast(sweep: Sweep, folder: RunFolder, engine: Engine = LOCAL) -> Forecast:
    """What is left of a sweep, and what it will take; one clip is read, and one level of some blocks is made of it.

    Args:
        sweep: what is to be done.
        folder: holds what was done before.
        engine: where it would be done.

    Raises:
        RunFolderError: it cannot be read, or holds scores of other weights.
        WorkerStartError: worker processes cannot be started.
    """
    left = Remaining.of(sweep, folder)
    work, heavy = work_of(sweep)
    staff = Staff(sweep.workers, tuple(task.source for task in left.tasks), bounded=sweep.if_memory_suffices)
    expected = None
    with engine.crew(sweep, work, heavy, Terms(sweep.workers if left.tasks else 1, staff)) as crew:
        works_here = crew.works_here
        staff.began(os.getpid())  # a worker process, if there is to be one, says so again
        if left.tasks:
            expected = estimate(left.tasks, work, heavy, crew)
        if works_here and left.tasks:
            staff.tried(os.getpid(), left.tasks[0].source.seconds_hint)
        workers = crew.workers
    own = taken_by(os.getpid())
    scores = left.scores(sweep)
    return Forecast(
        clips=len(left.tasks),
        cells=left.cells(sweep),
        scores=scores,
        of_cells=sweep.cells,
        expected=expected,
        workers=workers,
        worker_bytes=staff.each,
        own_bytes=0 if own is None else own.now,
        disk_bytes=BYTES_PER_SCORE * (scores + left.rows.num_rows),
        vector_bytes=0 if expected is None else round(expected.vector_bytes),
        shortage=staff.shortage,
    )
