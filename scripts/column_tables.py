"""Write the tables of the documentation: columns of frames and of the score table, the glossary, damage to notes.

    python scripts/column_tables.py [--check]

Each stands between ``<!-- columns of NAME -->`` and ``<!-- end -->`` and follows from a declaration in
``degrade_bench/runs``, ``analysis``, ``compare``, ``degrade`` or ``reports``. With ``--check`` nothing is written;
the exit code is 1 where a table is not as declared.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from degrade_bench.analysis.drops import DROPS, NET_DROPS
from degrade_bench.analysis.frames import Frame
from degrade_bench.analysis.result import FRAMES
from degrade_bench.compare.cover import COVER
from degrade_bench.compare.differences import DIFFERENCES
from degrade_bench.compare.leaderboard import LEADERBOARD
from degrade_bench.compare.redundancy import REDUNDANCY
from degrade_bench.degrade import catalogue
from degrade_bench.reports.glossary import glossary_markdown
from degrade_bench.runs.columns import MEANINGS, SCHEMA

DOCS = Path(__file__).resolve().parent.parent / "docs"
TABLE = re.compile(r"(<!-- columns of (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def of_frames(*frames: Frame) -> dict[str, str]:
    """The tables of data frames, by the frame's name."""
    return {frame.name: f"One row for {frame.row}.\n\n{frame.markdown()}\n" for frame in frames}


def of_scores() -> dict[str, str]:
    """The table of the score table's columns."""
    lines = ["| column | type | null | what it is |", "| --- | --- | --- | --- |"]
    for name, meaning in MEANINGS.items():
        field = SCHEMA.field(name)
        kind = str(field.type).replace("<element: double>", " of double")
        lines.append(f"| `{name}` | {kind} | {'may be' if field.nullable else ''} | {meaning} |")
    return {"scores": "One row for a cell × metric.\n\n" + "\n".join(lines) + "\n"}


def of_symbolic(is_control: bool) -> str:
    """The table of the suite ``symbolic``: its damage, or its controls."""
    lines = ["| name | family | levels | what it does | from |", "| --- | --- | --- | --- | --- |"]
    for degradation in catalogue.symbolic():
        if (degradation.group == "control") == is_control:
            strengths = ", ".join(f"{strength:g}" for strength in degradation.ladder.strengths)
            levels = f"{strengths} {degradation.ladder.unit}"
            cells = (f"`{degradation.name}`", degradation.family, levels, degradation.summary, degradation.source)
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


PAGES = {
    "runs.md": of_scores(),
    "analysis.md": of_frames(*FRAMES, DROPS, NET_DROPS),
    "glossary.md": {"glossary": f"{glossary_markdown()}\n"},
    "compare.md": of_frames(LEADERBOARD, DIFFERENCES, REDUNDANCY, COVER),
    "symbolic.md": {"damage": of_symbolic(False), "controls": of_symbolic(True)},
}
"""The tables of every page, by name."""


def with_tables(page: str, tables: Mapping[str, str]) -> str:
    """The page with every table between its markers.

    Raises:
        ValueError: the page has no place for a table, or one for a table that does not exist.
    """
    places = [name for _, name, _ in TABLE.findall(page)]
    if sorted(places) != sorted(tables):
        raise ValueError(f"the page has places for {sorted(places)}, the tables are {sorted(tables)}")
    return TABLE.sub(lambda match: f"{match[1]}{tables[match[2]]}{match[3]}", page)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 where a table is old")
    options = parser.parse_args(arguments)
    old = []
    for name, tables in PAGES.items():
        before = (DOCS / name).read_text(encoding="utf-8")
        after = with_tables(before, tables)
        if before != after:
            old.append(name)
        if not options.check:
            (DOCS / name).write_text(after, encoding="utf-8")
    if options.check and old:
        print(f"not as declared: {', '.join(old)}; run `python scripts/column_tables.py`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
