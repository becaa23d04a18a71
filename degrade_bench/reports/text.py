"""What the command line prints last: verdicts, what was left out, and where the report is."""

from __future__ import annotations

import math
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from degrade_bench._support.numbers import counted
from degrade_bench._support.plain_text import plain
from degrade_bench.analysis.looks import told
from degrade_bench.metric.identity import identity_note
from degrade_bench.metric.traits import OUTSIDE_RANGE
from degrade_bench.reports.in_short import in_short
from degrade_bench.reports.inputs import RunView, load_run
from degrade_bench.reports.next_step import next_step
from degrade_bench.reports.words import number
from degrade_bench.runs.names import REPORT
from degrade_bench.runs.record import Failure, RunRecord

WIDEST = 100
"""Characters of a line, unless a single name is longer."""

FEW_NAMES, SHORT_NAMES = 3, 60
"""Names that stand in a line with others, and how many characters they take together, at most."""

POWER = (
    ("smallest_detectable", "smallest detectable drop"),
    ("clips_to_detect", "clips needed to show a drop"),
    ("clips_to_exclude", "clips needed to show that there is none"),
)
"""What an inconclusive verdict could have shown, and what it would take to conclude: columns and words."""


def summary_lines(folder: Path) -> list[str]:
    """Every metric's verdicts, what was left out, what failed, and where the report is.

    Raises:
        RunFolderError: there is no analysis or no record, or they cannot be read.
    """
    run = load_run(folder)
    record = run.record
    lines = ["", *verdict_lines(run), ""]
    if run.too_few is not None:
        lines.append(f"warning: {run.too_few[0]}")
    lines += left_out_lines(record)
    lines.append(counts_line(record))
    lines += [f"failed: {text}" for text in failure_lines(record)]
    lines += [f"note: {text}" for text in metric_lines(record)]
    lines += [f"note: {text}" for text in told(run.analysis.looks)]
    lines += [f"analysed before, with {text}" for text in run.analysis.earlier]
    report = folder / REPORT
    if report.is_file():
        lines.append(f"report: {report}")
    lines.append(f"next: {next_step(run)}")
    return [plain(line) for line in lines]


def left_out(record: RunRecord) -> list[tuple[str, str, str]]:
    """What was left out: of what kind it is, its name, and the reason."""
    return [
        *(("degradation", plugin.name, plugin.reason) for plugin in record.degradations_skipped),
        *(("metric", metric.name, metric.reason) for metric in record.metrics_skipped),
        *(("clip", clip.id, clip.reason) for clip in record.clips_skipped),
    ]


def left_out_counts(record: RunRecord) -> str:
    """How many of which kind were left out."""
    kinds = [kind for kind, _, _ in left_out(record)]
    return ", ".join(counted(kinds.count(kind), kind) for kind in dict.fromkeys(kinds))


def left_out_named(record: RunRecord) -> str:
    """How many of which kind were left out, and which, where these are few and their names short."""
    texts = []
    names: defaultdict[str, list[str]] = defaultdict(list)
    for kind, name, _ in left_out(record):
        names[kind].append(name)
    for kind, those in names.items():
        told = ", ".join(those)
        fits = len(those) <= FEW_NAMES and len(told) <= SHORT_NAMES
        texts.append(counted(len(those), kind) + (f" ({told})" if fits else ""))
    return ", ".join(texts)


def left_out_lines(record: RunRecord) -> list[str]:
    """A line for each degradation, metric and clip that was left out, with the reason."""
    return [f"left out: {kind} {name}: {reason}" for kind, name, reason in left_out(record)]


def verdict_lines(run: RunView) -> list[str]:
    """For each metric what it hears, what it is blind to, and what would settle what is open.

    Args:
        run: with its analysis.
    """
    lines = []
    for found in in_short(run):
        noted = f" ({found.note})" if found.note else ""
        lines.append(f"{found.metric}{noted}: hears {found.heard} of {found.judged} damages; {found.facts}")
        for said in found.statements:
            lines += _wrapped(f"  {said.mark} {said.opening}: {said.text}")
        if found.next_step:
            lines += _wrapped(f"  → {found.next_step}")
    return lines


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(
        plain(text), WIDEST, subsequent_indent="    ", drop_whitespace=True, break_on_hyphens=False
    )


def power_lines(unsure: pd.DataFrame) -> list[str]:
    """What one metric's inconclusive verdicts could have shown and what they would need, in a line or none.

    Args:
        unsure: the metric's inconclusive verdicts.
    """
    parts = []
    for column, what in POWER:
        values = pd.to_numeric(unsure.get(column, pd.Series(dtype=float)), errors="coerce").astype(float)
        finite = values[np.isfinite(values)]
        if len(unsure) == 1 and len(finite):
            parts.append(f"{what} {number(finite.iloc[0])}")
        elif len(finite):
            median = finite.median() if column == "smallest_detectable" else math.ceil(finite.median())
            worst = unsure.loc[finite.idxmax(), "degradation"]
            parts.append(f"{what} {number(median)} in the median, {number(finite.max())} at worst ({worst})")
    if not parts and "power_note" in unsure:
        parts = [str(note) for note in unsure["power_note"].dropna().unique()[:1]]
    return ["; ".join(parts)] if parts else []


