"""How fast a sweep is: beside the script that one would write, and beside its parts alone.

    python benchmarks/sweep.py [--quick] [--out FILE]

Processor seconds of this process and its children; where a metric waits, wall clock. The inputs are built-in clips.
Writes ``benchmarks/sweep.md``.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before anything that counts threads is imported

import numpy as np
import pyarrow as pa
import torch
from degrading.report import machine, table
from sweeping.metrics import AtOnce, Free, Slow
from sweeping.scripted import scripted

from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.seeds import cell_seed, generator
from degrade_bench.metric.base import Metric
from degrade_bench.metric.catalogue import default_metrics
from degrade_bench.runs.folder import RunFolder
from degrade_bench.sweep.execute import execute
from degrade_bench.sweep.progress import Progress
from degrade_bench.sweep.spec import Sweep

PAGE = Path(__file__).resolve().parent / "sweep.md"
SLOW = 0.1
BEFORE = "027dffbb9774634a714722a54c2e22206af15c05"
"""The last commit at which no metric shared anything with another."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one clip and one round: a trial, not a result")
    parser.add_argument("--out", type=Path, default=PAGE)
    options = parser.parse_args()
    torch.set_num_threads(1)
    clips, rounds = (1, 1) if options.quick else (14, 2)
    command = "python benchmarks/sweep.py" + " --quick" * options.quick
    parts = [f"# How fast a sweep is\n\n{machine()}\n\nMade by `{command}`; {clips} built-in clips."]
    for section in (script, no_cost, waiting, scoring_side):
        parts.append(section(clips, rounds))
        print(parts[-1], flush=True)
    options.out.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    print(f"wrote {options.out.name}")


# -- beside a script ------------------------------------------------------------------------------------


def script(count: int, rounds: int) -> str:
    """The section on the script that one would write."""
    panel, _ = default_metrics({}, "cpu")
    damages = [catalogue.get(name) for name in scripted(1).damages]
    now, before, ours = [], [], []
    _swept(1, damages[:1], panel)  # imports and compiles; the script's process does so, too
    for _ in range(rounds):
        now.append(1000 * scripted(count).seconds)
        before.append(1000 * scripted(count, BEFORE).seconds)
        ours.append(1000 * _cost(lambda: _cells(_swept(count, damages, panel))))
    now_ms, before_ms, sweep_ms = (float(np.median(costs)) for costs in (now, before, ours))
    rows = [
        (f"the script, with the metrics of `{BEFORE[:7]}`", f"{before_ms:.0f}", "1.0", ""),
        ("the script, with the metrics of today", f"{now_ms:.0f}", f"{before_ms / now_ms:.1f}", "1.0"),
        ("the sweep", f"{sweep_ms:.0f}", f"**{before_ms / sweep_ms:.1f}**", f"**{now_ms / sweep_ms:.1f}**"),
    ]
    heads = ("", "processor ms a cell", "cells per processor second, beside the first", "beside the second")
    return f"""## Beside the script that one would write

For every clip, damage and level: a call of audiomentations or pedalboard, then the {len(panel)} metrics of the
panel one by one, with the clean clip as reference. {len(damages)} damages
({", ".join(damage.name for damage in damages)}); medians of {rounds} rounds, one process. The sweep's cells are
placebos and damage matched in loudness, whose strength is measured, too.

{table(heads, rows)}

A sweep is to make at least four times as many cells as the script did when that was asked for, at commit
`{BEFORE[:7]}`. Since then the metrics became faster for whoever calls them."""


# -- beside its parts ------------------------------------------------------------------------------------


def no_cost(count: int, rounds: int) -> str:
    """The section on a metric of no cost."""
    damages = _damages()
    alone, swept = [], []
    for _ in range(rounds):
        alone.append(_cost(lambda: _rendered(count, damages)))
        swept.append(_cost(lambda: _cells(_swept(count, damages, [Free()]))))
    share = 100 * float(np.median(np.divide(alone, swept)))
    return f"""## With a metric of no cost

Damage alone, with its strength measured: {1000 * np.median(alone):.1f} processor ms a cell. A sweep with a metric
of no cost: {1000 * np.median(swept):.1f}, decoding and writing included. So the sweep has **{share:.0f} %** of the
damage's throughput (at least 85 %; median of {rounds} rounds)."""


