"""Basic Pitch as an embedder: what it takes for likely to sound, for every frame and pitch."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch

from degrade_bench._support.numbers import fixed
from degrade_bench.clip.conversion import librosa_mono
from degrade_bench.errors import MetricError, NotApplicableError
from degrade_bench.metric.basic_pitch.contract import (
    SAMPLE_RATE,
    SHORTEST_SAMPLES,
    SHORTEST_SECONDS,
    unwrapped,
    windows_of,
)
from degrade_bench.metric.embedding import StatedEmbedder, Statement
from degrade_bench.metric.onnx_session import THREADS

if TYPE_CHECKING:
    from degrade_bench.metric.onnx_session import OnnxSession

Posteriors = Literal["note", "onset", "contour"]
"""Whether a note sounds, whether one begins, and what pitch is there, in thirds of a semitone."""

FILE = Path(__file__).parent / "data" / "nmp.onnx"
INPUT = "serving_default_input_2:0"
OUTPUTS: dict[Posteriors, str] = {
    "note": "StatefulPartitionedCall:1",
    "onset": "StatefulPartitionedCall:2",
    "contour": "StatefulPartitionedCall:0",
}
"""The names of the network's answers, as the package reads them."""
BINS: dict[Posteriors, int] = {"note": 88, "onset": 88, "contour": 264}
"""From 27.5 Hz upwards: the keys of a piano, or three bins for each."""


@dataclass(frozen=True)
class BasicPitchEmbedder(StatedEmbedder):
    """The likelihoods of Basic Pitch, 86 frames a second.

    Attributes:
        posteriors: ``note``, ``onset`` (88 numbers a frame), or ``contour`` (264).

    Example:
        >>> BasicPitchEmbedder("note").embed(torch.zeros(1, 22050)).shape
        torch.Size([1, 86, 88])
    """

    posteriors: Posteriors

    @property
    def statement(self) -> Statement:
        """Such as ``basic-pitch-note``, 88 or 264 numbers at 22.05 kHz."""
        return Statement(f"basic-pitch-{self.posteriors}", SAMPLE_RATE, dim=BINS[self.posteriors])

    def converted(self, signals: torch.Tensor, sample_rate: int) -> torch.Tensor:
        """The mean of the channels at 22.05 kHz: ``(batch, channels, time)`` to ``(batch, time)``."""
        return librosa_mono(signals, sample_rate, SAMPLE_RATE)

    def embed(self, batch: torch.Tensor) -> torch.Tensor:
        """The likelihoods of ``(batch, time)`` at 22.05 kHz: ``(batch, frames, dim)``, from 0 to 1.

        Windows go through the network one by one. A signal with a sample that is not finite gives NaN.

        Raises:
            NotApplicableError: the audio is too short for one frame.
            MetricError: the network cannot be read.
        """
        if batch.shape[1] < SHORTEST_SAMPLES:
            seconds = batch.shape[1] / SAMPLE_RATE
            raise NotApplicableError(
                f"basic-pitch hears {fixed(SHORTEST_SECONDS, 4)} s at least, got {fixed(seconds, 4)} s"
            )
        return torch.from_numpy(np.stack([self._embedded(audio) for audio in batch.cpu().numpy()]))

    def _embedded(self, audio: np.ndarray) -> np.ndarray:
        if not np.isfinite(audio).all():
            silent = self._embedded(np.zeros_like(audio))
            return np.full_like(silent, np.nan)
        session = session_of(self.posteriors)
        return unwrapped(np.concatenate([session(window[None]) for window in windows_of(audio)]), len(audio))

    def fingerprint_parts(self) -> dict[str, Any]:
        """The network, which of its answers, and what computes them."""
        return {
            "embedder": self.name,
            "embedder_version": self.version,
            "onnx_sha256": network_sha256(),
            "threads": THREADS,
            "onnxruntime": version("onnxruntime"),
        }


@lru_cache(maxsize=3)
def session_of(posteriors: Posteriors) -> OnnxSession:
    """The network with one of its answers, loaded when it is first asked for: each process has its own.

    Raises:
        MetricError: the file cannot be read.
    """
    from degrade_bench.metric.onnx_session import OnnxSession

    try:
        return OnnxSession(FILE.read_bytes(), INPUT, OUTPUTS[posteriors])
    except Exception as error:  # onnxruntime raises many kinds
        raise _unreadable(error) from error


@lru_cache(maxsize=1)
def network_sha256() -> str:
    """Of the file.

    Raises:
        MetricError: it cannot be read.
    """
    try:
        return hashlib.sha256(FILE.read_bytes()).hexdigest()
    except OSError as error:
        raise _unreadable(error) from error


def _unreadable(error: Exception) -> MetricError:
    first = " ".join(str(error).split())[:160]
    return MetricError(f"basic-pitch: {FILE} cannot be read; install degrade-bench again ({first})")
