"""Write a page and a picture for every degradation and control, and an index of them.

    python scripts/build_pages.py [--only NAME ...] [--jobs N] [--out DIR] [--check]

Every level is rendered on every built-in clip and measured. The same code on the same machine gives the same
bytes. ``--check`` renders nothing: it says which pages are missing, left over or stale, and exits 1 if any is.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from pages.index import README, index, problems, registered
from pages.measure import in_parallel, measure_all, one_thread
from pages.page import not_monotone, page
from pages.picture import draw_picture

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "degradations"
FEW = 2
"""Pages that are made sooner than further processes have started."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these pages only; the index is written whole")
    parser.add_argument("--jobs", type=int, help="processes; usually one for a few pages, else two")
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if options.check:
        faults = problems(options.out)
        print("\n".join(faults) or "every page is as the code has it")
        return 1 if faults else 0
    names = [degradation.name for degradation in registered()]
    unknown = sorted(set(options.only or ()) - set(names))
    if unknown:
        parser.error(f"not registered: {', '.join(unknown)}")
    chosen = options.only or names
    usual = 1 if len(chosen) <= FEW else min(2, os.cpu_count() or 1)
    build(chosen, options.out, options.jobs or usual)
    return 0


def build(names: Sequence[str], folder: Path, jobs: int) -> None:
    """Measure, draw and write the pages of ``names``, and the index.

    Args:
        names: degradations and controls.
        folder: where pages and pictures go; made where it is not there.
        jobs: processes.
    """
    started = time.monotonic()
    one_thread()
    folder.mkdir(parents=True, exist_ok=True)
    degradations = registered()
    table = measure_all(names, jobs)
    print(f"{sum(map(len, table.values()))} renderings measured in {time.monotonic() - started:.0f} s")
    pictures = [(name, folder / f"{name}.png") for name in names]
    captions = dict(zip(names, in_parallel(draw_picture, pictures, jobs), strict=True))
    for degradation in degradations:
        name = degradation.name
        if name not in captions:
            continue
        text = page(degradation, table, captions[name])
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
        if failing := not_monotone(degradation, table[name]):
            print(f"{name}: not strictly monotone on {', '.join(failing)}")
    (folder / README).write_text(index(degradations), encoding="utf-8")
    print(f"{len(captions)} pages in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
