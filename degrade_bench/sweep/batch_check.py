"""Whether a metric's score depends on what else is in the batch: a block's first cell is scored alone, too."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from degrade_bench._support.rounding import Ties
from degrade_bench.metric.base import Metric
from degrade_bench.sweep.scoring import MetricInput, Outcome, score_cells

DEPENDS = "score depends on its batch, or on chance"
"""What is counted, once in a run, of a metric whose score is another when a signal is scored alone."""


def batch_dependence(
    metric: Metric, cells: Sequence[MetricInput], outcomes: Sequence[Outcome], sample_rate: int
) -> bool | None:
    """Whether the first cell that was scored with others gets another score alone; None where no cell was.

    Scores that rounding can account for are equal (see :mod:`degrade_bench._support.rounding`).

    Args:
        metric: which scored the cells.
        cells: what it was given, of one block.
        outcomes: what it made of them, in the same order.
        sample_rate: of all cells, in Hz.
    """
    pairs = list(zip(cells, outcomes, strict=True))
    scored = [
        (cell, outcome.score) for cell, outcome in pairs if cell.samples is not None and outcome.score is not None
    ]
    for cell, score in scored:
        alike = [other for other, _ in scored if _shape(other) == _shape(cell)]
        if len(alike) < 2:
            continue
        alone = score_cells(metric, [cell], sample_rate)[0].score
        if alone is None:
            return True
        ties = Ties.of(np.array([value for _, value in scored if np.isfinite(value)]))
        return not ties.are_equal(alone, score)
    return None


def _shape(cell: MetricInput) -> tuple[int, ...]:
    return () if cell.samples is None else tuple(cell.samples.shape)
