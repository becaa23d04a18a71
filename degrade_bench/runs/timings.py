"""Where a run's time went, as ``run.json`` tells it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from degrade_bench.runs.part import Part

Seconds = Annotated[float, Field(ge=0)]


class StageTime(Part):
    """One stage.

    Attributes:
        seconds: spent on it, of all workers together.
        share: these, divided by ``worker_seconds`` for a stage of the workers, by ``seconds`` of the whole start
            for one of the main process.
    """

    seconds: Seconds
    share: Seconds


class Timings(Part):
    """Where the time of a run's last start went.

    Stages of the workers:

    - ``decode``: reading a clip; ``beats``: estimating them, where no file gave any
    - ``plan``: what is drawn and looked for; ``damage``
    - ``match``: the loudness; ``measure``: the strength achieved
    - ``features``: what metrics share; ``score METRIC``
    - ``prepare``: for a metric that the main process scores with
    - ``hand over``: to the main process, waiting for it included

    Stages of the main process: ``estimate``, ``score METRIC``, ``write`` (shards), ``table``, ``examples``,
    ``analyse`` and ``report``. With one worker the main process does the workers' stages itself; they stand under
    ``of_workers`` all the same.

    Attributes:
        seconds: of the whole start, by the clock.
        scoring_seconds: of its sweep: reading what was finished before, the estimate, every cell, and the table.
        worker_seconds: that workers had in the meantime: their number times the seconds of the sweep. More workers
            than there are clips are never started.
        of_workers: their stages; what is missing to a sum of 1 they waited, started, or did what has no stage.
        of_main: the main process's.
    """

    seconds: Seconds
    scoring_seconds: Seconds
    worker_seconds: Seconds
    of_workers: Mapping[str, StageTime]
    of_main: Mapping[str, StageTime]

    @classmethod
    def of(
        cls,
        seconds: float,
        scoring_seconds: float,
        worker_seconds: float,
        of_workers: Mapping[str, float],
        of_main: Mapping[str, float],
    ) -> Timings:
        """From the seconds of stages.

        Args:
            seconds: of the whole start.
            scoring_seconds: of its sweep.
            worker_seconds: that workers had.
            of_workers: seconds by stage.
            of_main: likewise.
        """
        return cls(
            seconds=round(seconds, 3),
            scoring_seconds=round(scoring_seconds, 3),
            worker_seconds=round(worker_seconds, 3),
            of_workers=_shares(of_workers, worker_seconds),
            of_main=_shares(of_main, seconds),
        )


def _shares(stages: Mapping[str, float], there_was: float) -> dict[str, StageTime]:
    ordered = sorted(stages.items(), key=lambda stage: -stage[1])
    return {
        name: StageTime(seconds=round(seconds, 3), share=round(seconds / there_was, 4) if there_was > 0 else 0.0)
        for name, seconds in ordered
    }
