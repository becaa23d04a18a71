"""Embedders: networks that make vectors of audio, for metrics that compare the vectors.

A metric of one clip compares its vectors with those of the clean clip; a metric of a set compares how the vectors
of many clips are spread. Both take whatever follows the protocol :class:`Embedder`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from degrade_bench.metric.hearing.heard import Feature, Heard


class Embedder(Protocol):
    """Makes vectors of audio. Picklable; equal, and of equal hash, where it makes the same."""

    @property
    def name(self) -> str:
        """Lower-case with dashes; stable."""

    @property
    def version(self) -> str:
        """Changes whenever the code would give other vectors."""

    @property
    def sample_rate(self) -> int:
        """Of the audio that it takes, in Hz."""

    @property
    def dim(self) -> int:
        """Numbers in a vector."""

    def converted(self, signals: torch.Tensor, sample_rate: int) -> torch.Tensor:
        """Signals as it takes them, resampled as its authors do.

        Shape:
            signals: ``(batch, channels, time)``, float32, at ``sample_rate``.
            returns: ``(batch, time)``, one channel at its own rate.
        """

    def embed(self, batch: torch.Tensor) -> torch.Tensor:
        """The vectors of converted signals, frame after frame; none depends on what else is in the batch.

        Shape:
            batch: ``(batch, time)``, float32, at :attr:`sample_rate`.
            returns: ``(batch, frames, dim)``, float32, on the CPU.

        Raises:
            NotApplicableError: the audio is too short for one frame.
        """

    def fingerprint_parts(self) -> dict[str, Any]:
        """What the vectors depend on, such as a hash of the weights; the device is no part of it."""

    def __hash__(self) -> int:
        """Of what it makes."""


@dataclass(frozen=True)
class Statement:
    """What an embedder says of itself; see :class:`Embedder`.

    Attributes:
        name: lower-case with dashes; stable.
        sample_rate: of the audio that it takes, in Hz.
        dim: numbers in a vector.
        version: of its code.
    """

    name: str
    sample_rate: int
    dim: int
    version: str = "1"


class StatedEmbedder(ABC):
    """What follows from the statement of an embedder: derive from it, and write the rest of :class:`Embedder`."""

    @property
    @abstractmethod
    def statement(self) -> Statement:
        """What it says of itself."""

    @property
    def name(self) -> str:
        """Lower-case with dashes; stable."""
        return self.statement.name

    @property
    def version(self) -> str:
        """Changes whenever the code would give other vectors."""
        return self.statement.version

    @property
    def sample_rate(self) -> int:
        """Of the audio that it takes, in Hz."""
        return self.statement.sample_rate

    @property
    def dim(self) -> int:
        """Numbers in a vector."""
        return self.statement.dim


@dataclass(frozen=True)
class Embedding(Feature["torch.Tensor"]):
    """The vectors of a signal: ``(frames, dim)``.

    Attributes:
        embedder: which makes them.
    """

    embedder: Embedder

    def of(self, signal: Heard) -> torch.Tensor:
        """Compute them.

        Args:
            signal: of any rate.

        Raises:
            NotApplicableError: it is too short for one frame.
        """
        return self.embedder.embed(self.embedder.converted(signal.samples[None], signal.sample_rate))[0]
