"""What the tutorial shows has the words and columns that the commands print now; its numbers are its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from degrade_bench.analysis.verdicts import VERDICT_MARKS
from degrade_bench.reports import summary_lines
from degrade_bench.reports.in_short import OPENINGS

TUTORIAL = Path(__file__).resolve().parents[2] / "docs" / "tutorial.md"
BLOCKS = re.findall(
    r"^```\n(metric [^\n]*heard from\n.*?)^```", TUTORIAL.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
)


def masked(line: str) -> str:
    return re.sub(r"\d[\d,]*", "N", line)


@pytest.fixture(scope="module")
def printed(finished) -> list[str]:
    return summary_lines(finished)


def test_the_tutorial_shows_output():
    assert len(BLOCKS) == 3


@pytest.mark.parametrize("block", BLOCKS)
def test_the_tutorial_shows_what_is_printed(block, printed):
    head, _, _, hears, *said = block.splitlines()
    columns = re.split(r" {2,}", head)
    marked = [f"{mark} {verdict}" for verdict, mark in VERDICT_MARKS.items()]
    assert columns == ["metric", *(column for column in marked if column in columns), "heard from"]
    shapes = {masked(line.partition(":")[2]) for line in printed if ": hears " in line}
    assert masked(hears.partition(":")[2]) in {
        shape.replace("compares with the clean clip", "no reference") for shape in shapes
    }
    openings = [f"  {verdict.mark} {opening}: " for verdict, opening in OPENINGS.items()]
    lines = [line for line in said if re.match(r"  [^ →]", line)]
    found = [next(opening for opening in openings if line.startswith(opening)) for line in lines]
    assert found == [opening for opening in openings if opening in found], "in the order of the summary"
    assert all(re.match(r".*: (signal|structural|all) ?", line) for line in lines), "groups are named"
    counts = next(line for line in printed if re.match(r"\d+ clips, ", line))
    assert masked(counts) in map(masked, said)
    assert [line.split(" ")[0] for line in said[-2:]] == [line.split(" ")[0] for line in printed[-2:]]
