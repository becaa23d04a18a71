"""Asking metrics about the blocks of a clip, and when not to ask any more."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

from degrade_bench._support.interrupts import never_a_row
from degrade_bench._support.stages import stage
from degrade_bench.metric.base import Metric, Treatment
from degrade_bench.runs.columns import CLEAN
from degrade_bench.sweep.scoring import MetricInput, Outcome, calling, score_cells

NOT_ASKED = "not asked any more: its process ended too often over this clip"
MOST_DEATHS = 3
"""So many blocks of a clip may end a metric's process: a new one costs seconds, or minutes of waiting. Over the
clean clip one is enough, because without a clean score no drop can be told."""


class Listeners:
    """Asks metrics, and remembers over which clips their processes ended."""

    def __init__(self) -> None:
        self._deaths: Counter[tuple[str, str]] = Counter()

    def score(
        self,
        metric: Metric,
        clip_id: str,
        block: str,
        cells: Sequence[MetricInput],
        sample_rate: int,
        batch_size: int | None = None,
    ) -> list[Outcome]:
        """Score the cells of one block; one outcome per cell, in order.

        Args:
            metric: that hears them.
            clip_id: of the clip.
            block: its name.
            cells: what the metric is given.
            sample_rate: of all cells, in Hz.
            batch_size: the most signals at once; None for as many as there are, up to a bound.
        """
        if self._given_up(metric, clip_id):
            return [_not_asked(cell) for cell in cells]
        with stage(f"score {metric.name}"):
            outcomes = score_cells(metric, cells, sample_rate, batch_size)
        self._remember(metric, clip_id, block, outcomes)
        return outcomes

    def tell(
        self,
        metric: Metric,
        clip_id: str,
        block: str,
        treatments: Sequence[Treatment],
        cells: Sequence[MetricInput],
    ) -> list[Outcome]:
        """Tell an oracle what was done to the cells of a block; one outcome per cell, in order.

        Args:
            metric: the oracle.
            clip_id: of the clip.
            block: its name.
            treatments: what was done.
            cells: what another metric would have heard: an oracle is not told of what could not be made.
        """
        outcomes: list[Outcome] = []
        for treatment, cell in zip(treatments, cells, strict=True):
            if self._given_up(metric, clip_id) or any(outcome.died for outcome in outcomes):
                outcomes.append(_not_asked(cell))
            else:
                outcomes.append(_told(metric, treatment, cell))
        self._remember(metric, clip_id, block, outcomes)
        return outcomes

    def _remember(self, metric: Metric, clip_id: str, block: str, outcomes: Sequence[Outcome]) -> None:
        if any(outcome.died for outcome in outcomes):
            self._deaths[clip_id, metric.name] += MOST_DEATHS if block == CLEAN else 1

    def _given_up(self, metric: Metric, clip_id: str) -> bool:
        return self._deaths[clip_id, metric.name] >= MOST_DEATHS


def _not_asked(cell: MetricInput) -> Outcome:
    return cell.outcome or Outcome.failed(NOT_ASKED)


def _told(metric: Metric, treatment: Treatment, cell: MetricInput) -> Outcome:
    if cell.outcome is not None:
        return cell.outcome
    started = time.perf_counter()
    try:
        with never_a_row(), calling(metric), stage(f"score {metric.name}"):
            score = float(metric.score_treatment(treatment))
    except Exception as error:  # any metric, ours or a user's: its failure is a row
        return Outcome.of_error(error, time.perf_counter() - started)
    return Outcome.scored(score, time.perf_counter() - started)
