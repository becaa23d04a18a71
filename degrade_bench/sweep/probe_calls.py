"""The calls of a metric that a probe makes: as those of the sweep, and what they do is watched."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import nullcontext
from itertools import repeat

import torch

from degrade_bench._support.interrupts import never_a_row
from degrade_bench._support.watching import watched
from degrade_bench.clip import Clip
from degrade_bench.clip.conversion import at_rate
from degrade_bench.errors import MetricError
from degrade_bench.metric.base import Metric, checked_scores, checked_windows
from degrade_bench.metric.host.proxy import Hosted
from degrade_bench.metric.traits import Traits
from degrade_bench.sweep.cells import Cell
from degrade_bench.sweep.rendering import RenderedCell, metric_input
from degrade_bench.sweep.scoring import calling, rate_given
from degrade_bench.sweep.worker import single_threaded


class Calls:
    """Calls a metric with whole clips, and remembers what that took and what was seen.

    Args:
        metric: that is called.
        traits: what it declares.
        budget: seconds that all calls together should not pass.

    Attributes:
        slowest: seconds of the slowest signal.
        changed: global state that the last call left changed; the first one may import what it needs.
        printed: the most characters that one call printed.
        wrote: whether it wrote to what it was given.
    """

    def __init__(self, metric: Metric, traits: Traits, budget: float) -> None:
        self._metric, self._traits, self._left = metric, traits, budget
        self.slowest = 0.0
        self.changed: tuple[str, ...] = ()
        self.printed = 0
        self.wrote = False

    def affords(self, signals: int) -> bool:
        """Whether so many more signals fit into the budget, by the slowest one so far."""
        return signals * self.slowest <= self._left

    def score(
        self,
        signals: Sequence[Clip],
        with_reference: bool = False,
        references: Sequence[Clip] | None = None,
        rate: int | None = None,
    ) -> list[float]:
        """Score clips in one batch, or in as many as the metric asks for; of one that hops, the means over windows.

        Args:
            signals: equally long.
            with_reference: give references also where the metric declares that it needs none.
            references: of each signal; by default the signals themselves.
            rate: in Hz, of signals and references as they are given; by default as in a sweep.

        Raises:
            Exception: whatever the metric raises.
            MetricError: it did not give one number per signal.
        """
        batch = self._batch(signals, rate)
        reference = None
        if with_reference or self._traits.needs_reference:
            reference = self._batch(signals if references is None else references, rate)
        started = time.perf_counter()
        try:
            with single_threaded() if self._metric.light else nullcontext():
                given = rate or rate_given(self._traits, signals[0].sample_rate)
                most = self._metric.signals_at_once or len(signals)
                cleans = repeat(None) if reference is None else reference.split(most)
                parts = zip(batch.split(most), cleans, strict=False)
                return [score for part, clean in parts for score in self._called(part, given, clean)]
        finally:
            seconds = time.perf_counter() - started
            self._left -= seconds
            self.slowest = max(self.slowest, seconds / len(signals))

    def _batch(self, clips: Sequence[Clip], rate: int | None) -> torch.Tensor:
        inputs = []
        for clip in clips:
            cell = RenderedCell(Cell(None, 0, 0, "clean"), clip, 0, None, None, None, 0.0)
            samples = metric_input(cell, self._traits, None).samples
            if samples is None:
                raise MetricError("there is nothing to score")
            inputs.append(samples if rate is None else at_rate(samples, clip.sample_rate, rate))
        return torch.stack(inputs)

    def _called(self, batch: torch.Tensor, rate: int, reference: torch.Tensor | None) -> list[float]:
        """Scores of a batch.

        Args:
            batch: ``(batch, channels, time)``.
            rate: in Hz.
            reference: likewise, or None.
        """
        hops = self._metric.hop_seconds is not None
        if isinstance(self._metric, Hosted):  # what it changes or writes to there is nobody else's
            with never_a_row():
                scores, printed = self._metric.score_watched(batch, rate, reference)
        else:
            kept = [signal.clone() for signal in (batch, reference) if signal is not None]
            score = self._metric.score_windows if hops else self._metric.score
            with never_a_row(), calling(self._metric), watched() as seen:
                scores = score(batch, rate, reference)
            self.changed, printed = seen.changed, seen.printed
            now = [signal for signal in (batch, reference) if signal is not None]
            self.wrote |= any(not torch.equal(one, before) for one, before in zip(now, kept, strict=True))
        self.printed = max(self.printed, printed)
        if hops:
            return [sum(row) / len(row) for row in checked_windows(self._metric, scores, len(batch))]
        return checked_scores(self._metric, scores, len(batch))
