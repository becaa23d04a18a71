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
from typing import Any

import torch
from threadpoolctl import threadpool_limits

from degrade_bench.clip import Clip
from degrade_bench.corpus.source import ClipSource
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.plan import Rendered
from degrade_bench.degrade.seeds import cell_seed, generator
from degrade_bench.errors import DegradeBenchError, NotApplicableError
from degrade_bench.metric.base import Metric, Told, ToldMetric
from degrade_bench.runs.columns import Row
from degrade_bench.sweep import counts
from degrade_bench.sweep.cells import CLEAN, Block, Cell, expand
from degrade_bench.sweep.scoring import Heard, Outcome, score_cells
from degrade_bench.sweep.window import as_long, heard, shared_window


@dataclass(frozen=True)
class MetricTraits:
    """What rows and windows need to know of a metric, without the metric itself.

    Attributes:
        window_seconds: None also for a metric that hops over the whole clip, however long its windows are.
    """

    name: str
    fingerprint: str
    higher_is_better: bool
    needs_reference: bool
    aligned: bool
    hears: tuple[str, ...]
    window_seconds: float | None
    min_seconds: float

    @classmethod
    def of(cls, metric: Metric) -> MetricTraits:
        """The traits of a metric."""
        return cls(
            metric.name,
            metric.fingerprint(),
            metric.higher_is_better,
            metric.needs_reference,
            metric.aligned,
            tuple(metric.hears),
            metric.window_seconds if metric.hop_seconds is None else None,
            metric.min_seconds,
        )


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
    heavy: tuple[MetricTraits, ...]

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

    clip_id: str
    facts: Mapping[str, object]


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
            facts = clip_facts(clip)
    except DegradeBenchError as error:
        yield ClipUnusable(task.source.id, str(error))
        return
    yield ClipRead(task.source.id, facts)
    blocks = work.blocks()
    with single_threaded():
        windows = {
            traits.name: None
            if traits.window_seconds is None
            else shared_window(clip, blocks, work.seed, traits.window_seconds)
            for traits in _all_traits(work)
        }
    for block in blocks:
        wanted = task.todo.get(block.name)
        if wanted:
            with single_threaded():
                result = _block_result(clip, block, work, wanted, windows)
            yield result


def clip_facts(clip: Clip) -> dict[str, object]:
    """What ``run.json`` says of a clip."""
    known = clip.annotations
    return {
        "id": clip.id,
        "hash": clip.hash,
        "seconds": clip.duration,
        "sample_rate": clip.sample_rate,
        "channels": clip.channels,
        "group": clip.group,
        "track": clip.track or clip.id,
        "beats": len(known.beats),
        "downbeats": len(known.downbeats),
        "beat_source": known.beat_source,
        "beat_confidence": known.beat_confidence,
        "downbeat_confidence": known.downbeat_confidence,
    }


def _all_traits(work: Work) -> list[MetricTraits]:
    return [MetricTraits.of(metric) for metric in work.light] + list(work.heavy)


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
        traits = MetricTraits.of(metric)
        listened = [_heard(clip, each, traits, windows[metric.name]) for each in made]
        before = counts.read(metric)
        if isinstance(metric, ToldMetric):
            outcomes = [_told(metric, clip, cell, given) for cell, given in zip(block.cells, listened, strict=True)]
        else:
            outcomes = score_cells(metric, listened, clip.sample_rate)
        if grown := counts.grown(before, counts.read(metric)):
            result.counts[metric.name] = grown
        result.rows.extend(_row(clip, each, traits, outcome) for each, outcome in zip(made, outcomes, strict=True))
    for traits in work.heavy:
        if traits.name in wanted:
            result.heard[traits.name] = [_heard(clip, each, traits, windows[traits.name]) for each in made]
            waiting = Outcome(None, "ok", None, 0.0)
            result.row_stubs[traits.name] = [_row(clip, each, traits, waiting) for each in made]
    return replace(result, seconds=time.perf_counter() - started)


def _told(metric: ToldMetric, clip: Clip, cell: Cell, given: Heard) -> Outcome:
    """What a simulated metric makes of a cell that a real one could have heard."""
    if given.outcome is not None:
        return given.outcome
    started = time.perf_counter()
    damage = cell.degradation
    damaged = getattr(damage, "parent", damage) if cell.role == "placebo" else damage
    told = Told(
        clip.hash,
        cell.role,
        CLEAN if damage is None else damage.name,
        CLEAN if damaged is None else damaged.group,
        CLEAN if damaged is None else damaged.family,
        cell.level,
        cell.replicate,
    )
    return Outcome.scored(metric.score_told(told), time.perf_counter() - started)


def _heard(clip: Clip, made: _Made, traits: MetricTraits, shrunk: float | None) -> Heard:
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
    if traits.window_seconds is not None:
        samples = heard(clip, degraded, time_map, traits.window_seconds, shrunk)
        missing = min(traits.window_seconds, clip.duration) - degraded.duration
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
        if traits.window_seconds is not None:
            reference = heard(clip, clip, None, traits.window_seconds, shrunk)
            if traits.aligned:
                samples, reference = as_long(samples, reference)  # around a middle that moved there is less
        if traits.aligned and reference.shape != samples.shape:
            return Heard(outcome=Outcome.failed(f"length changed: {reference.shape} to {samples.shape}"))
    return Heard(samples=samples, reference=reference)


def _row(clip: Clip, made: _Made, traits: MetricTraits, outcome: Outcome) -> Row:
    row = row_of(clip_facts(clip), made.cell, traits, made.seed, outcome)
    return replace(row, achieved=made.achieved, seconds=made.seconds + outcome.seconds)


def row_of(facts: Mapping[str, Any], cell: Cell, traits: MetricTraits, seed: int, outcome: Outcome) -> Row:
    """The row of one cell and one metric, from what is known of the clip."""
    degradation = cell.degradation
    return Row(
        clip_id=facts["id"],
        clip_hash=facts["hash"],
        clip_group=facts["group"],
        track=facts["track"],
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
