"""A metric that is computed from features of a signal, which it shares with the other metrics of a run."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import torch

from degrade_bench.metric.base import Metric
from degrade_bench.metric.hearing.heard import Feature, Heard


class Listener(Metric):
    """A light metric that names the features it is computed from.

    A worker computes the features of all such metrics together, each once per cell, and those of the clean clip
    once per clip. A metric scores one signal at a time, so that a score cannot depend on a batch.

    Example:
        >>> from dataclasses import dataclass
        >>> @dataclass(frozen=True)
        ... class Level(Feature[float]):
        ...     def of(self, signal: Heard) -> float:
        ...         return float(signal.samples.square().mean().sqrt())
        >>> class LevelChange(Listener):
        ...     name, higher_is_better, needs_reference = "level-change", False, True
        ...
        ...     def features(self, sample_rate):
        ...         return (Level(),)
        ...
        ...     def clean_features(self, sample_rate):
        ...         return (Level(),)
        ...
        ...     def score_heard(self, signal):
        ...         return abs(signal.ask(Level()) - signal.reference.ask(Level()))
        >>> LevelChange().score(torch.full((1, 1, 9), 0.5), 44100, torch.ones(1, 1, 9)).tolist()
        [0.5]
    """

    light = True

    def features(self, sample_rate: int) -> Sequence[Feature[Any]]:
        """The features that :meth:`score_heard` asks of a signal; one that is not named is computed alone."""
        return ()

    def clean_features(self, sample_rate: int) -> Sequence[Feature[Any]]:
        """The features that it asks of the reference."""
        return ()

    @abstractmethod
    def score_heard(self, signal: Heard) -> float:
        """The score of a signal; NaN where there is nothing to score.

        Args:
            signal: what is heard; its ``reference`` is the clean signal, where the metric ``needs_reference``.
        """

    def score(self, batch: torch.Tensor, sample_rate: int, reference: torch.Tensor | None = None) -> torch.Tensor:
        """Score ``(batch, channels, time)`` one signal after the other.

        Args:
            batch: ``(batch, channels, time)``, float32.
            sample_rate: in Hz.
            reference: of the same shape; of any length if not ``aligned``.

        Raises:
            ValueError: no reference, or one of another shape, where the metric needs one.
        """
        sides = 3 if self.aligned else 2
        if self.needs_reference and (reference is None or reference.shape[:sides] != batch.shape[:sides]):
            got = None if reference is None else tuple(reference.shape)
            raise ValueError(f"{self.name} needs a reference of shape {tuple(batch.shape)}, got {got}")
        scores: list[float] = []
        clean: Heard | None = None
        for index, signal in enumerate(batch):
            if reference is not None and (clean is None or not torch.equal(clean.samples, reference[index])):
                clean = Heard(reference[index], sample_rate)
            scores.append(heard_by((self,), Heard(signal, sample_rate, clean))[0])
        return torch.tensor(scores, dtype=torch.float64)


class FullReference(Listener):
    """A listener that takes the same features from both signals and compares them."""

    needs_reference = True

    def clean_features(self, sample_rate: int) -> Sequence[Feature[Any]]:
        """Those of the signal."""
        return self.features(sample_rate)

    @abstractmethod
    def compare(self, clean: Heard, degraded: Heard) -> float:
        """The score from the two; NaN where there is nothing to compare."""

    def score_heard(self, signal: Heard) -> float:
        """Compare it with its reference.

        Raises:
            ValueError: it has none.
        """
        if signal.reference is None:
            raise ValueError(f"{self.name} needs a reference")
        return self.compare(signal.reference, signal)


def prepare(signal: Heard, metrics: Sequence[Listener]) -> None:
    """Compute what metrics ask of a signal and of its reference.

    Args:
        signal: what is heard.
        metrics: who will ask.
    """
    rate = signal.sample_rate
    if signal.reference is not None:
        signal.reference.prepare(feature for metric in metrics for feature in metric.clean_features(rate))
    signal.prepare(feature for metric in metrics for feature in metric.features(rate))


def heard_by(metrics: Sequence[Listener], signal: Heard) -> list[float]:
    """The scores of a signal by several metrics, in order."""
    prepare(signal, metrics)
    return [metric.score_heard(signal) for metric in metrics]
