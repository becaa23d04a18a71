"""What metrics did while they scored: how often what happened, and how many scores lie outside their range.

A metric counts for itself (:meth:`~degrade_bench.metric.base.Metric.counts`), in whichever process it works. What
its counts grew by over one block is stored with the rows of the block, so that it is neither lost when a run is
killed nor counted twice when it goes on, and goes when the block is scored again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from degrade_bench._support.rounding import Ties
from degrade_bench.metric.base import Metric, checked_counts
from degrade_bench.metric.traits import OUTSIDE_RANGE
from degrade_bench.runs.scores import Counts
from degrade_bench.sweep.scoring import calling

BROKEN = "counts() failed"
"""What is counted where a metric cannot say what it counted: the scores are good all the same."""


def totals(metric: Metric) -> dict[str, int] | None:
    """The metric's totals as they stand; None where it fails to give them."""
    try:
        with calling(metric):
            return checked_counts(metric)
    except Exception:  # a third party's method may raise anything; see BROKEN
        return None


def growth(before: Mapping[str, int] | None, after: Mapping[str, int] | None) -> dict[str, int]:
    """What totals grew by; nothing that did not."""
    if before is None or after is None:
        return {BROKEN: 1}
    grown = {label: total - before.get(label, 0) for label, total in after.items()}
    return {label: count for label, count in grown.items() if count > 0}


def counts_by_metric(metrics: Sequence[Metric], table: pa.Table, counts: Counts) -> dict[str, dict[str, int]]:
    """For each metric what it counted over the whole table, and its scores outside ``score_range``.

    What a metric counts and what never happened stands there with 0.

    Args:
        metrics: the metrics of the sweep.
        table: the whole score table.
        counts: what metrics counted, by block.
    """
    summed: dict[str, dict[str, int]] = {metric.name: dict.fromkeys(totals(metric) or {}, 0) for metric in metrics}
    for (_, _, name), words in sorted(counts.items()):
        if name in summed:
            for label, count in words.items():
                summed[name][label] = summed[name].get(label, 0) + count
    scores = table["score"].to_pandas().to_numpy(dtype=np.float64, na_value=np.nan)
    return {
        metric.name: {
            **summed[metric.name],
            OUTSIDE_RANGE: outside(scores[pc.equal(table["metric"], metric.name).to_numpy()], metric.score_range),
        }
        for metric in metrics
    }


def outside(scores: Any, score_range: tuple[float | None, float | None]) -> int:
    """How many scores lie outside a range, by more than rounding can account for.

    Args:
        scores: of one metric; NaN is none.
        score_range: its bounds; one that is None bounds nothing.

    >>> outside(np.array([1 / 3, 1 + 2**-52, 1.01]), (0.0, 1.0))
    1
    """
    low, high = score_range
    ties = Ties.of(scores[np.isfinite(scores)])
    below = scores < (-np.inf if low is None else low - ties.reach(low))
    above = scores > (np.inf if high is None else high + ties.reach(high))
    return int(np.count_nonzero(below | above))
