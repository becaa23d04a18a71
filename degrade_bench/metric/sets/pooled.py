"""An embedder with fewer vectors: means over stretches of frames.

An embedder of many frames a second gives sets of tens of thousands of vectors, each hardly different from the next.
What distances between sets need is fewer that differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from degrade_bench.metric.embedding import Embedder


@dataclass(frozen=True)
class Pooled:
    """The mean of every so many vectors of another embedder; of the rest too, where there is no whole stretch.

    Attributes:
        embedder: whose.
        name: of what comes out.
        frames: that a mean is over.
    """

    embedder: Embedder
    name: str
    frames: int

    @property
    def version(self) -> str:
        """The embedder's."""
        return self.embedder.version

    @property
    def sample_rate(self) -> int:
        """The embedder's, in Hz."""
        return self.embedder.sample_rate

    @property
    def dim(self) -> int:
        """The embedder's."""
        return self.embedder.dim

    def converted(self, signals: torch.Tensor, sample_rate: int) -> torch.Tensor:
        """As the embedder takes them."""
        return self.embedder.converted(signals, sample_rate)

    def embed(self, batch: torch.Tensor) -> torch.Tensor:
        """The means: ``(batch, time)`` to ``(batch, stretches, dim)``.

        Raises:
            NotApplicableError: as the embedder.
        """
        vectors = self.embedder.embed(batch)
        whole = vectors.shape[1] // self.frames
        if not whole:
            return vectors.mean(dim=1, keepdim=True)
        stretches = vectors[:, : whole * self.frames].reshape(len(vectors), whole, self.frames, self.dim)
        return stretches.mean(dim=2)

    def fingerprint_parts(self) -> dict[str, Any]:
        """The embedder's, and the stretch."""
        return {**self.embedder.fingerprint_parts(), "frames_per_vector": self.frames}
