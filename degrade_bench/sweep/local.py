"""The engine of a sweep that is done on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

from degrade_bench.metric.base import Metric
from degrade_bench.sweep.crew import Crew, Terms
from degrade_bench.sweep.pool import Pool
from degrade_bench.sweep.spec import Sweep
from degrade_bench.sweep.worker import Work


class LocalEngine:
    """This process, or worker processes of this machine."""

    def crew(self, sweep: Sweep, work: Work, heavy: Sequence[Metric], terms: Terms) -> AbstractContextManager[Crew]:
        """A pool of processes; heavy metrics stay in this one.

        Args:
            sweep: what is to be done.
            work: what every worker must know.
            heavy: metrics of this process.
            terms: how many workers; 1 for this process alone.
        """
        return Pool(work, terms.workers, terms.staff)


LOCAL = LocalEngine()
