"""What is shown of a run while it goes on: what it will do, how far it is, and where its time went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from degrade_bench._support.bars import Bars
from degrade_bench._support.durations import human_seconds
from degrade_bench._support.numbers import percent
from degrade_bench.bench.request import Resolved
from degrade_bench.metric.identity import identity_note
from degrade_bench.sweep.progress import Progress

if TYPE_CHECKING:
    from degrade_bench.runs.timings import Timings
    from degrade_bench.sweep.estimate import Estimate


def shown_on(bars: Bars) -> Progress:
    """Who shows how a run goes on: a live bar on a terminal, elsewhere a line for every clip.

    Args:
        bars: on whose console it is shown.
    """
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
    return Progress(*told)


def announce(console: Console, resolved: Resolved) -> None:
    """Say what a run will do, and what is left out of it.

    Args:
        console: where it is shown.
        resolved: the request with its names resolved.
    """
    sweep = resolved.sweep
    for plugin in resolved.skipped_degradations:
        console.print(f"left out: degradation {plugin.name}: {plugin.reason}", markup=False)
    for metric in resolved.skipped_metrics:
        console.print(f"left out: metric {metric.name}: {metric.reason}", markup=False)
    for asked in sweep.judged:
        if note := identity_note(asked.fingerprint_parts()):
            console.print(f"note: {asked.name}: {note}", markup=False)
    for clip in resolved.skipped_clips:
        console.print(f"left out: clip {clip.id}: {clip.reason}", markup=False)
    if resolved.alone_because is not None:
        console.print(f"note: one process does everything: {resolved.alone_because}", markup=False)
    most = "up to " if resolved.looks is not None else ""
    if (few := _too_few(resolved)) is not None:
        console.print(f"warning: {few}", markup=False)
    console.print(
        f"{most}{len(sweep.sources)} clips × {sweep.cells_per_clip} cells × {len(sweep.judged)} metrics "
        f"({', '.join(metric.name for metric in sweep.judged)}), {sweep.workers} workers, "
        f"{resolved.device}; measuring how long that takes …",
        markup=False,
    )


def _too_few(resolved: Resolved) -> str | None:
    """That the recordings are too few for a verdict by the default thresholds, known before anything is scored."""
    from degrade_bench.analysis.fewest import Fewest
    from degrade_bench.analysis.looks import Looks
    from degrade_bench.analysis.options import AnalysisOptions

    cells = [cell for block in resolved.sweep.blocks() for cell in block.cells if cell.role == "test"]
    if not cells:
        return None
    recordings, share, options = (
        len({source.recording for source in resolved.sweep.sources}),
        1.0,
        AnalysisOptions(),
    )
    if resolved.looks is not None:
        planned = resolved.looks.record.recordings
        recordings, share = planned[-1], Looks(tuple(n / planned[-1] for n in planned)).weights(options.alpha)[-1]
    damages = len({cell.degradation for cell in cells})
    levels = len({cell.level for cell in cells})
    return Fewest.of(damages, levels, options, share).too_few(recordings, damages)


def time_line(timings: Timings) -> str:
    """Where the time of a run went, in a line: the stages that took workers longest, and the main process's."""
    parts = [f"time: {human_seconds(timings.seconds)}"]
    if timings.of_workers:
        shares = {name: stage.share for name, stage in timings.of_workers.items()}
        waiting = shares.pop("hand over", 0.0)
        named = ", ".join(f"{name} {percent(share, 0)}" for name, share in list(shares.items())[:3])
        waited = f", {percent(waiting, 0)} waiting for the main process" if waiting >= 0.01 else ""
        scoring = human_seconds(timings.scoring_seconds)
        parts.append(
            f"{scoring} of damage and scores, with workers busy {percent(sum(shares.values()), 0)}{waited} "
            f"({named})"
        )
    scored = [name for name in timings.of_main if name.startswith("score ")][:1]
    after = [name for name in (*scored, "analyse", "report") if name in timings.of_main]
    parts += [f"{name} {human_seconds(timings.of_main[name].seconds)}" for name in after]
    return "; ".join(parts)
