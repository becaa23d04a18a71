"""One process of the cluster that damages: what it was given, and how far it is."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Literal

from degrade_bench.sweep.on_ray.actors import Damager
from degrade_bench.sweep.on_ray.messages import Greeting, Handed
from degrade_bench.sweep.worker import Message, Task

AHEAD = 2
"""So many steps a process is asked for at a time: it does one while the other's answer is on its way."""

State = Literal["starting", "idle", "working", "silent"]


class Hand:
    """A process that damages, on some node. It is asked step by step, so that it is clear in which step it died.

    Args:
        work: a reference to what it is to know, pickled.
        blocks: names of all blocks of a clip, in order.
        elsewhere: heavy metrics that are scored on a device of the cluster.

    Attributes:
        state: ``silent`` where it does not answer, and it is not known whether it will.
        node: where it is, once it has greeted.
        task: in its hands.
        reported: the blocks of its task that it has reported.
        silent_since: when it was first asked whether it lives, by ``time.monotonic``.
    """

    def __init__(self, work: Any, blocks: Sequence[str], elsewhere: frozenset[str]) -> None:
        import ray

        options = {"num_cpus": 1, "max_restarts": 0, "max_task_retries": 0, "scheduling_strategy": "SPREAD"}
        self._actor = ray.remote(**options)(Damager).remote(elsewhere)
        self._blocks = tuple(blocks)
        self._question: Any = None
        self._steps: deque[str | None] = deque()
        self._calls: deque[tuple[Any, Any]] = deque()
        self.state: State = "starting"
        self.node: str | None = None
        self.task: Task | None = None
        self.reported: set[str] = set()
        self.silent_since = 0.0
        self.learn(work)

    @property
    def promise(self) -> Any:
        """What to wait for: the answer that is next; None where nothing was asked."""
        return self._calls[0][0] if self.state == "working" else self._question

    @property
    def under_way(self) -> str | None:
        """The block whose answer is next; None for the reading of the clip."""
        return self._steps[0] if self._steps else None

    def learn(self, work: Any) -> None:
        """Have it know other work; it is starting until it has answered."""
        self.state, self._question = "starting", self._actor.learn.remote(work)

    def begin(self, task: Task) -> None:
        """Have it do a task."""
        self.state, self.task = "working", task
        self.reported.clear()
        self._steps = deque([None, *(name for name in self._blocks if task.todo.get(name))])
        told, apart = self._actor.begin.options(num_returns=2).remote(task)
        further = min(AHEAD, len(self._steps)) - 1
        self._calls = deque([(told, apart), *(self._step() for _ in range(further))])

    def greeting(self) -> Greeting:
        """Its answer to the work that it was to learn; waits for it.

        Raises:
            RayError: it is gone, or cannot take the work.
        """
        import ray

        answer = ray.get(self._question)
        assert isinstance(answer, Greeting)
        self.state, self._question, self.node = "idle", None, answer.node
        return answer

    def answer(self) -> Message | Handed | None:
        """What became of the step that is next; after the last one, ``task`` is None.

        Returns:
            None where there was nothing to do, as for blocks of a clip that cannot be used.

        Raises:
            RayError: it is gone, or does not answer.
        """
        import ray

        told, apart = self._calls[0]
        message: Message | Handed | None = ray.get(told)
        self._calls.popleft()
        if (block := self._steps.popleft()) is not None:
            self.reported.add(block)
        if len(self._steps) > len(self._calls):
            self._calls.append(self._step())
        if not self._steps:
            self.state, self.task = "idle", None
        return replace(message, apart=apart) if isinstance(message, Handed) else message

    def ask_whether_it_lives(self) -> None:
        """Ask it anything: the answer is an error, once the cluster knows what became of it."""
        if self.state != "silent":
            self.state, self.silent_since = "silent", time.monotonic()
        self._question = self._actor.ping.remote()

    def leave_alone(self) -> None:
        """Wait for nothing from it, for a moment."""
        self._question = None

    def lives(self) -> None:
        """Its answer to that.

        Raises:
            RayError: it is gone.
        """
        import ray

        ray.get(self._question)

    def end(self) -> None:
        """End the process at once."""
        import ray

        with suppress(Exception):  # it may be gone, and so may the cluster
            ray.kill(self._actor)

    def _step(self) -> tuple[Any, Any]:
        told, apart = self._actor.step.options(num_returns=2).remote()
        return told, apart
