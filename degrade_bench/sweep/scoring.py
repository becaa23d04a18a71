"""One metric on the cells of one block: batched, guarded, with an outcome for every cell.

Batches are made of cells of one block in a fixed order, so that their make-up, and with it the last bit of a
score, does not depend on workers or on where an earlier run stopped.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch

from degrade_bench._support.guard import guarded
from degrade_bench._support.interrupts import never_a_row
from degrade_bench._support.texts import said
from degrade_bench.errors import NotApplicableError
from degrade_bench.metric.base import Metric, checked_scores, checked_windows
from degrade_bench.metric.hearing.heard import Heard
from degrade_bench.metric.host.process import MetricDiedError
from degrade_bench.metric.identity import is_foreign
from degrade_bench.metric.memory import give_back_memory, is_out_of_memory
from degrade_bench.metric.prepared import Prepared, from_array, takes_prepared
from degrade_bench.metric.sets.maker import VectorMaker
from degrade_bench.metric.traits import MetricAttributes
from degrade_bench.runs.columns import INTERRUPTED, Status

MOST_AT_ONCE = 64
"""Signals that a metric is given at once where nobody asked for another number."""
MOST_BYTES_AT_ONCE = 64 << 20
"""And so many bytes of them, some three minutes of 44.1 kHz stereo: metrics derive many times as much from them."""


RETURNED_NAN = "the metric returned NaN"
"""How the reason begins where a metric gave no number."""


@dataclass(frozen=True)
class Outcome:
    """What came of one cell and one metric.

    Attributes:
        score: None unless ``status`` is ``ok``.
        status: ``ok``, ``not-applicable`` or ``failed``.
        error: the reason where it is not ``ok``.
        seconds: time spent scoring.
        windows: the scores that ``score`` is the mean of, for a metric that scores windows.
        died: whether the metric's process ended over it.
        vectors: of an embedder, ``(frames, dim)``; the score is how many there are.
    """

    score: float | None
    status: Status
    error: str | None
    seconds: float
    windows: tuple[float, ...] | None = None
    died: bool = False
    vectors: np.ndarray | None = field(default=None, compare=False)

    @classmethod
    def not_applicable(cls, reason: str) -> Outcome:
        """The cell means nothing for this metric or clip."""
        return cls(None, "not-applicable", reason, 0.0)

    @classmethod
    def failed(cls, reason: str, seconds: float = 0.0) -> Outcome:
        """Something went wrong; the reason in one line."""
        return cls(None, "failed", " ".join(reason.split())[:500], seconds)

    @classmethod
    def of_error(cls, error: Exception, seconds: float = 0.0) -> Outcome:
        """Whatever was raised; where its cause may lie outside, the next start tries again."""
        return replace(cls.failed(reason_of(error), seconds), died=isinstance(error, MetricDiedError))

    @classmethod
    def of_failed_signal(cls, error: Exception, seconds: float) -> Outcome:
        """Whatever was raised over one signal by itself; where memory ran out, the next start tries again."""
        reason = said(error)
        if is_out_of_memory(error):
            reason = f"{INTERRUPTED}a single signal does not fit into memory: {reason}"
        return cls.failed(reason, seconds)

    @classmethod
    def scored(cls, score: float, seconds: float) -> Outcome:
        """The metric gave a number; NaN is none."""
        if math.isnan(score):
            return cls.failed(RETURNED_NAN, seconds)
        return cls(score, "ok", None, seconds)

    @classmethod
    def embedded(cls, vectors: np.ndarray, seconds: float) -> Outcome:
        """An embedder made vectors."""
        return cls(float(len(vectors)), "ok", None, seconds, vectors=vectors)

    @classmethod
    def scored_windows(cls, windows: tuple[float, ...], seconds: float) -> Outcome:
        """The metric gave a number for every window. One NaN leaves no mean: the reason says which."""
        bad = [str(index) for index, score in enumerate(windows, start=1) if math.isnan(score)]
        if bad:
            which = f"window {bad[0]}" if len(bad) == 1 else f"windows {', '.join(bad)}"
            return cls.failed(f"{RETURNED_NAN} for {which} of {len(windows)}", seconds)
        mean = sum(windows) / len(windows)
        if math.isnan(mean):
            return cls.failed("the windows have no mean: infinities of both signs", seconds)
        return cls(mean, "ok", None, seconds, windows)


def reason_of(error: Exception) -> str:
    """Type and text of an error in one line, marked as an interruption where its cause may lie outside.

    So it does where memory ran out, and where somebody killed a metric's process.
    """
    if isinstance(error, MetricDiedError):
        return (INTERRUPTED if error.from_outside else "") + str(error)
    return (INTERRUPTED if is_out_of_memory(error) else "") + said(error)


@dataclass(frozen=True, eq=False)
class MetricInput:
    """What a metric is given of one cell.

    Attributes:
        samples: ``(channels, time)``; None where there is nothing to score, or where it is prepared.
        reference: the clean samples, where the metric compares with them.
        outcome: what comes of the cell without scoring it, where there is nothing to score.
        prepared: in place of the samples, what the metric's network hears.
        given: of prepared samples, their shape.
    """

    samples: torch.Tensor | None = None
    reference: torch.Tensor | None = None
    outcome: Outcome | None = None
    prepared: Prepared | None = None
    given: tuple[int, ...] | None = None

    @property
    def shape(self) -> tuple[int, ...] | None:
        """Of the samples, prepared or not: cells of one shape make a batch. None: there is nothing to score."""
        return self.given if self.samples is None else tuple(self.samples.shape)

    def __reduce__(self) -> tuple[Any, ...]:
        """Cross processes as arrays: a tensor would take its whole storage along, or a shared-memory file."""
        arrays = (None if samples is None else samples.numpy() for samples in (self.samples, self.reference))
        return _input_from_arrays, (*arrays, self.outcome, self.prepared, self.given)


def _input_from_arrays(samples: np.ndarray | None, reference: np.ndarray | None, *others: Any) -> MetricInput:
    def tensor(array: np.ndarray | None) -> torch.Tensor | None:
        return None if array is None else from_array(array)

    return MetricInput(tensor(samples), tensor(reference), *others)


def score_cells(
    metric: Metric, cells: Sequence[MetricInput], sample_rate: int, batch_size: int | None = None
) -> list[Outcome]:
    """Score the cells of one block, equally long ones together; one outcome per cell, in order.

    A batch that does not fit into memory, or on which a metric raises, is halved and tried again, down to single
    signals: one bad signal costs one row and not its neighbours. A batch over which the metric's process ended is
    not tried again.

    Args:
        metric: the metric; one with ``hop_seconds`` is asked for windows.
        cells: what it is given.
        sample_rate: of all cells, in Hz.
        batch_size: the most signals at once; None for as many as there are, up to :data:`MOST_AT_ONCE` and
            :data:`MOST_BYTES_AT_ONCE`.
    """
    outcomes: dict[int, Outcome] = {}
    by_shape: dict[tuple[int, ...], list[int]] = {}
    for index, cell in enumerate(cells):
        if cell.outcome is not None:
            outcomes[index] = cell.outcome
        elif cell.shape is not None:
            by_shape.setdefault(cell.shape, []).append(index)
    for shape, indices in by_shape.items():
        most = _most_at_once(shape) if batch_size is None else batch_size
        most = min(most, metric.signals_at_once or most)
        for first in range(0, len(indices), most):
            chunk = indices[first : first + most]
            scored = score_batch(metric, [cells[index] for index in chunk], sample_rate)
            outcomes.update(zip(chunk, scored, strict=True))
    return [outcomes[index] for index in range(len(cells))]


def _most_at_once(shape: tuple[int, ...]) -> int:
    """How many signals of a shape make a batch: by the shape alone, so that batches are always alike."""
    return max(1, min(MOST_AT_ONCE, MOST_BYTES_AT_ONCE // (4 * math.prod(shape))))


def score_batch(metric: Metric, cells: Sequence[MetricInput], sample_rate: int) -> list[Outcome]:
    """Score cells of one shape together, and where that fails in halves, down to single ones.

    Args:
        metric: the metric.
        cells: what it is given.
        sample_rate: of all cells, in Hz.
    """
    started = time.perf_counter()
    short_of_memory = False
    try:
        with never_a_row():
            return _scored(metric, cells, sample_rate, started)
    except NotApplicableError as error:
        alone = Outcome.not_applicable(str(error))
    except MetricDiedError as error:
        return [Outcome.of_error(error, (time.perf_counter() - started) / len(cells))] * len(cells)
    except Exception as error:  # any metric, ours or a user's: its failure is a row
        short_of_memory = is_out_of_memory(error)
        alone = Outcome.of_failed_signal(error, time.perf_counter() - started)
    # out here the error is gone, and with it the frames that held on to what the metric had allocated
    if short_of_memory:
        give_back_memory()
    if len(cells) == 1:
        return [alone]
    half = (len(cells) + 1) // 2
    return [*score_batch(metric, cells[:half], sample_rate), *score_batch(metric, cells[half:], sample_rate)]


def _scored(metric: Metric, cells: Sequence[MetricInput], sample_rate: int, started: float) -> list[Outcome]:
    prepared = [cell.prepared for cell in cells if cell.prepared is not None]
    if prepared:
        assert takes_prepared(metric)
        return outcomes_of(metric, metric.begin(prepared)().scores, len(cells), started)
    if isinstance(metric, VectorMaker):
        with calling(metric):
            heard = [Heard(cell.samples, sample_rate) for cell in cells if cell.samples is not None]
            made = [metric.vectors_of(signal) for signal in heard]
        seconds = (time.perf_counter() - started) / len(cells)
        return [Outcome.embedded(vectors, seconds) for vectors in made]
    batch = _stacked(metric, [cell.samples for cell in cells if cell.samples is not None])
    references = [cell.reference for cell in cells if cell.reference is not None]
    reference = _stacked(metric, references) if references else None
    with calling(metric):
        score = metric.score if metric.hop_seconds is None else metric.score_windows
        rate = rate_given(metric, sample_rate)
        return outcomes_of(metric, score(batch, rate, reference), len(cells), started)


def rate_given(metric: MetricAttributes, sample_rate: int) -> int:
    """The rate in Hz of what a metric is given of a clip at ``sample_rate`` Hz."""
    return metric.sample_rate if metric.resample and metric.sample_rate is not None else sample_rate


def outcomes_of(metric: Metric, scores: torch.Tensor, count: int, started: float) -> list[Outcome]:
    """What came of a batch.

    Args:
        metric: who scored it.
        scores: what it gave: ``(batch,)``; or ``(batch, windows)`` of a metric that hops or was given prepared
            signals.
        count: how many signals it was given.
        started: when, by ``time.perf_counter``.

    Raises:
        MetricError: it did not return what it should.
    """
    if metric.hop_seconds is not None:
        rows = checked_windows(metric, scores, count)
        seconds = (time.perf_counter() - started) / count
        return [Outcome.scored_windows(row, seconds) for row in rows]
    if takes_prepared(metric) and scores.ndim == 2:
        scores = scores.mean(dim=1)
    numbers = checked_scores(metric, scores, count)
    seconds = (time.perf_counter() - started) / count
    return [Outcome.scored(number, seconds) for number in numbers]


def _stacked(metric: Metric, signals: Sequence[torch.Tensor]) -> torch.Tensor:
    """A batch. A single signal is copied only for code that is not ours, which may write to what it is given."""
    return signals[0][None] if len(signals) == 1 and not is_foreign(metric) else torch.stack(list(signals))


def calling(metric: Metric) -> AbstractContextManager[None]:
    """Where a metric is called: code that is not ours leaves the process as it was."""
    return guarded("it") if is_foreign(metric) else nullcontext()
