"""What is done with one clip: read it, damage it, and score it with the light metrics.

A worker decodes a clip once, keeps it while its blocks are worked on, and gives the rows of each block as
they are made. For metrics that hold a network or a device it hands over the samples instead; they are
scored where the device is. Everything here runs single-threaded, so that results do not depend on how many
workers share the machine; who is given the blocks has all its threads again meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import torch
from threadpoolctl import threadpool_limits

from degrade_bench.clip import Clip
from degrade_bench.corpus.source import ClipSource
from degrade_bench.degrade.base import Degradation, Rendered
from degrade_bench.degrade.seeds import cell_seed, generator
from degrade_bench.errors import DegradeBenchError, NotApplicableError
from degrade_bench.metric.base import Metric, Treatment
from degrade_bench.metric.traits import Traits
from degrade_bench.runs.columns import CLEAN, Row
from degrade_bench.runs.record import ClipRecord
from degrade_bench.sweep.cells import Block, Cell, expand
from degrade_bench.sweep.counts import growth, totals
from degrade_bench.sweep.scoring import Heard, Outcome, score_cells
from degrade_bench.sweep.window import as_long, heard, shared_window


@dataclass(frozen=True)
class Work:
    """What every worker knows from the start.

    Attributes:
        degradations: what to do, in the order of the table.
        light: metrics that are computed here.
        heavy: traits of the metrics that are computed elsewhere.
    """

    seed: int
    levels: tuple[int, ...]
    replicates: int
    degradations: tuple[Degradation, ...]
    light: tuple[Metric, ...]
    heavy: tuple[Traits, ...]

    def blocks(self) -> list[Block]:
        """The blocks of every clip."""
        return expand(self.degradations, self.levels, self.replicates)


@dataclass(frozen=True)
class Task:
    """One clip, and for each of its blocks that is not finished, the metrics that are wanted."""

    source: ClipSource
    todo: Mapping[str, frozenset[str]]


@dataclass(frozen=True, eq=False)
class BlockResult:
    """The rows of one block, and the samples that metrics elsewhere must score.

    Attributes:
        rows: finished rows.
        heard: per heavy metric, what it must score.
        row_stubs: per heavy metric, the rows of ``heard``, without score.
        counts: per light metric, what its counts grew by; nothing where they did not.
    """

    clip_id: str
    block: str
    rows: list[Row]
    heard: dict[str, list[Heard]] = field(default_factory=dict)
    row_stubs: dict[str, list[Row]] = field(default_factory=dict)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True)
class ClipRead:
    """A clip was read; what the record says of it."""

    clip: ClipRecord


@dataclass(frozen=True)
class ClipUnusable:
    """A clip could not be read or used."""

    clip_id: str
    reason: str


Message = BlockResult | ClipRead | ClipUnusable


@contextmanager
def single_threaded() -> Iterator[None]:
    """Give torch and the BLAS one thread, and give them back their own afterwards."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(limits=1):
            yield
    finally:
        torch.set_num_threads(threads)


def work_on(task: Task, work: Work) -> Iterator[Message]:
    """Read a clip and yield its blocks as they are finished. Never raises for what a clip or a cell does."""
    # no yield inside single_threaded(): between two blocks a network is scored, with every thread that there is
    try:
        with single_threaded():
            clip = task.source.load()
            record = clip_record(clip)
    except DegradeBenchError as error:
        yield ClipUnusable(task.source.id, str(error))
        return
    yield ClipRead(record)
    blocks = work.blocks()
    with single_threaded():
        windows = {
            traits.name: None
            if traits.matched_window is None
            else shared_window(clip, blocks, work.seed, traits.matched_window)
            for traits in _all_traits(work)
        }
    for block in blocks:
        wanted = task.todo.get(block.name)
        if wanted:
            with single_threaded():
                result = _block_result(clip, block, work, wanted, windows)
            yield result


