"""A worker process: what it does, how it is started, spoken to and ended, and how it is seen that it died.

Main process and worker talk over a pipe. The worker says :class:`Hello` once it has work in hands, and announces
what it begins (:class:`~degrade_bench.sweep.worker.Begun`), so that it is clear where a worker died. It ends within
a moment when its parent is gone.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from degrade_bench._support.pipes import keep_short, needs_main_script, receive, send
from degrade_bench._support.processes import how_it_ended
from degrade_bench.errors import DegradeBenchError, MetricError
from degrade_bench.metric.base import Metric
from degrade_bench.runs.probes import Probe
from degrade_bench.sweep import template
from degrade_bench.sweep.block import BlockResult
from degrade_bench.sweep.examples import Playing
from degrade_bench.sweep.probe import probe
from degrade_bench.sweep.scoring import reason_of
from degrade_bench.sweep.worker import Begun, BlockLost, Task, Work, single_threaded, work_on

UNGUARDED = 78
"""Exit code of a worker whose import of the main script asked for a run of its own."""

NAME = "degrade-bench worker"

START_METHOD: template.StartMethod = template.USUAL_METHOD
"""How worker processes are started. Never by a fork of this one: what has run threads may hang as a copy."""

GUARD = 'put the call under `if __name__ == "__main__":`, or use 1 worker'


class WorkerStartError(DegradeBenchError):
    """No worker process can be started; says why, and what to do."""


@dataclass(frozen=True)
class Hello:
    """A worker has the work in hands."""


@dataclass(frozen=True)
class Probing:
    """A worker is to probe a metric, and answers with a :class:`~degrade_bench.runs.probes.Probe`, or a refusal."""

    metric: Metric


@dataclass(frozen=True)
class Farewell:
    """A worker ends because of an error of its own."""

    reason: str


@dataclass(frozen=True)
class ClipDone:
    """Everything that was asked of a clip has been reported.

    Attributes:
        clip_id: the clip.
        stages: seconds that reporting it took, by stage.
    """

    clip_id: str
    stages: Mapping[str, float] = field(default_factory=dict)


def check_not_in_a_worker() -> None:
    """End this process if it is a worker that imports the main script, and that script asks for a run.

    A worker imports the script that started the run. Where the call is not under the ``__main__`` guard, the import
    would begin the run once more; the main process is told by the exit code.
    """
    process = multiprocessing.current_process()
    if getattr(process, "_inheriting", False) and process.name.startswith(NAME):
        sys.exit(UNGUARDED)


def check_workers_can_start(work: Work) -> None:
    """Raise where workers must import the main script and cannot, because it is no file.

    Args:
        work: that they are to be sent.

    Raises:
        WorkerStartError: the script was read from standard input.
    """
    if not needs_main_script(work):
        return
    main = sys.modules["__main__"]
    script = getattr(main, "__file__", None)
    if script is not None and getattr(main, "__spec__", None) is None and not Path(script).exists():
        raise WorkerStartError(
            f"worker processes cannot import the main script {script}, which is no file; save it as a file, or use "
            "1 worker"
        )


def worker_main(connection: Connection, environment: Mapping[str, str]) -> None:
    """What a worker process does: learn the work, then take tasks until there are no more or the pipe closes.

    Args:
        connection: to the main process.
        environment: of the main process; that of a template is older.
    """
    os.environ.clear()
    os.environ.update(environment)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process hears Ctrl-C and ends its workers
    threading.Thread(target=_end_with_parent, name="parent watch", daemon=True).start()
    work: Work | None = None
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        try:
            while (given := receive(connection)) is not None:
                if isinstance(given, Work):
                    work = given
                    send(connection, Hello())
                elif isinstance(given, Probing):
                    send(connection, Hello())
                    send(connection, _probed(given.metric))
                elif isinstance(given, Playing):
                    with single_threaded():
                        send(connection, given.made())
                elif isinstance(given, Task) and work is not None:
                    handing_over = 0.0
                    for message in work_on(given, work):
                        started = time.perf_counter()
                        send(connection, message)
                        handing_over += time.perf_counter() - started
                    send(connection, ClipDone(given.source.id, {"hand over": handing_over}))
        except (EOFError, BrokenPipeError, ConnectionResetError):
            raise
        except Exception as error:  # a class that this process cannot import, an error that nobody foresaw
            send(connection, Farewell(reason_of(error)))


def _probed(metric: Metric) -> Probe | MetricError:
    try:
        return probe(metric)
    except MetricError as error:
        return error


def _end_with_parent() -> None:
    """End this process at once when its parent has ended: killed, it could not say so."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def start_process(imports_main_script: bool) -> tuple[BaseProcess, Connection]:
    """A new worker process, and this end of the pipe to it.

    Args:
        imports_main_script: whether it is to know what the main script defines.
    """
    context: Any = multiprocessing.get_context(START_METHOD)  # each kind has a type of its own
    if START_METHOD == "forkserver":
        template.prepare()
    ours, theirs = context.Pipe()
    keep_short(theirs)
    process = context.Process(target=worker_main, args=(theirs, dict(os.environ)), daemon=True, name=NAME)
    hidden = nullcontext() if imports_main_script else template.without_main_script()
    with template.without_interrupts(), hidden:
        process.start()
    theirs.close()
    return process, ours


