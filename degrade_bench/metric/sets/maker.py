"""What a run hears in place of set metrics: it makes the vectors that they compare, once for each embedder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from degrade_bench.errors import ConfigError, MetricError
from degrade_bench.metric.embedding import Embedder, Embedding
from degrade_bench.metric.hearing.heard import Heard
from degrade_bench.metric.hearing.listener import Listener
from degrade_bench.metric.sets.base import SetMetric, embedder_parts


class VectorMaker(Listener):
    """Makes the vectors of a cell. Its score is how many there are.

    Args:
        embedder: makes them.
        light: whether the workers do it.

    Attributes:
        wrapped: the embedder: code that is not ours is called under a guard.
    """

    summary = "makes vectors of clips, which set metrics compare"

    def __init__(self, embedder: Embedder, light: bool = True) -> None:
        self.name = vectors_name(embedder)
        self.version = embedder.version
        self.wrapped, self.light = embedder, light

    def features(self, sample_rate: int) -> tuple[Embedding]:
        """The vectors, which a metric of single clips may ask for, too."""
        return (Embedding(self.wrapped),)

    def score_heard(self, signal: Heard) -> float:
        """How many vectors there are."""
        return float(len(self.vectors_of(signal)))

    def vectors_of(self, signal: Heard) -> np.ndarray:
        """The vectors of a signal: ``(frames, dim)``, float32.

        Raises:
            MetricError: the embedder gave something else.
            NotApplicableError: the signal is too short for one.
        """
        made: Any = signal.ask(Embedding(self.wrapped))
        vectors = made.detach().cpu().numpy() if isinstance(made, torch.Tensor) else np.asarray(made)
        expected = f"expected (frames, {self.wrapped.dim})"
        if vectors.ndim != 2 or not len(vectors) or vectors.shape[1] != self.wrapped.dim:
            raise MetricError(f"embedder {self.wrapped.name!r} gave shape {vectors.shape}, {expected}")
        if not np.isfinite(vectors).all():
            raise MetricError(f"embedder {self.wrapped.name!r} gave a number that is not finite")
        return vectors.astype(np.float32)

    def fingerprint_parts(self) -> dict[str, Any]:
        """The embedder's alone: it does not matter which metrics compare the vectors."""
        return embedder_parts(self.wrapped)


def vectors_name(embedder: Embedder) -> str:
    """What the rows of an embedder are called by."""
    return f"vectors-{embedder.name}"


def makers_of(metrics: Sequence[SetMetric]) -> tuple[VectorMaker, ...]:
    """Who makes the vectors of set metrics: one for every embedder, in the order of the metrics.

    Raises:
        ConfigError: two embedders have one name.
    """
    makers: dict[str, VectorMaker] = {}
    for metric in metrics:
        maker = VectorMaker(metric.embedder, metric.light)
        known = makers.setdefault(maker.name, maker)
        if known.fingerprint() != maker.fingerprint():
            raise ConfigError(f"metric {metric.name!r}: another embedder is called {metric.embedder.name!r}, too")
    return tuple(makers.values())
