"""What carries signals to a metric outside and brings scores back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from degrade_bench.metric.outside.declaration import Channels


@dataclass(frozen=True)
class Signals:
    """Equally long signals for a metric outside.

    Attributes:
        samples: of each, ``(channels, time)``, float32.
        sample_rate: in Hz.
        references: the clean signals, one for each; None for a metric without a reference.
        hop_seconds: from one window to the next, where scores of windows are wanted; None for one per signal.
    """

    samples: Sequence[np.ndarray]
    sample_rate: int
    references: Sequence[np.ndarray] | None
    hop_seconds: float | None = None


@dataclass(frozen=True)
class Said:
    """What is known of a metric once it has been reached.

    Attributes:
        parts: of its fingerprint, beside its traits.
        traits: that it says itself; what the user declares goes before.
        at_once: the most signals that it takes at once; None for any number.
        channels: that it says it takes; None where it says nothing.
    """

    parts: Mapping[str, str]
    traits: Mapping[str, Any] = field(default_factory=dict)
    at_once: int | None = None
    channels: Channels | None = None


class Transport(Protocol):
    """A way to a metric outside."""

    def said(self) -> Said:
        """What there is to know of the metric; reaches for it where that is needed.

        Raises:
            ConfigError, MetricError: it cannot be reached, or is not what was declared.
        """

    def scores(self, signals: Signals) -> list[list[float]]:
        """The scores of signals, in order, each as a row of one, or of its windows; NaN for what cannot be scored.

        Raises:
            ForeignMetricError: it says that it failed, or gives no scores.
            MetricDiedError: its process ended, or it did not answer in time.
            NotApplicableError: it says that it does not apply.
        """

    def close(self) -> None:
        """Let go of processes; what is asked for next starts them again."""
