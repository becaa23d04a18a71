"""What the command line shows: listings, progress, summaries. Texts only; the work is done elsewhere."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from degrade_bench.errors import UnknownNameError
from degrade_bench.files import write_text

if TYPE_CHECKING:
    from degrade_bench.bench import Resolved, RunResult
    from degrade_bench.doctor import Finding
    from degrade_bench.sweep.config import RunConfig
    from degrade_bench.sweep.estimate import Estimate


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


# -- list ----------------------------------------------------------------------------------------------


def listing(what: str, complain: Callable[[str], None] = lambda line: None) -> list[dict[str, Any]]:
    """The objects that ``degrade-bench list WHAT --json`` prints.

    Args:
        what: degradations, metrics or suites.
        complain: told of every plug-in that cannot be used.

    Raises:
        UnknownNameError: ``what`` cannot be listed.
    """
    if what == "degradations":
        from degrade_bench.degrade import catalogue

        usable, broken = catalogue.usable()
        for each in broken:
            complain(f"left out: degradation {each.name}: {each.reason}")
        return [degradation.describe() for degradation in usable]
    if what == "metrics":
        from degrade_bench.metric.catalogue import describe_metrics

        return describe_metrics()
    if what == "suites":
        from degrade_bench.degrade.suites import describe_suites

        return describe_suites()
    raise UnknownNameError("listing", what, ["degradations", "metrics", "suites"])


def print_listing(what: str, entries: Sequence[Mapping[str, Any]]) -> None:
    """The same for reading."""
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    if what == "degradations":
        for column in ("name", "group", "family", "ladder", "what it does"):
            table.add_column(column)
        for entry in entries:
            steps = ", ".join(f"{step['strength']:g}" for step in entry["ladder"])
            unit = entry["ladder"][0]["unit"]
            table.add_row(entry["name"], entry["group"], entry["family"], f"{steps} {unit}", entry["summary"])
    elif what == "metrics":
        from degrade_bench.metric.domain import HOME, domain_note

        for column in ("name", "better", "reference", "what it measures"):
            table.add_column(column)
        for entry in entries:
            direction = "higher" if entry["higher_is_better"] else "lower"
            reference = "full" if entry["needs_reference"] else "none"
            summary = entry["summary"]
            note = domain_note(entry.get("domain", HOME))
            if note is not None:
                summary += f" [{note}]"
            if entry.get("reason"):
                summary += f" [not available: {entry['reason']}]"
            table.add_row(entry["name"], direction, reference, summary.replace("[", r"\["))
    else:
        for column in ("name", "degradations", "what for"):
            table.add_column(column)
        for entry in entries:
            table.add_row(entry["name"], ", ".join(entry["degradations"]), entry["summary"])
    Console(soft_wrap=False).print(table)


# -- render --------------------------------------------------------------------------------------------


def render_file(
    name: str,
    level: int,
    source: Path,
    target: Path,
    seed: int,
    replicate: int,
    plan_file: Path | None,
    suite: str | None = None,
) -> Iterator[str]:
    """Damage one file; yield lines that say what was done.

    Raises:
        DegradeBenchError: unknown name or level, unreadable input, a target that cannot be written, or a
            damage that does not apply to this clip.
    """
    from degrade_bench.audio import write_audio
    from degrade_bench.corpus.files import FileSource
    from degrade_bench.degrade.seeds import cell_seed, generator
    from degrade_bench.degrade.suites import find

    degradation = find(name, suite)
    if level != 0:
        degradation.ladder.strength(level)  # say at once if there is no such level
    clip = FileSource(id=source.stem, path=source).load()
    rng = generator(cell_seed(seed, clip.hash, *degradation.seed_key, replicate))
    rendered = degradation.render(clip, level, rng)
    write_audio(target, rendered.clip.samples, rendered.clip.sample_rate)
    if plan_file is not None:
        write_text(plan_file, rendered.plan.to_json() + "\n")
    if level == 0:
        yield f"wrote {target}: the clean clip"
        return
    achieved = degradation.achieved(clip, rendered)
    got = "" if achieved is None else f", achieved {achieved:.4g}"
    strength, unit = degradation.ladder.strength(level), degradation.ladder.unit
    gain_db = rendered.plan.gain_db
    yield f"wrote {target}: {name} level {level}, {strength:g} {unit}{got}, gain {gain_db:+.2f} dB"


# -- doctor --------------------------------------------------------------------------------------------


def print_findings(findings: Sequence[Finding]) -> None:
    """What ``degrade-bench doctor`` shows: a line for each finding, what mends it, and what can be done now."""
    from degrade_bench.doctor import conclusion

    marks = {"ok": "[green]ok[/green]", "missing": "[red]missing[/red]", "note": "[yellow]note[/yellow]"}
    width = max(len(found.name) for found in findings)
    console = Console(soft_wrap=True, highlight=False)
    for found in findings:
        space = " " * (len("missing") - len(found.state) + 2)
        console.print(f"{marks[found.state]}{space}{found.name:<{width}}  ", end="")
        console.print(found.text, markup=False)
        if found.mend:
            console.print(f"{' ' * (width + 11)}→ {found.mend}", markup=False)
    console.print(conclusion(findings), markup=False)


# -- run -----------------------------------------------------------------------------------------------


def run_with_progress(config: RunConfig, command: Sequence[str]) -> RunResult:
    """Carry out a run; say first what it will do and how long it will take, last what came of it."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    from degrade_bench.bench import run
    from degrade_bench.sweep.execute import Progress

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("cells"), TimeRemainingColumn())
    bar = Bar(*columns, console=console, disable=not console.is_terminal)
    state = {"done": 0, "todo": 0}

    def planned(cells: int, todo: int, expected: Estimate | None) -> None:
        state["todo"] = todo
        if todo == 0:
            console.print("nothing left to score")
            return
        done = cells - todo
        already = f", {done} of {cells} were finished before" if done else ""
        console.print(f"{todo} cells to go{already}; {expected or 'no estimate: no clip could be read'}")
        bar.start()
        bar_task["id"] = bar.add_task("cells", total=todo)

    def advanced(cells: int) -> None:
        state["done"] += cells
        if "id" in bar_task:
            bar.advance(bar_task["id"], cells)

    def clip_done(clip_id: str) -> None:
        if not console.is_terminal:
            console.print(f"{state['done']}/{state['todo']} cells, clip {clip_id} done", markup=False)

    def clip_skipped(clip_id: str, reason: str) -> None:
        console.print(f"left out: clip {clip_id}: {reason}", markup=False)

    bar_task: dict[str, Any] = {}
    progress = Progress(planned, advanced, clip_done, clip_skipped)
    try:
        result = run(
            config, progress=progress, announce=lambda resolved: _announce(console, resolved), command=command
        )
    finally:
        bar.stop()
    print_summary(config.out)
    return result


def _announce(console: Console, resolved: Resolved) -> None:
    from degrade_bench.degrade.catalogue import usable

    sweep = resolved.sweep
    for plugin in usable()[1]:
        console.print(f"left out: degradation {plugin.name}: {plugin.reason}", markup=False)
    for metric in resolved.skipped_metrics:
        console.print(f"left out: metric {metric.name}: {metric.reason}", markup=False)
    for clip in resolved.skipped_clips:
        console.print(f"left out: clip {clip.id}: {clip.reason}", markup=False)
    console.print(
        f"{len(sweep.sources)} clips × {sweep.cells_per_clip} cells × {len(sweep.metrics)} metrics "
        f"({', '.join(metric.name for metric in sweep.metrics)}), {sweep.workers} workers, "
        f"{resolved.device}; measuring how long that takes …",
        markup=False,
    )


def print_summary(folder: Path) -> None:
    """The verdicts of a run directory, what was left out, and where the report is."""
    from degrade_bench.reports.text import summary_lines

    for line in summary_lines(folder):
        print(line)
