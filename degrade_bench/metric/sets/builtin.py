"""The set metrics that come with the bench: every distance on every embedder.

Their classes are made when the module is imported: ``FrechetMusicnnMtt`` is the metric ``frechet-musicnn-mtt``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from degrade_bench.errors import MetricError
from degrade_bench.metric.basic_pitch.embedder import BasicPitchEmbedder
from degrade_bench.metric.devices import checked_device
from degrade_bench.metric.extras import not_installed
from degrade_bench.metric.musicnn.embedder import MusicnnEmbedder, TrainedOn
from degrade_bench.metric.sets import DISTANCES, EMBEDDERS
from degrade_bench.metric.sets.base import SetMetric
from degrade_bench.metric.sets.frechet import Frechet
from degrade_bench.metric.sets.mauve import Mauve
from degrade_bench.metric.sets.mmd import Mmd
from degrade_bench.metric.sets.neighbours import Coverage, Density, Precision, Recall
from degrade_bench.metric.sets.pooled import Pooled

BASIC_PITCH_FRAMES = 86
"""Of Basic Pitch, to a vector: one second."""

KINDS: Mapping[str, type[SetMetric]] = {
    kind.name: kind for kind in (Frechet, Mmd, Precision, Recall, Density, Coverage, Mauve)
}


class OnMusicnn(SetMetric):
    """A set metric on the embeddings of musicnn, a vector for every three seconds.

    Args:
        device: ``cpu`` or ``cuda:N``. On a CPU the workers compute them, else the process that holds the device.

    Raises:
        MetricError: there is no such device, or the weights cannot be read.
    """

    trained_on: ClassVar[TrainedOn]

    def __init__(self, device: str = "cpu") -> None:
        on = checked_device(device, self.name)
        self.light = on.type == "cpu"
        self.embedder = MusicnnEmbedder(self.trained_on, str(on))


class OnBasicPitch(SetMetric):
    """A set metric on the notes that Basic Pitch hears: how likely each sounds, on average over a second.

    Raises:
        MetricError: the extra ``basic-pitch`` is not installed, or the network cannot be read.
    """

    def __init__(self) -> None:
        reason = self.unavailable({})
        if reason is not None:
            raise MetricError(f"{self.name} is not available: {reason}")
        self.embedder = Pooled(BasicPitchEmbedder("note"), "basic-pitch-second", BASIC_PITCH_FRAMES)

    @classmethod
    def unavailable(cls, settings: Mapping[str, Any]) -> str | None:
        """What is not installed, and the command that installs it; None if nothing is missing."""
        return not_installed({"onnxruntime": "onnxruntime"}, "basic-pitch")


class OnMusicnnMtt(OnMusicnn):
    """By the network that was trained on MagnaTagATune."""

    trained_on = "mtt"


class OnMusicnnMsd(OnMusicnn):
    """By the network that was trained on the Million Song Dataset."""

    trained_on = "msd"


BASES: Mapping[str, tuple[type[SetMetric], str]] = {
    "musicnn-mtt": (OnMusicnnMtt, "arXiv 1909.06654"),
    "musicnn-msd": (OnMusicnnMsd, "arXiv 1909.06654"),
    "basic-pitch": (OnBasicPitch, "arXiv 2203.09893"),
}


def set_metric_class(distance: str, embedder: str) -> type[SetMetric]:
    """The class of a distance on an embedder.

    Args:
        distance: its name, such as ``frechet``.
        embedder: its name, such as ``musicnn-mtt``.
    """
    kind = KINDS[distance]
    on, source = BASES[embedder]
    words = {
        "name": f"{distance}-{embedder}",
        "summary": f"{kind.summary}; set metric on {embedder}",
        "source": f"{kind.source}, on {source}",
        "__module__": __name__,
        "__doc__": f"{kind.__doc__} On {embedder}.",
    }
    return type(_class_name(distance, embedder), (on, kind), words)


def _class_name(distance: str, embedder: str) -> str:
    """Such as ``FrechetMusicnnMtt``."""
    return "".join(part.title() for part in f"{distance}-{embedder}".split("-"))


for _distance in DISTANCES:
    for _embedder in EMBEDDERS:
        globals()[_class_name(_distance, _embedder)] = set_metric_class(_distance, _embedder)
