"""Write the tables of ``docs/analysis.md`` and ``docs/compare.md`` that list the columns of data frames.

    python scripts/analysis_tables.py [--check]

Each stands between ``<!-- columns of NAME -->`` and ``<!-- end -->`` and follows from the frame's declaration in
``degrade_bench/analysis`` or ``degrade_bench/compare``. With ``--check`` nothing is written, and the exit code is 1
where a table is not as declared.
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
from degrade_bench.compare.cover import COVER
from degrade_bench.compare.differences import DIFFERENCES
from degrade_bench.compare.leaderboard import LEADERBOARD
from degrade_bench.compare.redundancy import REDUNDANCY

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGES = {
    "analysis.md": (*FRAMES, DROPS, NET_DROPS),
    "compare.md": (LEADERBOARD, DIFFERENCES, REDUNDANCY, COVER),
}
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
    old = []
    for name, frames in PAGES.items():
        before = (DOCS / name).read_text(encoding="utf-8")
        after = with_tables(before, frames)
        if before != after:
            old.append(name)
        if not options.check:
            (DOCS / name).write_text(after, encoding="utf-8")
    if options.check and old:
        print(f"not as declared: {', '.join(old)}; run `python scripts/analysis_tables.py`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
