"""MuQ-Eval's network: an encoder, attention pooling over its frames, and one head per question.

Source: MuQ-Eval, arXiv 2603.22677, and its published weights. The score is the head ``MI`` (musical impression);
the head ``TA`` (textual alignment) is checked when a file is loaded, and not computed.
"""

from __future__ import annotations

import torch
from torch import nn

from degrade_bench.errors import MetricError
from degrade_bench.metric.muq_eval.checkpoint import StrictWeights
from degrade_bench.metric.muq_eval.layers import linear

POOLING_DIM, HEAD_DIM = 128, 256
SCORED, HEADS = "MI", ("MI", "TA")
LOWEST, HIGHEST = 1.0, 5.0


class Network(nn.Module):
    """Audio to frames, frames to one vector, the vector to a score; everything after the encoder in float32.

    Args:
        encoder: ``(batch, samples)`` at 24 kHz to ``(batch, time, dim)``.
        weights: where pooling and heads come from.
        dim: the width of a frame.
        ordinal: whether the heads give logits over scores (A3a) rather than the score itself (A1).
    """

    def __init__(self, encoder: nn.Module, weights: StrictWeights, dim: int, ordinal: bool) -> None:
        super().__init__()
        self.encoder = encoder
        self.pooling = AttentionPooling(weights, dim)
        heads = {name: Head(weights, f"heads.{name}.", dim, ordinal) for name in HEADS}
        self.head = heads[SCORED]

    def forward(self, windows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Everything that is made of ``(batch, samples)``.

        Returns:
            frames, ``(batch, time, dim)``; their pooled mean, ``(batch, dim)``; scores, ``(batch,)``; and whether
            all of a window's frames are numbers, ``(batch,)``, bool.
        """
        return self.heard(*self.encoded(windows))

    def encoded(self, windows: torch.Tensor) -> tuple[torch.Tensor]:
        """The frames of ``(batch, samples)``."""
        return (self.encoder(windows),)

    def heard(self, frames: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Everything that is made of frames, as :meth:`forward`."""
        pooled = self.pooled(frames)
        return frames, pooled, self.score(pooled), torch.isfinite(frames).flatten(1).all(dim=1)

    def pooled(self, frames: torch.Tensor) -> torch.Tensor:
        """``(batch, time, dim)`` to ``(batch, dim)``."""
        output: torch.Tensor = self.pooling(frames)
        return output

    def score(self, pooled: torch.Tensor) -> torch.Tensor:
        """``(batch, dim)`` to ``(batch,)``."""
        output: torch.Tensor = self.head(pooled)
        return output


class AttentionPooling(nn.Module):
    """A learned weighted mean over time: Linear, tanh, Linear, softmax."""

    def __init__(self, weights: StrictWeights, dim: int) -> None:
        super().__init__()
        name = "encoder.pooling.attention."
        self.inner = linear(
            weights.get(name + "0.weight", POOLING_DIM, dim),
            weights.get(name + "0.bias", POOLING_DIM),
            torch.float32,
        )
        self.outer = linear(
            weights.get(name + "2.weight", 1, POOLING_DIM), weights.get(name + "2.bias", 1), torch.float32
        )

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """``(batch, time, dim)`` to ``(batch, dim)``."""
        attention = torch.softmax(self.outer(torch.tanh(self.inner(frames))), dim=1)
        return (attention * frames).sum(dim=1)


class Head(nn.Module):
    """Linear, GELU, Linear: a number, held to no range; or logits of which the score is the expectation.

    The expectation is over ``linspace(1, 5, number of logits)``, as the authors' ``bin_centers`` have it.
    """

    centres: torch.Tensor | None

    def __init__(self, weights: StrictWeights, prefix: str, dim: int, ordinal: bool) -> None:
        super().__init__()
        last = prefix + "mlp.3.bias"
        bins = weights.state[last].numel() if ordinal and last in weights.state else 1
        if ordinal and bins < 2:
            raise MetricError(f"muq-eval: {weights.path} has no ordinal head: {last} is not several logits (A1's?)")
        name = prefix + "mlp.0."
        first = weights.get(name + "weight", HEAD_DIM, dim), weights.get(name + "bias", HEAD_DIM)
        name = prefix + "mlp.3."
        second = weights.get(name + "weight", bins, HEAD_DIM), weights.get(name + "bias", bins)
        self.first, self.second = linear(*first, torch.float32), linear(*second, torch.float32)
        self.register_buffer("centres", torch.linspace(LOWEST, HIGHEST, bins) if ordinal else None)
        name = prefix + "bin_centers"
        if self.centres is not None and name in weights.state:
            theirs = weights.get(name, bins)
            if not torch.allclose(theirs, self.centres, rtol=0.0, atol=1e-6):
                raise MetricError(f"muq-eval: {weights.path}: {name} is not linspace(1, 5, {bins})")

    def forward(self, pooled: torch.Tensor) -> torch.Tensor:
        """``(batch, dim)`` to ``(batch,)``."""
        out = self.second(nn.functional.gelu(self.first(pooled)))
        if self.centres is None:
            output: torch.Tensor = out.squeeze(-1)
            return output
        return (torch.softmax(out, dim=-1) * self.centres).sum(dim=-1)
