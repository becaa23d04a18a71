"""One block of one clip: its cells are rendered, and light metrics score them.

A metric is given the samples of a cell, or a reason why there is nothing to score. For metrics that hold a network
or a device these inputs are handed on, with rows that wait for their scores.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np

from degrade_bench._support.caching import remembered
from degrade_bench._support.stages import stage
from degrade_bench.clip import Clip
from degrade_bench.degrade.memory import LARGE_BYTES, forget_damage, give_back
from degrade_bench.metric.base import Metric, Treatment
from degrade_bench.metric.hearing.listener import Listener
from degrade_bench.metric.prepared import Preparation, Prepared
from degrade_bench.metric.sets.maker import VectorMaker
from degrade_bench.metric.traits import Traits
from degrade_bench.runs.columns import CLEAN, Row
from degrade_bench.runs.embeddings import CellKey, key_of
from degrade_bench.runs.record import ClipRecord
from degrade_bench.sweep.asking import Listeners
from degrade_bench.sweep.batch_check import batch_dependence
from degrade_bench.sweep.cells import Block, Cell
from degrade_bench.sweep.counts import growth, totals
from degrade_bench.sweep.hearing import hear_together, listens
from degrade_bench.sweep.rendering import RenderedCell, metric_input, prepared_input, render, undamaged
from degrade_bench.sweep.scoring import MetricInput, Outcome

MOST_BYTES_HELD = 64 << 20
"""Bytes of rendered samples that are held at once, some three minutes of 44.1 kHz stereo."""


@dataclass(frozen=True, eq=False)
class BlockResult:
    """The rows of one block, and the samples that metrics elsewhere must score.

    Attributes:
        clip_id: the clip.
        block: the block's name.
        sample_rate: of its cells, in Hz.
        rows: finished rows.
        inputs: per heavy metric, what it must score.
        row_stubs: per heavy metric, the rows of ``inputs``, without score.
        counts: per light metric, what its counts grew by; nothing where they did not.
        seconds: spent on all of it.
        stages: of these, by stage, as far as that is known.
        vectors: per embedder, what it made of each of its rows; None where it made nothing.
    """

    clip_id: str
    block: str
    sample_rate: int
    rows: Sequence[Row]
    inputs: Mapping[str, Sequence[MetricInput]]
    row_stubs: Mapping[str, Sequence[Row]]
    counts: Mapping[str, Mapping[str, int]]
    seconds: float
    stages: Mapping[str, float] = field(default_factory=dict)
    vectors: Mapping[str, Sequence[np.ndarray | None]] = field(default_factory=dict)


def block_result(
    clip: Clip,
    block: Block,
    seed: int,
    light: Sequence[tuple[Metric, Traits]],
    heavy: Sequence[Traits],
    windows: Mapping[str, float | None],
    listeners: Listeners,
    checks_batches: bool = False,
    preparations: Mapping[str, Preparation] = MappingProxyType({}),
) -> BlockResult:
    """Render the cells of a block, and score them with the light metrics.

    Args:
        clip: the clean clip.
        block: what to do to it.
        seed: the run seed.
        light: metrics to score with here, and their traits.
        heavy: traits of metrics whose inputs and rows are wanted.
        windows: by metric, the seconds that every cell of the clip fills; None for a whole window.
        listeners: who asks the metrics.
        checks_batches: whether light metrics score one signal alone, too: see :mod:`.batch_check`.
        preparations: of those heavy metrics whose inputs are prepared here, by name.
    """
    started = time.perf_counter()
    record, original = clip_record(clip), undamaged(clip, block)
    rows: list[Row] = []
    counts: dict[str, Counter[str]] = {metric.name: Counter() for metric, _ in light}
    inputs: dict[str, list[MetricInput]] = {traits.name: [] for traits in heavy}
    row_stubs: dict[str, list[Row]] = {traits.name: [] for traits in heavy}
    waiting = Outcome(None, "ok", None, 0.0)
    listening = [metric for metric, _ in light if isinstance(metric, Listener) and listens(metric)]
    of_listening = [traits for metric, traits in light if listens(metric)]
    batched = [(metric, traits) for metric, traits in light if not listens(metric)]
    heard: dict[str, list[Outcome]] = {metric.name: [] for metric, _ in light}
    before = {metric.name: totals(metric) for metric in listening}
    finished: list[RenderedCell] = []
    holds_cells = bool(batched or heavy)  # who listens has done with a cell when the next is rendered
    portions = _portions(block.cells, original) if holds_cells else [[cell] for cell in block.cells]
    for portion in portions:
        cells = []
        for cell in portion:
            cells.append(render(clip, cell, seed, original))
            for name, outcome in _listened(listening, of_listening, cells[-1], windows):
                heard[name].append(outcome)
        if len(portions) > 1 and (holds_cells or clip.samples.nbytes > LARGE_BYTES):
            forget_damage(clip)  # what rendering and hearing take must not add up
        checks = checks_batches and portion[0] is block.cells[0]
        for metric, traits in batched:
            outcomes, grown = _heard(metric, traits, clip, block, cells, windows[metric.name], listeners, checks)
            give_back(clip)
            counts[metric.name].update(grown)
            heard[metric.name] += outcomes
        for name, given in _handed_on(cells, heavy, windows, preparations):
            inputs[name].append(given)
        for traits in heavy:
            row_stubs[traits.name] += [_row(record, cell, traits, waiting) for cell in cells]
        finished += [replace(cell, rendered=None) for cell in cells]
        del cells  # before the next are rendered
    for metric in listening:
        counts[metric.name].update(growth(before[metric.name], totals(metric)))
    for metric, traits in light:
        of_cells = zip(finished, heard[metric.name], strict=True)
        rows += [_row(record, cell, traits, outcome) for cell, outcome in of_cells]
    forget_damage(clip)
    return BlockResult(
        clip_id=clip.id,
        block=block.name,
        sample_rate=original.sample_rate,
        rows=rows,
        inputs=inputs,
        row_stubs=row_stubs,
        counts={name: dict(grown) for name, grown in counts.items() if grown},
        seconds=time.perf_counter() - started,
        vectors={
            metric.name: [outcome.vectors for outcome in heard[metric.name]]
            for metric, _ in light
            if isinstance(metric, VectorMaker)
        },
    )


def _listened(
    metrics: Sequence[Listener],
    traits: Sequence[Traits],
    cell: RenderedCell,
    windows: Mapping[str, float | None],
) -> Iterable[tuple[str, Outcome]]:
    """What the metrics that hear a cell together make of it, by name.

    Args:
        metrics: who hears it.
        traits: of each of them.
        cell: rendered.
        windows: by metric, the seconds that every cell of the clip fills; None for a whole window.
    """
    inputs = [metric_input(cell, one, windows[one.name]) for one in traits]
    return zip((one.name for one in traits), hear_together(metrics, cell.before, inputs), strict=True)


def _handed_on(
    cells: Sequence[RenderedCell],
    heavy: Sequence[Traits],
    windows: Mapping[str, float | None],
    preparations: Mapping[str, Preparation],
) -> Iterable[tuple[str, MetricInput]]:
    """What the heavy metrics are to score of cells, by name; prepared once for all that prepare it alike.

    Args:
        cells: rendered.
        heavy: traits of the metrics.
        windows: by metric, the seconds that every cell of the clip fills; None for a whole window.
        preparations: of those whose inputs are prepared here.
    """
    for cell in cells:
        made: dict[object, Prepared] = {}
        for traits in heavy:
            given = metric_input(cell, traits, windows[traits.name])
            if traits.name in preparations:
                given = prepared_input(given, preparations[traits.name], cell.before.sample_rate, made)
            yield traits.name, given


def _heard(
    metric: Metric,
    traits: Traits,
    clip: Clip,
    block: Block,
    cells: Sequence[RenderedCell],
    shrunk: float | None,
    listeners: Listeners,
    checks_batches: bool,
) -> tuple[list[Outcome], dict[str, int]]:
    """What a metric makes of cells, and what it counted meanwhile.

    Args:
        metric: a light one.
        traits: of it.
        clip: the clean clip.
        block: that the cells are of.
        cells: of it, rendered.
        shrunk: the seconds that every cell of the clip fills; None for the metric's whole window.
        listeners: who asks the metric.
        checks_batches: whether it scores one signal alone, too.
    """
    before, sample_rate = totals(metric), cells[0].before.sample_rate
    inputs = [metric_input(cell, traits, shrunk) for cell in cells]
    if traits.oracle:
        treatments = [_treatment(clip, block, cell.cell) for cell in cells]
        outcomes = listeners.tell(metric, clip.id, block.name, treatments, inputs)
        return outcomes, growth(before, totals(metric))
    outcomes = listeners.score(metric, clip.id, block.name, inputs, sample_rate)
    grown = growth(before, totals(metric))
    if checks_batches:
        with stage(f"score {metric.name}"):
            grown |= batch_dependence(metric, inputs, outcomes, sample_rate)
    return outcomes, grown


def _portions(cells: Sequence[Cell], clip: Clip) -> list[Sequence[Cell]]:
    """The cells of a block, as many at a time as may be held rendered."""
    most = max(1, MOST_BYTES_HELD // clip.samples.nbytes)
    return [cells[first : first + most] for first in range(0, len(cells), most)]


@remembered()
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
        file_damage=clip.file_damage,
    )


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


def _row(clip: ClipRecord, rendered: RenderedCell, traits: Traits, outcome: Outcome) -> Row:
    return row_of(
        clip, rendered.cell, traits, rendered.seed, outcome, rendered.achieved, rendered.seconds + outcome.seconds
    )


def row_of(
    clip: ClipRecord,
    cell: Cell,
    traits: Traits,
    seed: int,
    outcome: Outcome,
    achieved: float | None = None,
    seconds: float = 0.0,
) -> Row:
    """The row of one cell and one metric.

    Args:
        clip: what is known of the clip.
        cell: what was done to it.
        traits: of the metric.
        seed: of the draw.
        outcome: what the metric gave.
        achieved: the strength that was achieved, where it is known.
        seconds: that the row took.
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
        achieved=achieved,
        role=cell.role,
        placebo_of=degradation.placebo_of if degradation else None,
        replicate=cell.replicate,
        seed=seed,
        metric=traits.name,
        fingerprint=traits.fingerprint,
        score=outcome.score,
        higher_is_better=traits.higher_is_better,
        needs_reference=traits.needs_reference,
        nuisance=cell.role == "control"
        and (degradation is None or (degradation.in_floor and degradation.name not in traits.hears)),
        status=outcome.status,
        error=outcome.error,
        seconds=seconds,
        window_scores=outcome.windows,
    )


def vectors_of(result: BlockResult) -> Iterator[tuple[CellKey, np.ndarray | None]]:
    """What embedders made of the cells of a block, by the row of each."""
    for name, vectors in result.vectors.items():
        rows = [row for row in result.rows if row.metric == name]
        yield from zip(map(key_of, rows), vectors, strict=True)


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
