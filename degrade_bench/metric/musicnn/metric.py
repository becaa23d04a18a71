"""musicnn as a metric: how near the embedding of a clip is to the clean clip's.

musicnn was trained to tag music, not to judge it. The metric says how far a damage moves a clip in what such a
network hears; that is no quality by itself.

Source: Pons & Serra 2019, arXiv 1909.06654; the package ``musicnn`` 0.1.0.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from degrade_bench.metric.devices import checked_device
from degrade_bench.metric.embedding import Embedding
from degrade_bench.metric.hearing.heard import Heard
from degrade_bench.metric.hearing.listener import FullReference
from degrade_bench.metric.musicnn.contract import SAMPLE_RATE, SHORTEST_SECONDS
from degrade_bench.metric.musicnn.embedder import MusicnnEmbedder, TrainedOn


class MusicnnMtt(FullReference):
    """Cosine similarity of two clips' embeddings by musicnn, each the mean over patches of three seconds.

    Args:
        device: ``cpu`` or ``cuda:N``. On a CPU the workers compute it, else the process that holds the device.

    Raises:
        MetricError: there is no such device, or the weights cannot be read.
    """

    name = "musicnn-mtt"
    summary = "similarity of the embeddings of a network that was trained to tag music, on MagnaTagATune"
    source = "arXiv 1909.06654, through musicnn"
    sample_rate = SAMPLE_RATE
    min_seconds = SHORTEST_SECONDS
    score_range = (-1.0, 1.0)
    aligned = False
    trained_on: ClassVar[TrainedOn] = "mtt"

    def __init__(self, device: str = "cpu") -> None:
        on = checked_device(device, self.name)
        self.light = on.type == "cpu"
        self.embedder = MusicnnEmbedder(self.trained_on, str(on))
        self._parts = self.embedder.fingerprint_parts()

    def features(self, sample_rate: int) -> tuple[Embedding]:
        """The embedding, of both signals."""
        return (Embedding(self.embedder),)

    def compare(self, clean: Heard, degraded: Heard) -> float:
        """The cosine, 1 for equal embeddings; NaN if a sample is not finite."""
        x, y = (_mean(signal.ask(Embedding(self.embedder)).numpy()) for signal in (clean, degraded))
        cosine = float(x @ y / np.sqrt((x @ x) * (y @ y)))  # so, equal vectors give 1 without rounding
        return float(np.clip(cosine, -1.0, 1.0))  # NaN stays NaN

    def fingerprint_parts(self) -> dict[str, Any]:
        """The embedder's weights and version, beside the metric's own."""
        return {**super().fingerprint_parts(), **self._parts}


class MusicnnMsd(MusicnnMtt):
    """The same by the network that was trained on the Million Song Dataset."""

    name = "musicnn-msd"
    summary = "similarity of the embeddings of a network that was trained to tag music, on the Million Song Dataset"
    trained_on = "msd"


def _mean(vectors: np.ndarray) -> np.ndarray:
    mean: np.ndarray = vectors.mean(axis=0, dtype=np.float64)
    return mean