class Worker:
    """A worker process, the pipe to it, and what is known of it.

    Args:
        work: what it is to know.

    Attributes:
        connection: the pipe.
        tasks: that it was given and has not reported as done.
        greeted: whether it has had work in hands.
        under_way: the block that it announced and has not reported; None for none, or for the reading of a clip.
        reported: the blocks of its task that it has reported.
        farewell: why it gave up, if it said so.
    """

    def __init__(self, work: Work) -> None:
        self.process, self.connection = start_process(needs_main_script(work))
        self.tasks: deque[Task] = deque()
        self.greeted = False
        self.under_way: str | None = None
        self.reported: set[str] = set()
        self.farewell: str | None = None
        self.send(work)

    def give(self, task: Task | None) -> None:
        """Send a task; None sends the worker home."""
        if task is not None:
            self.tasks.append(task)
        self.send(task)

    def note(self, message: object) -> None:
        """Learn from a message how far the worker is."""
        if isinstance(message, Hello):
            self.greeted = True
        elif isinstance(message, Farewell):
            self.farewell = message.reason
        elif isinstance(message, Begun):
            self.under_way = message.block
        elif isinstance(message, BlockResult | BlockLost):
            self.under_way = None
            self.reported.add(message.block)
        elif isinstance(message, ClipDone):
            self.tasks.popleft()
            self.reported.clear()

    def send(self, message: Work | Task | None) -> None:
        """Send the work or a task; None sends the worker home. A worker that has died is not told."""
        with suppress(BrokenPipeError, ConnectionResetError):  # the next receive says so
            send(self.connection, message)

    def how_it_ended(self) -> str:
        """In words, why the process is gone."""
        self.process.join(timeout=2)
        if self.farewell is not None:
            return self.farewell
        return how_it_ended(self.process.exitcode)

    def why_it_never_began(self) -> WorkerStartError | None:
        """What is wrong with the script or the objects that were sent; None where that cannot be told."""
        self.process.join(timeout=2)
        if self.process.exitcode == UNGUARDED:
            return WorkerStartError(
                f"a worker process imports the script that started the run, and starts it again: {GUARD}"
            )
        if self.farewell is not None:
            return WorkerStartError(
                f"a worker process cannot be given its work ({self.farewell}); define classes and functions in a "
                "module that can be imported, or use 1 worker"
            )
        return None

    def stop(self, at_once: bool = False) -> None:
        """Close the pipe and wait for the process to end; kill it where it does not, or at once."""
        self.connection.close()
        if not at_once:
            self.process.join(timeout=2)
        if self.process.is_alive():
            self.process.kill()
        self.process.join()
