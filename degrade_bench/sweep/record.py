"""The record of a run, from what was asked, what it resolved to and what came of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timezone

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from degrade_bench._support.plain_text import plain
from degrade_bench._version import __version__
from degrade_bench.corpus.inputs import Skipped
from degrade_bench.degrade.base import Degradation
from degrade_bench.metric.base import Metric
from degrade_bench.runs.left_out import LeftOutClip
from degrade_bench.runs.provenance import git_revision, library_versions, platform_name, python_version
from degrade_bench.runs.record import (
    DegradationRecord,
    Failure,
    MetricRecord,
    NotApplicable,
    Request,
    RunRecord,
)
from degrade_bench.sweep.config import RunConfig
from degrade_bench.sweep.device import device_name
from degrade_bench.sweep.execute import SweepResult
from degrade_bench.sweep.spec import Sweep

MAX_LISTED_FAILURES = 100


def now() -> str:
    """The time, in UTC, to the second."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def first_record(
    config: RunConfig, sweep: Sweep, device: str, command: Sequence[str], previous: RunRecord | None
) -> RunRecord:
    """The record before any work is done.

    Args:
        config: what was asked.
        sweep: what it resolved to.
        device: the resolved device.
        command: the command line, if there was one.
        previous: the record of the same run's earlier start, if there was one.
    """
    asked = config.model_dump(mode="json", exclude={"out", "input", "reference_set", "overwrite", "soundfont"})
    soundfont = None if config.soundfont is None else plain(config.soundfont.name)
    input_names = tuple(plain(path.name) for path in config.input) or ("built-in corpus",)
    reference_names = tuple(plain(path.name) for path in config.reference_set)
    record = RunRecord(
        state="running",
        package_version=__version__,
        git_revision=git_revision(),
        command=tuple(map(plain, command)),
        request=Request(input=input_names, reference_set=reference_names, soundfont=soundfont, **asked),
        identity=sweep.identity(),
        libraries=library_versions(),
        python=python_version(),
        platform=platform_name(),
        device=device_name(device),
        started=now(),
        metrics=tuple(map(metric_record, sweep.judged)),
        degradations=tuple(map(degradation_record, sweep.degradations)),
    )
    if previous is None:
        return record
    made_with = {name: version for name, version in previous.libraries.items() if version is not None}
    return record.updated(
        package_version=previous.package_version,  # where anything is left to score, the same as now
        libraries={**record.libraries, **made_with},
        started=previous.started,
        starts=previous.starts + 1,
        clips=previous.clips,
        reference_clips=previous.reference_clips,
        counts=previous.counts,
        examples=previous.examples,
        pictures=previous.pictures,
        recordings=previous.recordings,
    )


def metric_record(metric: Metric) -> MetricRecord:
    """What the record says of a metric."""
    parts = {key: str(value) for key, value in metric.fingerprint_parts().items()}
    return MetricRecord(**metric.describe(), fingerprint=metric.fingerprint(), parts=parts)


def degradation_record(degradation: Degradation) -> DegradationRecord:
    """What the record says of a degradation."""
    return DegradationRecord(**degradation.describe())


def with_outcome(record: RunRecord, result: SweepResult, skipped_before: Sequence[Skipped]) -> RunRecord:
    """The record with what came of a sweep: clips, counts, failures, cells that do not apply.

    Args:
        record: as it was before the sweep.
        result: the sweep's.
        skipped_before: clips that were left out before it began.
    """
    skipped = tuple(LeftOutClip(id=clip.id, reason=clip.reason) for clip in (*skipped_before, *result.skipped))
    failed = result.table.filter(pc.equal(result.table["status"], "failed"))
    return record.updated(
        state="scored",
        request=record.request.model_copy(update={"workers": result.workers}),
        metrics=tuple(
            metric.model_copy(update={"counts": dict(result.metric_counts[metric.name])})
            for metric in record.metrics
        ),
        clips=tuple(result.clips.values()),
        reference_clips=result.reference,
        clips_skipped=skipped,
        counts=result.counts().model_copy(update={"clips_skipped": len(skipped)}),
        failures=tuple(Failure(**row) for row in _listed(failed.select(list(Failure.model_fields))).to_pylist()),
        not_applicable=_not_applicable(result.table),
        estimated_seconds=None if result.expected is None else round(result.expected.seconds, 1),
    )


def _listed(failed: pa.Table) -> pa.Table:
    """As many failed rows as are listed, in their order: of every metric and reason the first, then the second, ….

    A reason that only the last clips have is listed, too, however often others came before it.

    Args:
        failed: rows of the score table.
    """
    if len(failed) <= MAX_LISTED_FAILURES:
        return failed
    texts = (failed["metric"], pc.fill_null(failed["error"], ""))
    metric, error = (pc.dictionary_encode(text).combine_chunks() for text in texts)
    kind = np.asarray(metric.indices, np.int64) * len(error.dictionary) + np.asarray(error.indices)
    together = np.argsort(kind, kind="stable")
    begins = np.flatnonzero(np.diff(kind[together], prepend=-1))
    turn = np.empty(len(kind), np.int64)
    turn[together] = np.arange(len(kind)) - np.repeat(begins, np.diff(begins, append=len(kind)))
    return failed.take(np.sort(np.argsort(turn, kind="stable")[:MAX_LISTED_FAILURES]))


def _not_applicable(table: pa.Table) -> tuple[NotApplicable, ...]:
    """Reasons with the degradation and the metrics that they hold for; metrics None where for every metric."""
    metrics = set(pc.unique(table["metric"]).to_pylist())
    counts: Counter[tuple[str, str]] = Counter()
    concerned: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    rows = table.filter(pc.equal(table["status"], "not-applicable"))
    counted = rows.group_by(["degradation", "error", "metric"]).aggregate([([], "count_all")])
    for row in counted.to_pylist():
        key = (row["degradation"], row["error"])
        counts[key] += row["count_all"]
        concerned[key].add(row["metric"])
    return tuple(
        NotApplicable(
            degradation=degradation,
            metrics=None if concerned[key] == metrics else tuple(sorted(concerned[key])),
            reason=reason,
            count=count,
        )
        for key, count in sorted(counts.items())
        for degradation, reason in [key]
    )
