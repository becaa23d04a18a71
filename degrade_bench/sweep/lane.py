"""Metrics on a device: cells of several blocks make a batch, and one batch is made while another is computed.

Only for metrics whose scores do not depend on their batch by a single bit; what the others are given stays block by
block, so that a batch is the same on any number of workers and after any interruption.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from degrade_bench._support.interrupts import never_a_row
from degrade_bench.metric.base import Metric
from degrade_bench.metric.prepared import Finish, PreparedMetric
from degrade_bench.sweep.counts import growth, totals
from degrade_bench.sweep.scoring import MetricInput, Outcome, outcomes_of, score_batch

IN_FLIGHT = 2
"""Batches that are begun and not finished: one is computed, one waits for it on the device."""

Done = Callable[[Sequence[Outcome], Mapping[str, int]], None]
"""Told the outcomes of a block's cells, in order, and what the metric counted."""


def gathers(metric: Metric) -> bool:
    """Whether cells of several blocks may share a batch of a metric."""
    return isinstance(metric, PreparedMetric) and metric.gathers


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
        assert isinstance(metric, PreparedMetric)
        self._metric = metric
        self._waiting: deque[tuple[MetricInput, _Order, int]] = deque()
        self._in_flight: deque[_Batch] = deque()

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
            if self._windows() >= self._metric.windows_at_once:
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

    def _windows(self) -> int:
        return sum(cell.shape[0] for cell, _, _ in self._waiting if cell.shape)

    def _fits(self, cell: MetricInput) -> bool:
        """Whether a cell can join the waiting ones: of one shape with them, and no more than a batch holds."""
        if not self._waiting or cell.shape is None:
            return True
        alike = self._waiting[0][0].shape == cell.shape
        return alike and self._windows() + cell.shape[0] <= self._metric.windows_at_once

    def _begin(self) -> None:
        cells, self._waiting = list(self._waiting), deque()
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
        before = totals(self._metric)
        outcomes = self._outcomes(batch)
        for label, count in growth(before, totals(self._metric)).items():
            counts = batch.cells[0][1].counts  # a batch is several blocks': their sum is right
            counts[label] = counts.get(label, 0) + count
        for (_, order, index), outcome in zip(batch.cells, outcomes, strict=True):
            order.outcomes[index] = outcome
        for order in dict.fromkeys(order for _, order, _ in batch.cells):
            if None not in order.outcomes:
                _tell(order)

    def _outcomes(self, batch: _Batch) -> list[Outcome]:
        cells = [cell for cell, _, _ in batch.cells]
        if batch.finish is not None:
            try:
                with never_a_row():
                    return outcomes_of(self._metric, batch.finish(), len(cells), batch.started)
            except Exception:  # tried again below, in halves
                batch.finish = None
        return score_batch(self._metric, cells, batch.cells[0][1].rate)


def _tell(order: _Order) -> None:
    order.done([outcome for outcome in order.outcomes if outcome is not None], order.counts)
