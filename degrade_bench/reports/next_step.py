"""What to do next with a run: mend it, score more recordings, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from degrade_bench._support.numbers import counted
from degrade_bench._support.plain_text import plain
from degrade_bench.analysis.verdicts import Verdict
from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.words import missing, number, records

FAR = 1000
"""More recordings than anybody asks for: of verdicts that would take so many, the number is not told."""


@dataclass(frozen=True)
class Needs:
    """What verdicts that are open would take.

    Attributes:
        unsure: how many are open.
        more: recordings that each of them needs beyond those that there are, where that is known, in rising order.
    """

    unsure: int
    more: Sequence[int]

    @property
    def near(self) -> Sequence[int]:
        """Of these, no more than anybody asks for."""
        return [count for count in self.more if count <= FAR]

    @property
    def half(self) -> tuple[int, int] | None:
        """Recordings that settle half of the verdicts or more, and how many they settle.

        None where that is too many recordings, or settles as many verdicts as any number of them does.
        """
        count = (self.unsure + 1) // 2
        if count >= len(self.near):
            return None
        recordings = self.near[count - 1]
        settled = sum(needed <= recordings for needed in self.near)
        return (recordings, settled) if settled < len(self.near) else None


def needs_of(verdicts: Iterable[Mapping[str, Any]], tracks: Any) -> Needs:
    """How many more recordings open verdicts need.

    As many as detect the planned drop and exclude one of the margin, whichever takes more: then one of the two
    verdicts is likely, whatever the truth.

    Args:
        verdicts: of one metric, or of several.
        tracks: how many recordings they are from.
    """
    unsure = [row for row in verdicts if row["verdict"] == Verdict.INCONCLUSIVE]
    asked = [[row["clips_to_detect"], row["clips_to_exclude"]] for row in unsure]
    known = [max(map(int, counts)) for counts in asked if not any(map(missing, counts))]
    more = [count - int(tracks) for count in known if not missing(tracks)]
    return Needs(len(unsure), sorted(count for count in more if count > 0))


def to_settle(verdicts: Iterable[Mapping[str, Any]], tracks: Any, of: str = "") -> str | None:
    """What would settle the verdicts that are open, in a sentence; None where none is.

    Args:
        verdicts: of one metric, or of several.
        tracks: how many recordings they are from.
        of: whose they are, in words, with a space before them.
    """
    needs = needs_of(verdicts, tracks)
    if not needs.unsure:
        return None
    if not needs.more:
        return f"{counted(needs.unsure, 'verdict')} open; the table under Verdicts says why."
    near, of_all = needs.near, "the open verdict" if needs.unsure == 1 else f"the {needs.unsure} open verdicts{of}"
    if not near:
        return f"{number(FAR)} more recordings would not settle {of_all}; the table under Verdicts says why."
    if needs.half is None:
        settled = of_all if len(near) == needs.unsure else f"{len(near)} of {of_all}"
        return f"Score about {number(near[-1])} more recordings to settle {settled}."
    settled = "all" if len(near) == needs.unsure else number(len(near))
    recordings, count = needs.half
    half = f"Score about {number(recordings)} more recordings to settle {count} of {of_all}"
    return f"{half}, or {number(near[-1])} to settle {settled}."


def settled_in_short(verdicts: Iterable[Mapping[str, Any]], tracks: Any) -> str:
    """As :func:`to_settle`, in the words of a cell of a table.

    Args:
        verdicts: of one metric, or of several.
        tracks: how many recordings they are from.

    >>> open_verdict = {"verdict": "inconclusive", "clips_to_detect": 20, "clips_to_exclude": 34}
    >>> settled_in_short([open_verdict], tracks=14), settled_in_short([], tracks=14)
    ('score 20 more recordings to settle it', 'none')
    """
    verdicts = list(verdicts)
    needs = needs_of(verdicts, tracks)
    if any(row["verdict"] == Verdict.FAILED for row in verdicts):
        return "mend what failed"
    if not needs.unsure:
        return "none"
    near = needs.near
    if not near:
        return f"over {number(FAR)} more recordings are needed" if needs.more else "see why under Verdicts"
    if needs.half is not None:
        recordings, count = needs.half
        return f"score {number(recordings)} more recordings to settle {count} of {needs.unsure}"
    which = "it" if needs.unsure == 1 else "all" if len(near) == needs.unsure else f"{len(near)} of {needs.unsure}"
    return f"score {number(near[-1])} more recordings to settle {which}"


def next_step(run: RunView) -> str:
    """The one thing to do next."""
    record = run.record
    if record.counts.failed:
        error = record.failures[0].error if record.failures else "see scores.parquet"
        return f"mend what failed ({plain(error)}), then give the same command with --retry-failed"
    if run.too_few is not None:
        return f"score more recordings: with these, {run.too_few[0].partition(': ')[2]}"
    unsure = [row for row in records(run.analysis.verdicts) if row["verdict"] == Verdict.INCONCLUSIVE]
    metrics = run.analysis.metrics
    step = to_settle(unsure, metrics["tracks"].max(), " of all metrics" if len(metrics) > 1 else "")
    if step is not None:
        return f"{step[:1].lower()}{step[1:]}"
    return "nothing is open; the report shows every damage, and degrade-bench card what to publish"
