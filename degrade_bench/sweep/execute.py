"""Doing a sweep: what is not done yet is damaged and scored, block by block, and every row is kept at once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from degrade_bench._support.stages import had_elsewhere, stage
from degrade_bench.corpus.inputs import Skipped
from degrade_bench.errors import CorpusError
from degrade_bench.metric.base import Metric
from degrade_bench.metric.host.proxy import Hosted
from degrade_bench.metric.outside.metric import Outside
from degrade_bench.runs.columns import INTERRUPTED, KEY
from degrade_bench.runs.folder import RunFolder
from degrade_bench.runs.record import ClipRecord, Counts, RunRecord
from degrade_bench.runs.scores import with_counts
from degrade_bench.runs.set_values import SetValue, read_set_values
from degrade_bench.sweep.counts import counts_by_metric
from degrade_bench.sweep.crew import Engine, Terms
from degrade_bench.sweep.deadline import NO_DEADLINE, Deadline
from degrade_bench.sweep.estimate import Estimate, estimate
from degrade_bench.sweep.ledger import Ledger
from degrade_bench.sweep.local import LOCAL
from degrade_bench.sweep.progress import Progress
from degrade_bench.sweep.recordings import with_joined_tracks, with_tracks_of
from degrade_bench.sweep.remaining import Remaining, work_of
from degrade_bench.sweep.resume import check_versions
from degrade_bench.sweep.row_order import sort_table
from degrade_bench.sweep.set_rows import set_rows
from degrade_bench.sweep.spec import Sweep
from degrade_bench.sweep.staff import Staff


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
        set_values: what set metrics say of whole sets.
        reference: clips of another set, with which set metrics compare.
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
    set_values: tuple[SetValue, ...] = ()
    reference: tuple[ClipRecord, ...] = ()

    def counts(self) -> Counts:
        """Rows by status, clips and cells."""
        counted = pc.value_counts(self.table["status"]).to_pylist()
        by_status = Counter({one["values"]: one["counts"] for one in counted})
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
    deadline: Deadline = NO_DEADLINE,
    engine: Engine = LOCAL,
) -> SweepResult:
    """Do what is not done yet, shard by shard, and return the whole score table.

    Args:
        sweep: what is to be done.
        folder: holds what was done before, and is given each block as it is finished.
        progress: who wants to know how it goes on.
        previous: the record of the earlier start of this run, if there was one.
        begin: called when nothing speaks against the work, before it begins.
        deadline: when to stop.
        engine: where it is done.

    Raises:
        CorpusError: no clip can be used.
        RunFolderError: the folder cannot be written, or holds scores of other weights, other samples or other
            versions of what they were made with.
        WorkerStartError: worker processes cannot be started.
        FailsEverywhereError: a metric fails on all of its first cells; what was scored is in the folder.
        TimeLimitError: the deadline came first; what was finished is in the folder.
    """
    started = time.perf_counter()
    progress = progress or Progress()
    left = Remaining.of(sweep, folder, progress.reading)
    tasks = left.tasks
    if tasks:
        check_versions(previous, folder)
    begin()
    work, heavy = work_of(sweep)
    ledger = Ledger(sweep, folder, tasks, heavy, left.rows, left.counts, progress)
    if sweep.workers > 1:
        _leave_to_workers(work.light)
    staff = Staff(sweep.workers, tuple(task.source for task in tasks)) if sweep.if_memory_suffices else None
    terms = Terms(sweep.workers if tasks else 1, staff, deadline, progress.warned)
    with engine.crew(sweep, work, heavy, terms) as crew:
        with stage("estimate"):
            expected = estimate(tasks, work, heavy, crew)
        if staff is not None and staff.shortage is not None:
            progress.warned(staff.shortage)
        ledger.progress.planned(sweep.cells, ledger.cells_to_do, expected)
        try:
            for event in crew.run(tasks, ledger.idle, deadline):
                ledger.take(event)
            ledger.finish()
        finally:
            ledger.store()
        if crew.was_stopped:
            raise deadline.error()
    table = ledger.made.after(left.rows)
    scored = set(pc.unique(table["clip_id"]).to_pylist())
    of_table = [ledger.clips[source.id] for source in sweep.sources if source.id in scored]
    of_reference = [ledger.clips[source.id] for source in sweep.reference if source.id in scored]
    if not of_table or (sweep.reference and not of_reference):
        of_sweep, of_set = f"{len(sweep.sources)} clips", f"the reference set's {len(sweep.reference)} clips"
        reasons = "; ".join(f"{clip.id}: {clip.reason}" for clip in ledger.skipped[:3])
        raise CorpusError(f"none of {of_set if of_table else of_sweep} can be used ({reasons})")
    joined = with_joined_tracks([*of_table, *of_reference])
    table = with_tracks_of(table, {clip.id: clip for clip in joined})
    clips = {clip.id: clip for clip in joined[: len(of_table)]}
    set_values: tuple[SetValue, ...] = ()
    if sweep.makers:
        with stage("sets"):
            table, set_values = _with_sets(sweep, table, folder, progress)
    if left.embedders:
        of_embedders = pc.is_in(table["metric"], value_set=pa.array(sorted(left.embedders), pa.string()))
        table = table.filter(pc.invert(of_embedders))
    table = sort_table(table, sweep)
    seconds = time.perf_counter() - started
    if tasks:
        had_elsewhere((min(crew.workers, len(tasks)) + crew.devices) * seconds)
    return SweepResult(
        table=with_counts(table, ledger.counts),
        clips=clips,
        skipped=tuple(ledger.skipped),
        lost=tuple(ledger.lost),
        seconds=seconds,
        cells_scored=ledger.cells_scored,
        expected=expected,
        workers=crew.workers if tasks else sweep.workers,
        metric_counts=counts_by_metric(sweep.judged, table, ledger.counts),
        set_values=set_values,
        reference=tuple(joined[len(of_table) :]),
    )


def _with_sets(
    sweep: Sweep, table: pa.Table, folder: RunFolder, progress: Progress
) -> tuple[pa.Table, tuple[SetValue, ...]]:
    """The table with the rows of the sweep's set metrics, and the values of whole sets.

    Args:
        sweep: with set metrics.
        table: with the rows of their embedders.
        folder: holds the vectors.
        progress: who wants to know how it goes on.
    """
    steps = partial(progress.concluding, "sets compared")
    before = read_set_values(folder.path)
    made = set_rows(sweep, table, folder.vector_files.vectors(), before, steps, progress.warned)
    others = {value.metric for value in before} - {metric.name for metric in sweep.set_metrics}
    names = pa.array([metric.name for metric in sweep.set_metrics], pa.string())
    kept = table.filter(pc.invert(pc.is_in(table["metric"], value_set=names)))
    of_others = tuple(value for value in before if value.metric in others)
    values = sorted((*made.values, *of_others), key=lambda value: value.key)
    return pa.concat_tables([kept, made.table]), tuple(values)


def _leave_to_workers(light: Sequence[Metric]) -> None:
    """End the processes of metrics that are asked by workers only."""
    for metric in light:
        if isinstance(metric, Hosted | Outside):
            metric.rest()
