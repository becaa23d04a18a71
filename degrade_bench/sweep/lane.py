"""Metrics on a device: cells of several blocks make a batch, and one batch is made while another is computed.

Only for metrics whose scores do not depend on their batch by a single bit; what the others are given stays block by
block, so that a batch is the same on any number of workers and after any interruption.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from degrade_bench._support.interrupts import never_a_row
from degrade_bench._support.stages import stage
from degrade_bench.metric.base import Metric
from degrade_bench.metric.prepared import Finish, takes_prepared
from degrade_bench.sweep.counts import growth, totals
from degrade_bench.sweep.scoring import MetricInput, Outcome, outcomes_of, score_batch

IN_FLIGHT = 2
"""Batches that are begun and not finished: one is computed, one waits for it on the device."""

Done = Callable[[Sequence[Outcome], Mapping[str, int]], None]
"""Told the outcomes of a block's cells, in order, and what the metric counted."""


def gathers(metric: Metric) -> bool:
    """Whether cells of several blocks may share a batch of a metric."""
    return takes_prepared(metric) and metric.gathers


def windows_of(cell: MetricInput) -> int:
    """How many windows of a cell a network hears; 1 where that is not known."""
    return 1 if cell.prepared is None else len(cell.prepared.windows)


@dataclass(eq=False)
class _Order:
    """The cells of one block, some of them scored."""

    outcomes: list[Outcome | None]
    rate: int
    done: Done
    counts: dict[str, int]


@dataclass(eq=False)
class _Batch:
    """Cells that were begun together.

    Attributes:
        cells: and where their outcomes go.
        finish: waits for their scores; None where they could not be begun.
        started: when, by ``time.perf_counter``.
    """

    cells: Sequence[tuple[MetricInput, _Order, int]]
    finish: Finish | None
    started: float


class Lane:
    """What waits for one metric on a device.

    Args:
        metric: for which :func:`gathers` holds.
    """

    def __init__(self, metric: Metric) -> None:
        assert takes_prepared(metric)
        self._metric = metric
        self._waiting: deque[tuple[MetricInput, _Order, int]] = deque()
        self._windows = 0
        self._in_flight: deque[_Batch] = deque()
        self._last_end = 0.0

    def add(self, cells: Sequence[MetricInput], sample_rate: int, done: Done) -> None:
        """Take the cells of a block; full batches are begun.

        Args:
            cells: what the metric is given.
            sample_rate: of the clip, in Hz.
            done: told when all of them are scored, perhaps before this returns.
        """
        order = _Order([cell.outcome for cell in cells], sample_rate, done, {})
        heard = [(cell, order, index) for index, cell in enumerate(cells) if cell.outcome is None]
        if not heard:
            _tell(order)
        for place in heard:
            if not self._fits(place[0]):
                self._begin()
            self._waiting.append(place)
            self._windows += windows_of(place[0])
            if self._windows >= self._metric.windows_at_once:
                self._begin()

    def step(self) -> bool:
        """Wait for the oldest batch, or begin one that is not full where the device has nothing to do.

        Returns:
            whether there was anything to do.
        """
        if self._in_flight:
            self._end(self._in_flight.popleft())
            return True
        if self._waiting:
            self._begin()
            return True
        return False

    def _fits(self, cell: MetricInput) -> bool:
        """Whether a cell can join the waiting ones: of one shape with them, and no more than a batch holds."""
        if not self._waiting:
            return True
        alike = windows_of(self._waiting[0][0]) == windows_of(cell)
        return alike and self._windows + windows_of(cell) <= self._metric.windows_at_once

    def _begin(self) -> None:
        with stage(f"score {self._metric.name}"):
            self._begin_batch()

    def _begin_batch(self) -> None:
        cells, self._waiting, self._windows = list(self._waiting), deque(), 0
        started = time.perf_counter()
        finish: Finish | None = None
        try:
            with never_a_row():
                finish = self._metric.begin([cell.prepared for cell, _, _ in cells if cell.prepared is not None])
        except Exception:  # each half is tried by itself, which says what is wrong with whom
            finish = None
        self._in_flight.append(_Batch(cells, finish, started))
        while len(self._in_flight) > IN_FLIGHT:
            self._end(self._in_flight.popleft())

    def _end(self, batch: _Batch) -> None:
        with stage(f"score {self._metric.name}"):
            scored = self._scored(batch) or self._scored_apart(batch)
        self._last_end = time.perf_counter()
        for (_, order, index), outcome in zip(batch.cells, scored, strict=True):
            order.outcomes[index] = outcome
        for order in dict.fromkeys(order for _, order, _ in batch.cells):
            if None not in order.outcomes:
                _tell(order)

    def _scored(self, batch: _Batch) -> list[Outcome] | None:
        """What came of a batch; None where it failed. What is counted goes to the blocks of the signals."""
        if batch.finish is None:
            return None
        try:
            with never_a_row():
                finished = batch.finish()
                # the batch before was worked on first
                started = max(batch.started, self._last_end)
                outcomes = outcomes_of(self._metric, finished.scores, len(batch.cells), started)
        except Exception:  # tried again, in halves
            return None
        for (_, order, _), counts in zip(batch.cells, finished.counts, strict=False):
            _add(order.counts, counts)
        return outcomes

    def _scored_apart(self, batch: _Batch) -> list[Outcome]:
        """The cells of a batch that failed, block by block."""
        outcomes: list[Outcome] = []
        for order, of_order in groupby(batch.cells, key=lambda place: place[1]):
            before = totals(self._metric)
            outcomes += score_batch(self._metric, [cell for cell, _, _ in of_order], order.rate)
            _add(order.counts, growth(before, totals(self._metric)))
        return outcomes


def _add(counts: dict[str, int], more: Mapping[str, int]) -> None:
    for label, count in more.items():
        counts[label] = counts.get(label, 0) + count


def _tell(order: _Order) -> None:
    order.done([outcome for outcome in order.outcomes if outcome is not None], order.counts)
