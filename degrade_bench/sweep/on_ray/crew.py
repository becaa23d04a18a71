"""Processes of a cluster that do the tasks of a sweep.

This process hands out clips, hears what became of each block, and stores the rows; no samples pass through it, but
for metrics that cannot be made elsewhere. What a process leaves open that has died is given to another one, as
:mod:`degrade_bench.sweep.losses` says; where its whole node is gone, that is counted against no block.
"""

from __future__ import annotations

import math
import pickle
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any

from degrade_bench._support.texts import said
from degrade_bench.metric.base import Metric
from degrade_bench.sweep.block import BlockResult
from degrade_bench.sweep.crew import Event, Terms
from degrade_bench.sweep.deadline import Deadline
from degrade_bench.sweep.heavy import seconds_of_one
from degrade_bench.sweep.losses import Losses
from degrade_bench.sweep.on_ray.cluster import is_alive
from degrade_bench.sweep.on_ray.devices import Devices, Redo
from degrade_bench.sweep.on_ray.hand import Hand
from degrade_bench.sweep.on_ray.messages import Handed
from degrade_bench.sweep.on_ray.queue import Queue
from degrade_bench.sweep.on_ray.workforce import Workforce, check
from degrade_bench.sweep.scoring import MetricInput
from degrade_bench.sweep.worker import ClipUnusable, Message, Task, Work

TICK_SECONDS = 1.0
"""So long is waited before looking whether there is something else to do."""

NOTICE_SECONDS = 60.0
"""After so long without anything at work, the user hears what is waited for."""

SILENT_SECONDS = 90.0
"""So long it may take until the cluster knows what became of a process that does not answer."""

DIED = "it ended on a node of the cluster, whose logs say more, perhaps for lack of memory"
"""How a process ended, as far as the cluster tells."""


@dataclass(frozen=True)
class Places:
    """Where a crew works.

    Attributes:
        nodes: of the cluster.
        processors: of all nodes.
        make_device: starts a process with a device; told whether it replaces one.
        devices: how many of those there are to be; 0 where no metric can be made elsewhere.
        elsewhere: metrics that are scored there.
    """

    nodes: int
    processors: int
    make_device: Callable[[bool], Any]
    devices: int
    elsewhere: frozenset[str]


