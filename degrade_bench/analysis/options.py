"""The thresholds of the analysis. Each is an option; the defaults are written down in ``docs/analysis.md``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from degrade_bench.errors import ConfigError

MOST_DRAWS = 1_000_000
"""Resamples or sign flips; beyond so many nothing changes but time and memory."""


@dataclass(frozen=True)
class AnalysisOptions:
    """What the analysis takes for granted.

    Attributes:
        confidence: of the intervals.
        alpha: level of the tests; the equivalence test uses two one-sided tests at this level.
        resamples: bootstrap resamples.
        flips: random sign flips of the permutation test, where there are too many tracks to try every pattern.
        seed: of the bootstrap and the sign flips; the table's own content does not matter to it.
        floor_quantile: the quantile of |drop| over the controls that is the nuisance floor.
        margin: what counts as no drop, in the metric's unit: one number for every metric, or one by metric's name;
            None, or a metric that is not named, for the metric's nuisance floor.
        resolution: the smallest share of the metric's largest drop that the margin may be, where it is not given; 0
            for the nuisance floor whatever it is.
        min_tracks: independent recordings under which nothing is concluded. With five, the smallest two-sided
            Wilcoxon p is 0.0625.
        positive_control: whether nothing is concluded from a metric that no damage and no control moved.
        power: the chance of success that the planning figures are for.
        distance: the full-reference metric of the table that measures physical change for the selectivity index.
    """

    confidence: float = 0.95
    alpha: float = 0.05
    resamples: int = 2000
    flips: int = 9999
    seed: int = 0
    floor_quantile: float = 0.95
    margin: float | Mapping[str, float] | None = None
    resolution: float = 0.01
    min_tracks: int = 6
    positive_control: bool = True
    power: float = 0.9
    distance: str = "log-mel"

    def __post_init__(self) -> None:
        for name in ("confidence", "alpha", "floor_quantile", "power"):
            if not 0 < getattr(self, name) < 1:
                raise ConfigError(f"{name} must lie between 0 and 1, got {getattr(self, name)}")
        if not 0 <= self.resolution < 1:
            raise ConfigError(f"resolution must lie between 0 and 1, got {self.resolution}")
        for name, least in (("resamples", 100), ("flips", 100), ("min_tracks", 2), ("seed", 0)):
            if getattr(self, name) < least:
                raise ConfigError(f"{name} must be {least} or more, got {getattr(self, name)}")
        for name in ("resamples", "flips"):
            if getattr(self, name) > MOST_DRAWS:
                raise ConfigError(f"{name} must be {MOST_DRAWS} or fewer, got {getattr(self, name)}")
        given = self.margin.values() if isinstance(self.margin, Mapping) else [self.margin]
        for margin in given:
            if margin is not None and not 0 <= margin < math.inf:
                raise ConfigError(f"margin must be a number from 0 up, got {margin}")

    def margin_of(self, metric: str) -> float | None:
        """The margin that was given for a metric; None where its nuisance floor is to be taken."""
        return self.margin.get(metric) if isinstance(self.margin, Mapping) else self.margin

    @property
    def tails(self) -> tuple[float, float]:
        """Confidences of the intervals of every mean: the one asked for, and the equivalence test's."""
        return self.confidence, 1 - 2 * self.alpha