def clip_record(clip: Clip) -> ClipRecord:
    """What ``run.json`` says of a clip."""
    annotations = clip.annotations
    return ClipRecord(
        id=clip.id,
        hash=clip.hash,
        seconds=clip.duration,
        sample_rate=clip.sample_rate,
        channels=clip.channels,
        group=clip.group,
        track=clip.track or clip.id,
        beats=len(annotations.beats),
        downbeats=len(annotations.downbeats),
        beat_source=annotations.beat_source,
        beat_confidence=annotations.beat_confidence,
        downbeat_confidence=annotations.downbeat_confidence,
    )


def _all_traits(work: Work) -> list[Traits]:
    return [Traits.of(metric) for metric in work.light] + list(work.heavy)


@dataclass(frozen=True, eq=False)
class _Made:
    """A cell that was rendered, or the reason why it was not."""

    cell: Cell
    seed: int
    rendered: Rendered | None
    achieved: float | None
    outcome: Outcome | None
    seconds: float


def seed_of(cell: Cell, clip_hash: str, run_seed: int) -> int:
    """The seed of a cell; 0 for the clean one, which draws nothing."""
    if cell.degradation is None:
        return 0
    return cell_seed(run_seed, clip_hash, *cell.degradation.seed_key, cell.replicate)


def _make(clip: Clip, cell: Cell, run_seed: int) -> _Made:
    started = time.perf_counter()
    if cell.degradation is None:
        return _Made(cell, 0, None, None, None, 0.0)
    seed = seed_of(cell, clip.hash, run_seed)
    rendered, achieved, outcome = None, None, None
    try:
        rendered = cell.degradation.render(clip, cell.level, generator(seed))
        achieved = cell.degradation.achieved(clip, rendered)
    except NotApplicableError as error:
        outcome = Outcome.not_applicable(str(error))
    except Exception as error:  # whatever a damage does wrong is a row, not the end of the run
        outcome = Outcome.failed(f"{type(error).__name__}: {error}")
    return _Made(cell, seed, rendered, achieved, outcome, time.perf_counter() - started)


def _block_result(
    clip: Clip, block: Block, work: Work, wanted: frozenset[str], windows: Mapping[str, float | None]
) -> BlockResult:
    started = time.perf_counter()
    made = [_make(clip, cell, work.seed) for cell in block.cells]
    result = BlockResult(clip.id, block.name, rows=[])
    for metric in work.light:
        if metric.name not in wanted:
            continue
        traits = Traits.of(metric)
        listened = [_heard(clip, each, traits, windows[metric.name]) for each in made]
        before = totals(metric)
        if traits.oracle:
            cells = zip(block.cells, listened, strict=True)
            outcomes = [_score_treatment(metric, _treatment(clip, block, cell), given) for cell, given in cells]
        else:
            outcomes = score_cells(metric, listened, clip.sample_rate)
        if grown := growth(before, totals(metric)):
            result.counts[metric.name] = grown
        result.rows.extend(_row(clip, each, traits, outcome) for each, outcome in zip(made, outcomes, strict=True))
    for traits in work.heavy:
        if traits.name in wanted:
            result.heard[traits.name] = [_heard(clip, each, traits, windows[traits.name]) for each in made]
            waiting = Outcome(None, "ok", None, 0.0)
            result.row_stubs[traits.name] = [_row(clip, each, traits, waiting) for each in made]
    return replace(result, seconds=time.perf_counter() - started)


def _treatment(clip: Clip, block: Block, cell: Cell) -> Treatment:
    """What an oracle is told of a cell; a placebo is told by the damage that it stands beside."""
    degradation = damage = cell.degradation
    if degradation is not None and degradation.placebo_of is not None:
        beside = (other.degradation for other in block.cells if other.degradation is not None)
        damage = next((other for other in beside if other.name == degradation.placebo_of), degradation)
    return Treatment(
        clip_hash=clip.hash,
        role=cell.role,
        degradation=CLEAN if degradation is None else degradation.name,
        group=CLEAN if damage is None else damage.group,
        family=CLEAN if damage is None else damage.family,
        level=cell.level,
        replicate=cell.replicate,
    )


def _score_treatment(metric: Metric, treatment: Treatment, given: Heard) -> Outcome:
    """What an oracle says of a cell that another metric could have heard."""
    if given.outcome is not None:
        return given.outcome
    started = time.perf_counter()
    try:
        score = float(metric.score_treatment(treatment))
    except Exception as error:  # any metric, ours or a user's: its failure is a row
        return Outcome.failed(f"{type(error).__name__}: {error}", time.perf_counter() - started)
    return Outcome.scored(score, time.perf_counter() - started)


