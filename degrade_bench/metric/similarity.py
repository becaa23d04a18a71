"""How near the embedding of a clip is to the clean clip's: what embedders give as metrics of one clip.

The networks were trained to describe music, not to judge it. Such a metric says how far a damage moves a clip in
what the network hears; that is no quality by itself.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from degrade_bench.metric.embedding import Embedder, Embedding
from degrade_bench.metric.hearing.heard import Heard
from degrade_bench.metric.hearing.listener import FullReference


class MeanSimilarity(FullReference):
    """Cosine similarity of two clips' embeddings, each the mean over its vectors.

    Args:
        embedder: which makes the vectors.
        device: on which it does so. On a CPU the workers compute it, else the process that holds the device.

    Raises:
        MetricError: the weights cannot be read.
    """

    score_range = (-1.0, 1.0)
    aligned = False

    def __init__(self, embedder: Embedder, device: torch.device) -> None:
        self.light = device.type == "cpu"
        self.embedder = embedder
        self._parts = embedder.fingerprint_parts()

    def features(self, sample_rate: int) -> tuple[Embedding]:
        """The embedding, of both signals."""
        return (Embedding(self.embedder),)

    def compare(self, clean: Heard, degraded: Heard) -> float:
        """The cosine, 1 for equal embeddings; NaN if a sample is not finite."""
        x, y = (_mean(signal.ask(Embedding(self.embedder)).numpy()) for signal in (clean, degraded))
        lengths = float(np.sqrt((x @ x) * (y @ y)))  # so, equal vectors give 1 without rounding
        return float(np.clip(x @ y / lengths, -1.0, 1.0)) if lengths > 0 else math.nan

    def fingerprint_parts(self) -> dict[str, Any]:
        """The embedder's weights and version, beside the metric's own."""
        return {**super().fingerprint_parts(), **self._parts}


def _mean(vectors: np.ndarray) -> np.ndarray:
    mean: np.ndarray = vectors.mean(axis=0, dtype=np.float64)
    return mean
