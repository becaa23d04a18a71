"""Processes that work on clips, one clip at a time each, and report block by block.

Every worker has a pipe, and a thread receives from all of them and hands out the next clips, so that
workers go on while the main process scores. How much may wait is bounded (:mod:`degrade_bench.sweep.inbox`); a
worker that is further ahead waits on its full pipe. A worker that dies closes its pipe, so its death is seen at
once and costs the blocks of one clip.
"""

from __future__ import annotations

import multiprocessing
import pickle
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection

from degrade_bench.errors import DegradeBenchError
from degrade_bench.sweep.inbox import Inbox
from degrade_bench.sweep.worker import Message, Task, Work, work_on

MAX_DEATHS = 10
"""So many workers may die with no clip finished between them before the run is given up."""


class WorkerDiedError(DegradeBenchError):
    """Every worker that was started died before it did anything."""


@dataclass(frozen=True)
class ClipDone:
    """Everything that was asked of a clip has been reported."""

    clip_id: str


@dataclass(frozen=True)
class WorkerDied:
    """The process that worked on a clip ended without finishing it."""

    clip_id: str
    reason: str


Event = Message | ClipDone | WorkerDied


def run_tasks(tasks: Sequence[Task], work: Work, workers: int) -> Iterator[Event]:
    """Work on every task and yield what happens, in whatever order it happens.

    Args:
        tasks: one per clip.
        work: what every worker knows.
        workers: 1 works in this process; more starts as many processes. The results are the same.
    """
    if workers == 1 or len(tasks) <= 1:
        for task in tasks:
            yield from work_on(task, work)
            yield ClipDone(task.source.id)
    else:
        yield from _run_in_processes(tasks, work, min(workers, len(tasks)))


def _send(connection: Connection, message: object) -> None:
    connection.send_bytes(pickle.dumps(message, protocol=5))


def _receive(connection: Connection) -> object:
    return pickle.loads(connection.recv_bytes())


def _worker_main(connection: Connection) -> None:
    """What a worker process does: learn the work, then take tasks until there are no more or the pipe closes."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process hears Ctrl-C and closes the pipe
    try:
        work = _receive(connection)
        assert isinstance(work, Work)
        while (task := _receive(connection)) is not None:
            assert isinstance(task, Task)
            for message in work_on(task, work):
                _send(connection, message)
            _send(connection, ClipDone(task.source.id))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


class _Worker:
    """A worker process, the pipe to it, and the tasks that it was given and has not reported as done."""

    def __init__(self, work: Work) -> None:
        # spawn: a fork of a process that has run torch or OpenMP threads can hang
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_worker_main, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()
        self.tasks: deque[Task] = deque()
        with suppress(BrokenPipeError, ConnectionResetError):  # it died at once: the next receive says so
            _send(self.connection, work)

    def give(self, task: Task | None) -> None:
        """Send a task; None sends the worker home."""
        if task is not None:
            self.tasks.append(task)
        with suppress(BrokenPipeError, ConnectionResetError):
            _send(self.connection, task)

    def stop(self) -> None:
        self.connection.close()
        self.process.join(timeout=2)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


class _Waiting:
    """The tasks that nobody has yet, for two threads to take from."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._tasks = deque(tasks)
        self._lock = threading.Lock()

    def take(self) -> Task | None:
        with self._lock:
            return self._tasks.popleft() if self._tasks else None


def _run_in_processes(tasks: Sequence[Task], work: Work, count: int) -> Iterator[Event]:
    waiting = _Waiting(tasks)
    workers: dict[Connection, _Worker] = {}
    deaths_in_a_row = 0

    def hand_out(sender: Connection, event: Event) -> None:
        if isinstance(event, ClipDone):  # at once, not when its turn comes here: nothing is left for it to do
            workers[sender].give(waiting.take())

    def start(task: Task) -> None:
        worker = _Worker(work)
        workers[worker.connection] = worker
        worker.give(task)
        inbox.add(worker.connection)

    inbox = Inbox(hand_out)
    try:
        for _ in range(count):
            if (task := waiting.take()) is not None:
                start(task)
        while workers:
            sender, event = inbox.get()
            worker = workers[sender]
            if event is not None:
                if isinstance(event, ClipDone):
                    deaths_in_a_row = 0
                    worker.tasks.popleft()
                yield event
                continue
            if worker.tasks:
                deaths_in_a_row += 1
                yield _death(worker)
            del workers[sender]
            worker.stop()
            if deaths_in_a_row > MAX_DEATHS:
                raise WorkerDiedError(
                    f"{deaths_in_a_row} worker processes died one after the other; "
                    "try --workers 1, which shows the cause"
                )
            if worker.tasks and (task := waiting.take()) is not None:
                start(task)
    finally:
        inbox.close()
        for worker in workers.values():
            worker.connection.close()
        for worker in workers.values():
            worker.stop()


def _death(worker: _Worker) -> WorkerDied:
    worker.process.join(timeout=2)
    code = worker.process.exitcode
    how = f"killed by signal {-code}" if code is not None and code < 0 else f"exit code {code}"
    hint = ", perhaps for lack of memory" if code == -9 else ""
    return WorkerDied(worker.tasks[0].source.id, f"the worker process died ({how}{hint})")
