"""``run.json``: what was asked, what it resolved to, with what it was made, and what came of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from degrade_bench._version import __version__
from degrade_bench.corpus.inputs import Skipped
from degrade_bench.metric.base import Metric
from degrade_bench.runs.provenance import device_name, git_revision, library_versions, machine
from degrade_bench.sweep.config import RunConfig
from degrade_bench.sweep.execute import FORMAT, Sweep, SweepResult

MAX_LISTED_FAILURES = 100


def now() -> str:
    """The time, in UTC, to the second."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def first_record(
    config: RunConfig, sweep: Sweep, device: str, command: Sequence[str], previous: Mapping[str, Any]
) -> dict[str, Any]:
    """The record before any work is done.

    Args:
        config: what was asked.
        sweep: what it resolved to.
        device: the resolved device.
        command: the command line, if there was one.
        previous: the record of the same run's earlier start, or an empty one.
    """
    request = config.model_dump(mode="json", exclude={"out", "input", "overwrite"})
    request["input"] = [path.name for path in config.input] or ["built-in corpus"]
    return {
        "format": FORMAT,
        "state": "running",
        "package_version": __version__,
        "git_revision": git_revision(),
        "command": list(command),
        "request": request,
        "identity": sweep.identity(),
        "libraries": library_versions(),
        **machine(),
        "device": device_name(device),
        "started": previous.get("started", now()),
        "starts": previous.get("starts", 0) + 1,
        "seconds": {},
        "metrics": [_describe_metric(metric) for metric in sweep.metrics],
        "metrics_skipped": [],
        "clips": previous.get("clips", []),
        "clips_skipped": [],
        "degradations": [each.describe() for each in sweep.degradations],
        "counts": previous.get("counts", {}),
        "failures": [],
        "not_applicable": [],
        "examples": previous.get("examples", []),
    }


def _describe_metric(metric: Metric) -> dict[str, Any]:
    return {
        **metric.describe(),
        "fingerprint": metric.fingerprint(),
        "parts": {key: str(value) for key, value in metric.fingerprint_parts().items()},
    }


def outcome(
    result: SweepResult, skipped_before: Sequence[Skipped], metrics: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """What came of a sweep: clips, counts, failures and cells that do not apply, with their reasons.

    Args:
        result: the sweep's.
        skipped_before: clips that were left out before it began.
        metrics: the metrics as the record describes them; each gets its counts.
    """
    skipped = [{"id": clip.id, "reason": clip.reason} for clip in (*skipped_before, *result.skipped)]
    columns = ["clip_id", "degradation", "level", "metric", "status", "error"]
    rows = result.table.select(columns).to_pylist()
    failures = [row for row in rows if row["status"] == "failed"]
    return {
        "state": "scored",
        "metrics": [{**each, "counts": result.metric_counts[each["name"]]} for each in metrics],
        "clips": list(result.clips.values()),
        "clips_skipped": skipped,
        "counts": result.counts() | {"clips_skipped": len(skipped)},
        "failures": [
            {key: row[key] for key in ("clip_id", "degradation", "level", "metric", "error")}
            for row in failures[:MAX_LISTED_FAILURES]
        ],
        "not_applicable": _not_applicable(rows),
        "estimated_seconds": None if result.expected is None else round(result.expected.seconds, 1),
    }


def _not_applicable(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Reasons with the degradation and the metrics that they hold for; metric None where for every metric."""
    metrics = {row["metric"] for row in rows}
    counts: Counter[tuple[str, str]] = Counter()
    concerned: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows:
        if row["status"] == "not-applicable":
            key = (row["degradation"], row["error"])
            counts[key] += 1
            concerned[key].add(row["metric"])
    return [
        {
            "degradation": degradation,
            "metrics": None if concerned[key] == metrics else sorted(concerned[key]),
            "reason": reason,
            "count": count,
        }
        for key, count in sorted(counts.items())
        for degradation, reason in [key]
    ]