def _heard(clip: Clip, made: _Made, traits: Traits, shrunk: float | None) -> Heard:
    """What a metric is given of a cell, or why it is given nothing."""
    if made.outcome is not None:
        return Heard(outcome=made.outcome)
    degradation = made.cell.degradation
    if degradation is None or made.rendered is None:
        degraded, time_map = clip, None
    else:
        degraded, time_map = made.rendered.clip, made.rendered.plan.time_map
        if traits.needs_reference and traits.aligned and degradation.changes_duration:
            return Heard(outcome=Outcome.not_applicable("full reference, and the degradation changes the duration"))
    samples = degraded.samples
    if traits.matched_window is not None:
        samples = heard(clip, degraded, time_map, traits.matched_window, shrunk)
        missing = min(traits.matched_window, clip.duration) - degraded.duration
        if degradation is not None and degradation.moves_window and missing > 1 / clip.sample_rate:
            return Heard(outcome=Outcome.not_applicable("the clip is too short to fill the window elsewhere"))
    if samples.shape[1] < traits.min_seconds * clip.sample_rate:
        seconds = samples.shape[1] / clip.sample_rate
        return Heard(
            outcome=Outcome.not_applicable(f"{seconds:.2f} s is under the metric's {traits.min_seconds:g} s")
        )
    reference = None
    if traits.needs_reference:
        reference = clip.samples
        if traits.matched_window is not None:
            reference = heard(clip, clip, None, traits.matched_window, shrunk)
            if traits.aligned:
                samples, reference = as_long(samples, reference)  # around a middle that moved there is less
        if traits.aligned and reference.shape != samples.shape:
            return Heard(outcome=Outcome.failed(f"length changed: {reference.shape} to {samples.shape}"))
    return Heard(samples=samples, reference=reference)


def _row(clip: Clip, made: _Made, traits: Traits, outcome: Outcome) -> Row:
    row = row_of(clip_record(clip), made.cell, traits, made.seed, outcome)
    return replace(row, achieved=made.achieved, seconds=made.seconds + outcome.seconds)


def row_of(clip: ClipRecord, cell: Cell, traits: Traits, seed: int, outcome: Outcome) -> Row:
    """The row of one cell and one metric.

    Args:
        clip: what is known of the clip.
        cell: what was done to it.
        traits: of the metric.
        seed: of the draw.
        outcome: what the metric gave.
    """
    degradation = cell.degradation
    return Row(
        clip_id=clip.id,
        clip_hash=clip.hash,
        clip_group=clip.group,
        track=clip.track,
        group=degradation.group if degradation else CLEAN,
        family=degradation.family if degradation else CLEAN,
        degradation=degradation.name if degradation else CLEAN,
        version=degradation.version if degradation else "1",
        level=cell.level,
        strength=degradation.ladder.strength(cell.level) if degradation else None,
        unit=degradation.ladder.unit if degradation else None,
        achieved=None,
        role=cell.role,
        placebo_of=degradation.placebo_of if degradation else None,
        replicate=cell.replicate,
        seed=seed,
        metric=traits.name,
        fingerprint=traits.fingerprint,
        score=outcome.score,
        higher_is_better=traits.higher_is_better,
        needs_reference=traits.needs_reference,
        nuisance=cell.role == "control" and (degradation is None or degradation.name not in traits.hears),
        status=outcome.status,
        error=outcome.error,
        seconds=outcome.seconds,
        window_scores=outcome.windows,
    )


def rows_with(stubs: Sequence[Row], outcomes: Sequence[Outcome]) -> list[Row]:
    """Fill rows that waited for a metric elsewhere."""
    return [
        replace(
            stub,
            score=outcome.score,
            status=outcome.status,
            error=outcome.error,
            seconds=stub.seconds + outcome.seconds,
            window_scores=outcome.windows,
        )
        for stub, outcome in zip(stubs, outcomes, strict=True)
    ]
