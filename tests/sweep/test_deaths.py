"""Workers that die: what is tried again, what is given up, and what is said."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from degrade_bench.errors import AudioError
from degrade_bench.runs.columns import INTERRUPTED
from degrade_bench.runs.folder import RunFolder
from degrade_bench.sweep import pool as pools
from degrade_bench.sweep import processes
from degrade_bench.sweep.block import BlockResult
from degrade_bench.sweep.execute import Progress, execute
from degrade_bench.sweep.pool import Pool
from degrade_bench.sweep.processes import ClipDone, Hello, WorkerStartError
from degrade_bench.sweep.worker import Begun, BlockLost, ClipLost, ClipRead, ClipUnusable, Task, Work, work_on
from tests.sweep import toys
from tests.sweep.test_execute import comparable, make_sweep, sweep_in


class DiesOnce(toys.ToyNoise):
    """Kills the process that renders it for clip ``c1``, the first time, when the folder is there."""

    name = "dies_once"

    def __init__(self, folder):
        super().__init__()
        self.folder = str(folder)

    def damage(self, clip, params):
        mark = Path(self.folder) / "died"
        if clip.id == "c1" and Path(self.folder).exists() and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().damage(clip, params)


@dataclass(frozen=True)
class KillsItsReader(toys.ToySource):
    """A clip that no process survives reading."""

    def load(self):
        os.kill(os.getpid(), signal.SIGKILL)


def test_deaths_cost_the_block_or_the_clip_and_are_tried_again_by_the_next_start(tmp_path):
    """One run, since every process costs seconds: a death of its own, a death each time, an unreadable clip."""
    lost = []
    sources = (*toys.toy_sources(2), KillsItsReader("deadly"))
    degradations = (toys.ToyNoise(), DiesOnce(tmp_path / "marks"), toys.ToyKiller(), toys.ToyGain())
    sweep = make_sweep(sources=sources, degradations=degradations, metrics=(toys.Rms(),), workers=2)
    hooks = Progress(
        planned=lambda cells, done, expected: (tmp_path / "marks").mkdir(),
        clip_lost=lambda clip_id, reason: lost.append((clip_id, reason)),
    )
    result = sweep_in(tmp_path / "out", sweep, hooks)
    frame = result.table.to_pandas()
    assert (tmp_path / "marks" / "died").exists()
    failed = frame[frame.status == "failed"]
    assert set(zip(failed.clip_id, failed.degradation, strict=True)) == {
        ("c1", "toy_killer"),
        ("c1", "toy_killer_placebo"),
    }
    killed = "the worker process died twice (killed by signal 9, perhaps for lack of memory)"
    assert set(failed.error) == {INTERRUPTED + killed}
    assert len(frame) == 2 * (1 + 6 + 6 + 6 + 2)
    assert lost == [("deadly", killed)]
    assert result.lost == ("deadly",)
    assert [(clip.id, clip.reason) for clip in result.skipped] == lost
    assert result.counts().clips_lost == 1


def test_what_an_interruption_failed_is_scored_again_and_nothing_else(tmp_path):
    out = tmp_path / "out"
    degradations = (toys.ToyPicky(), toys.ToyGain())
    sweep = make_sweep(degradations=degradations, metrics=(toys.Rms(),))
    whole = sweep_in(tmp_path / "whole", sweep)
    with RunFolder(out) as folder:
        execute(sweep, folder)
        rows = [row for row in _rows(whole.table) if row.clip_id == "c2" and row.degradation == "toy_gain"]
        folder.add_shard("c2", "toy_gain", [_failed(row) for row in rows])
    again = sweep_in(out, sweep)
    assert again.cells_scored == 2
    assert comparable(again.table).equals(comparable(whole.table))


def test_a_cell_that_memory_does_not_suffice_for_is_tried_again_by_the_next_start(tmp_path):
    class Hungry(toys.ToyNoise):
        name, full = "hungry", True

        def damage(self, clip, params):
            if self.full and clip.id == "c1":
                raise MemoryError
            return super().damage(clip, params)

    hungry = Hungry()
    sweep = make_sweep(degradations=(hungry,), metrics=(toys.Rms(),))
    first = sweep_in(tmp_path / "out", sweep).table.to_pandas()
    assert set(first[first.status == "failed"].error) == {"interrupted: MemoryError: "}
    hungry.full = False
    hungry.placebo.of.full = False
    second = sweep_in(tmp_path / "out", sweep)
    assert second.cells_scored == 6
    assert second.counts().failed == 0


def test_a_clip_that_memory_does_not_suffice_for_is_lost_and_not_unusable():
    class Huge(toys.ToySource):
        def load(self):
            raise MemoryError("Unable to allocate 3 TiB")

    class Odd(toys.ToySource):
        def load(self):
            raise ZeroDivisionError("no rate")

    work = Work(0, toys.LEVELS, 1, (), (toys.Rms(),), ())
    assert list(work_on(Task(Huge("a"), {}), work))[1:] == [
        ClipLost("a", "interrupted: MemoryError: Unable to allocate 3 TiB")
    ]
    assert list(work_on(Task(Odd("a"), {}), work))[1:] == [ClipUnusable("a", "ZeroDivisionError: no rate")]
    assert AudioError.__mro__[1].__name__ == "DegradeBenchError"


def _rows(table):
    from degrade_bench.runs.columns import Row

    return [Row(**values) for values in table.to_pylist()]


def _failed(row):
    from dataclasses import replace

    return replace(row, score=None, status="failed", error=INTERRUPTED + "x")
