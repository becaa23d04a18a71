"""What a gate is to keep to."""

from __future__ import annotations

from dataclasses import dataclass

from degrade_bench.errors import ConfigError

MOST_METRICS = 6


@dataclass(frozen=True)
class GateOptions:
    """Error rates, and how they are to be held.

    Attributes:
        miss: the largest share of damaged clips that may be accepted.
        false_reject: the largest share of clean clips that may be rejected.
        confidence: of each bound that a rate is shown to keep to.
        most_metrics: how many metrics a gate may ask at most.
        reference: whether the clean clip is at hand where a clip is judged, so that metrics without a reference
            may be asked for their drop from it, too.
        folds: parts into which recordings are divided; each is judged by thresholds that the others gave.
        seed: of that division.
    """

    miss: float = 0.05
    false_reject: float = 0.05
    confidence: float = 0.95
    most_metrics: int = 3
    reference: bool = False
    folds: int = 10
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("miss", "false_reject", "confidence"):
            value = getattr(self, name)
            if not 0 < value < 1:
                raise ConfigError(f"{name.replace('_', '-')} must lie between 0 and 1, got {value}")
        if not 1 <= self.most_metrics <= MOST_METRICS:
            raise ConfigError(f"a gate asks 1 to {MOST_METRICS} metrics, got {self.most_metrics}")
        if self.folds < 2:
            raise ConfigError(f"folds must be 2 or more, got {self.folds}")
        if self.seed < 0:
            raise ConfigError(f"seed must be 0 or more, got {self.seed}")
