"""Planned looks at the scores: which clips there are at each, and how a directory goes on with them.

A run with ``until="concluded"`` scores some clips, concludes, and scores more only where a verdict is open. The
looks are fixed before the first clip is scored, in recordings, and the recordings come in an order that the seed
draws, so that those of the first look are a sample of all. ``degrade_bench.analysis.looks`` corrects the verdicts
for them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from degrade_bench.corpus.source import ClipSource
from degrade_bench.errors import RunFolderError
from degrade_bench.runs.folder import RunFolder
from degrade_bench.runs.record import LooksRecord, RunRecord
from degrade_bench.sweep.spec import Sweep


@dataclass(frozen=True)
class LookPlan:
    """When the scores are looked at.

    Attributes:
        sources: every clip that may be scored, in the order in which they are.
        record: how many of them there are at each look.
    """

    sources: tuple[ClipSource, ...]
    record: LooksRecord


def plan_looks(sources: Sequence[ClipSource], max_clips: int | None, looks: int, seed: int) -> LookPlan:
    """Plan the looks at the scores of some clips.

    Args:
        sources: the clips that there are, at least one.
        max_clips: how many may be scored; None for all.
        looks: how many there are at most.
        seed: of the recordings' order.
    """
    kin: dict[str, list[ClipSource]] = {}
    for source in sources:
        kin.setdefault(source.recording, []).append(source)
    order = sorted(kin, key=lambda recording: hashlib.sha256(f"{seed}/{recording}".encode()).digest())
    most = len(sources) if max_clips is None else max_clips
    chosen: list[ClipSource] = []
    ends: list[int] = []
    for recording in order:
        if len(chosen) + len(kin[recording]) > most and chosen:
            break
        chosen += kin[recording][:most]
        ends.append(len(chosen))
    from degrade_bench.analysis.looks import planned_recordings

    recordings = planned_recordings(len(ends), looks)
    clips = tuple(ends[count - 1] for count in recordings)
    return LookPlan(tuple(chosen), LooksRecord(clips=clips, recordings=recordings))


def begun(plan: LookPlan | None, previous: RunRecord | None, folder: RunFolder) -> LooksRecord | None:
    """The plan of the looks as far as a directory has come with it; None without a plan.

    Args:
        plan: what is asked.
        previous: the record of the directory, if it has one.
        folder: the run directory, for the message.

    Raises:
        RunFolderError: its scores were looked at already by another plan, or by none.
    """
    if plan is None or previous is None:
        return None if plan is None else plan.record
    stored = previous.looks
    if stored is None and previous.counts.clips:
        raise RunFolderError(
            f"--out {folder.path} holds scores that were looked at without a plan, and --until has to be there "
            "from the start; choose another directory, or give --overwrite"
        )
    if stored is None:
        return plan.record
    if (stored.clips, stored.recordings) != (plan.record.clips, plan.record.recordings):
        raise RunFolderError(
            f"--out {folder.path} holds a run whose looks were planned at {_counts(stored)} clips, not at "
            f"{_counts(plan.record)}; a plan stays as it was made: choose another directory, or give --overwrite"
        )
    return stored


def first_look(looks: LooksRecord, previous: RunRecord | None) -> int:
    """The number, from 0, of the look that a start begins with: one that was taken is taken again.

    Args:
        looks: as far as the directory has come.
        previous: its record, if it has one.
    """
    scored = previous is not None and previous.state != "running"
    return max(0, looks.taken - 1) if scored else min(looks.taken, len(looks.clips) - 1)


def looked_at(sweep: Sweep, plan: LookPlan | None, previous: RunRecord | None) -> tuple[int, ...]:
    """How many clips there were whenever scores were looked at outside a plan, or by one that is given up.

    Args:
        sweep: what is asked.
        plan: of the looks, if one is asked.
        previous: the record of the directory, if it has one.
    """
    if previous is None:
        return ()
    before, now = previous.looked_at, len(sweep.sources)
    seen: tuple[int, ...] = ()
    if plan is None and previous.looks is not None:
        seen = previous.looks.clips[: previous.looks.taken]
    elif now > len(previous.identity.clips):
        seen = (previous.counts.clips,)
    return (*before, *(count for count in seen if max((0, *before)) < count < now))


def _counts(looks: LooksRecord) -> str:
    return ", ".join(map(str, looks.clips))
