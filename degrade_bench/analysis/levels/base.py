"""What a statistic of a level is, and what it is computed from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from degrade_bench.analysis.bounds import Bound, Spread, mean_intervals
from degrade_bench.analysis.floor import Floor
from degrade_bench.analysis.frames import Column
from degrade_bench.analysis.means import Clustered
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.resampling import Resampler
from degrade_bench.analysis.wide import MetricDrops

PLACEBO_SHARE = 0.25
"""Of a drop: where no more than this lies beyond the placebo's, it is the processing's."""


@dataclass(frozen=True, eq=False)
class LevelInputs:
    """Everything that a statistic of one metric's levels may be computed from.

    Attributes:
        metric_drops: the metric's drops: ``drops``, ``placebo`` and ``net`` are ``(clips, cells)``, NaN where there
            is none; the cells are the tested degradations × levels.
        floor: the metric's nuisance floor and margin.
        resampler: draws tracks.
        options: thresholds.
    """

    metric_drops: MetricDrops
    floor: Floor
    resampler: Resampler
    options: AnalysisOptions

    def intervals(self, values: Clustered, confidences: Sequence[float]) -> np.ndarray:
        """Intervals of means over clips: ``(confidences, 2, columns)``."""
        return mean_intervals(values, self.resampler, confidences, self.options)

    @cached_property
    def drops(self) -> Clustered:
        """The drops by track."""
        return self.metric_drops.clustered(self.metric_drops.drops)

    @cached_property
    def drop_spread(self) -> Spread:
        """The drops' means, with what their limits are formed from."""
        return Spread.of(self.drops, self.resampler)

    @cached_property
    def net_spread(self) -> Spread:
        """The net drops' means, with what their limits are formed from."""
        return Spread.of(self.nets, self.resampler)

    @cached_property
    def rest_spread(self) -> Spread:
        """The same of what a net drop has over :data:`PLACEBO_SHARE` of the drop; negative where it lacks."""
        rest = self.metric_drops.net - PLACEBO_SHARE * self.metric_drops.drops
        return Spread.of(self.metric_drops.clustered(rest), self.resampler)

    @cached_property
    def margin(self) -> Bound:
        """What counts as no drop."""
        return Bound.of(self.floor.margin_draws, is_spread=self.floor.source != "shift")

    @cached_property
    def effect(self) -> Bound:
        """What counts as no drop beyond the placebo's."""
        return Bound.of(self.floor.counts_as_none.effect)

    @cached_property
    def nets(self) -> Clustered:
        """The drops beyond the placebo's, by track."""
        return self.metric_drops.clustered(self.metric_drops.net)


@dataclass(frozen=True)
class LevelStatistic:
    """A statistic of the drops at one level of one degradation, or several that are computed together.

    Attributes:
        columns: what it adds to ``Analysis.levels``.
        compute: its values by column, each ``(cells,)`` in the order of ``metric_drops.cells``.
    """

    columns: tuple[Column, ...]
    compute: Callable[[LevelInputs], Mapping[str, Any]]
