"""What ``degrade-bench run`` shows: what it will do, how far it is, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from degrade_bench._support.addresses import shown
from degrade_bench._support.bars import Bars
from degrade_bench._support.numbers import fixed, gigabytes
from degrade_bench._support.terminal import PlainConsole

if TYPE_CHECKING:
    from degrade_bench.analysis import AnalysisOptions
    from degrade_bench.bench import RunResult
    from degrade_bench.reports import Choice
    from degrade_bench.sweep.config import RunConfig


def run_with_progress(config: RunConfig, command: Sequence[str]) -> RunResult:
    """Carry out a run; say first what it will do and how long it will take, last what came of it."""
    from degrade_bench.bench import run
    from degrade_bench.bench.telling import announce, shown_on, time_line

    bars = Bars()
    with bars:
        result = run(config, progress=shown_on(bars), announce=partial(announce, bars.console), command=command)
    from degrade_bench.cli.summary import print_summary

    print_summary(config.out)
    if result.run.timings is not None:
        bars.console.print(time_line(result.run.timings))
    return result


def conclude_with_progress(folder: Path, options: AnalysisOptions) -> None:
    """Analyse the scores of a run directory again."""
    from degrade_bench.conclude import conclude

    with Bars() as bars:
        conclude(folder, options, partial(bars.step, "metrics analysed"))


def show_with_progress(folder: Path, choice: Choice) -> Path:
    """Write the report of a run directory again; returns the path of the first of its files."""
    from degrade_bench.conclude import show

    with Bars() as bars:
        return show(folder, partial(bars.step, "figures"), choice)


def say_what_it_takes(config: RunConfig) -> None:
    """Print what a run will take: cells, time, memory and disk. Nothing is written."""
    from degrade_bench.bench import dry_run, resolve_request
    from degrade_bench.bench.telling import announce

    console = PlainConsole(stderr=True, highlight=False, soft_wrap=True)
    resolved = resolve_request(config)
    announce(console, resolved)
    told = dry_run(resolved)
    if told.shortage is not None:
        console.print(f"warning: {told.shortage}", markup=False)
    memory = "unknown here" if told.memory_bytes is None else f"about {gigabytes(told.memory_bytes)}"
    each = "" if told.worker_bytes is None else f" ({told.workers} × {gigabytes(told.worker_bytes, 2)}"
    beside = f", and {gigabytes(told.own_bytes, 2)} beside them" if told.workers > 1 else ""
    vectors = f" and {fixed(told.vector_bytes / 1e6)} MB of vectors" if told.vector_bytes else ""
    most = "at most, " if resolved.looks is not None else ""
    for line in (
        f"cells:  {most}{told.cells} of {told.of_cells}, on {told.clips} clips; {told.scores} scores",
        f"time:   {told.expected or ('none' if not told.cells else 'unknown: no clip could be read')}, "
        "and what analysis and report take",
        f"memory: {memory}{each + beside + ')' if each else ''}",
        f"disk:   about {fixed(told.disk_bytes / 1e6)} MB of scores{vectors} in {shown(config.out)}, and report, "
        "figures and examples",
    ):
        print(line)