def counts_line(record: RunRecord) -> str:
    """What was scored, in one line."""
    counts = record.counts
    parts = [
        counted(counts.clips, "clip"),
        counted(counts.cells, "cell"),
        counted(counts.ok, "score"),
        f"{number(counts.not_applicable)} not applicable",
        f"{number(counts.failed)} failed",
    ]
    if counts.clips_skipped:
        parts.append(f"{counted(counts.clips_skipped, 'clip')} left out")
    return ", ".join(parts)


def scored(run: RunView) -> str:
    """What was scored, in sentences for who reads of it first.

    Args:
        run: with its analysis.
    """
    counts, known = run.record.counts, run.analysis.metrics["tracks"].dropna()
    clips, tracks = counted(counts.clips, "clip"), int(known.max()) if len(known) else counts.clips
    music = counted(tracks, "recording") + (", a clip of each" if tracks == counts.clips else f", {clips} of them")
    cells = f"{counted(counts.cells, 'cell')} (a clip, clean or edited in one way at one level)"
    asked = f"{counted(len(run.whole.metrics), 'metric')} gave {counted(counts.ok, 'score')}"
    rest = f"{number(counts.not_applicable)} do not apply, {number(counts.failed)} failed"
    left = f" {counted(counts.clips_skipped, 'clip')} left out." if counts.clips_skipped else ""
    return f"{music}. In {cells} {asked}; {rest}.{left}"


@dataclass(frozen=True)
class AlikeFailures:
    """Rows of one metric that failed for one reason.

    Attributes:
        metric: its name.
        error: the reason.
        rows: of them those that the record lists.
        complete: whether the record lists every failure of the run.
    """

    metric: str
    error: str
    rows: Sequence[Failure]
    complete: bool

    @property
    def clips(self) -> list[str]:
        """The clips that are concerned, each once."""
        return list(dict.fromkeys(row.clip_id for row in self.rows))

    @property
    def damages(self) -> list[str]:
        """The degradations that are concerned, each once."""
        return list(dict.fromkeys(row.degradation for row in self.rows))

    @property
    def line(self) -> str:
        """What failed, how often, and why."""
        first = self.rows[0]
        if len(self.rows) == 1:
            return f"{self.metric} on {first.clip_id}, {first.degradation} level {first.level}: {self.error}"
        times = f"{'' if self.complete else 'at least '}{number(len(self.rows))} times"
        clips = counted(len(self.clips), "clip")
        return f"{self.metric}, {times}, on {clips} under {counted(len(self.damages), 'degradation')}: {self.error}"


def alike_failures(record: RunRecord) -> list[AlikeFailures]:
    """The failures that the record lists, those of one metric with one reason together, the commonest first."""
    alike: defaultdict[tuple[str, str], list[Failure]] = defaultdict(list)
    for row in record.failures:
        alike[row.metric, row.error].append(row)
    complete = len(record.failures) >= record.counts.failed
    groups = [AlikeFailures(metric, error, rows, complete) for (metric, error), rows in alike.items()]
    return sorted(groups, key=lambda group: -len(group.rows))


def failure_lines(record: RunRecord, most: int = 5) -> list[str]:
    """What failed and why, a line for each metric and reason, and how many more failures there are.

    Args:
        record: of the run.
        most: lines, at most.
    """
    groups = alike_failures(record)[:most]
    return [*(group.line for group in groups), *more_failures(record, groups)]


def more_failures(record: RunRecord, named: Iterable[AlikeFailures]) -> list[str]:
    """A line on the failures that were not named; none where all were."""
    more = record.counts.failed - sum(len(group.rows) for group in named)
    return [f"{number(more)} more, in scores.parquet"] if more > 0 else []


def probe_lines(record: RunRecord) -> list[str]:
    """What metrics did on the clips of a probe and did not declare: a line for each."""
    return [f"{name}: {text}" for name, probe in record.probes.items() for text in probe.warnings]


def metric_lines(record: RunRecord) -> list[str]:
    """What metrics counted, scores outside their range, and what is not known of a plug-in: a line for each."""
    lines = []
    for metric in record.metrics:
        if note := identity_note(metric.parts):
            lines.append(f"{metric.name}: {note}")
        for label, count in metric.counts.items():
            if count and label == OUTSIDE_RANGE:
                low, high = metric.score_range
                bounds = f"{'−∞' if low is None else number(low)} to {'∞' if high is None else number(high)}"
                lines.append(
                    f"{metric.name}: scores outside its nominal range ({bounds}), kept as they are: {number(count)}"
                )
            elif count:
                lines.append(f"{metric.name}: {label}: {number(count)}")
    return lines
