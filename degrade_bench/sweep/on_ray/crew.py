"""Processes of a cluster that do the tasks of a sweep.

This process hands out clips, hears what became of each block, and stores the rows; no samples pass through it, but
for metrics that cannot be made elsewhere. What a process leaves open that has died is given to another one, as
:mod:`degrade_bench.sweep.losses` says; where its whole node is gone, that is counted against no block.
"""

from __future__ import annotations

import math
import pickle
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any

from degrade_bench._support.texts import one_line, said
from degrade_bench.metric.base import Metric
from degrade_bench.sweep.block import BlockResult
from degrade_bench.sweep.crew import Event, Notice
from degrade_bench.sweep.deadline import Deadline
from degrade_bench.sweep.heavy import seconds_of_one
from degrade_bench.sweep.losses import Losses
from degrade_bench.sweep.on_ray.cluster import is_alive
from degrade_bench.sweep.on_ray.devices import Devices, Redo
from degrade_bench.sweep.on_ray.hand import Hand
from degrade_bench.sweep.on_ray.messages import Greeting, Handed, versions
from degrade_bench.sweep.processes import ClipDone, WorkerStartError
from degrade_bench.sweep.scoring import MetricInput
from degrade_bench.sweep.worker import Message, Task, Work

TICK_SECONDS = 1.0
"""So long is waited before looking whether there is something else to do."""

DEVICE_SECONDS = 1800.0
"""So long a device may take until it is ready: a node may have to start, and weights to be fetched."""

NOTICE_SECONDS = 60.0
"""After so long without a process at work, the user hears what is waited for."""

DIED = "it ended on a node of the cluster, whose logs say more, perhaps for lack of memory"
"""How a process ended, as far as the cluster tells."""

MOST_SILENT = 2
"""So many processes in a row may die before they have their work in hands."""


