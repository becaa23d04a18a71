"""The thresholds of the analysis. Each is an option; the defaults are written down in ``docs/analysis.md``."""

from __future__ import annotations

from dataclasses import dataclass

from degrade_bench.errors import ConfigError


@dataclass(frozen=True)
class AnalysisOptions:
    """What the analysis takes for granted.

    Attributes:
        confidence: of the intervals.
        alpha: level of the tests; the equivalence test uses two one-sided tests at this level.
        resamples: bootstrap resamples.
        seed: of the bootstrap; the table's own content does not matter to it.
        floor_quantile: the quantile of |drop| over the controls that is the nuisance floor.
        margin: what counts as no drop, in the metric's unit; None for the nuisance floor of each metric.
        min_tracks: independent recordings under which nothing is concluded. With five, the smallest two-sided
            Wilcoxon p is 0.0625.
    """

    confidence: float = 0.95
    alpha: float = 0.05
    resamples: int = 2000
    seed: int = 0
    floor_quantile: float = 0.95
    margin: float | None = None
    min_tracks: int = 6

    def __post_init__(self) -> None:
        for name in ("confidence", "alpha", "floor_quantile"):
            if not 0 < getattr(self, name) < 1:
                raise ConfigError(f"{name} must lie between 0 and 1, got {getattr(self, name)}")
        if self.resamples < 100:
            raise ConfigError(f"resamples must be 100 or more, got {self.resamples}")
        if self.margin is not None and not self.margin >= 0:
            raise ConfigError(f"margin must not be negative, got {self.margin}")
