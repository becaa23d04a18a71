"""Write the tables of ``docs/analysis.md`` that list the columns of the analysis's data frames.

    python scripts/analysis_tables.py [--check]

Each stands between ``<!-- columns of NAME -->`` and ``<!-- end -->`` and follows from the frame's declaration in
``degrade_bench/analysis``. With ``--check`` nothing is written, and the exit code is 1 where a table is not as
declared.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from degrade_bench.analysis.drops import DROPS, NET_DROPS
from degrade_bench.analysis.frames import Frame
from degrade_bench.analysis.result import FRAMES

PAGE = Path(__file__).resolve().parent.parent / "docs" / "analysis.md"
TABLE = re.compile(r"(<!-- columns of (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def with_tables(page: str, frames: Sequence[Frame]) -> str:
    """The page with the table of every frame between its markers.

    Raises:
        ValueError: the page has no place for a frame, or one for a frame that does not exist.
    """
    by_name = {frame.name: frame for frame in frames}
    places = [name for _, name, _ in TABLE.findall(page)]
    if sorted(places) != sorted(by_name):
        raise ValueError(f"the page has tables of {sorted(places)}, the frames are {sorted(by_name)}")

    def written(match: re.Match[str]) -> str:
        frame = by_name[match[2]]
        return f"{match[1]}One row for {frame.row}.\n\n{frame.markdown()}\n{match[3]}"

    return TABLE.sub(written, page)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 where a table is old")
    options = parser.parse_args(arguments)
    before = PAGE.read_text(encoding="utf-8")
    after = with_tables(before, (*FRAMES, DROPS, NET_DROPS))
    if options.check and before != after:
        print(f"{PAGE.name} is not as declared: run `python scripts/analysis_tables.py`", file=sys.stderr)
        return 1
    if not options.check:
        PAGE.write_text(after, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
