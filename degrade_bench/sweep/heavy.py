"""Metrics that are scored apart from the damage, because they hold a network or a device, or cannot travel.

They are given the inputs that a block brings (:class:`~degrade_bench.sweep.block.BlockResult`), in the main
process, or on a device of a cluster.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from degrade_bench._support.stages import stage
from degrade_bench.metric.base import Metric
from degrade_bench.metric.prepared import takes_prepared
from degrade_bench.metric.sets.maker import VectorMaker
from degrade_bench.runs.columns import Row
from degrade_bench.sweep.asking import Listeners
from degrade_bench.sweep.batch_check import batch_dependence
from degrade_bench.sweep.block import BlockResult, rows_with
from degrade_bench.sweep.counts import growth, totals
from degrade_bench.sweep.lane import Lane, gathers, windows_of
from degrade_bench.sweep.scoring import MetricInput, Outcome, score_cells

Done = Callable[[BlockResult], None]
"""Told a block with all its rows and counts, and no inputs."""


@dataclass(eq=False)
class _Kept:
    """A block that is not scored yet.

    Attributes:
        result: what came of it in the worker.
        done: told the whole.
        waiting: the metrics that have not scored it yet.
        rows: of those that have, by metric.
        counts: what they counted, by metric.
        vectors: what embedders among them made, by name.
    """

    result: BlockResult
    done: Done
    waiting: set[str]
    rows: dict[str, Sequence[Row]] = field(default_factory=dict)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    vectors: dict[str, Sequence[np.ndarray | None]] = field(default_factory=dict)


class HeavyScorer:
    """Scores blocks with heavy metrics.

    Args:
        metrics: the heavy ones.
        batch_size: the most signals that a metric is given at once; None for whole blocks.
        checked: the block in which a signal is scored alone, too; None for none.
    """

    def __init__(self, metrics: Sequence[Metric], batch_size: int | None, checked: str | None) -> None:
        self._metrics = {metric.name: metric for metric in metrics}
        self._batch_size, self._checked = batch_size, checked
        self._listeners = Listeners()
        self._lanes = {metric.name: Lane(metric) for metric in metrics if gathers(metric)}
        for metric in metrics:
            if batch_size is not None and takes_prepared(metric):
                metric.at_most(batch_size)

    def take(self, result: BlockResult, done: Done) -> None:
        """Have what the metrics are given of a block scored.

        Args:
            result: of a worker.
            done: told when all of them have, perhaps before this returns, perhaps in :meth:`step`.
        """
        kept = _Kept(result, done, set(result.inputs))
        for name in result.inputs.keys() - self._lanes.keys():
            metric = self._metrics[name]
            if takes_prepared(metric):  # what it remembers of other blocks depends on who worked on them when
                metric.forget()
        for name, cells in result.inputs.items():
            metric = self._metrics[name]
            if name in self._lanes:
                self._lanes[name].add(cells, result.sample_rate, partial(self._scored, kept, metric))
                continue
            before = totals(metric)
            outcomes = self._listeners.score(
                metric, result.clip_id, result.block, cells, result.sample_rate, self._batch_size
            )
            self._scored(kept, metric, outcomes, growth(before, totals(metric)))
        if not result.inputs:
            done(result)

    def step(self) -> bool:
        """Take one step with what waits for a device; whether there was one."""
        return any(lane.step() for lane in self._lanes.values())

    def finish(self) -> None:
        """Score all that still waits for a device."""
        while self.step():
            pass

    def _scored(self, kept: _Kept, metric: Metric, outcomes: Sequence[Outcome], grown: Mapping[str, int]) -> None:
        """Enter what a metric made of a block; with the last one the block is done.

        Args:
            kept: the block.
            metric: which scored it.
            outcomes: of its cells, in order.
            grown: what the metric counted meanwhile.
        """
        name, result = metric.name, kept.result
        kept.counts[name] = dict(grown)
        if result.block == self._checked:
            if takes_prepared(metric):
                metric.forget()  # else it would be given the score that it remembers
            with stage(f"score {name}"):
                kept.counts[name] |= batch_dependence(metric, result.inputs[name], outcomes, result.sample_rate)
        kept.rows[name] = rows_with(result.row_stubs[name], outcomes)
        if isinstance(metric, VectorMaker):
            kept.vectors[name] = [outcome.vectors for outcome in outcomes]
        kept.waiting.discard(name)
        if not kept.waiting:
            kept.done(_whole(kept))


def _whole(kept: _Kept) -> BlockResult:
    """A block with the rows of its worker and those of the metrics that scored it here."""
    result = kept.result
    rows = [*result.rows, *(row for name in result.inputs for row in kept.rows[name])]
    counts, vectors = {**result.counts, **kept.counts}, {**result.vectors, **kept.vectors}
    return replace(result, rows=rows, inputs={}, row_stubs={}, counts=counts, vectors=vectors)


def seconds_of_one(metric: Metric, cells: Sequence[MetricInput], sample_rate: int) -> float:
    """Seconds of one cell; where cells of several blocks share a batch, its share of a full one.

    What the metric remembers of it is forgotten: the run is to depend on nothing that was tried.

    Args:
        metric: a heavy one.
        cells: one of them.
        sample_rate: of it, in Hz.
    """
    if takes_prepared(metric):
        metric.forget()
    started = time.perf_counter()
    score_cells(metric, cells, sample_rate, 1)
    seconds = time.perf_counter() - started
    if takes_prepared(metric):
        metric.forget()
        if metric.gathers:
            return seconds / max(1, metric.windows_at_once // windows_of(cells[0]))
    return seconds
