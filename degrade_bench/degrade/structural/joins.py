"""Cutting audio into pieces and joining them again with crossfades.

A piece is a range of source samples. Where a piece goes on where the one before it ended, the boundary is no
join and the samples pass through bit for bit. Elsewhere the two sides are crossfaded with equal power (music
from two places is uncorrelated, and equal power keeps its level), half of the fade on either side of the
boundary, out of real audio that lies beyond the pieces' ends; beyond the clip's own ends lies silence. The
output is as long as the pieces together, and equals the source outside the fades.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import torch

FADE_SECONDS = 0.01

Piece = tuple[int, int]
"""First source sample, and the one after the last."""


def merged(pieces: Sequence[Piece]) -> list[Piece]:
    """The same pieces with contiguous neighbours made one, and empty ones left out."""
    out: list[Piece] = []
    for start, end in pieces:
        if end <= start:
            continue
        if out and out[-1][1] == start:
            out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return out


def join_positions(pieces: Sequence[Piece]) -> list[int]:
    """Where in the output the joins are, in samples."""
    lengths = [end - start for start, end in merged(pieces)]
    return [int(position) for position in np.cumsum(lengths)[:-1]]


def reassembled(samples: torch.Tensor, pieces: Sequence[Piece], sample_rate: int) -> torch.Tensor:
    """Join pieces of ``samples``, ``(channels, time)``, in the given order."""
    parts = merged(pieces)
    out = torch.cat([samples[:, start:end] for start, end in parts], dim=1)
    position = 0
    for (start, end), (next_start, next_end) in itertools.pairwise(parts):
        position += end - start
        half = min(fade_half(sample_rate), (end - start) // 2, (next_end - next_start) // 2)
        if half:
            before = _with_context(samples, end - half, end + half)
            after = _with_context(samples, next_start - half, next_start + half)
            out[:, position - half : position + half] = crossfaded(before, after)
    return out


def fade_half(sample_rate: int) -> int:
    """Half of a crossfade, in samples."""
    return round(FADE_SECONDS * sample_rate / 2)


def crossfaded(before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    """Fade from one signal to another over their whole length, with equal power."""
    count = before.shape[1]
    angle = (torch.arange(count, dtype=torch.float32) + 0.5) / count * (torch.pi / 2)
    return before * torch.cos(angle) + after * torch.sin(angle)


def _with_context(samples: torch.Tensor, start: int, end: int) -> torch.Tensor:
    """``samples[:, start:end]`` with silence where the range leaves the signal."""
    inside = samples[:, max(0, start) : min(samples.shape[1], end)]
    before, after = max(0, -start), max(0, end - samples.shape[1])
    return torch.nn.functional.pad(inside, (before, after)) if before or after else inside


def discontinuities(samples: torch.Tensor, pieces: Sequence[Piece], sample_rate: int) -> list[float]:
    """How unlike the two sides of every join are: RMS of their difference over that of both, 0 to √2 or more.

    0 means that the sides are alike (a join that nobody hears), 1 that they have nothing to do with each other.
    Joins in silence are left out.
    """
    parts, half = merged(pieces), fade_half(sample_rate)
    found = []
    for (_, end), (next_start, _) in itertools.pairwise(parts):
        before = _with_context(samples, end - half, end + half).double()
        after = _with_context(samples, next_start - half, next_start + half).double()
        both = float((before.square().mean() + after.square().mean()).sqrt())
        if both > 1e-6:
            found.append(float((before - after).square().mean().sqrt()) / both)
    return found
