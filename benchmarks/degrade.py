"""How fast the degradations are, beside their peers and alone, and how much memory they take.

    python benchmarks/degrade.py [--quick] [--only NAME ...] [--jobs N] [--out FILE]

Install what audiomentations asks for in parts (``pip install fast-mp3-augment numpy-audio-limiter``); a peer that
is missing is named. Writes ``benchmarks/degrade.md``.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before anything that counts threads is imported

from degrading import report
from degrading.clips import excerpts
from degrading.peers import PAIRS
from degrading.settings import Pair
from degrading.side_by_side import Compared, compare
from degrading.suites import (
    keep_freed_memory,
    peak_megabytes,
    render_and_report,
    single_thread,
    suite_costs,
    suite_names,
)

from degrade_bench.clip import Clip
from degrade_bench.degrade import catalogue

PAGE = Path(__file__).resolve().parent / "degrade.md"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="four clips, two repetitions: a trial, not a result")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these degradations only; no memory")
    parser.add_argument("--jobs", type=int, default=1, help="so many operations at once, each on a core of its own")
    parser.add_argument("--out", type=Path, default=PAGE)
    parser.add_argument("--memory-of", type=int, help=argparse.SUPPRESS)  # the process that is measured
    options = parser.parse_args()
    if options.memory_of:
        render_and_report(options.memory_of)
        return
    started = time.monotonic()
    text = "\n\n".join(sections(options.quick, options.only, options.jobs))
    minutes = (time.monotonic() - started) / 60
    options.out.write_text(f"{text}\n\n---\n\nTook {minutes:.0f} minutes.\n", encoding="utf-8")
    print(f"wrote {options.out.name}")


def sections(quick: bool, only: list[str] | None, jobs: int) -> list[str]:
    """The report's sections, printed as they come.

    Args:
        quick: few clips and repetitions.
        only: names of degradations; None for all.
        jobs: how many operations are compared at once.
    """
    count, repetitions = (4, 2) if quick else (16, 5)
    single_thread()
    keeps_freed = keep_freed_memory()
    command = "python benchmarks/degrade.py" + quick * " --quick" + (f" --only {' '.join(only)}" if only else "")
    command += f" --jobs {jobs}" if jobs > 1 else ""
    parts = [f"# Speed and memory of the degradations\n\n{report.machine()}\n\nMade by `{command}`."]
    clips = [excerpt.load() for excerpt in excerpts(count)]
    wanted = [pair for pair in PAIRS if not only or pair.name in only]
    absent = [pair.name for pair in wanted if pair.name not in catalogue.names()]
    print("".join(f"{name}: not registered, skipped\n" for name in absent), end="")
    results = []
    for result in compared([pair for pair in wanted if pair.name not in absent], clips, repetitions, jobs):
        results.append(result)
        shown = result.ratio
        print(f"{result.pair.name}: theirs / ours {'–' if shown is None else format(shown, '.2f')}", flush=True)
    del clips
    parts.append(report.side_by_side(results, absent, count, repetitions, keeps_freed))
    members = {
        suite: [name for name in names if not only or name in only] for suite, names in suite_names().items()
    }
    every = [name for names in members.values() for name in names]
    if every:
        parts.append(report.suites(suite_costs(every, count), members, count))
    if not only:
        parts.append(report.memory([peak_megabytes(16), peak_megabytes(32 if quick else 160)]))
    print("\n\n".join(parts[1:]))
    return parts


def compared(pairs: Sequence[Pair], clips: Sequence[Clip], repetitions: int, jobs: int) -> Iterator[Compared]:
    """The operations beside their peers, in order.

    Args:
        pairs: the operations.
        clips: the music.
        repetitions: rounds of each.
        jobs: processes, copies of this one, that share the operations.
    """
    if jobs == 1:
        yield from (compare(pair, clips, repetitions) for pair in pairs)
        return

    with get_context("fork").Pool(jobs, _share, (pairs, clips, repetitions)) as pool:
        for pair, result in zip(pairs, pool.imap(_compared, range(len(pairs))), strict=True):
            yield replace(result, pair=pair)


def _share(*shared: object) -> None:
    _compared.shared = shared  # type: ignore[attr-defined]


def _compared(index: int) -> Compared:
    """In a copy of this process: one operation; the functions that a pair holds do not travel."""
    pairs, clips, repetitions = _compared.shared  # type: ignore[attr-defined]
    return replace(compare(pairs[index], clips, repetitions), pair=Pair(pairs[index].name, {}))


if __name__ == "__main__":
    main()
