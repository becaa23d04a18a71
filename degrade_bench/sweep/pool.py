"""Processes that work on clips, one clip at a time each, and report block by block.

Every worker has a pipe, and a thread receives from all of them and hands out the next clips, so that
workers go on while the main process scores. How much may wait is bounded (:mod:`degrade_bench.sweep.inbox`); a
worker that is further ahead waits on its full pipe.

A worker that dies closes its pipe, so its death is seen at once. What it left open is given to a new worker, as
:mod:`degrade_bench.sweep.losses` says.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from multiprocessing.connection import Connection
from types import TracebackType
from typing import cast

from degrade_bench._support.pipes import receive
from degrade_bench.metric.base import Metric
from degrade_bench.sweep.crew import Event
from degrade_bench.sweep.deadline import NO_DEADLINE, Deadline
from degrade_bench.sweep.heavy import seconds_of_one
from degrade_bench.sweep.inbox import Inbox
from degrade_bench.sweep.losses import Losses
from degrade_bench.sweep.processes import (
    GUARD,
    ClipDone,
    Farewell,
    Hello,
    Worker,
    WorkerStartError,
    check_workers_can_start,
)
from degrade_bench.sweep.scoring import MetricInput
from degrade_bench.sweep.staff import Staff
from degrade_bench.sweep.worker import ClipLost, Message, Task, Work, work_on

MOST_SILENT = 2
"""So many workers in a row may die before they have their work in hands."""


class _Waiting:
    """The tasks that nobody has yet, for two threads to take from."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._tasks = deque(tasks)
        self._lock = threading.Lock()

    def take(self) -> Task | None:
        with self._lock:
            return self._tasks.popleft() if self._tasks else None

    def put_back(self, task: Task) -> None:
        """Behind the others: what was short when a worker died may be there again by then."""
        with self._lock:
            self._tasks.append(task)


