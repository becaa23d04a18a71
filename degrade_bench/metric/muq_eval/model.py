"""MuQ-Eval's network on ``muq``'s encoder: attention pooling and one two-layer head per question.

Module names are those of the published state dictionary, so that it loads strictly.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

POOLING_DIM, HEAD_DIM = 128, 256
HEADS = ("MI", "TA")


class AttentionPooling(nn.Module):
    """A learned weighted mean over time: Linear, tanh, Linear, softmax."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.attention = nn.Sequential(nn.Linear(dim, POOLING_DIM), nn.Tanh(), nn.Linear(POOLING_DIM, 1))

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """``(batch, time, dim)`` to ``(batch, dim)``."""
        weights = torch.softmax(self.attention(frames), dim=1)
        return (weights * frames).sum(dim=1)


class Head(nn.Module):
    """One question's score: Linear, GELU, dropout, Linear; a plain number, not held to any range."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(dim, HEAD_DIM), nn.GELU(), nn.Dropout(0.1), nn.Linear(HEAD_DIM, 1))

    def forward(self, pooled: torch.Tensor) -> torch.Tensor:
        """``(batch, dim)`` to ``(batch,)``."""
        return self.mlp(pooled).squeeze(-1)


class _Encoder(nn.Module):
    """MuQ and the pooling over its last hidden state."""

    def __init__(self, encoder: nn.Module, dim: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.pooling = AttentionPooling(dim)

    def forward(self, audio: torch.Tensor) -> torch.Tensor:
        frames = self.encoder(audio, output_hidden_states=False).last_hidden_state
        return self.pooling(frames)


class MuQEvalModel(nn.Module):
    """MuQ, pooling and heads.

    Args:
        encoder_config: the contents of the encoder's ``config.json``.
    """

    def __init__(self, encoder_config: dict[str, Any]) -> None:
        super().__init__()
        dim = int(encoder_config.get("encoder_dim", 1024))
        with untouched_random_state():
            self.encoder = _Encoder(muq_encoder(encoder_config), dim)
            self.heads = nn.ModuleDict({name: Head(dim) for name in HEADS})

    def forward(self, audio: torch.Tensor, head: str = "MI") -> torch.Tensor:
        """``(batch, 240000)`` at 24 kHz to ``(batch,)``: the score of one question."""
        return self.heads[head](self.encoder(audio))


def muq_encoder(encoder_config: dict[str, Any]) -> nn.Module:
    """``muq``'s MuQ from its configuration, with random weights."""
    from muq import MuQ
    from muq.muq.muq import MuQConfig

    return MuQ(MuQConfig(**encoder_config))


@contextmanager
def untouched_random_state() -> Iterator[None]:
    """Leave Python's and torch's global generators as they were: networks draw weights, and MuQ seeds both."""
    python_state = random.getstate()
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        random.setstate(python_state)
