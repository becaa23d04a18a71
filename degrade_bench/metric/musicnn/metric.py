"""musicnn as a metric: how near the embedding of a clip is to the clean clip's.

musicnn was trained to tag music, not to judge it.

Source: Pons & Serra 2019, arXiv 1909.06654; the package ``musicnn`` 0.1.0.
"""

from __future__ import annotations

from typing import ClassVar

from degrade_bench.metric.devices import checked_device
from degrade_bench.metric.musicnn.contract import SAMPLE_RATE, SHORTEST_SECONDS
from degrade_bench.metric.musicnn.embedder import MusicnnEmbedder, TrainedOn
from degrade_bench.metric.similarity import MeanSimilarity


class MusicnnMtt(MeanSimilarity):
    """Cosine similarity of two clips' embeddings by musicnn, each the mean over patches of three seconds.

    Args:
        device: ``cpu`` or ``cuda:N``.

    Raises:
        MetricError: there is no such device, or the weights cannot be read.
    """

    name = "musicnn-mtt"
    summary = "similarity of the embeddings of a network that was trained to tag music, on MagnaTagATune"
    source = "arXiv 1909.06654, through musicnn"
    sample_rate = SAMPLE_RATE
    min_seconds = SHORTEST_SECONDS
    trained_on: ClassVar[TrainedOn] = "mtt"

    def __init__(self, device: str = "cpu") -> None:
        on = checked_device(device, self.name)
        super().__init__(MusicnnEmbedder(self.trained_on, str(on)), on)


class MusicnnMsd(MusicnnMtt):
    """The same by the network that was trained on the Million Song Dataset."""

    name = "musicnn-msd"
    summary = "similarity of the embeddings of a network that was trained to tag music, on the Million Song Dataset"
    trained_on = "msd"
