"""What to do next with a run: mend it, score more recordings, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from degrade_bench._support.numbers import counted
from degrade_bench._support.plain_text import plain
from degrade_bench.analysis.verdicts import Verdict
from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.words import missing, number, records

FAR = 1000
"""More recordings than anybody asks for: of verdicts that would take so many, the number is not told."""


def to_settle(verdicts: Iterable[Mapping[str, Any]], tracks: Any) -> str | None:
    """How many more recordings would settle what is open.

    As many as detect the planned drop and exclude one of the margin, whichever takes more: then one of the two
    verdicts is likely, whatever the truth.

    Args:
        verdicts: of one metric, or of several.
        tracks: how many recordings they are from.
    """
    unsure = [row for row in verdicts if row["verdict"] == Verdict.INCONCLUSIVE]
    if not unsure:
        return None
    needs = []
    for row in unsure:
        asked = [row["clips_to_detect"], row["clips_to_exclude"]]
        if not any(map(missing, asked)):
            needs.append(max(int(count) for count in asked))
    more = [count - int(tracks) for count in needs if not missing(tracks)]
    more = sorted(count for count in more if count > 0)
    if not more:
        return f"{counted(len(unsure), 'verdict')} open; the table of every damage says why."
    near, of_all = [count for count in more if count <= FAR], f"the {len(unsure)} open verdicts"
    if len(unsure) == 1:
        of_all = "the open verdict"
    if not near:
        return f"{number(FAR)} more recordings would not settle {of_all}; the table of every damage says why."
    middle = (len(unsure) - 1) // 2
    if middle >= len(near) - 1:
        settled = of_all if len(near) == len(unsure) else f"{len(near)} of {of_all}"
        return f"Score about {number(near[-1])} more recordings: that would settle {settled}."
    settled = "all of them" if len(near) == len(unsure) else f"{len(near)} of them"
    half = f"Score about {number(near[middle])} more recordings: that would settle half of {of_all}"
    return f"{half}, and {number(near[-1])} would settle {settled}."


def next_step(run: RunView) -> str:
    """The one thing to do next."""
    record = run.record
    if record.counts.failed:
        error = record.failures[0].error if record.failures else "see scores.parquet"
        return f"mend what failed ({plain(error)}), then give the same command with --retry-failed"
    if run.too_few is not None:
        return f"score more recordings: with these, {run.too_few[0].partition(': ')[2]}"
    unsure = [row for row in records(run.analysis.verdicts) if row["verdict"] == Verdict.INCONCLUSIVE]
    step = to_settle(unsure, run.analysis.metrics["tracks"].max())
    if step is not None:
        return f"{step[:1].lower()}{step[1:]}"
    return "nothing is open; the report shows every damage, and degrade-bench card what to publish"
