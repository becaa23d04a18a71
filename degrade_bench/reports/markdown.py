"""``report.md``: what a run found, short enough for a pull request, with the details folded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from degrade_bench._support.numbers import counted
from degrade_bench._support.plain_text import plain
from degrade_bench.analysis.verdicts import VERDICT_MARKS, VERDICT_MEANINGS
from degrade_bench.reports.in_short import InShort, in_short, profile
from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.methods import limits, methods, reproduction
from degrade_bench.reports.text import counts_line, failure_lines, left_out, left_out_counts, metric_lines
from degrade_bench.reports.verdict_table import EFFECT, HEADS, verdict_tables

MOST_LETTERS = 65_536
"""Of a comment on a pull request, at most."""
TITLE = "What did the metrics hear?"
FAILURES = 5
"""Failures that are named, at most."""


def marked(text: str) -> str:
    """A text from outside as Markdown shows it, letter by letter."""
    shown = plain(text)
    for sign in "\\`*_[]<>|#$~&":
        shown = shown.replace(sign, f"\\{sign}")
    return shown


def report_markdown(run: RunView) -> str:
    """The report in Markdown. Where all of it is too long for a comment, the table of every verdict is left out.

    Args:
        run: with its analysis.
    """
    whole = "\n".join(_lines(run, _verdicts(run))) + "\n"
    if len(whole) <= MOST_LETTERS:
        return whole
    return "\n".join(_lines(run, ["Too many for a comment: report.html and summary.csv have them."])) + "\n"


def _lines(run: RunView, verdicts: Iterable[str]) -> Iterator[str]:
    record = run.record
    yield f"## {marked(run.title or TITLE)}"
    yield ""
    if run.too_few is not None:
        yield f"> **{run.too_few[0]}.**"
        yield ""
    yield f"{counts_line(record)}. Seed {record.request.seed}, degrade-bench {marked(record.package_version)}."
    if run.shown is not None:
        yield marked(run.shown)
    yield ""
    found = in_short(run)
    yield from _table(run, found)
    for one in found:
        yield from _card(one)
    yield from _profile(run)
    yield from _folded("Every verdict", verdicts)
    if said := left_out_counts(record):
        rows = (f"- {kind} {marked(name)}: {marked(reason)}" for kind, name, reason in left_out(record))
        yield from _folded(f"Left out: {said}", rows)
    remarks = [*(f"failed: {text}" for text in failure_lines(record, FAILURES)), *metric_lines(record)]
    if remarks:
        yield from _folded("While scoring", (f"- {marked(text)}" for text in remarks))
    again = ["", "```sh", reproduction(record).replace("```", ""), "```"]
    yield from _folded("Methods and limits", [marked(" ".join(methods(run))), "", *_items(limits(run)), *again])


def _items(texts: list[str]) -> list[str]:
    return [f"- {marked(text)}" for text in texts]


def _table(run: RunView, found: list[InShort]) -> Iterator[str]:
    yield "| metric | hears | next step |"
    yield "| --- | --- | --- |"
    for one in found:
        yield f"| {marked(one.metric)} | {one.heard} of {counted(one.judged, 'damage')} | {one.next_step or '–'} |"
    yield ""


def _card(one: InShort) -> Iterator[str]:
    yield f"**{marked(one.metric)}** ({marked(one.facts)}{f'; {one.note}' if one.note else ''})"
    yield ""
    for said in one.statements:
        yield f"- {said.mark} **{said.opening}:** {marked(said.text)}"
    yield ""


def _profile(run: RunView) -> Iterator[str]:
    rows = profile(run)
    occurring = {verdict for row in rows for cell in row.cells for verdict, _, _ in cell.counts}
    yield f"| family | {' | '.join(map(marked, run.metrics))} |"
    yield f"| --- |{' --- |' * len(run.metrics)}"
    for row in rows:
        cells = (" ".join(f"{mark}{count}" for _, mark, count in cell.counts) or "–" for cell in row.cells)
        yield f"| {marked(row.group)}: {marked(row.family)} | {' | '.join(cells)} |"
    yield ""
    legend = (f"{mark} {verdict}" for verdict, mark in VERDICT_MARKS.items() if verdict in occurring)
    yield f"Damages of a family by verdict: {', '.join(legend)}."
    yield ""


def _verdicts(run: RunView) -> Iterator[str]:
    for table in verdict_tables(run):
        yield f"**{marked(table.metric)}** ({marked(table.facts)})"
        yield ""
        yield f"| {' | '.join(HEADS)} |"
        yield f"|{' --- |' * len(HEADS)}"
        yield from (f"| {' | '.join(map(marked, row))} |" for row in table.rows)
        yield ""
    yield f"{EFFECT[:1].upper()}{EFFECT[1:]}."
    yield ""
    occurring = dict.fromkeys(run.analysis.verdicts["verdict"])
    yield from (f"- {verdict}: {VERDICT_MEANINGS[verdict]}" for verdict in occurring)


def _folded(summary: str, lines: Iterable[str]) -> Iterator[str]:
    """Lines under a summary that opens them."""
    yield f"<details><summary>{summary}</summary>"
    yield ""
    yield from lines
    yield ""
    yield "</details>"
    yield ""
