"""What the engines of a sweep have in common: a crew that does its tasks."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from degrade_bench.metric.base import Metric
from degrade_bench.sweep.deadline import NO_DEADLINE, Deadline
from degrade_bench.sweep.processes import ClipDone
from degrade_bench.sweep.scoring import MetricInput
from degrade_bench.sweep.spec import Sweep
from degrade_bench.sweep.staff import Staff
from degrade_bench.sweep.worker import Message, Task, Work

Event = Message | ClipDone


class Crew(Protocol):
    """What does the tasks of a sweep."""

    @property
    def workers(self) -> int:
        """How many work at a time, as far as that is decided."""

    @property
    def works_here(self) -> bool:
        """Whether this process does the tasks itself."""

    @property
    def was_stopped(self) -> bool:
        """Whether :meth:`run` ended before everything was done, because its deadline came."""

    @property
    def devices(self) -> int:
        """Processes beside the workers that score with heavy metrics."""

    def probe(self, task: Task, work: Work) -> Generator[Message, None, None]:
        """Do a task of other work before the run begins, and yield what happens, as far as it goes.

        Args:
            task: what to do.
            work: what is known meanwhile.

        Raises:
            WorkerStartError: no worker can be started.
        """

    def seconds_of_one(self, metric: Metric, cells: Sequence[MetricInput], sample_rate: int) -> float:
        """By how much one cell's score of a heavy metric lengthens the run, in seconds, measured.

        Args:
            metric: a heavy one.
            cells: one of them.
            sample_rate: of it, in Hz.
        """

    def run(self, tasks: Sequence[Task], idle: Callable[[], bool], deadline: Deadline) -> Iterator[Event]:
        """Work on every task and yield what happens, in whatever order it happens.

        Args:
            tasks: what to do.
            idle: called again and again while nothing has happened, until it returns False: it had nothing to do.
            deadline: when to stop.

        Raises:
            WorkerStartError: no worker can be started.
        """


def _nobody(text: str) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True)
class Terms:
    """Under what terms a crew works.

    Attributes:
        workers: how many at most.
        staff: decides after a probe how many workers there are to be, where the engine asks it; None for as many as
            were given.
        deadline: when to stop waiting for workers.
        warned: told what the user ought to hear of.
    """

    workers: int
    staff: Staff | None = None
    deadline: Deadline = NO_DEADLINE
    warned: Callable[[str], None] = _nobody


class Engine(Protocol):
    """Where a sweep is done."""

    def crew(self, sweep: Sweep, work: Work, heavy: Sequence[Metric], terms: Terms) -> AbstractContextManager[Crew]:
        """Who does the tasks of a sweep, until the ``with`` block ends.

        Args:
            sweep: what is to be done.
            work: what every worker must know.
            heavy: metrics that are scored apart from the damage.
            terms: how many workers, and until when.

        Raises:
            WorkerStartError: there can be no workers.
        """
