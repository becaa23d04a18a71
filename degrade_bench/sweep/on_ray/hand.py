"""One process of the cluster that damages: what it was given, and how far it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from degrade_bench.sweep.block import BlockResult
from degrade_bench.sweep.on_ray.actors import Damager
from degrade_bench.sweep.on_ray.messages import ApartComes, Greeting, Handed
from degrade_bench.sweep.worker import Begun, BlockLost, Task

AHEAD = 8
"""So many messages a process may be ahead of who hears them: two blocks with what a device is to hear of them."""

State = Literal["starting", "idle", "working", "silent"]


class Hand:
    """A process that damages, on some node.

    Args:
        work: a reference to what it is to know, pickled.
        elsewhere: heavy metrics that are scored on a device of the cluster.

    Attributes:
        promise: what to wait for: the answer to the last question, or the stream of messages of a task.
        state: ``silent`` where it does not answer, and it is not known whether it will.
        node: where it is, once it has greeted.
        task: in its hands.
        under_way: the block that it announced and has not reported; None for none, or for the reading of a clip.
        reported: the blocks of its task that it has reported.
    """

    def __init__(self, work: Any, elsewhere: frozenset[str]) -> None:
        import ray

        options = {"num_cpus": 1, "max_restarts": 0, "max_task_retries": 0, "scheduling_strategy": "SPREAD"}
        self._actor = ray.remote(**options)(Damager).remote(elsewhere)
        self.state: State = "starting"
        self.node: str | None = None
        self.task: Task | None = None
        self.under_way: str | None = None
        self.reported: set[str] = set()
        self.promise: Any
        self.learn(work)

    def learn(self, work: Any) -> None:
        """Have it know other work; it is starting until it has answered."""
        self.state = "starting"
        self.promise = self._actor.learn.remote(work)

    def begin(self, task: Task) -> None:
        """Have it do a task."""
        self.state, self.task, self.under_way = "working", task, None
        self.reported.clear()
        stream = self._actor.work_on.options(num_returns="streaming", _generator_backpressure_num_objects=AHEAD)
        self.promise = stream.remote(task)

    def answer(self) -> Any:
        """What it answers: to a question, or the next message about its task; waits for it.

        Raises:
            StopIteration: the task is done.
            RayError: it is gone, or does not answer.
        """
        import ray

        if self.state == "working":
            message = ray.get(next(self.promise))
            if isinstance(message, ApartComes):
                apart = next(self.promise)
                message = replace(ray.get(next(self.promise)), apart=apart)
            self._note(message.result if isinstance(message, Handed) else message)
            return message
        answer = ray.get(self.promise)
        self.state, self.promise = "idle", None
        if isinstance(answer, Greeting):
            self.node = answer.node
        return answer

    def done(self) -> None:
        """Its task is done."""
        self.state, self.task, self.promise = "idle", None, None

    def ask_whether_it_lives(self) -> None:
        """Ask it anything: the answer is an error, once the cluster knows what became of it."""
        self.state = "silent"
        self.promise = self._actor.ping.remote()

    def end(self) -> None:
        """End the process at once."""
        import ray

        ray.kill(self._actor)

    def _note(self, message: Any) -> None:
        if isinstance(message, Begun):
            self.under_way = message.block
        elif isinstance(message, BlockResult | BlockLost):
            self.under_way = None
            self.reported.add(message.block)
