"""Basic Pitch as a metric: how near the notes that it hears in a clip are to those of the clean clip.

Basic Pitch was trained to transcribe notes, not to judge sound. The metric says how far a damage moves the notes,
and when they sound; that is no quality by itself.

Source: Bittner et al., "A lightweight instrument-agnostic model for polyphonic note transcription and multipitch
estimation", ICASSP 2022 (arXiv 2203.09893); the package ``basic-pitch`` 0.4.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from degrade_bench.errors import MetricError
from degrade_bench.metric.basic_pitch.contract import SAMPLE_RATE, SHORTEST_SECONDS
from degrade_bench.metric.basic_pitch.embedder import OUTPUTS, BasicPitchEmbedder, Posteriors
from degrade_bench.metric.embedding import Embedding
from degrade_bench.metric.extras import not_installed
from degrade_bench.metric.hearing.heard import Heard
from degrade_bench.metric.hearing.listener import FullReference
from degrade_bench.metric.settings import check_choice


class BasicPitch(FullReference):
    """Cosine similarity of the likelihoods of notes, every frame and pitch of a clip taken as one vector.

    Frames in which more is likely to sound weigh more, so that what the network makes of a pause counts little.

    Args:
        posteriors: ``note`` (whether it sounds), ``onset`` (whether it begins), or ``contour`` (its pitch, in
            thirds of a semitone).

    Raises:
        ConfigError: there are no such posteriors.
        MetricError: the extra ``basic-pitch`` is not installed, or the network cannot be read.
    """

    name = "basic-pitch"
    summary = "similarity of the notes that a transcriber hears, frame by frame; hears order, key and timing"
    source = "arXiv 2203.09893, through basic-pitch"
    sample_rate = SAMPLE_RATE
    min_seconds = SHORTEST_SECONDS
    score_range = (0.0, 1.0)
    accounts_for = ("posteriors",)

    def __init__(self, posteriors: Posteriors = "note") -> None:
        check_choice(self.name, "posteriors", posteriors, OUTPUTS)
        reason = self.unavailable({})
        if reason is not None:
            raise MetricError(f"{self.name} is not available: {reason}")
        self.embedder = BasicPitchEmbedder(posteriors)
        self._parts = self.embedder.fingerprint_parts()

    @classmethod
    def unavailable(cls, settings: Mapping[str, Any]) -> str | None:
        """What is not installed, and the command that installs it; None if nothing is missing."""
        return not_installed({"onnxruntime": "onnxruntime"}, "basic-pitch")

    def features(self, sample_rate: int) -> tuple[Embedding]:
        """The likelihoods, of both signals."""
        return (Embedding(self.embedder),)

    def compare(self, clean: Heard, degraded: Heard) -> float:
        """The cosine, 1 for equal likelihoods; NaN if a sample is not finite."""
        x, y = (signal.ask(Embedding(self.embedder)).double().numpy().ravel() for signal in (clean, degraded))
        cosine = float(x @ y / np.sqrt((x @ x) * (y @ y)))  # so, equal vectors give 1 without rounding
        return float(np.clip(cosine, 0.0, 1.0))  # NaN stays NaN

    def fingerprint_parts(self) -> dict[str, Any]:
        """The embedder's network and version, beside the metric's own."""
        return {**super().fingerprint_parts(), **self._parts}
