"""What the pool does with workers that die, with threads in the place of processes."""

from __future__ import annotations

import threading
from contextlib import suppress
from multiprocessing import Pipe

import pytest

from degrade_bench._support.pipes import receive, send
from degrade_bench.metric.panel.loudness import Loudness
from degrade_bench.runs.columns import INTERRUPTED
from degrade_bench.sweep import processes
from degrade_bench.sweep.block import BlockResult
from degrade_bench.sweep.pool import Pool
from degrade_bench.sweep.processes import ClipDone, Hello, WorkerStartError
from degrade_bench.sweep.worker import Begun, BlockLost, ClipLost, ClipRead, Task, Work
from tests.runs.records import clip_of
from tests.sweep import toys


class Mortal:
    """Stands for a worker process: says what a worker says, and is gone as soon as ``dies`` says so.

    Args:
        dies: asked after every message that was sent, and before the first with None.
        exitcode: of the death.
    """

    def __init__(self, dies, exitcode=-9):
        self.dies, self.exitcode = dies, exitcode
        self.ours, self.theirs = Pipe()
        self.thread = threading.Thread(target=self._live, daemon=True)
        self.thread.start()

    def _live(self):
        with suppress(EOFError, OSError):
            if not self.dies(None):
                for message in self._messages():
                    send(self.theirs, message)
                    if self.dies(message):
                        break
        self.theirs.close()

    def _messages(self):
        while (given := receive(self.theirs)) is not None:
            if isinstance(given, Work):
                yield Hello()
                continue
            clip = given.source.id
            yield Begun(clip, None)
            yield ClipRead(clip_of(clip, "1"))
            for block in given.todo:
                yield Begun(clip, block)
                yield BlockResult(clip, block, 16000, (), {}, {}, {}, 0.0)
            yield ClipDone(clip)

    def join(self, timeout=None):
        self.thread.join(timeout)

    def is_alive(self):
        return False


@pytest.fixture
def mortals(monkeypatch):
    """Have the pool start these in place of processes, the last of them again and again."""

    def begin(*fates):
        left = list(fates)
        started = []

        def start(imports_main_script):
            assert not imports_main_script
            fate = left.pop(0) if len(left) > 1 else left[0]
            started.append(Mortal(*fate) if isinstance(fate, tuple) else Mortal(fate))
            return started[-1], started[-1].ours

        monkeypatch.setattr(processes, "start_process", start)
        return started

    return begin


def never(message):
    return False


def one_for_another():
    """Two fates: the first leaves something to do until the second has begun."""
    begun = threading.Event()

    def waits(message):
        assert begun.wait(timeout=20)
        return False

    def begins(message):
        begun.set()
        return False

    return waits, begins


def at(*fatal):
    return lambda message: message in fatal


def outcome(workers=2, clips=2, blocks=("x", "y", "z"), probe=False, light=None):
    """What a run of some clips gives: blocks that came, and what else was said."""
    light = light or (toys.Rms(),)
    todo = {block: frozenset(metric.name for metric in light) for block in blocks}
    tasks = [Task(toys.ToySource(f"c{number}"), todo) for number in range(clips)]
    work = Work(0, toys.LEVELS, 1, (), light, ())
    with Pool(work, workers) as pool:
        probed = list(pool.probe(tasks[0], work)) if probe else []
        events = list(pool.run(tasks))
    blocks = sorted(f"{event.clip_id} {event.block}" for event in events if isinstance(event, BlockResult))
    said = [event for event in events if isinstance(event, BlockLost | ClipLost)]
    assert sorted(event.clip_id for event in events if isinstance(event, ClipDone)) == ["c0", "c1"][:clips]
    return blocks, said, probed


ALL = [f"c{clip} {block}" for clip in (0, 1) for block in "xyz"]
TWICE = "the worker process died twice (killed by signal 9, SIGKILL, perhaps for lack of memory)"


def test_a_death_in_a_block_costs_nothing_the_first_time(mortals):
    started = mortals(at(Begun("c0", "y")), at(Begun("c1", "z")), never)
    assert outcome() == (ALL, [], [])
    assert len(started) == 4


