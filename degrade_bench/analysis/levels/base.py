"""What a statistic of a level is, and what it is computed from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from degrade_bench.analysis.floor import Floor
from degrade_bench.analysis.frames import Column
from degrade_bench.analysis.means import Clustered
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.resampling import Resampler
from degrade_bench.analysis.wide import MetricDrops


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

    @cached_property
    def drops(self) -> Clustered:
        """The drops by track."""
        return self.metric_drops.clustered(self.metric_drops.drops)

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
