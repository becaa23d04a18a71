"""One metric on the cells of one block: batched, guarded, with an outcome for every cell.

Batches are made of cells of one block in a fixed order, so that their make-up, and with it the last bit of a
score, does not depend on workers or on where an earlier run stopped.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from degrade_bench.errors import NotApplicableError
from degrade_bench.metric.base import Metric, checked_scores


@dataclass(frozen=True)
class Outcome:
    """What came of one cell and one metric.

    Attributes:
        score: None unless ``status`` is ``ok``.
        status: ``ok``, ``not-applicable`` or ``failed``.
        error: the reason where it is not ``ok``.
        seconds: time spent scoring.
    """

    score: float | None
    status: str
    error: str | None
    seconds: float

    @classmethod
    def not_applicable(cls, reason: str) -> Outcome:
        """The cell means nothing for this metric or clip."""
        return cls(None, "not-applicable", reason, 0.0)

    @classmethod
    def failed(cls, reason: str, seconds: float = 0.0) -> Outcome:
        """Something went wrong; the reason in one line."""
        return cls(None, "failed", " ".join(reason.split())[:500], seconds)


@dataclass(frozen=True, eq=False)
class Heard:
    """What a metric is given of one cell: samples ``(channels, time)``, or its outcome, known already."""

    samples: torch.Tensor | None = None
    reference: torch.Tensor | None = None
    outcome: Outcome | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Cross processes as arrays: a tensor would take its whole storage along, or a shared-memory file."""
        arrays = (None if each is None else each.numpy() for each in (self.samples, self.reference))
        return _heard_from_arrays, (*arrays, self.outcome)


def _heard_from_arrays(samples: np.ndarray | None, reference: np.ndarray | None, outcome: Outcome | None) -> Heard:
    def tensor(array: np.ndarray | None) -> torch.Tensor | None:
        return None if array is None else torch.from_numpy(array)

    return Heard(tensor(samples), tensor(reference), outcome)


def score_cells(metric: Metric, cells: Sequence[Heard], sample_rate: int, batch_size: int) -> list[Outcome]:
    """Score the cells of one block, equally long ones together; one outcome per cell, in order.

    A metric that raises on a batch is asked again for each signal alone, so that one bad signal costs one
    row and not its neighbours.
    """
    outcomes: dict[int, Outcome] = {}
    by_shape: dict[tuple[int, ...], list[int]] = {}
    for index, cell in enumerate(cells):
        if cell.outcome is not None:
            outcomes[index] = cell.outcome
        elif cell.samples is not None:
            by_shape.setdefault(tuple(cell.samples.shape), []).append(index)
    for indices in by_shape.values():
        for first in range(0, len(indices), batch_size):
            chunk = indices[first : first + batch_size]
            scored = _score_batch(metric, [cells[index] for index in chunk], sample_rate)
            outcomes.update(zip(chunk, scored, strict=True))
    return [outcomes[index] for index in range(len(cells))]


def _score_batch(metric: Metric, cells: Sequence[Heard], sample_rate: int) -> list[Outcome]:
    started = time.perf_counter()
    batch = torch.stack([cell.samples for cell in cells if cell.samples is not None])
    references = [cell.reference for cell in cells if cell.reference is not None]
    reference = torch.stack(references) if references else None
    try:
        returned = metric.score(batch, sample_rate, reference)
        scores = checked_scores(metric, returned, len(cells))
    except NotApplicableError as error:
        if len(cells) == 1:
            return [Outcome.not_applicable(str(error))]
        return _one_by_one(metric, cells, sample_rate)
    except Exception as error:  # any metric, ours or a user's: its failure is a row
        if len(cells) == 1:
            spent = time.perf_counter() - started
            return [Outcome.failed(f"{type(error).__name__}: {error}", spent)]
        return _one_by_one(metric, cells, sample_rate)
    each = (time.perf_counter() - started) / len(cells)
    return [
        Outcome.failed("the metric returned NaN", each) if math.isnan(score) else Outcome(score, "ok", None, each)
        for score in scores
    ]


def _one_by_one(metric: Metric, cells: Sequence[Heard], sample_rate: int) -> list[Outcome]:
    return [_score_batch(metric, [cell], sample_rate)[0] for cell in cells]