class Pool:
    """What works on tasks: this process, or worker processes, which are gone when the ``with`` block ends.

    Args:
        work: what every worker knows.
        workers: 1 works in this process; more starts as many processes. The results are the same.
        staff: decides after a probe how many workers there are to be; None for as many as were given.

    Attributes:
        was_stopped: whether :meth:`run` ended before everything was done, because its deadline came.

    Raises:
        WorkerStartError: worker processes cannot import the main script.
    """

    def __init__(self, work: Work, workers: int, staff: Staff | None = None) -> None:
        self._work, self._count, self._staff = work, workers, staff
        self._workers: dict[Connection, Worker] = {}
        self._spare: Worker | None = None
        self._inbox: Inbox | None = None
        self._losses = Losses(work.guests())
        self._silent_deaths = 0
        self._greeted = False
        self.was_stopped = False
        if workers > 1:
            check_workers_can_start(work)

    def __enter__(self) -> Pool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._inbox is not None:
            self._inbox.close()
        for worker in [*self._workers.values(), *filter(None, [self._spare])]:
            worker.stop(at_once=True)  # nothing that it still does is wanted

    @property
    def workers(self) -> int:
        """How many there are to be, as far as that is decided."""
        return self._count

    @property
    def works_here(self) -> bool:
        """Whether this process does the tasks itself."""
        return self._count == 1

    @property
    def devices(self) -> int:
        """Processes beside the workers that score: heavy metrics are scored in this one."""
        return 0

    def seconds_of_one(self, metric: Metric, cells: Sequence[MetricInput], sample_rate: int) -> float:
        """Seconds of one cell's score: heavy metrics are scored in this process.

        Args:
            metric: a heavy one.
            cells: one of them.
            sample_rate: of it, in Hz.
        """
        return seconds_of_one(metric, cells, sample_rate)

    def probe(self, task: Task, work: Work) -> Generator[Message, None, None]:
        """Do a task of other work before the run begins, and yield what happens, as far as it goes.

        Args:
            task: what to do.
            work: what is known meanwhile.

        Raises:
            WorkerStartError: no worker process can be started.
        """
        if self._count == 1:
            yield from work_on(task, work)
            return
        worker = self._started(work)
        self._workers[worker.connection] = worker
        worker.give(task)
        died = False
        try:
            while worker.tasks and not died:
                try:
                    message = receive(worker.connection)
                except (EOFError, OSError):
                    died = True
                    continue
                worker.note(message)
                self._greeted |= worker.greeted
                if self._staff is not None and isinstance(message, Hello):
                    self._staff.began(worker.process.pid)
                if not isinstance(message, Hello | Farewell | ClipDone):
                    yield cast("Message", message)
        finally:  # also where whoever asks has heard enough: a worker that is not waited for must not be left over
            del self._workers[worker.connection]
            if worker.tasks:
                worker.stop(at_once=not died)
            else:
                self._spare = worker
                self._fit(worker, task.source.seconds_hint)
        if died:
            self._check_greeting(worker)

    def _fit(self, tried: Worker, seconds: float | None) -> None:
        """Have as many workers as there are to be, now that one was tried out on a clip of so many seconds."""
        if self._staff is not None:
            self._count = self._staff.tried(tried.process.pid, seconds)
        if self._count == 1 and self._spare is not None:
            self._spare.stop()
            self._spare = None

    def run(
        self,
        tasks: Sequence[Task],
        idle: Callable[[], bool] = lambda: False,
        deadline: Deadline = NO_DEADLINE,
    ) -> Iterator[Event]:
        """Work on every task and yield what happens, in whatever order it happens.

        It ends early where the deadline comes first, and ``was_stopped`` says so.

        Args:
            tasks: what to do.
            idle: called again and again while workers are at work and nothing has happened, until it returns False:
                it had nothing to do.
            deadline: when to stop.

        Raises:
            WorkerStartError: no worker process can be started.
        """
        if self._count > 1:
            yield from self._run_in_processes(tasks, idle, deadline)
            return
        for task in tasks:
            for message in work_on(task, self._work):
                yield message
                if deadline.has_passed:
                    self.was_stopped = True
                    return
            yield ClipDone(task.source.id)

    def _run_in_processes(
        self, tasks: Sequence[Task], idle: Callable[[], bool], deadline: Deadline
    ) -> Iterator[Event]:
        waiting = _Waiting(tasks)

        def hand_out(sender: Connection, event: Event) -> None:
            if isinstance(event, ClipDone):  # at once, not when its turn comes here: nothing is left for it to do
                self._workers[sender].give(waiting.take())

        self._inbox = Inbox(hand_out)
        for _ in range(min(self._count, len(tasks))):
            self._employ(waiting.take())
        while self._workers:
            while self._inbox.is_empty and idle():
                pass
            arrived = None if deadline.has_passed else self._inbox.get(deadline.left)
            if arrived is None:
                self.was_stopped = True
                return
            sender, message = arrived
            worker = self._workers[sender]
            if message is None:
                if worker.tasks:
                    yield from self._after_death(worker, waiting)
                del self._workers[sender]
                worker.stop()
                if self._silent_deaths < MOST_SILENT and worker.tasks:
                    self._employ(waiting.take())
                continue
            worker.note(message)
            if isinstance(message, Hello):
                self._greeted, self._silent_deaths = True, 0
            elif not isinstance(message, Farewell):
                yield message
        while task := waiting.take():
            yield ClipLost(task.source.id, "worker processes ended before they began; no other was started")
            yield ClipDone(task.source.id)

    def _started(self, work: Work) -> Worker:
        """A worker that knows the work: the spare one or a new one."""
        worker, self._spare = self._spare, None
        if worker is None:
            return Worker(work)
        worker.send(work)
        return worker

    def _employ(self, task: Task | None) -> None:
        """Have one more worker do a task, if there is one."""
        if task is not None and self._inbox is not None:
            worker = self._started(self._work)
            self._workers[worker.connection] = worker
            worker.give(task)
            self._inbox.add(worker.connection)

    def _after_death(self, worker: Worker, waiting: _Waiting) -> Iterator[Event]:
        """Give what a dead worker left open to another one, but for what workers have died of twice."""
        (task,) = worker.tasks
        if not worker.greeted:
            self._check_greeting(worker)
            waiting.put_back(task)
            return
        aftermath = self._losses.after_death(task, worker.under_way, worker.reported, worker.how_it_ended())
        yield from aftermath.lost
        if aftermath.left is None:
            yield ClipDone(task.source.id)
        else:
            waiting.put_back(aftermath.left)

    def _check_greeting(self, worker: Worker) -> None:
        """Count a worker that died before it had its work in hands.

        Raises:
            WorkerStartError: the reason is known, or no worker has ever come so far.
        """
        if worker.greeted:
            return
        if error := worker.why_it_never_began():
            raise error
        self._silent_deaths += 1
        if self._silent_deaths >= MOST_SILENT and not self._greeted:
            raise WorkerStartError(
                f"{self._silent_deaths} worker processes ended before they began ({worker.how_it_ended()}). In a "
                f"script, {GUARD}"
            )
