"""Bar shuffle and beat shuffle: the same bars (or beats), in another order.

Which units move, and where to, comes from one random order that all levels share: a level takes the first k
units of that order and hands each one's place to the next, so that all k are displaced and the moved units of a
level are among those of the next.

Source: order shuffles are the structural ablation that MuQ-Eval's abstract speaks of and its script lacks.
"""

from __future__ import annotations

import numpy as np

from degrade_bench.clip import Annotations, Clip
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.structural.rearrangement import Arrangement, Rearrangement
from degrade_bench.degrade.structural.segments import Unit, moved_count, reordered, required_bounds


class Shuffle(Rearrangement):
    """Displaces a share of the units of a clip."""

    family = "order"
    unit: Unit

    def arrange(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Arrangement:
        """Draw the order in which units are moved; take as many as the level asks."""
        bounds = required_bounds(clip, self.unit)
        count = len(bounds) - 1
        priority = rng.permutation(count)
        moved = priority[: moved_count(count, strength, level, least=2)]
        order = np.arange(count)
        order[moved] = np.roll(moved, 1)
        return Arrangement(reordered(bounds, order, clip.num_samples), moved.tolist(), 100 * len(moved) / count)


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

    def annotations_after(self, clip: Clip, arranged: Arrangement) -> Annotations:
        """Beats, sections and chords follow; there are no bars any more."""
        return super().annotations_after(clip, arranged).without("downbeats", "time_signature")
