"""Records of runs that never were, for tests of what is kept in a run directory and of what reads it."""

from __future__ import annotations

from typing import Any

from degrade_bench.runs.names import FORMAT
from degrade_bench.runs.record import ClipRecord, Identity, Request, RunRecord

REQUEST = Request(
    input=("built-in corpus",),
    suite=("quick",),
    degradation=(),
    metric=(),
    set={},
    seed=0,
    levels=(1, 3, 5),
    replicates=1,
    limit_clips=None,
    device="cpu",
    batch_size=None,
    workers=1,
    max_failures=0,
    retry_failed=False,
)


def record_of(*, seed: int = 0, **changes: Any) -> RunRecord:
    """The record of a finished run of nothing, with some fields changed."""
    identity = Identity(format=FORMAT, seed=seed, levels=(1, 3, 5), replicates=1, degradations={}, clips={})
    record = RunRecord(
        state="done",
        package_version="0.1.0",
        git_revision=None,
        request=REQUEST,
        identity=identity,
        libraries={},
        python="3.11.7",
        platform="Linux x86_64",
        device="cpu (1 threads)",
        started="2026-01-01T00:00:00+00:00",
        metrics=(),
        degradations=(),
    )
    return record.updated(**changes)


def clip_of(name: str, samples_hash: str) -> ClipRecord:
    """A clip of a run."""
    return ClipRecord(
        id=name,
        hash=samples_hash,
        seconds=3.0,
        sample_rate=8000,
        channels=1,
        group=None,
        track=name,
        beats=0,
        downbeats=0,
        beat_source="none",
        beat_confidence=0.0,
        downbeat_confidence=0.0,
    )