def test_a_block_in_which_workers_died_twice_is_given_up_and_the_others_are_done(mortals):
    mortals(at(Begun("c0", "y")))
    assert outcome() == ([each for each in ALL if each != "c0 y"], [BlockLost("c0", "y", INTERRUPTED + TWICE)], [])


def test_a_worker_that_dies_in_every_block_leaves_a_reason_for_every_block(mortals):
    started = mortals(lambda message: isinstance(message, Begun) and message.block is not None)
    blocks, said, _ = outcome()
    assert blocks == []
    assert sorted(f"{lost.clip_id} {lost.block}" for lost in said) == ALL
    assert len(started) == 12


def test_a_metric_that_ends_workers_does_not_take_the_others_with_it(mortals):
    deaths = []

    def dies(message):
        if message != Begun("c0", "y") or len(deaths) == 2:
            return False
        deaths.append(message)
        return True

    mortals(dies)
    blocks, said, _ = outcome(light=(Loudness(), toys.Rms()))
    assert blocks == ALL
    rms = frozenset({"rms"})
    assert said == [BlockLost("c0", block, INTERRUPTED + TWICE, rms) for block in ("y", "z")]


def test_a_clip_that_is_never_read_is_lost(mortals):
    mortals(at(Begun("c0", None)))
    assert outcome() == (ALL[3:], [ClipLost("c0", TWICE)], [])


def test_a_worker_that_dies_between_clips_is_nobodys_fault(mortals):
    started = mortals(at(Hello()), at(ClipDone("c0")), never)
    assert outcome(workers=2) == (ALL, [], [])
    assert len(started) >= 3


def test_workers_that_never_begin_are_said_at_once(mortals):
    started = mortals((lambda message: True, 1))
    with pytest.raises(WorkerStartError, match=r"2 worker processes .* began \(exit code 1\).*__main__"):
        outcome()
    assert len(started) <= 3


def test_a_worker_that_never_begins_is_replaced_where_another_does(mortals):
    waits, begins = one_for_another()
    started = mortals(waits, (lambda message: True, 1), begins)
    assert outcome() == (ALL, [], [])
    assert len(started) == 3


def test_when_no_further_worker_begins_the_rest_is_lost(mortals):
    mortals(at(Begun("c0", "x")), (lambda message: True, 1))
    blocks, said, _ = outcome(workers=2)
    assert blocks == []
    assert {(type(lost), lost.clip_id) for lost in said} == {(ClipLost, "c0"), (ClipLost, "c1")}


def test_the_worker_of_the_estimate_goes_on(mortals):
    waits_for_it, begins = one_for_another()
    messages = []

    def waits(message):
        """Does the estimate first."""
        messages.append(message)
        return any(isinstance(earlier, ClipDone) for earlier in messages[:-1]) and waits_for_it(message)

    started = mortals(waits, begins)
    blocks, said, probed = outcome(probe=True)
    assert (blocks, said) == (ALL, [])
    assert isinstance(probed[1], ClipRead)
    assert len(started) == 2


@pytest.mark.parametrize("heard", [1, 2, 4])
def test_an_estimate_that_is_broken_off_leaves_no_worker_to_wait_for(mortals, heard):
    mortals(never)
    todo = {block: frozenset({"rms"}) for block in ("x", "y")}
    work = Work(0, toys.LEVELS, 1, (), (toys.Rms(),), ())
    with Pool(work, 2) as pool:
        probe = pool.probe(Task(toys.ToySource("c0"), todo), work)
        for _ in range(heard):
            next(probe)
        probe.close()
        events = list(pool.run([Task(toys.ToySource("c1"), todo)]))
    assert [event.block for event in events if isinstance(event, BlockResult)] == ["x", "y"]


def test_a_death_in_the_estimate_is_no_death_of_the_run(mortals):
    waits, begins = one_for_another()
    started = mortals(at(Begun("c0", "y")), waits, begins)
    blocks, said, probed = outcome(probe=True)
    assert (blocks, said) == (ALL, [])
    assert probed[-1] == Begun("c0", "y")
    assert len(started) == 3


def test_one_task_and_two_workers_are_one_process(mortals):
    started = mortals(never)
    assert outcome(clips=1) == (ALL[:3], [], [])
    assert len(started) == 1
