"""What a comparison takes for granted. ``docs/compare.md`` states the defaults."""

from __future__ import annotations

from dataclasses import dataclass

from degrade_bench.errors import ConfigError


@dataclass(frozen=True)
class CompareOptions:
    """The thresholds.

    Attributes:
        confidence: of the intervals.
        resamples: bootstrap resamples.
        flips: random sign flips, where there are too many tracks to try every pattern.
        seed: of the bootstrap and of the sign flips; the tables' own content does not matter to it.
        alpha: a difference holds where its p after Holm lies below this.

    Raises:
        ConfigError: one of them is out of range.
    """

    confidence: float = 0.95
    resamples: int = 2000
    flips: int = 9999
    seed: int = 0
    alpha: float = 0.05

    def __post_init__(self) -> None:
        for name in ("confidence", "alpha"):
            if not 0 < getattr(self, name) < 1:
                raise ConfigError(f"{name} must lie between 0 and 1, got {getattr(self, name)}")
        for name in ("resamples", "flips"):
            if getattr(self, name) < 100:
                raise ConfigError(f"{name} must be 100 or more, got {getattr(self, name)}")
        if self.seed < 0:
            raise ConfigError(f"seed must not be negative, got {self.seed}")
