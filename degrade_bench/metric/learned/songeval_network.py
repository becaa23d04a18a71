"""SongEval's own part: attention over MuQ's frames, and five marks.

Source: ``model.py`` of https://github.com/ASLP-lab/SongEval.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from degrade_bench.metric.muq_eval.encoder import Encoder


class Head(nn.Module):
    """Frames to marks; its weights have the names of the published file.

    Args:
        dim: width of a frame.
        inner: width inside the feed-forward part.
        layers: of attention.
        heads: of each.
        marks: how many there are.
    """

    def __init__(self, dim: int, inner: int, layers: int, heads: int, marks: int) -> None:
        super().__init__()
        self.attn = nn.ModuleList([nn.MultiheadAttention(dim, heads, batch_first=True) for _ in range(layers)])
        self.ffd = nn.Sequential(nn.Linear(dim, inner), nn.ReLU(), nn.Linear(inner, dim))
        self.fc = nn.Linear(2 * dim, marks)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """``(batch, time, dim)`` to ``(batch, marks)``, from 1 to 5."""
        before = self.ffd(frames)
        after = before
        for attention in self.attn:
            after, _ = attention(after, after, after, need_weights=False)
        pooled = torch.cat([after.mean(dim=1), before.amax(dim=1)], dim=1)
        return 3.0 + 2.0 * torch.tanh(self.fc(pooled))


def head_of(state: Mapping[str, torch.Tensor], dim: int, heads: int, marks: int) -> Head:
    """A head of the size that a file's weights have.

    Args:
        state: the file's weights; what does not fit is found when they are given to it.
        dim: width of MuQ's frames.
        heads: of each layer of attention.
        marks: how many there are.
    """
    layers = sum(name.endswith(".in_proj_weight") for name in state)
    first = state.get("ffd.0.weight")
    inner = first.shape[0] if first is not None and first.ndim == 2 else dim
    return Head(dim, inner, layers, heads, marks)


class SongevalNetwork(nn.Module):
    """Audio at 24 kHz to marks.

    Args:
        encoder: MuQ, as far as its frames are asked for.
        head: what makes marks of them.
    """

    def __init__(self, encoder: Encoder, head: Head) -> None:
        super().__init__()
        self.encoder, self.head = encoder, head

    def forward(self, audio: torch.Tensor) -> torch.Tensor:
        """``(batch, samples)`` to ``(batch, marks)``."""
        marks: torch.Tensor = self.head(self.encoder.hidden(audio))
        return marks
