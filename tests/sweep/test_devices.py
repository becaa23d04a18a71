"""Devices of a cluster that die, do not get ready, or lose what they were to hear; and what is done of clips."""

from __future__ import annotations

from collections import deque
from types import SimpleNamespace

import pytest

from degrade_bench.runs.columns import INTERRUPTED
from degrade_bench.sweep.block import BlockResult
from degrade_bench.sweep.on_ray import devices as module
from degrade_bench.sweep.on_ray.devices import BLOCKS_AT_ONCE, Devices, Done, Redo
from degrade_bench.sweep.on_ray.messages import Greeting, Handed
from degrade_bench.sweep.on_ray.queue import Queue
from degrade_bench.sweep.processes import ClipDone, WorkerStartError
from degrade_bench.sweep.worker import BlockLost, Task

ray = pytest.importorskip("ray")


class Promise:
    """What an actor will answer; asked for when it is got."""

    def __init__(self, answer):
        self.answer = answer


class Actor:
    """A device that is ready unless ``broken``, and does to each block what ``fates`` says: score, die, lose."""

    def __init__(self, fates, node="a", broken=False):
        self.fates, self.node, self.broken, self.is_dead = fates, node, broken, False
        self.asked = []
        self.greet = SimpleNamespace(remote=lambda: Promise(self.greeting))
        self.score = SimpleNamespace(remote=self._ask)

    def greeting(self):
        if self.broken:
            raise ray.exceptions.ActorDiedError
        return Greeting(self.node, "host", {})

    def _ask(self, *blocks):
        self.asked.append(blocks)
        return Promise(lambda: self._score(blocks))

    def _score(self, blocks):
        if self.is_dead:
            raise ray.exceptions.ActorDiedError
        for block in blocks:
            fate = self.fates[block].popleft() if self.fates.get(block) else None
            if fate == "die":
                self.is_dead = True
                raise ray.exceptions.ActorDiedError
            if fate == "lost":
                raise ray.exceptions.ObjectLostError("00", None, "")
        return [result(block, rows=(f"score of {block}",)) for block in blocks]


def result(block, rows=()):
    return BlockResult("clip", block, 8000, rows, {}, {}, {}, 0.0)


@pytest.fixture
def devices(monkeypatch):
    """Makes devices of actors, in order, and a function that runs them to their end."""
    monkeypatch.setattr(ray, "get", lambda promise: promise.answer())
    monkeypatch.setattr(ray, "kill", lambda actor: None)
    monkeypatch.setattr(module, "is_alive", lambda node: node != "lost")

    def made(*actors):
        actors = deque(actors)
        these = Devices(lambda replaces: actors.popleft(), 1, lambda greeting: None)
        these.start()

        def outcomes(blocks):
            for block in blocks:
                these.add(Handed(result(block, rows=("row",)), frozenset({"m"}), 10, block))
            came = []
            while these.promises:
                came += these.take(these.promises[0])
            return came

        return these, outcomes

    return made


def whole(outcomes):
    return {outcome.events[-1].block: outcome.events[-1].rows for outcome in outcomes if isinstance(outcome, Done)}


def test_nothing_is_given_before_a_device_is_ready_and_everything_comes_once(devices):
    actor = Actor({})
    these, outcomes = devices(actor)
    blocks = [f"b{number}" for number in range(BLOCKS_AT_ONCE + 2)]
    assert not actor.asked
    assert these.ready is None
    came = outcomes(blocks)
    assert whole(came) == {block: ["row", f"score of {block}"] for block in blocks}
    assert len(came) == len(blocks)
    assert not these.are_full
    assert not these.are_at_work


def test_a_block_that_kills_devices_is_given_up_and_the_others_are_scored(devices):
    fates = {"b1": deque(["die"] * 3)}
    _, outcomes = devices(*(Actor(fates) for _ in range(4)))
    came = outcomes(["b0", "b1", "b2"])
    (lost,) = [outcome for outcome in came if len(outcome.events) == 2]
    assert lost.events[0].metrics == frozenset({"m"})
    assert lost.events[0].reason.startswith(f"{INTERRUPTED}the device failed 3 times")
    assert lost.events[1].rows == ("row",), "the other metrics' rows stay"
    assert whole(came) == {"b0": ["row", "score of b0"], "b1": ("row",), "b2": ["row", "score of b2"]}


def test_a_block_without_other_rows_is_lost_whole(devices):
    these, _ = devices(*(Actor({"b": deque(["die"] * 3)}) for _ in range(4)))
    these.add(Handed(result("b"), frozenset({"m"}), 10, "b"))
    came = []
    while these.promises:
        came += these.take(these.promises[0])
    (only,) = came
    assert [type(event) for event in only.events] == [BlockLost]


def test_lost_nodes_are_blamed_on_no_block(devices):
    fates = {"b": deque(["die"] * 5)}
    _, outcomes = devices(*(Actor(fates, node="lost") for _ in range(5)), Actor(fates))
    assert whole(outcomes(["b"])) == {"b": ["row", "score of b"]}


def test_what_is_gone_with_its_node_is_made_again(devices):
    _, outcomes = devices(Actor({"b1": deque(["lost"] * 2)}))
    came = outcomes(["b0", "b1"])
    assert [outcome.handed.apart for outcome in came if isinstance(outcome, Redo)] == ["b1"]
    assert whole(came) == {"b0": ["row", "score of b0"]}


def test_devices_that_never_get_ready_end_the_run(devices):
    _, outcomes = devices(*(Actor({}, broken=True) for _ in range(3)))
    with pytest.raises(WorkerStartError, match="cannot be made on a device"):
        outcomes(["b"])


def test_a_clip_is_done_when_its_task_and_its_blocks_are():
    queue = Queue()
    queue.put(Task(SimpleNamespace(id="c"), {}))
    assert queue.next_for("a") is not None
    queue.open("c")  # a block waits for a device
    assert list(queue.closed("c")) == []
    assert queue.is_open
    assert list(queue.closed("c")) == [ClipDone("c")]
    assert not queue.is_open


def test_a_clip_that_a_node_cannot_read_is_left_to_another_if_there_is_a_choice():
    queue = Queue()
    task, other = (Task(SimpleNamespace(id=name), {}) for name in "cd")
    assert queue.doubts("c", "a")
    assert not queue.doubts("c", "b"), "twice is enough"
    queue.put(task)
    queue.put(other)
    assert queue.next_for("a") is other
    assert queue.next_for("a") is task
    assert queue.next_for("a") is None
