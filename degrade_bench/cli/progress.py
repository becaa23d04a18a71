"""What ``degrade-bench run`` shows: what it will do, how far it is, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from degrade_bench._support.addresses import shown
from degrade_bench._support.durations import human_seconds
from degrade_bench.cli.terminal import PlainConsole
from degrade_bench.metric.identity import identity_note

if TYPE_CHECKING:
    from degrade_bench.analysis import AnalysisOptions
    from degrade_bench.bench import Resolved, RunResult
    from degrade_bench.runs.timings import Timings
    from degrade_bench.sweep.config import RunConfig
    from degrade_bench.sweep.estimate import Estimate


def run_with_progress(config: RunConfig, command: Sequence[str]) -> RunResult:
    """Carry out a run; say first what it will do and how long it will take, last what came of it."""
    from degrade_bench.bench import run
    from degrade_bench.cli.bars import Bars
    from degrade_bench.sweep.progress import Progress

    bars = Bars()
    console = bars.console
    state = {"done": 0, "todo": 0}

    def reading(blocks: int) -> None:
        console.print(f"reading {blocks} finished blocks …")

    def planned(cells: int, todo: int, expected: Estimate | None) -> None:
        state["done"], state["todo"] = 0, todo
        if todo == 0:
            console.print("nothing left to score")
            return
        done = cells - todo
        already = f", {done} of {cells} were finished before" if done else ""
        console.print(f"{todo} cells to go{already}; {expected or 'no estimate: no clip could be read'}")
        bars.begin("cells", todo)

    def advanced(cells: int) -> None:
        state["done"] += cells
        bars.advance(cells)

    def clip_done(clip_id: str) -> None:
        if not console.is_terminal:
            console.print(f"{state['done']}/{state['todo']} cells, clip {clip_id} done", markup=False)

    def clip_skipped(clip_id: str, reason: str) -> None:
        console.print(f"left out: clip {clip_id}: {reason}", markup=False)

    def clip_lost(clip_id: str, reason: str) -> None:
        console.print(f"lost: clip {clip_id}: {reason}; the same command tries again", markup=False)

    def warned(text: str) -> None:
        console.print(f"warning: {text}", markup=False)

    def look(number: int, of: int, clips: int) -> None:
        console.print(f"look {number} of {of}: {clips} clips")

    def looked(inconclusive: int, of: int, goes_on: bool) -> None:
        ends = "going on with more clips" if goes_on else "no more clips are planned"
        console.print(f"{inconclusive} of {of} verdicts are inconclusive; {ends if inconclusive else 'concluded'}")

    told = (reading, planned, advanced, clip_done, clip_skipped, clip_lost, warned, look, looked, bars.step)
    with bars:
        result = run(
            config,
            progress=Progress(*told),
            announce=lambda resolved: _announce(console, resolved),
            command=command,
        )
    print_summary(config.out)
    if result.run.timings is not None:
        console.print(time_line(result.run.timings))
    return result


def conclude_with_progress(folder: Path, options: AnalysisOptions) -> None:
    """Analyse the scores of a run directory again."""
    from degrade_bench.cli.bars import Bars
    from degrade_bench.conclude import conclude

    with Bars() as bars:
        conclude(folder, options, partial(bars.step, "metrics analysed"))


def show_with_progress(folder: Path) -> Path:
    """Draw the report of a run directory again; returns its path."""
    from degrade_bench.cli.bars import Bars
    from degrade_bench.conclude import show

    with Bars() as bars:
        return show(folder, partial(bars.step, "figures"))


def say_what_it_takes(config: RunConfig) -> None:
    """Print what a run will take: cells, time, memory and disk. Nothing is written."""
    from degrade_bench.bench import dry_run, resolve_request

    console = PlainConsole(stderr=True, highlight=False, soft_wrap=True)
    resolved = resolve_request(config)
    _announce(console, resolved)
    told = dry_run(resolved)
    if told.shortage is not None:
        console.print(f"warning: {told.shortage}", markup=False)
    memory = "unknown here" if told.memory_bytes is None else f"about {told.memory_bytes / 1e9:.1f} GB"
    each = "" if told.worker_bytes is None else f" ({told.workers} × {told.worker_bytes / 1e9:.2f} GB"
    beside = f", and {told.own_bytes / 1e9:.2f} GB beside them" if told.workers > 1 else ""
    most = "at most, " if resolved.looks is not None else ""
    for line in (
        f"cells:  {most}{told.cells} of {told.of_cells}, on {told.clips} clips; {told.scores} scores",
        f"time:   {told.expected or ('none' if not told.cells else 'unknown: no clip could be read')}, "
        "and what analysis and report take",
        f"memory: {memory}{each + beside + ')' if each else ''}",
        f"disk:   about {told.disk_bytes / 1e6:.2f} MB of scores in {shown(config.out)}, and report, figures and "
        "examples",
    ):
        print(line)


def _announce(console: Console, resolved: Resolved) -> None:
    sweep = resolved.sweep
    for plugin in resolved.skipped_degradations:
        console.print(f"left out: degradation {plugin.name}: {plugin.reason}", markup=False)
    for metric in resolved.skipped_metrics:
        console.print(f"left out: metric {metric.name}: {metric.reason}", markup=False)
    for asked in sweep.metrics:
        if note := identity_note(asked.fingerprint_parts()):
            console.print(f"note: {asked.name}: {note}", markup=False)
    for clip in resolved.skipped_clips:
        console.print(f"left out: clip {clip.id}: {clip.reason}", markup=False)
    most = "up to " if resolved.looks is not None else ""
    console.print(
        f"{most}{len(sweep.sources)} clips × {sweep.cells_per_clip} cells × {len(sweep.metrics)} metrics "
        f"({', '.join(metric.name for metric in sweep.metrics)}), {sweep.workers} workers, "
        f"{resolved.device}; measuring how long that takes …",
        markup=False,
    )


def time_line(timings: Timings) -> str:
    """Where the time of a run went, in a line: the stages that took workers longest, and the main process's."""
    parts = [f"time: {human_seconds(timings.seconds)}"]
    if timings.of_workers:
        shares = {name: stage.share for name, stage in timings.of_workers.items()}
        waiting = shares.pop("hand over", 0.0)
        named = ", ".join(f"{name} {share:.0%}" for name, share in list(shares.items())[:3])
        waited = f", {waiting:.0%} waiting for the main process" if waiting >= 0.01 else ""
        scoring = human_seconds(timings.scoring_seconds)
        parts.append(
            f"{scoring} of damage and scores, with workers busy {sum(shares.values()):.0%}{waited} ({named})"
        )
    scored = [name for name in timings.of_main if name.startswith("score ")][:1]
    after = [name for name in (*scored, "analyse", "report") if name in timings.of_main]
    parts += [f"{name} {human_seconds(timings.of_main[name].seconds)}" for name in after]
    return "; ".join(parts)


def print_summary(folder: Path) -> None:
    """The verdicts of a run directory, what was left out, and where the report is."""
    from degrade_bench.reports.text import summary_lines
    from degrade_bench.runs.names import ANALYSIS, RECORD, REPORT
    from degrade_bench.runs.stored import fetched

    with fetched(folder, (RECORD, ANALYSIS, REPORT)) as place:
        for line in summary_lines(place):
            print(line.replace(str(place), shown(folder)))
