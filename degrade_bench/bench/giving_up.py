"""Going on without a metric that cannot be used, where a run has others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from degrade_bench.errors import FailsEverywhereError
from degrade_bench.runs.left_out import LeftOut
from degrade_bench.runs.record import RunRecord
from degrade_bench.sweep.execute import SweepResult
from degrade_bench.sweep.spec import Sweep


def without(record: RunRecord, metric: str, reason: str) -> RunRecord:
    """The record of a run that goes on without a metric.

    Args:
        record: with it.
        metric: its name.
        reason: why.
    """
    return record.updated(
        metrics=tuple(one for one in record.metrics if one.name != metric),
        metrics_skipped=(*record.metrics_skipped, LeftOut(name=metric, reason=reason, given_up=True)),
    )


def going_on(
    sweep: Sweep,
    record: RunRecord,
    execute: Callable[[Sweep, RunRecord], SweepResult],
    warned: Callable[[str], None],
) -> tuple[SweepResult, RunRecord, Sweep]:
    """Execute a sweep without the metrics that were given up, and without those that fail on all their first cells.

    Of the latter no row is left: how far they came depends on the number of workers.

    Args:
        sweep: with all metrics.
        record: says which were given up before.
        execute: does what is left of a sweep.
        warned: told of each that is given up.

    Returns:
        what came of it, the record, and the sweep as it was executed.

    Raises:
        FailsEverywhereError: no metric is left.
    """
    failed: set[str] = set()
    while True:
        given_up = {one.name for one in record.metrics_skipped if one.given_up}
        left = replace(sweep, metrics=tuple(one for one in sweep.metrics if one.name not in given_up))
        try:
            result = execute(left, record)
        except FailsEverywhereError as error:
            if len(left.metrics) == 1:
                raise
            probe = record.probes.get(error.metric)
            is_known = probe is not None and any(error.reason in text for text in probe.warnings)
            failing = "it failed on all of its first cells"  # how many these were depends on where it went on
            said = ", as before the run" if is_known else f": {error.reason}"
            warned(f"metric {error.metric} is left out: {failing}{said}")
            record = without(record, error.metric, f"{failing}: {error.reason}")
            failed.add(error.metric)
            continue
        is_of_them = pc.is_in(result.table["metric"], pa.array(sorted(failed), pa.string()))
        return replace(result, table=result.table.filter(pc.invert(is_of_them))), record, left
