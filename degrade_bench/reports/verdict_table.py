"""The verdicts of a run as a table for a terminal or a notebook: what was heard, from where on, and how much.

Names are never cut: a long one stands on a line of its own, and what is too long for its column goes on below.
"""

from __future__ import annotations

import html
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from degrade_bench._support.plain_text import plain
from degrade_bench.analysis.verdicts import VERDICT_MARKS, VERDICT_NAMES
from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.text import counts_line, failure_lines, left_out_lines, metric_lines, power_lines
from degrade_bench.reports.words import level_and_strength, missing, number, records, with_interval

WIDEST = 108
"""Characters of a line, unless a single name is longer."""

HEADS = ("damage", "verdict", "heard from", "effect at the top level")
COLUMN_WIDTHS = (28, 16, 32)
"""The most characters of each column but the last, which has what they leave; none takes more than it needs."""
GAP = "  "

EFFECT = (
    "effect: mean drop at the highest level, in the metric's units, with its 95 % interval; beyond the placebo's "
    "drop where the damage has a placebo"
)


@dataclass(frozen=True)
class MetricVerdicts:
    """The verdicts of one metric, in words.

    Attributes:
        metric: its name.
        facts: on how many clips, its direction and its margin.
        rows: for each damage: its name, the verdict, the level from which on it is heard, and the effect.
        power: what inconclusive verdicts would need, in a line or none.
    """

    metric: str
    facts: str
    rows: Sequence[tuple[str, ...]]
    power: Sequence[str]


def verdict_tables(run: RunView) -> list[MetricVerdicts]:
    """The verdicts of a run, metric by metric.

    Args:
        run: with its analysis.
    """
    levels = records(run.analysis.levels)
    tables = []
    for facts in records(run.analysis.metrics):
        name = facts["metric"]
        verdicts = run.analysis.verdicts[run.analysis.verdicts["metric"] == name]
        rows = [
            (
                plain(row["degradation"]),
                f"{VERDICT_MARKS[row['verdict']]} {row['verdict']}",
                plain(level_and_strength(row["detection_level"], run.strengths(row["degradation"]), row["unit"])),
                _effect([at for at in levels if (at["metric"], at["degradation"]) == (name, row["degradation"])]),
            )
            for row in records(verdicts)
        ]
        unsure = verdicts[verdicts["verdict"] == "inconclusive"]
        power = power_lines(unsure) if len(unsure) else []
        tables.append(MetricVerdicts(plain(name), _facts(run, facts), rows, list(map(plain, power))))
    return tables


def verdict_table_lines(run: RunView, report: str) -> list[str]:
    """What ``print`` shows of a run: its verdicts, what was left out or failed, and where the report is.

    Args:
        run: with its analysis.
        report: where the report is.
    """
    lines = []
    for table in verdict_tables(run):
        lines += [f"{table.metric} ({table.facts})", "", *_laid_out((HEADS, *table.rows)), ""]
        for text in table.power:
            lines += textwrap.wrap(f"inconclusive: {text}", WIDEST)
    lines += textwrap.wrap(EFFECT, WIDEST)
    for text in _remarks(run):
        lines += textwrap.wrap(plain(text), WIDEST, subsequent_indent="  ", break_on_hyphens=False) or [""]
    return [*lines, f"report: {report}"]


def verdict_table_html(run: RunView, report: str) -> str:
    """The same for a notebook.

    Args:
        run: with its analysis.
        report: where the report is.
    """
    parts = []
    for table in verdict_tables(run):
        heads = "".join(f"<th style='text-align:left'>{html.escape(head)}</th>" for head in HEADS)
        rows = "".join(
            "<tr>" + "".join(f"<td style='text-align:left'>{html.escape(cell)}</td>" for cell in row) + "</tr>"
            for row in table.rows
        )
        parts.append(
            f"<p><b>{html.escape(table.metric)}</b> ({html.escape(table.facts)})</p>"
            f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
        )
        parts += [f"<p>inconclusive: {html.escape(text)}</p>" for text in table.power]
    remarks = [EFFECT, *map(plain, _remarks(run)), f"report: {report}"]
    return "".join(parts) + "<p>" + "<br>".join(map(html.escape, remarks)) + "</p>"


def _facts(run: RunView, facts: dict[str, Any]) -> str:
    clips, tracks = run.record.counts.clips, facts["tracks"]
    of_tracks = "" if missing(tracks) or tracks == clips else f" of {tracks} recordings"
    better = "higher" if facts["higher_is_better"] else "lower"
    note = run.domain_notes.get(facts["metric"])
    said = [f"{clips} clips{of_tracks}", f"{better} is better", f"margin {number(facts['margin'])}"]
    return ", ".join([*said, *([note] if note else [])])


def _effect(levels: Sequence[dict[str, Any]]) -> str:
    """The drop at the highest level that has one, beyond the placebo's where there is one."""
    for row in sorted(levels, key=lambda row: -row["level"]):
        for name in ("net", "drop"):
            value = row["net_drop" if name == "net" else "drop_mean"]
            if not missing(value):
                return with_interval(value, row[f"{name}_low"], row[f"{name}_high"])
    return "–"


def _remarks(run: RunView) -> Iterator[str]:
    record = run.record
    counts = run.analysis.verdicts["verdict"].value_counts()
    said = ", ".join(f"{counts[name]} {name}" for name in VERDICT_NAMES if name in counts)
    yield f"{counts_line(record)}; verdicts: {said or 'none'}"
    if run.too_few is not None:
        yield f"warning: {run.too_few[0]}"
    yield from left_out_lines(record)
    yield from (f"failed: {text}" for text in failure_lines(record))
    yield from (f"note: {text}" for text in metric_lines(record))


def _laid_out(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [
        min(most, max(len(row[index]) for row in rows if index or len(row[0]) <= most))
        for index, most in enumerate(COLUMN_WIDTHS)
    ]
    widths.append(WIDEST - sum(len(GAP) + width for width in (*widths, 0)))
    for row in rows:
        cells = [
            textwrap.wrap(cell, width, break_long_words=False) for cell, width in zip(row, widths, strict=True)
        ]
        if len(row[0]) > widths[0]:
            yield f"{GAP}{row[0]}"
            cells[0] = []
        for line in range(max(map(len, cells))):
            parts = [(cell[line] if line < len(cell) else "") for cell in cells]
            padded = (GAP + part.ljust(width) for part, width in zip(parts, widths, strict=True))
            yield "".join(padded).rstrip()
