"""Cutting audio into pieces and joining them again with crossfades.

A piece is a range of source samples, played forwards or backwards. Where a piece goes on where the one before it
ended, the boundary is no join and the samples pass through bit for bit. Elsewhere the two sides are crossfaded with
equal power (music from two places is uncorrelated, and equal power keeps its level), half of the fade on either
side of the boundary, out of real audio that lies beyond the pieces' ends; beyond the clip's own ends lies silence.
The output is as long as the pieces together, and equals the source outside the fades.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import torch

FADE_SECONDS = 0.01

PLACEBO_OFFSETS_MS = (3.0, 7.0)
"""How far the placebo reads every second piece from its place: enough that the two sides of a join differ as much
as those of a rearrangement (measured on the built-in corpus, see ``tests/degrade``), and less than the 10 ms or so
from which on a listener notices an uneven beat (A. Friberg and J. Sundberg, JASA 1995)."""

SILENT_RMS = 1e-6
"""Of two sides that are too quiet to be compared."""

Piece = tuple[int, int]
"""Where playing begins and where it ends, as positions between source samples: ``(4, 9)`` is samples 4 to 8, and
``(9, 4)`` is samples 8 down to 4, played backwards."""


def merged(pieces: Sequence[Piece]) -> list[Piece]:
    """The same pieces with neighbours that go on in the same direction made one, and empty ones left out."""
    out: list[Piece] = []
    for start, end in pieces:
        if end == start:
            continue
        if out and out[-1][1] == start and (out[-1][0] < start) == (start < end):
            out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return out


def join_positions(pieces: Sequence[Piece]) -> list[int]:
    """Where in the output the joins are, in samples."""
    lengths = [abs(end - start) for start, end in merged(pieces)]
    return [int(position) for position in np.cumsum(lengths)[:-1]]


def reassembled(samples: torch.Tensor, pieces: Sequence[Piece], sample_rate: int) -> torch.Tensor:
    """Join pieces of ``samples``, ``(channels, time)``, in the given order.

    Args:
        samples: ``(channels, time)``.
        pieces: ``(start, end)`` in samples, in the order in which they are heard; a start after its end plays
            backwards.
        sample_rate: Hz; it decides how long the crossfades are.
    """
    parts = merged(pieces)
    out = torch.cat([played(samples, start, end) for start, end in parts], dim=1)
    position = 0
    for first, second in itertools.pairwise(parts):
        position += abs(first[1] - first[0])
        half = min(fade_half(sample_rate), abs(first[1] - first[0]) // 2, abs(second[1] - second[0]) // 2)
        if half:
            out[:, position - half : position + half] = crossfaded(*sides(samples, first, second, half))
    return out


def played(samples: torch.Tensor, start: int, end: int) -> torch.Tensor:
    """A piece of ``samples``, ``(channels, time)``, with silence where it leaves the signal.

    Args:
        samples: ``(channels, time)``.
        start: first sample, or the one behind the last where the piece plays backwards.
        end: the sample behind the last one; may lie beyond the signal.
    """
    low, high, length = min(start, end), max(start, end), samples.shape[1]
    inside = samples[:, max(0, min(low, length)) : max(0, min(high, length))]
    before = min(max(0, -low), high - low)
    after = high - low - before - inside.shape[1]
    whole = torch.nn.functional.pad(inside, (before, after)) if before or after else inside
    return whole if start <= end else whole.flip(1)


def sides(samples: torch.Tensor, first: Piece, second: Piece, half: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Both sides of a join: each piece as it sounds, or would go on, ``half`` samples before and after it.

    Args:
        samples: ``(channels, time)``.
        first: ``(start, end)`` of the piece before the join, in samples.
        second: the same of the piece behind it.
        half: samples on either side of the join.
    """
    (start, end), (next_start, next_end) = first, second
    reach = half if start < end else -half
    next_reach = half if next_start < next_end else -half
    return (
        played(samples, end - reach, end + reach),
        played(samples, next_start - next_reach, next_start + next_reach),
    )


def unlikeness(before: torch.Tensor, after: torch.Tensor) -> float:
    """How unlike two sides of a join are: the RMS of their difference over that of both, 0 to √2 or more.

    0 means that they are alike (a join that nobody hears), 1 that they have nothing to do with each other; NaN that
    both are silent.

    Args:
        before: what is heard before the join, as it sounds or would go on, ``(channels, time)``.
        after: what is heard behind it, at the same moments.
    """
    one, other = before.double(), after.double()
    both = float((one.square().mean() + other.square().mean()).sqrt())
    return float((one - other).square().mean().sqrt()) / both if both > SILENT_RMS else float("nan")


def fade_half(sample_rate: int) -> int:
    """Half of a crossfade, in samples."""
    return round(FADE_SECONDS * sample_rate / 2)


def crossfaded(before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    """Fade from one signal to another over their whole length, with equal power."""
    count = before.shape[1]
    angle = (torch.arange(count, dtype=torch.float32) + 0.5) / count * (torch.pi / 2)
    return before * torch.cos(angle) + after * torch.sin(angle)
