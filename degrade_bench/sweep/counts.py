"""What metrics did while they scored: how often what happened, and how many scores lie outside their range.

A metric counts for itself (:meth:`~degrade_bench.metric.base.Metric.counts`), in whichever process it works. What
its counts grew by over one block is stored with the rows of the block, so that it is neither lost when a run is
killed nor counted twice when it goes on, and goes when the block is scored again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from degrade_bench.metric.traits import OUTSIDE_RANGE

if TYPE_CHECKING:  # the store and the report read this too, and need no torch for it
    from degrade_bench.metric.base import Metric

BlockKey = tuple[str, str, str]
"""(clip id, block, metric)."""

BROKEN = "counts() failed"
"""What is counted where a metric cannot say what it counted: the scores are good all the same."""

METADATA = b"degrade_bench.counts"


def read(metric: Metric) -> dict[str, int] | None:
    """The metric's totals as they stand; None where it fails to give them."""
    from degrade_bench.metric.base import checked_counts

    try:
        return checked_counts(metric)
    except Exception:  # a third party's method may raise anything; see BROKEN
        return None


def grown(before: Mapping[str, int] | None, after: Mapping[str, int] | None) -> dict[str, int]:
    """What totals grew by; nothing that did not."""
    if before is None or after is None:
        return {BROKEN: 1}
    growth = {label: total - before.get(label, 0) for label, total in after.items()}
    return {label: count for label, count in growth.items() if count > 0}


def to_metadata(counts: Mapping[BlockKey, Mapping[str, int]]) -> dict[bytes, bytes]:
    """Counts by block as the metadata of a table."""
    entries = [[*key, dict(sorted(each.items()))] for key, each in sorted(counts.items()) if each]
    return {METADATA: json.dumps(entries).encode()} if entries else {}


def of_file(path: Path) -> dict[BlockKey, dict[str, int]]:
    """Counts by block of a stored table; empty where it holds none or cannot be read."""
    try:
        stored = (pq.read_schema(path).metadata or {}).get(METADATA)
        entries = json.loads(stored) if stored else []
        return {(clip, block, metric): dict(each) for clip, block, metric, each in entries}
    except (OSError, ValueError, TypeError, pa.ArrowException):
        return {}


def per_metric(
    metrics: Sequence[Metric], table: pa.Table, counts: Mapping[BlockKey, Mapping[str, int]]
) -> dict[str, dict[str, int]]:
    """For each metric its own counts over the whole table, and its scores outside ``score_range``.

    What a metric counts and what never happened stands there with 0.
    """
    summed: dict[str, dict[str, int]] = {each.name: dict.fromkeys(read(each) or {}, 0) for each in metrics}
    for (_, _, name), each in sorted(counts.items()):
        if name in summed:
            for label, count in each.items():
                summed[name][label] = summed[name].get(label, 0) + count
    names = np.array(table["metric"].to_pylist(), dtype=object)
    scores = table["score"].to_pandas().to_numpy(dtype=np.float64, na_value=np.nan)
    return {
        each.name: {**summed[each.name], OUTSIDE_RANGE: outside(scores[names == each.name], each.score_range)}
        for each in metrics
    }


def outside(scores: Any, score_range: tuple[float | None, float | None]) -> int:
    """How many scores lie outside a range; a bound that is None bounds nothing, and NaN is no score."""
    low, high = score_range
    below = scores < (-np.inf if low is None else low)
    above = scores > (np.inf if high is None else high)
    return int(np.count_nonzero(below | above))