class RayCrew:
    """Processes of a cluster; they are gone when the ``with`` block ends.

    Args:
        work: what they must know.
        places: where they are.
        terms: how many damage, and until when.

    Attributes:
        was_stopped: whether :meth:`run` ended before everything was done, because its deadline came.
        works_here: whether this process does the tasks itself.
    """

    works_here = False

    def __init__(self, work: Work, places: Places, terms: Terms) -> None:
        import ray

        self._count, self._places, self._terms = terms.workers, places, terms
        self._work = ray.put(pickle.dumps(work))
        self._losses = Losses(work.guests())
        self._force = Workforce([block.name for block in work.blocks()], places.elsewhere)
        self._queue = Queue()
        self._tasks: dict[str, Task] = {}
        self._lost_nodes: set[str | None] = set()
        self._idle_since = time.monotonic()
        self.was_stopped = False
        self._devices = Devices(places.make_device, places.devices, check)

    def __enter__(self) -> RayCrew:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._force.end()
        self._devices.end()

    @property
    def workers(self) -> int:
        """How many processes damage at a time."""
        return max(1, min(self._count, self._places.processors))

    @property
    def devices(self) -> int:
        """How many processes score."""
        return self._devices.count

    def seconds_of_one(self, metric: Metric, cells: Sequence[MetricInput], sample_rate: int) -> float:
        """By how much one cell's score lengthens the run; devices share the cells.

        Args:
            metric: a heavy one.
            cells: one of them.
            sample_rate: of it, in Hz.
        """
        import ray

        if metric.name not in self._places.elsewhere:
            return seconds_of_one(metric, cells, sample_rate)
        self._devices.start()
        while (device := self._devices.ready) is None:
            list(self._devices.take(self._promised(self._devices.promises)))
        asked = device.seconds_of_one.remote(metric.name, list(cells), sample_rate)
        return float(ray.get(self._promised([asked]))) / self._devices.count

    def probe(self, task: Task, work: Work) -> Generator[Message, None, None]:
        """Do a task of other work before the run begins, and yield what happens, as far as it goes.

        Args:
            task: what to do.
            work: what is known meanwhile.

        Raises:
            WorkerStartError: no process can be started, or one has other versions than this.
            TimeLimitError: there was none before the deadline.
        """
        import ray

        self._devices.start()  # before damage takes their processors
        other = ray.put(pickle.dumps(work))
        hand = next(iter(self._force.hands), None)
        if hand is None:
            hand = self._force.hired(other)
        else:
            hand.learn(other)
        knows_the_work = False
        try:
            self._promised([hand.promise])
            self._force.greet(hand)
            if hand not in self._force.hands:  # it died; the run tries another
                return
            hand.begin(task)
            while hand.task is not None:
                self._promised([hand.promise])
                message = hand.answer()
                if message is not None:
                    yield _whole(message) if isinstance(message, Handed) else message
            hand.learn(self._work)
            knows_the_work = True
        except ray.exceptions.RayError:  # the run will meet it again, and count it
            pass
        finally:
            if not knows_the_work and hand in self._force.hands:  # it died, or whoever asks has heard enough
                self._force.dismiss(hand)

    def run(self, tasks: Sequence[Task], idle: Callable[[], bool], deadline: Deadline) -> Iterator[Event]:
        """Work on every task and yield what happens, in whatever order it happens.

        Args:
            tasks: what to do.
            idle: called again and again while nothing has happened, until it returns False: it had nothing to do.
            deadline: when to stop.

        Raises:
            WorkerStartError: no process can be started, or one has other versions than this.
        """
        if tasks:
            self._devices.start()
        self._tasks = {task.source.id: task for task in tasks}
        for task in tasks:
            self._queue.put(task)
        self._idle_since = time.monotonic()
        while self._queue.is_open:
            if deadline.has_passed:
                self.was_stopped = True
                return
            self._hire_and_hand_out()
            arrived = self._arrived(0.0)
            if arrived is None and not idle():
                arrived = self._arrived(TICK_SECONDS)
            self._tell_what_is_waited_for()
            if isinstance(arrived, Hand):
                yield from self._heard(arrived)
            elif arrived is not None:
                yield from self._scored(arrived)

    def _promised(self, promises: Sequence[Any]) -> Any:
        """Wait until one of them is kept, and return it; say so where that takes long.

        Raises:
            TimeLimitError: the deadline came first.
        """
        import ray

        self._idle_since = time.monotonic()
        while True:
            ready, _ = ray.wait(list(promises), num_returns=1, timeout=TICK_SECONDS)
            if ready:
                return ready[0]
            if self._terms.deadline.has_passed:
                raise self._terms.deadline.error()
            self._tell_what_is_waited_for()

    def _tell_what_is_waited_for(self) -> None:
        """Say once what is waited for, where nothing has been at work for a while."""
        if self._force.is_working or self._devices.are_at_work:
            self._idle_since = time.monotonic()
        elif time.monotonic() - self._idle_since > NOTICE_SECONDS:
            self._terms.warned("nothing is at work: waiting for a free processor or device of the cluster")
            self._idle_since = math.inf

    # -- processes that damage -------------------------------------------------------------------------

    def _hire_and_hand_out(self) -> None:
        working = sum(hand.task is not None for hand in self._force.hands)
        while len(self._force.hands) < min(self._count, working + len(self._queue)):
            self._force.hired(self._work)
        for hand in self._force.hands:
            if hand.state == "idle" and (task := self._queue.next_for(hand.node)) is not None:
                hand.begin(task)

    def _arrived(self, seconds: float) -> Any:
        """The first process that has answered, or the first promise of a device that is kept; None in time."""
        import ray

        heard = [hand for hand in self._force.hands if hand.promise is not None and not self._must_wait(hand)]
        promises = [*self._devices.promises, *(hand.promise for hand in heard)]
        if not promises:
            return None
        ready, _ = ray.wait(promises, num_returns=1, timeout=seconds)
        if not ready:
            for hand in self._force.hands:  # whoever is silent is asked again after a tick
                if hand.state == "silent" and hand.promise is None and seconds:
                    hand.ask_whether_it_lives()
            return None
        return next((hand for hand in heard if hand.promise is ready[0]), ready[0])

    def _must_wait(self, hand: Hand) -> bool:
        return hand.state == "working" and self._devices.are_full

    def _heard(self, hand: Hand) -> Iterator[Event]:
        import ray

        task = hand.task
        if task is None:
            self._force.greet(hand)
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
        except ray.exceptions.RayError:
            if hand.state != "silent":
                hand.ask_whether_it_lives()
            elif time.monotonic() - hand.silent_since > SILENT_SECONDS:
                yield from self._after_silence(hand, task)
            else:
                hand.leave_alone()
            return
        if isinstance(message, Handed):
            self._queue.open(task.source.id)
            self._devices.add(message)
        elif isinstance(message, ClipUnusable) and self._is_doubtful(hand, message):
            self._queue.put(task)
        elif message is not None:
            yield message
        if hand.task is None:
            yield from self._queue.closed(task.source.id)

    def _is_doubtful(self, hand: Hand, message: ClipUnusable) -> bool:
        """Whether another node is to try to read a clip: this one may not see the files."""
        return self._places.nodes > 1 and self._queue.doubts(message.clip_id, hand.node)

    def _after_death(self, hand: Hand, task: Task, error: Exception) -> Iterator[Event]:
        """Give what a process left open to another one.

        Args:
            hand: the process.
            task: that it had.
            error: that told of its end.
        """
        import ray

        if not is_alive(hand.node) or "node has died" in str(error):
            if hand.node not in self._lost_nodes:
                self._lost_nodes.add(hand.node)
                self._terms.warned("a node of the cluster is lost; what it did goes to others")
            yield from self._after_silence(hand, task)
            return
        self._force.dismiss(hand)
        how = said(error.cause) if isinstance(error, ray.exceptions.RayTaskError) else DIED
        aftermath = self._losses.after_death(task, hand.under_way, hand.reported, how)
        yield from aftermath.lost
        if aftermath.left is not None:
            self._queue.put(aftermath.left)
        yield from self._queue.closed(task.source.id)

    def _after_silence(self, hand: Hand, task: Task) -> Iterator[Event]:
        """Give what a process has not reported to another one: nothing is to blame but the cluster."""
        self._force.dismiss(hand)
        left = {name: wanted for name, wanted in task.todo.items() if name not in hand.reported}
        if left:
            self._queue.put(Task(task.source, left))
        yield from self._queue.closed(task.source.id)

    def _scored(self, promise: Any) -> Iterator[Event]:
        for outcome in self._devices.take(promise):
            if isinstance(outcome, Redo):
                result, handed = outcome.handed.result, outcome.handed
                wanted = frozenset(row.metric for row in result.rows) | result.inputs.keys() | handed.metrics
                self._queue.put(replace(self._tasks[result.clip_id], todo={result.block: wanted}))
                yield from self._queue.closed(result.clip_id)
                continue
            yield from outcome.events
            yield from self._queue.closed(outcome.clip_id)


def _whole(handed: Handed) -> BlockResult:
    """A block with all that its metrics are given."""
    import ray

    apart = ray.get(handed.apart)
    inputs: Mapping[str, Any] = {**handed.result.inputs, **apart.inputs}
    return replace(handed.result, inputs=inputs, row_stubs={**handed.result.row_stubs, **apart.row_stubs})
