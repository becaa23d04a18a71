"""What came of expectations, for people and for programs: lines, Markdown for a pull request, JUnit XML."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from degrade_bench._support.files import write_text
from degrade_bench._support.plain_text import plain
from degrade_bench.expect.outcome import Finding

MARKS = {"pass": "PASS", "fail": "FAIL", "inconclusive": "INCONCLUSIVE", "open": "OPEN"}
SIGNS = {"pass": "✅", "fail": "❌", "inconclusive": "❓", "open": "➖"}
NO_TIME = "0.000"
"""Readers of JUnit XML ask for a time; nothing here has one of its own."""


def summary(findings: Sequence[Finding]) -> str:
    """How many there are of each state, in words."""
    states = [finding.state for finding in findings]
    counts = [f"{states.count(state)} {mark.lower()}" for state, mark in MARKS.items() if state in states]
    return f"{len(findings)} checked: {', '.join(counts) or 'nothing'}"


def lines(findings: Sequence[Finding], notes: Sequence[str] = ()) -> list[str]:
    """A line for each, then how many there are of each state.

    Args:
        findings: what came of it.
        notes: what else is to be said.
    """
    told = [f"{MARKS[finding.state]}  {finding.text}" for finding in findings]
    return [plain(line) for line in (*told, *(f"note: {note}" for note in notes), summary(findings))]


def markdown(findings: Sequence[Finding], notes: Sequence[str] = ()) -> str:
    """A table for a pull request.

    Args:
        findings: what came of it.
        notes: what else is to be said.
    """
    rows = [
        "| | metric | expected | found | measured | recordings | power |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for finding in findings:
        cells = (
            f"{SIGNS[finding.state]} {finding.state}",
            finding.metric,
            finding.expected,
            finding.reason,
            finding.measured,
            str(finding.recordings),
            finding.power,
        )
        rows.append(f"| {' | '.join(_cell(cell) for cell in cells)} |")
    told = "".join(f"\n- {_cell(note)}" for note in notes)
    return f"### degrade-bench: {summary(findings)}\n\n" + "\n".join(rows) + "\n" + (f"{told}\n" if told else "")


def _cell(text: str) -> str:
    """A text as a cell of a table, in which nothing is markup."""
    shown = plain(text)
    for character in "\\`*_[]<>|":
        shown = shown.replace(character, f"\\{character}")
    return shown


def junit(findings: Sequence[Finding]) -> str:
    """JUnit XML by the schemata of Maven Surefire and Jenkins: a test suite for each metric, a case for each check.

    What is inconclusive is a failure of that type; what is open is skipped.
    """
    metrics = list(dict.fromkeys(finding.metric for finding in findings))
    top = ElementTree.Element("testsuites", {"name": "degrade-bench", "time": NO_TIME, **_counts(findings)})
    for metric in metrics:
        mine = [finding for finding in findings if finding.metric == metric]
        skipped = str(sum(finding.state == "open" for finding in mine))
        attributes = {"name": plain(metric), "time": NO_TIME, "skipped": skipped, **_counts(mine)}
        suite = ElementTree.SubElement(top, "testsuite", attributes)
        for finding in mine:
            case = ElementTree.SubElement(
                suite, "testcase", classname=plain(metric), name=plain(finding.expected), time=NO_TIME
            )
            if finding.failed:
                kind = "AssertionError" if finding.state == "fail" else "Inconclusive"
                failure = ElementTree.SubElement(case, "failure", message=plain(finding.reason), type=kind)
                failure.text = plain(finding.text)
            elif finding.state == "open":
                ElementTree.SubElement(case, "skipped", message=plain(finding.reason))
            ElementTree.SubElement(case, "system-out").text = plain(finding.text)
    ElementTree.indent(top)
    return ElementTree.tostring(top, encoding="unicode", xml_declaration=False) + "\n"


def _counts(findings: Sequence[Finding]) -> dict[str, str]:
    failures = sum(finding.failed for finding in findings)
    return {"tests": str(len(findings)), "failures": str(failures), "errors": "0"}


def write_reports(
    findings: Sequence[Finding],
    notes: Sequence[str] = (),
    junit_file: Path | None = None,
    markdown_file: Path | None = None,
) -> None:
    """Write what is wanted, each file whole or not at all.

    Args:
        findings: what came of it.
        notes: what else is to be said.
        junit_file: for JUnit XML.
        markdown_file: for Markdown.

    Raises:
        RunFolderError: a file cannot be written.
    """
    if junit_file is not None:
        write_text(junit_file, '<?xml version="1.0" encoding="UTF-8"?>\n' + junit(findings))
    if markdown_file is not None:
        write_text(markdown_file, markdown(findings, notes))
