"""What the metrics of other people's packages have in common: a reference, a rate, and what they cannot take."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch

from degrade_bench._support.numbers import fixed
from degrade_bench.clip.conversion import at_rate
from degrade_bench.errors import MetricError, NotApplicableError
from degrade_bench.metric.hearing.heard import Feature, Heard
from degrade_bench.metric.hearing.listener import FullReference
from degrade_bench.metric.packaged.package import Package


@dataclass(frozen=True)
class Resampled(Feature["np.ndarray"]):
    """The samples at another rate, by libsoxr at its best: ``(channels, time)``, float32.

    Attributes:
        rate: in Hz.
        mono: whether the mean of the channels is taken.
    """

    rate: int
    mono: bool

    def of(self, signal: Heard) -> np.ndarray:
        """Resample it. NaN throughout where a sample is not finite."""
        samples = signal.samples.detach().cpu()
        audio = samples.mean(dim=0, keepdim=True) if self.mono else samples
        resampled: np.ndarray = at_rate(audio, signal.sample_rate, self.rate).numpy()
        return resampled if bool(torch.isfinite(audio).all()) else np.full_like(resampled, math.nan)


class PackagedMetric(FullReference):
    """A metric that compares with the clean signal moment by moment, by a package of somebody else's.

    Raises:
        MetricError: the package is not installed, or its files are not whole.
    """

    package: ClassVar[Package]
    rate: ClassVar[int]
    mono: ClassVar[bool]
    longest_seconds: ClassVar[float | None] = None

    def __init__(self) -> None:
        reason = self.unavailable({})
        if reason is not None:
            raise MetricError(f"{self.name} is not available: {reason}")
        self._parts = self.package.fingerprint_parts()

    @classmethod
    def unavailable(cls, settings: Mapping[str, Any]) -> str | None:
        """That the package is not installed, and the command that installs it; None if it is."""
        return cls.package.missing()

    def features(self, sample_rate: int) -> tuple[Resampled]:
        """The samples at the rate that the package takes, of both signals."""
        return (Resampled(self.rate, self.mono),)

    def compare(self, clean: Heard, degraded: Heard) -> float:
        """The package's score; NaN if a sample is not finite.

        Raises:
            NotApplicableError: the signals are shorter or longer than the package can take.
        """
        x, y = (signal.ask(Resampled(self.rate, self.mono)) for signal in (clean, degraded))
        seconds = x.shape[1] / self.rate
        if seconds < self.min_seconds:
            raise NotApplicableError(
                f"{self.name} hears {self.min_seconds:g} s at least, got {fixed(seconds, 4)} s"
            )
        if self.longest_seconds is not None and seconds > self.longest_seconds:
            limit = f"{self.longest_seconds:g}"
            raise NotApplicableError(
                f"{self.name} hears {limit} s at most, got {fixed(seconds, 1)} s; --max-seconds {limit} cuts clips"
            )
        if not (np.isfinite(x).all() and np.isfinite(y).all()):
            return math.nan
        return self.measured(x, y)

    @abstractmethod
    def measured(self, clean: np.ndarray, degraded: np.ndarray) -> float:
        """The package's score of finite signals of a length that it takes.

        Shape:
            clean: ``(channels, time)``, float32, at :attr:`rate`; one channel if :attr:`mono`.
            degraded: likewise.
        """

    def fingerprint_parts(self) -> dict[str, Any]:
        """The package and its files, beside the metric's own."""
        return {**super().fingerprint_parts(), **self._parts}
