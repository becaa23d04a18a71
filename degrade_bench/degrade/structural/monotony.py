"""Monotony: one bar takes the place of more and more of the others, until nothing else is left.

The bars that it replaces are scattered over the clip, so that any window of it grows poorer by the same share; a
bar that hangs at one spot is :mod:`~degrade_bench.degrade.structural.stuck_loop`. Every downbeat stays in its
place, and so do beat, tempo and the sound of a bar: what goes is variety.

Source: this project's.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from degrade_bench.clip import Annotations, Clip
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.structural.rearrangement import Arrangement, Rearrangement
from degrade_bench.degrade.structural.segments import moved_count, repeatable, replaced, required_bounds


class Monotony(Rearrangement):
    """One bar in place of others; strength is the share of the other bars that it replaces."""

    name = "monotony"
    family = "repetition"
    default_ladder = Ladder((20.0, 40.0, 60.0, 80.0, 100.0), "% of other bars")
    source = "this project"
    summary = "puts one bar in place of others: from a bar that comes back to a loop from beginning to end"
    needs = frozenset({"downbeats"})

    def arrange(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Arrangement:
        """Draw the bar and the order in which the others give way to it."""
        bounds = required_bounds(clip, "bar")
        count = len(bounds) - 1
        looped = int(rng.choice(repeatable(clip, bounds, np.arange(count), slice(0, count))))
        others = rng.permutation(np.delete(np.arange(count), looped))
        taken = others[: moved_count(count - 1, strength, level, least=1)]
        played = np.arange(count)
        played[taken] = looped
        return Arrangement(
            replaced(bounds, played, clip.num_samples), taken.tolist(), 100 * len(taken) / (count - 1)
        )

    def annotations_after(self, clip: Clip, arranged: Arrangement) -> Annotations:
        """Sections and chords follow; beats and downbeats stay where they are."""
        annotations = clip.annotations
        return replace(
            super().annotations_after(clip, arranged), beats=annotations.beats, downbeats=annotations.downbeats
        )
