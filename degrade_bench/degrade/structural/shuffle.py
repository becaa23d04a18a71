"""Bar shuffle and beat shuffle: the same bars (or beats), in another order.

Which units move, and where to, comes from one random order that all levels share: a level takes the first k
units of that order and hands each one's place to the next, so that all k are displaced and the moved units of a
level are among those of the next.

The placebo cuts at the same places, as often, with the same crossfades, and leaves every bar where it is: every
second piece between two joins is read from a few milliseconds earlier or later, so that its joins are real cuts
between audio that is not contiguous, while order, tempo and key stay.

Source: order shuffles are the structural ablation that MuQ-Eval's abstract speaks of and its script lacks; the
placebo is this project's.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation, Drawn, Ladder
from degrade_bench.degrade.placebo import Placebo
from degrade_bench.degrade.structural.joins import Piece, join_positions, merged, reassembled
from degrade_bench.degrade.structural.segments import Unit, moved_count, required_bounds

PLACEBO_OFFSETS_MS = (3.0, 7.0)
"""How far the placebo reads every second piece from its place: enough that the two sides of a join differ as much
as those of a shuffle (measured on the built-in corpus, see ``tests/degrade``), and less than the 10 ms or so from
which on a listener notices an uneven beat (A. Friberg and J. Sundberg, JASA 1995)."""


class Shuffle(Degradation):
    """Displaces a share of the units of a clip."""

    group = "structural"
    family = "order"
    unit: Unit
    default_ladder: Ladder

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Draw the order in which units are moved; take as many as the level asks."""
        bounds = required_bounds(clip, self.unit)
        count = len(bounds) - 1
        priority = rng.permutation(count)
        moved = priority[: moved_count(count, strength, level, least=2)]
        order = np.arange(count)
        order[moved] = np.roll(moved, 1)
        pieces = shuffled_pieces(bounds, order, clip.num_samples)
        params = {
            "bounds": bounds.tolist(),
            "order": order.tolist(),
            "moved": moved.tolist(),
            "joins": join_positions(pieces),
        }
        return Drawn(params, achieved=100 * len(moved) / count)

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Join the units in their new order."""
        pieces = shuffled_pieces(np.asarray(params["bounds"]), np.asarray(params["order"]), clip.num_samples)
        return reassembled(clip.samples, pieces, clip.sample_rate)

    def make_placebo(self) -> Degradation:
        """The same cuts, with everything in order."""
        return ShufflePlacebo(self, f"cuts and joins in the same places, with every {self.unit} in order")


def shuffled_pieces(bounds: np.ndarray, order: np.ndarray, num_samples: int) -> list[Piece]:
    """The source ranges in their new order; what lies before and after the units stays."""
    units = [(int(bounds[k]), int(bounds[k + 1])) for k in order]
    return merged([(0, int(bounds[0])), *units, (int(bounds[-1]), num_samples)])


class ShufflePlacebo(Placebo):
    """As many joins as the shuffle, at the same places, with every unit in its place."""

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Take the parent's joins; draw from how far away every second piece is read."""
        drawn = self.parent.draw(clip, level, strength, rng)
        joins = drawn.params["joins"]
        low, high = (round(ms / 1000 * clip.sample_rate) for ms in PLACEBO_OFFSETS_MS)
        sizes = rng.integers(low, high, size=len(joins), endpoint=True)
        direction = 1 if rng.random() < 0.5 else -1
        offsets = direction * sizes * (np.arange(len(joins)) % 2 == 0)
        ends = np.append(joins[1:], clip.num_samples)
        offsets = np.where(ends + offsets > clip.num_samples, -offsets, offsets)  # nothing is read past the end
        return Drawn({"joins": joins, "offsets": offsets.tolist()}, achieved=drawn.achieved)

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Join the pieces, each read from a little earlier or later."""
        pieces = offset_pieces(params["joins"], params["offsets"], clip.num_samples)
        return reassembled(clip.samples, pieces, clip.sample_rate)


def offset_pieces(joins: list[int], offsets: list[int], num_samples: int) -> list[Piece]:
    """Pieces between joins, each moved by its offset; the first stays in its place."""
    bounds = [0, *joins, num_samples]
    moves = zip(itertools.pairwise(bounds), [0, *offsets], strict=True)
    return [(start + offset, end + offset) for (start, end), offset in moves]


class BarShuffle(Shuffle):
    """Whole bars in another order."""

    name = "bar_shuffle"
    unit: Unit = "bar"
    default_ladder = Ladder((25.0, 40.0, 60.0, 80.0, 100.0), "% of bars")
    source = "MuQ-Eval's structural claim (arXiv 2603.22677); placebo of equal joins"
    summary = "plays the same bars in another order: from two swapped to none in its place"
    needs = frozenset({"downbeats"})


class BeatShuffle(Shuffle):
    """Single beats in another order."""

    name = "beat_shuffle"
    unit: Unit = "beat"
    default_ladder = Ladder((10.0, 25.0, 50.0, 75.0, 100.0), "% of beats")
    source = "MuQ-Eval's structural claim (arXiv 2603.22677); placebo of equal joins"
    summary = "plays the same beats in another order: from a stumble to a scramble"
    needs = frozenset({"beats"})
