"""Rearrangements: the damage is that pieces of the clip play elsewhere, again, backwards or not at all.

A subclass only decides the pieces. The samples are theirs, joined with short crossfades, and so are the placebo and
the picture of the damage (``params["pieces"]`` says what is heard when).

The placebo cuts as often and with the same crossfades, and leaves everything in order: every second piece between
two cuts is read from a few milliseconds earlier or later, so that its joins are real cuts between audio that is not
contiguous, while order, tempo and key stay.

Source: the placebo is this project's.
"""

from __future__ import annotations

import itertools
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Annotations, Clip, TimeMap
from degrade_bench.degrade.base import Degradation, Picture
from degrade_bench.degrade.dsp.joins import (
    PLACEBO_OFFSETS_MS,
    Piece,
    join_positions,
    merged,
    reassembled,
)
from degrade_bench.degrade.placebo import Placebo
from degrade_bench.degrade.plan import Drawn


@dataclass(frozen=True)
class Arrangement:
    """What plays when.

    Attributes:
        pieces: ranges of source samples in the order in which they play; a start after its end plays backwards.
        units: which bars, beats or jumps the level takes; each level takes those of the level below, and more.
        achieved: the strength, in the ladder's unit.
        time_map: how musical time moved, where the clip's length changes.
    """

    pieces: Sequence[Piece]
    units: Sequence[int]
    achieved: float
    time_map: TimeMap | None = None


class Rearrangement(Degradation):
    """Plays pieces of the clip in another order.

    Its plan holds ``pieces`` (``[start, end]`` in source samples, in output order, neighbours without a join made
    one), ``joins`` (output samples at which two pieces meet) and ``units``, as of :class:`Arrangement`.
    """

    group = "structural"
    picture: Picture = "order"

    @abstractmethod
    def arrange(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Arrangement:
        """Decide the pieces. As for ``draw``, what the levels share is drawn first, whatever the level.

        Args:
            clip: what is damaged.
            level: from 1.
            strength: of the level, in the ladder's unit.
            rng: in the same state at every level.

        Raises:
            NotApplicableError: the clip has too few bars or beats.
        """

    def placebo_cuts(self, params: Mapping[str, Any]) -> list[int]:
        """Where the placebo cuts, in samples of the clip: as many places as there are joins, and the same ones."""
        return list(params["joins"])

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Arrange, and say where the joins are."""
        arranged = self.arrange(clip, level, strength, rng)
        params = {**cut_params(arranged.pieces), "units": [int(unit) for unit in arranged.units]}
        annotations = self.annotations_after(clip, arranged)
        return Drawn(params, arranged.time_map, arranged.achieved, annotations)

    def annotations_after(self, clip: Clip, arranged: Arrangement) -> Annotations:
        """What is true of the music afterwards: beats, bars, sections and chords go where their music goes."""
        seconds = np.asarray(merged(arranged.pieces), dtype=float) / clip.sample_rate
        return clip.annotations.rearranged([(start, end) for start, end in seconds.tolist()])

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Join the pieces."""
        return reassembled(clip.samples, params["pieces"], clip.sample_rate)

    def make_placebo(self) -> Degradation:
        """As many cuts, with everything in order."""
        return RearrangementPlacebo(self, "cuts and joins as often, with everything in order")


def cut_params(pieces: Sequence[Piece]) -> dict[str, Any]:
    """Pieces and joins in JSON types."""
    return {
        "pieces": [[int(start), int(end)] for start, end in merged(pieces)],
        "joins": join_positions(pieces),
    }


class RearrangementPlacebo(Placebo):
    """As many joins as the rearrangement, with everything in order."""

    parent: Rearrangement
    picture: Picture = "order"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Take the parent's cuts; draw from how far away every second piece is read."""
        drawn = self.parent.draw(clip, level, strength, rng)
        cuts = self.parent.placebo_cuts(drawn.params)
        low, high = (round(ms / 1000 * clip.sample_rate) for ms in PLACEBO_OFFSETS_MS)
        sizes = rng.integers(low, high, size=len(cuts), endpoint=True)
        direction = 1 if rng.random() < 0.5 else -1
        offsets = direction * sizes * (np.arange(len(cuts)) % 2 == 0)
        starts, ends = np.asarray(cuts), np.append(cuts[1:], clip.num_samples)
        leaves_clip = (starts + offsets < 0) | (ends + offsets > clip.num_samples)
        return Drawn(
            cut_params(offset_pieces(cuts, np.where(leaves_clip, -offsets, offsets), clip.num_samples)),
            achieved=drawn.achieved,
        )

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Join the pieces, each read from a little earlier or later."""
        return self.parent.damage(clip, params)


def offset_pieces(cuts: Sequence[int], offsets: Sequence[int] | np.ndarray, num_samples: int) -> list[Piece]:
    """Pieces between cuts, each moved by its offset; the first stays in its place.

    Args:
        cuts: where pieces begin, in samples, rising; the first piece begins at 0.
        offsets: how far from its place each piece is read, in samples, as many as there are cuts.
        num_samples: of the clip.
    """
    bounds = [0, *cuts, num_samples]
    moves = zip(itertools.pairwise(bounds), [0, *offsets], strict=True)
    return [(int(start + offset), int(end + offset)) for (start, end), offset in moves]