class RayCrew:
    """Processes of a cluster; they are gone when the ``with`` block ends.

    Args:
        work: what they must know.
        workers: how many damage.
        make_device: starts a process with a device; told whether it replaces one.
        devices: how many of those there are to be; 0 where no metric can be made elsewhere.
        elsewhere: metrics that are scored there.

    Attributes:
        was_stopped: whether :meth:`run` ended before everything was done, because its deadline came.
        works_here: whether this process does the tasks itself.
    """

    works_here = False

    def __init__(
        self, work: Work, workers: int, make_device: Callable[[bool], Any], devices: int, elsewhere: frozenset[str]
    ) -> None:
        import ray

        self._count, self._elsewhere = workers, elsewhere
        self._blocks = [block.name for block in work.blocks()]
        self._work = ray.put(pickle.dumps(work))
        self._losses = Losses(work.guests())
        self._hands: list[Hand] = []
        self._waiting: deque[Task] = deque()
        self._tasks: dict[str, Task] = {}
        self._open: Counter[str] = Counter()
        self._silent_deaths, self._greeted = 0, False
        self._versions = versions()
        self.was_stopped = False
        self._devices = Devices(make_device, devices)

    def __enter__(self) -> RayCrew:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for hand in self._hands:
            hand.end()
        self._devices.end()

    @property
    def workers(self) -> int:
        """How many processes damage."""
        return self._count

    def seconds_of_one(self, metric: Metric, cells: Sequence[MetricInput], sample_rate: int) -> float:
        """By how much one cell's score lengthens the run; devices share the cells.

        Args:
            metric: a heavy one.
            cells: one of them.
            sample_rate: of it, in Hz.
        """
        import ray

        if metric.name not in self._elsewhere:
            return seconds_of_one(metric, cells, sample_rate)
        asked = self._devices.actors[0].seconds_of_one.remote(metric.name, list(cells), sample_rate)
        return float(ray.get(asked)) / len(self._devices.actors)

    def probe(self, task: Task, work: Work) -> Iterator[Message]:
        """Do a task of other work before the run begins, and yield what happens, as far as it goes.

        Args:
            task: what to do.
            work: what is known meanwhile.

        Raises:
            WorkerStartError: no process can be started, or one has other versions than this.
        """
        import ray

        for actor in self._devices.actors:
            self._check(self._greeting_of(actor))
        hand = self._hired(ray.put(pickle.dumps(work)))
        try:
            while hand.state == "starting":
                self._greet(hand)
                if hand not in self._hands:  # it died; the run tries another
                    return
            hand.begin(task)
            while hand.task is not None:
                message = hand.answer()
                if message is not None:
                    yield _whole(message) if isinstance(message, Handed) else message
            hand.learn(self._work)
        except ray.exceptions.RayError:  # the run will meet it again, and count it
            pass
        finally:
            if hand.state == "working":  # it died, or whoever asks has heard enough
                self._dismiss(hand)

    def run(self, tasks: Sequence[Task], idle: Callable[[], bool], deadline: Deadline) -> Iterator[Event]:
        """Work on every task and yield what happens, in whatever order it happens.

        Args:
            tasks: what to do.
            idle: called again and again while nothing has happened, until it returns False: it had nothing to do.
            deadline: when to stop.

        Raises:
            WorkerStartError: no process can be started, or one has other versions than this.
        """
        self._tasks = {task.source.id: task for task in tasks}
        for task in tasks:
            self._put(task)
        waits_since = time.monotonic()
        while self._open:
            if deadline.has_passed:
                self.was_stopped = True
                return
            self._hire_and_hand_out()
            arrived = self._arrived(0.0)
            if arrived is None and not idle():
                arrived = self._arrived(TICK_SECONDS)
            if arrived is not None or any(hand.state == "working" for hand in self._hands):
                waits_since = time.monotonic()
            elif time.monotonic() - waits_since > NOTICE_SECONDS:
                yield Notice("no process is at work: waiting for a free processor of the cluster")
                waits_since = math.inf
            if isinstance(arrived, Hand):
                yield from self._heard(arrived)
            elif arrived is not None:
                yield from self._scored(arrived)

    def _put(self, task: Task) -> None:
        self._open[task.source.id] += 1
        self._waiting.append(task)

    def _closed(self, clip_id: str) -> Iterator[Event]:
        """A task of a clip, or a block of it that waited for a device, is done."""
        self._open[clip_id] -= 1
        if not self._open[clip_id]:
            del self._open[clip_id]
            yield ClipDone(clip_id)

    # -- processes that damage -------------------------------------------------------------------------

    def _hired(self, work: Any) -> Hand:
        hand = Hand(work, self._blocks, self._elsewhere)
        self._hands.append(hand)
        return hand

    def _hire_and_hand_out(self) -> None:
        working = sum(hand.state == "working" for hand in self._hands)
        while len(self._hands) < min(self._count, working + len(self._waiting)):
            self._hired(self._work)
        for hand in self._hands:
            if hand.state == "idle" and self._waiting:
                hand.begin(self._waiting.popleft())

    def _arrived(self, seconds: float) -> Any:
        """The first process that has answered, or the first call of a device that has ended; None in time."""
        import ray

        heard = [hand for hand in self._hands if hand.promise is not None and not self._must_wait(hand)]
        promises = [*self._devices.promises, *(hand.promise for hand in heard)]
        if not promises:
            return None
        ready, _ = ray.wait(promises, num_returns=1, timeout=seconds)
        if not ready:
            return None
        return next((hand for hand in heard if hand.promise is ready[0]), ready[0])

    def _must_wait(self, hand: Hand) -> bool:
        return hand.state == "working" and self._devices.are_full

    def _heard(self, hand: Hand) -> Iterator[Event]:
        import ray

        task = hand.task
        if task is None:
            self._greet(hand)
            return
        try:
            if hand.state == "silent":
                hand.lives()
                yield from self._after_silence(hand, task)  # what it was about to say is lost
                return
            message = hand.answer()
        except (ray.exceptions.ActorDiedError, ray.exceptions.RayTaskError) as error:
            yield from self._after_death(hand, task, error)
            return
        except ray.exceptions.RayError as error:
            if hand.state == "silent":
                yield from self._after_death(hand, task, error)
            else:
                hand.ask_whether_it_lives()
            return
        if isinstance(message, Handed):
            self._open[task.source.id] += 1
            self._devices.add(message)
        elif message is not None:
            yield message
        if hand.task is None:
            yield from self._closed(task.source.id)

    def _after_death(self, hand: Hand, task: Task, error: Exception) -> Iterator[Event]:
        """Give what a process left open to another one.

        Args:
            hand: the process.
            task: that it had.
            error: that told of its end.
        """
        import ray

        if not is_alive(hand.node):
            yield Notice(f"a node of the cluster is lost; clip {task.source.id} goes to another")
            yield from self._after_silence(hand, task)
            return
        self._dismiss(hand)
        how = said(error.cause) if isinstance(error, ray.exceptions.RayTaskError) else DIED
        aftermath = self._losses.after_death(task, hand.under_way, hand.reported, how)
        yield from aftermath.lost
        if aftermath.left is not None:
            self._put(aftermath.left)
        yield from self._closed(task.source.id)

    def _after_silence(self, hand: Hand, task: Task) -> Iterator[Event]:
        """Give what a process has not reported to another one: nothing is to blame but the cluster."""
        self._dismiss(hand)
        left = {name: wanted for name, wanted in task.todo.items() if name not in hand.reported}
        if left:
            self._put(Task(task.source, left))
        yield from self._closed(task.source.id)

    def _dismiss(self, hand: Hand) -> None:
        self._hands.remove(hand)
        hand.end()

    def _greet(self, hand: Hand) -> None:
        """Hear whether a process has its work in hands.

        Raises:
            WorkerStartError: it cannot be given its work, has other versions, or none has ever come so far.
        """
        import ray

        try:
            self._check(hand.greeting())
        except ray.exceptions.RayTaskError as error:
            raise WorkerStartError(
                f"a process of the cluster cannot be given its work ({one_line(str(error.cause))}); define classes "
                "and functions in a module that can be imported on every node"
            ) from error
        except ray.exceptions.RayError as error:
            self._hands.remove(hand)
            self._silent_deaths += 1
            if self._silent_deaths >= MOST_SILENT and not self._greeted:
                raise WorkerStartError(
                    f"{self._silent_deaths} processes of the cluster ended before they began "
                    f"({one_line(str(error))})"
                ) from error
            if self._greeted and self._count > 1 and self._silent_deaths >= MOST_SILENT:
                self._count -= 1  # a node that cannot work is not tried again and again
        else:
            self._greeted, self._silent_deaths = True, 0

    def _check(self, greeting: Greeting) -> None:
        """Raise where a process has other versions than this one.

        Raises:
            WorkerStartError: names the first that differs.
        """
        for name, version in self._versions.items():
            other = greeting.versions.get(name)
            if version is not None and other != version and not (name == "git revision" and other is None):
                raise WorkerStartError(
                    f"node {greeting.host} of the cluster has {name} {other or '(none)'}, this process has "
                    f"{version}: what they score would differ; install the same on every node"
                )

    # -- devices ---------------------------------------------------------------------------------------

    def _greeting_of(self, actor: Any) -> Greeting:
        """Wait until a device is ready.

        Raises:
            WorkerStartError: its metrics cannot be made there.
        """
        import ray

        try:
            greeting = ray.get(actor.greet.remote(), timeout=DEVICE_SECONDS)
        except ray.exceptions.GetTimeoutError:
            minutes = DEVICE_SECONDS / 60
            raise WorkerStartError(
                f"no device of the cluster was free and ready within {minutes:g} minutes"
            ) from None
        except ray.exceptions.RayError as error:
            reason = str(error).strip().splitlines()[-1]
            raise WorkerStartError(
                f"metrics cannot be made on a device of the cluster ({one_line(reason)})"
            ) from error
        assert isinstance(greeting, Greeting)
        return greeting

    def _scored(self, promise: Any) -> Iterator[Event]:
        for outcome in self._devices.take(promise):
            if isinstance(outcome, Redo):
                result = outcome.handed.result
                task = self._tasks[result.clip_id]
                self._put(replace(task, todo={result.block: task.todo[result.block]}))
                yield from self._closed(result.clip_id)
                continue
            yield from outcome.events
            yield from self._closed(outcome.clip_id)


def _whole(handed: Handed) -> BlockResult:
    """A block with all that its metrics are given."""
    import ray

    apart = ray.get(handed.apart)
    inputs: Mapping[str, Any] = {**handed.result.inputs, **apart.inputs}
    return replace(handed.result, inputs=inputs, row_stubs={**handed.result.row_stubs, **apart.row_stubs})
