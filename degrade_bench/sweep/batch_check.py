"""Whether a metric's score depends on what else is in the batch: of every clip, one signal is scored alone, too."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from degrade_bench._support.rounding import Ties
from degrade_bench.metric.base import Metric
from degrade_bench.sweep.cells import Block
from degrade_bench.sweep.scoring import MetricInput, Outcome, score_cells

DEPENDS = "clips on which a score depended on its batch, or on chance"
"""What is counted of a metric that gives a signal another score where it is scored alone."""


def checked_block(blocks: Sequence[Block]) -> str | None:
    """The block of a clip in which a signal is scored alone, too: a control, which applies to every clip.

    Args:
        blocks: of the clip. Where no control has several cells, the first block that has is taken.

    Returns:
        its name; None where no block has two cells.
    """
    several = [block for block in blocks if len(block.cells) > 1]
    controls = [block for block in several if block.cells[0].role == "control"]
    return next((block.name for block in (*controls, *several)), None)


def batch_dependence(
    metric: Metric, cells: Sequence[MetricInput], outcomes: Sequence[Outcome], sample_rate: int
) -> dict[str, int]:
    """Score alone the first signal that was scored with others; ``{DEPENDS: 1}`` if it gets another score.

    Scores that rounding can account for are equal (see :mod:`degrade_bench._support.rounding`).

    Args:
        metric: which scored the cells.
        cells: what it was given, of one block.
        outcomes: what it made of them, in the same order.
        sample_rate: of all cells, in Hz.
    """
    scored = [
        (cell, outcome.score)
        for cell, outcome in zip(cells, outcomes, strict=True)
        if cell.shape is not None and outcome.score is not None
    ]
    for cell, score in scored:
        if sum(other.shape == cell.shape for other, _ in scored) < 2:
            continue
        alone = score_cells(metric, [cell], sample_rate)[0]
        if alone.died:
            return {}
        scores = np.array([value for _, value in scored])
        return {} if _are_equal(alone.score, score, Ties.of(scores[np.isfinite(scores)])) else {DEPENDS: 1}
    return {}


def _are_equal(alone: float | None, score: float, ties: Ties) -> bool:
    if alone is None or not (math.isfinite(alone) and math.isfinite(score)):
        return alone == score
    return bool(abs(alone - score) <= ties.reach(alone, score))
