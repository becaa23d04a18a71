"""Carrying out a request: score what is not scored yet, conclude and report, once or look by look."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from degrade_bench._support.stages import Spent, stage, timed
from degrade_bench.bench.giving_up import going_on, without
from degrade_bench.bench.looks import begun, first_look, looked_at
from degrade_bench.bench.playing import being_played
from degrade_bench.bench.probing import probed
from degrade_bench.bench.request import Resolved, resolve_request
from degrade_bench.bench.result import RunResult
from degrade_bench.conclude import conclude, show
from degrade_bench.degrade.catalogue import Broken
from degrade_bench.errors import CorpusError
from degrade_bench.metric.catalogue import SkippedMetric
from degrade_bench.runs.folder import RunFolder
from degrade_bench.runs.left_out import LeftOut
from degrade_bench.runs.record import LooksRecord, RunRecord
from degrade_bench.runs.stored import working
from degrade_bench.runs.timings import Timings
from degrade_bench.sweep.config import RunConfig
from degrade_bench.sweep.deadline import Deadline
from degrade_bench.sweep.examples import write_examples
from degrade_bench.sweep.execute import SweepResult, execute
from degrade_bench.sweep.progress import Progress
from degrade_bench.sweep.record import first_record, now, with_outcome
from degrade_bench.sweep.resume import check_same
from degrade_bench.sweep.spec import Sweep
from degrade_bench.sweep.template import expect

if TYPE_CHECKING:
    from degrade_bench.analysis import Analysis


def run(
    config: RunConfig,
    *,
    progress: Progress | None = None,
    resolved: Resolved | None = None,
    announce: Callable[[Resolved], None] | None = None,
    command: Sequence[str] = (),
    report: bool = True,
) -> RunResult:
    """Carry out a request and leave everything in its run directory.

    Args:
        config: the request.
        progress: who wants to know how it goes on.
        resolved: the request with its names resolved, where the caller has done that already.
        announce: called with the resolved request before work starts.
        command: the command line, for the record.
        report: whether figures and report are drawn, which takes some seconds.

    Raises:
        TimeLimitError: the time limit was reached; what was finished is in the run directory.
        StorageError: a run directory in object storage that cannot be used, or that could not be sent everything.
        MetricError: every metric is not what it declares, or fails on all of its first cells.
        DegradeBenchError: the request cannot be carried out. Failures of single cells are rows instead.
    """
    started = time.perf_counter()
    resolved = resolved or resolve_request(config)
    config = resolved.config
    expect(beat_tracking=resolved.sweep.finds_beats)
    if announce is not None:
        announce(resolved)
    progress = progress or Progress()
    deadline = Deadline.after(config.time_limit)
    with (
        timed() as spent,
        working(config.out, progress.warned) as place,
        RunFolder(place, config.overwrite) as folder,
    ):
        looks = begun(resolved.looks, folder.read_record(), folder)
        previous = check_same(folder, resolved.sweep)
        record = first_record(config, resolved.sweep, resolved.device, command, previous).updated(
            metrics_skipped=_left_out(resolved.skipped_metrics),
            degradations_skipped=_left_out(resolved.skipped_degradations),
            looked_at=looked_at(resolved.sweep, resolved.looks, previous),
        )
        if record.looked_at and (previous is None or record.looked_at != previous.looked_at):
            progress.warned(
                f"the verdicts of this run were known, at {record.looked_at[-1]} clips: those of more clips err "
                "more often than stated, and the report says so; `--until concluded` plans looks, if it is kept to"
            )
        found = probed(config, resolved.sweep, previous, progress.warned)
        record = record.updated(probes=found.probes)
        for name, reason in found.refused.items():
            record = without(record, name, f"it {reason}")
        if looks is None:
            analysis, record = _scored(resolved, resolved.sweep, folder, record, previous, progress, deadline)
        else:
            analysis, record = _until_concluded(resolved, looks, folder, record, previous, progress, deadline)
        seconds = {**record.seconds, "total": round(time.perf_counter() - started, 3)}
        record = record.updated(state="done", seconds=seconds)
        folder.write_record(record)
        if report:
            with stage("report"):
                show(place, partial(progress.concluding, "figures"))
        record = record.updated(timings=_timings(started, record, spent))
        folder.write_record(record)
    return RunResult(config.out, analysis, record)


def _timings(started: float, record: RunRecord, spent: Spent) -> Timings:
    """Where the time went.

    Args:
        started: when the run began, by ``time.perf_counter``.
        record: of the run.
        spent: on stages.
    """
    seconds = time.perf_counter() - started
    return Timings.of(seconds, record.seconds["sweep"], spent.available, spent.elsewhere, spent.here)


def _until_concluded(
    resolved: Resolved,
    looks: LooksRecord,
    folder: RunFolder,
    record: RunRecord,
    previous: RunRecord | None,
    progress: Progress,
    deadline: Deadline,
) -> tuple[Analysis, RunRecord]:
    """Score clips, conclude, and go on with more until no verdict is open or all planned looks were taken.

    Args:
        resolved: the request.
        looks: the plan, as far as the directory has come.
        folder: the run directory.
        record: of this start.
        previous: of the start before, if there was one.
        progress: who wants to know how it goes on.
        deadline: when to stop.
    """
    from degrade_bench.analysis.verdicts import Verdict  # not before: it brings pandas

    seconds = 0.0
    for number in range(first_look(looks, previous), len(looks.clips)):
        progress.look(number + 1, len(looks.clips), looks.clips[number])
        record = record.updated(state="running", looks=_with(looks, taken=number, concluded=False))
        part = replace(resolved.sweep, sources=resolved.sweep.sources[: looks.clips[number]])
        taken = _with(looks, taken=number + 1, concluded=False)
        is_last = number + 1 == len(looks.clips)
        try:
            analysis, record = _scored(resolved, part, folder, record, previous, progress, deadline, taken)
        except CorpusError as error:  # none of these clips can be used
            if is_last:
                raise
            progress.warned(f"look {number + 1}: {error}")
            continue
        seconds += record.seconds["sweep"]
        is_open = analysis.verdicts["verdict"] == Verdict.INCONCLUSIVE
        progress.looked(int(is_open.sum()), len(is_open), not is_last)
        if not is_open.any():
            record = record.updated(looks=_with(taken, concluded=True))
            break
        previous = record
    return analysis, record.updated(seconds={"sweep": round(seconds, 3)})


def _with(looks: LooksRecord, **changes: object) -> LooksRecord:
    return looks.model_copy(update=changes)


def _scored(
    resolved: Resolved,
    sweep: Sweep,
    folder: RunFolder,
    record: RunRecord,
    previous: RunRecord | None,
    progress: Progress,
    deadline: Deadline,
    looks: LooksRecord | None = None,
) -> tuple[Analysis, RunRecord]:
    """Score what is not scored yet, keep the table, and conclude from it.

    Args:
        resolved: the request.
        sweep: what of it is to be scored now.
        folder: the run directory.
        record: as it is before.
        previous: of the start before, if there was one.
        progress: who wants to know how it goes on.
        deadline: when to stop.
        looks: the planned looks, with this one taken.
    """

    def execute_with(left: Sweep, begun: RunRecord) -> SweepResult:
        begin = partial(folder.write_record, begun)
        return execute(left, folder, progress, previous, begin, deadline, resolved.engine)

    result, record, sweep = going_on(sweep, record, execute_with, progress.warned)
    with being_played(sweep, result, progress.warned) as excerpts:
        record = with_outcome(record, result, resolved.skipped_clips).updated(
            seconds={"sweep": round(result.seconds, 3)},
            finished=now(),
            looks=looks,
        )
        with stage("table"):
            folder.finish(result.table, record, result.set_values)
        with stage("analyse"):
            from degrade_bench.analysis.options import AnalysisOptions

            steps = partial(progress.concluding, "metrics analysed")
            analysis = conclude(folder.path, AnalysisOptions(influence=True), steps)
        with stage("examples"), timed():  # damage, too, but not of a cell
            played = excerpts()
            write_examples(folder.path, played)
    of_report = {"examples": played.examples, "pictures": played.pictures, "recordings": played.recordings}
    return analysis, record.updated(**of_report)


def _left_out(skipped: Sequence[SkippedMetric] | Sequence[Broken]) -> tuple[LeftOut, ...]:
    return tuple(LeftOut(name=entry.name, reason=entry.reason) for entry in skipped)
