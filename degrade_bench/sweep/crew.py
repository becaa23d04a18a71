"""What the engines of a sweep have in common: a crew that does its tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from degrade_bench.metric.base import Metric
from degrade_bench.sweep.deadline import Deadline
from degrade_bench.sweep.processes import ClipDone
from degrade_bench.sweep.scoring import MetricInput
from degrade_bench.sweep.spec import Sweep
from degrade_bench.sweep.staff import Staff
from degrade_bench.sweep.worker import Message, Task, Work


@dataclass(frozen=True)
class Notice:
    """Something that the user ought to hear of."""

    text: str


Event = Message | ClipDone | Notice


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

    def probe(self, task: Task, work: Work) -> Iterator[Message]:
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


class Engine(Protocol):
    """Where a sweep is done."""

    def crew(
        self, sweep: Sweep, work: Work, heavy: Sequence[Metric], workers: int, staff: Staff | None
    ) -> AbstractContextManager[Crew]:
        """Who does the tasks of a sweep, until the ``with`` block ends.

        Args:
            sweep: what is to be done.
            work: what every worker must know.
            heavy: metrics that are scored apart from the damage.
            workers: how many at most.
            staff: decides after a probe how many workers there are to be, where the engine asks it; None for as
                many as were given.

        Raises:
            WorkerStartError: there can be no workers.
        """


class LocalEngine:
    """This process, or worker processes of this machine."""

    def crew(
        self, sweep: Sweep, work: Work, heavy: Sequence[Metric], workers: int, staff: Staff | None
    ) -> AbstractContextManager[Crew]:
        """A pool of processes; heavy metrics stay in this one.

        Args:
            sweep: what is to be done.
            work: what every worker must know.
            heavy: metrics of this process.
            workers: 1 for this process alone.
            staff: decides after a probe how many workers there are to be.
        """
        from degrade_bench.sweep.pool import Pool

        return Pool(work, workers, staff)


LOCAL = LocalEngine()
