"""Workers that die: what is tried again, what is given up, and what is said."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from degrade_bench.runs.columns import INTERRUPTED, Row
from degrade_bench.runs.folder import RunFolder
from degrade_bench.sweep import processes
from degrade_bench.sweep.execute import execute
from degrade_bench.sweep.pool import Pool
from degrade_bench.sweep.processes import WorkerStartError
from degrade_bench.sweep.progress import Progress
from degrade_bench.sweep.worker import ClipLost, ClipUnusable, Task, Work, work_on
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
    lost, done = [], []
    sources = (*toys.toy_sources(2), KillsItsReader("deadly"))
    degradations = (toys.ToyNoise(), DiesOnce(tmp_path / "marks"), toys.ToyKiller(), toys.ToyGain())
    sweep = make_sweep(sources=sources, degradations=degradations, metrics=(toys.Rms(),), workers=2)
    hooks = Progress(
        planned=lambda cells, done, expected: (tmp_path / "marks").mkdir(),
        clip_lost=lambda clip_id, reason: lost.append((clip_id, reason)),
        clip_done=done.append,
    )
    result = sweep_in(tmp_path / "out", sweep, hooks)
    frame = result.table.to_pandas()
    assert (tmp_path / "marks" / "died").exists()
    failed = frame[frame.status == "failed"]
    assert set(zip(failed.clip_id, failed.degradation, strict=True)) == {
        ("c1", "toy_killer"),
        ("c1", "toy_killer_placebo"),
    }
    killed = "the worker process died twice (killed by signal 9, SIGKILL, perhaps for lack of memory)"
    assert set(failed.error) == {INTERRUPTED + killed}
    assert len(frame) == 2 * (1 + 6 + 6 + 6 + 2)
    assert result.broken_off("c0") == set()
    assert result.broken_off("c1") == {"toy_killer", "toy_killer_placebo"}, "no excerpt of it is rendered here"
    assert lost == [("deadly", killed)]
    assert sorted(done) == ["c0", "c1"], "what was lost is not done"
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
        folder.add_shard([_failed(row) for row in rows])
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
    assert set(first[first.status == "failed"].error) == {"interrupted: MemoryError"}
    hungry.full = False
    hungry.placebo.parent.full = False
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


def _rows(table):
    return [Row(**values) for values in table.to_pylist()]


def _failed(row):
    return replace(row, score=None, status="failed", error=INTERRUPTED + "x")


# -- what the processes are told and say


SCRIPT = """
import threading
from degrade_bench import stress_test
from tests.conftest import make_clip
from tests.sweep.toys import ToyNoise

print("it runs")
LOCK = threading.Lock()

class Mine:
    name, higher_is_better, light = "mine", True, True
    def score(self, batch, sample_rate, reference=None):
        return batch.abs().mean(dim=(1, 2))

class Own(ToyNoise):
    name = "own"
    def damage(self, clip, params):
        return NAMED and super().damage(clip, params)

result = stress_test(
    Mine(), clips=[make_clip(1.0, 8000, 1, seed=n) for n in (1, 2)], degradations=[Own()], workers=2, out=OUT,
    levels=(5,),
)
print(result.run.counts.ok, set(result.scores["degradation"]) >= {"own", "gain"})
"""


def run_script(script):
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, str(script)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)


def test_a_script_without_the_main_guard_has_workers_that_know_its_classes(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.replace("OUT", repr(str(tmp_path / "out"))).replace("NAMED", "True"))
    done = run_script(script)
    assert done.returncode == 0, done.stderr
    once, counted = done.stdout.splitlines()
    assert once == "it runs"
    assert counted.endswith(" True")


def test_where_its_classes_cannot_be_sent_it_is_told_so_and_does_not_run_twice(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.replace("OUT", repr(str(tmp_path / "out"))).replace("NAMED", "LOCK"))
    done = run_script(script)
    assert done.returncode == 1
    assert done.stderr.count("Traceback") == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("degrade_bench.sweep.processes.WorkerStartError: ")
    assert 'put the call under `if __name__ == "__main__":`, or use 1 worker' in last


def test_a_script_from_standard_input_is_told_so(monkeypatch):
    main = type(sys)("__main__")
    main.__file__, main.__spec__ = "<stdin>", None
    monkeypatch.setitem(sys.modules, "__main__", main)
    monkeypatch.setattr(processes, "needs_main_script", lambda work: True)
    with pytest.raises(WorkerStartError, match="main script <stdin>, which is no file; save it"):
        Pool(Work(0, (), 1, (), (), ()), 2)
    Pool(Work(0, (), 1, (), (), ()), 1)
    monkeypatch.setattr(processes, "needs_main_script", lambda work: False)
    Pool(Work(0, (), 1, (), (), ()), 2)


class Unknown:
    """Stands for a class that a worker cannot import."""

    def __reduce__(self):
        return _cannot_be_imported, ()


def _cannot_be_imported():
    raise AttributeError("module 'tests.sweep.toys' has no attribute 'NoSuchMetric'")


def test_workers_end_with_their_parent_and_say_what_they_cannot_import(tmp_path):
    """In one process, since every start costs seconds."""
    script = """
import os, sys, time
from pathlib import Path
from degrade_bench._support.pipes import receive
from degrade_bench.sweep.processes import Worker
from degrade_bench.sweep.worker import Work
from tests.sweep import test_deaths, toys
if __name__ == "__main__":
    worker = Worker(Work(0, (5,), 1, (), (test_deaths.Unknown(),), ()))
    worker.note(receive(worker.connection))
    print(worker.why_it_never_began())
    worker = Worker(Work(0, (5,), 1, (test_deaths.Endless(),), (toys.Rms(),), ()))
    worker.give(test_deaths.Task(toys.ToySource("c"), {"endless": frozenset({"rms"})}))
    for _ in range(4):  # hello, begun, read, begun
        worker.note(receive(worker.connection))
    assert worker.under_way == "endless"
    print(worker.process.pid, flush=True)
    os.kill(os.getpid(), 9)
"""
    (tmp_path / "script.py").write_text(script)
    done = run_script(tmp_path / "script.py")
    assert done.returncode == -9, done.stderr
    said, pid = done.stdout.splitlines()
    assert said.startswith(
        "a worker process cannot be given its work (AttributeError: module 'tests.sweep.toys' has no"
    )
    deadline = time.monotonic() + 20
    while _alive(int(pid)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _alive(int(pid))


class Endless(toys.ToyNoise):
    """Never comes back."""

    name = "endless"

    def damage(self, clip, params):
        while True:
            time.sleep(1)


def _alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