def waiting(count: int, rounds: int) -> str:
    """The section on a metric that takes its time."""
    begun = _Begun()
    rows = _swept(count, _damages(), [Slow(SLOW)], workers=2, begun=begun).num_rows
    seconds = time.perf_counter() - begun.wall
    return f"""## With a metric that takes {1000 * SLOW:.0f} ms a cell

{rows} cells in {seconds:.1f} s after the estimate, with two workers, of which one has to start yet:
**{100 * SLOW * rows / seconds:.0f} %** of the metric's throughput (at least 90 %)."""


def scoring_side(count: int, rounds: int) -> str:
    """The section on what the process does that holds a network on a device."""
    begun = _Begun()
    rows = _swept(count, _damages(), [AtOnce()], workers=2, begun=begun).num_rows
    spent = 1000 * (time.process_time() - begun.processor) / rows
    return f"""## Host work of the process that holds a network

A metric that is given what MuQ-Eval hears on a GPU, a megabyte a cell, and answers at once: {rows} cells made by
two workers. The process that scores spends **{spent:.2f} ms** of processor time on a cell, from receiving it to
writing its row and the table (at most 1 ms)."""


# -- how it is done --------------------------------------------------------------------------------------


def _damages() -> list[Degradation]:
    """A mixed lot, cheap and dear."""
    names = ("white_noise", "hard_clipping", "low_pass", "gain", "bar_shuffle", "mp3", "reverb", "tempo_change")
    return [catalogue.get(name) for name in names if name in catalogue.names()]


class _Begun:
    """When a sweep began to work, its estimate made: by the wall clock, and in processor time of this process."""

    wall = processor = 0.0

    def __call__(self, *planned: object) -> None:
        self.wall, self.processor = time.perf_counter(), time.process_time()


def _swept(
    count: int,
    damages: Sequence[Degradation],
    metrics: Sequence[Metric],
    workers: int = 1,
    begun: Callable[..., None] = lambda *planned: None,
) -> pa.Table:
    """The table of a sweep.

    Args:
        count: of built-in clips.
        damages: that are done to them.
        metrics: that hear them.
        workers: processes; 1 for this one alone.
        begun: called when the estimate is made.
    """
    sources = tuple(builtin_sources()[:count])
    sweep = Sweep(sources=sources, degradations=tuple(damages), metrics=tuple(metrics), workers=workers)
    with tempfile.TemporaryDirectory() as path, RunFolder(Path(path)) as folder:
        return execute(sweep, folder, Progress(planned=begun)).table


def _cells(scores: pa.Table) -> int:
    return (
        scores.select(["clip_id", "degradation", "level", "replicate"])
        .group_by(["clip_id", "degradation", "level", "replicate"])
        .aggregate([])
        .num_rows
    )


def _rendered(count: int, damages: Sequence[Degradation]) -> int:
    """Damage and placebos of clips, measured and let go; how many cells that were."""
    cells = 0
    for source in builtin_sources()[:count]:
        clip = source.load()
        for damage in damages:
            for each in filter(None, (damage, damage.placebo)):
                for level in each.ladder.levels:
                    seed = cell_seed(0, clip.hash, *each.seed_key, 0)
                    each.achieved(clip, each.render(clip, level, generator(seed)))
                    cells += 1
    return cells


def _cost(work: Callable[[], int]) -> float:
    """Processor seconds per cell, children included."""
    before = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cells = work()
    after = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    spent = sum(b.ru_utime + b.ru_stime - a.ru_utime - a.ru_stime for a, b in zip(before, after, strict=True))
    return spent / cells


if __name__ == "__main__":
    main()
