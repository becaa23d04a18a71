"""Stuck loop: a bar plays again and again, as on a record with a scratch, in place of what should have followed.

The music then goes on where it would have been by now, so the clip keeps its length and every downbeat its place.
The bar lies as near to the middle of the clip as the strongest level leaves room for: there a windowed metric
hears it.

Source: this project's.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from degrade_bench.clip import Annotations, Clip
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.structural.rearrangement import Arrangement, Rearrangement
from degrade_bench.degrade.structural.segments import repeatable, replaced, required_bounds

CHOICE = 3
"""How many neighbouring bars the stuck one is drawn from, where there are as many."""


class StuckLoop(Rearrangement):
    """One bar is repeated in place; strength is how often."""

    name = "stuck_loop"
    family = "order"
    default_ladder = Ladder((1.0, 2.0, 3.0, 4.0, 5.0), "repeats of a bar")
    source = "this project"
    summary = "repeats a bar in place of what follows it: from once too often to a record that hangs"
    needs = frozenset({"downbeats"})

    def arrange(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Arrangement:
        """Draw the bar; let it take the places of the bars after it."""
        repeats = round(strength)
        most = max(repeats, round(self.ladder.strengths[-1]))
        bounds = required_bounds(clip, "bar", least=most + 1)
        count = len(bounds) - 1
        latest = min(count // 2, count - 1 - most)
        near = np.arange(max(0, latest - CHOICE + 1), latest + 1)
        stuck = int(rng.choice(repeatable(clip, bounds, near, slice(near[0], latest + most + 1))))
        taken = range(stuck + 1, stuck + 1 + repeats)
        played = np.arange(count)
        played[taken] = stuck
        return Arrangement(replaced(bounds, played, clip.num_samples), taken, float(repeats))

    def annotations_after(self, clip: Clip, arranged: Arrangement) -> Annotations:
        """Sections and chords follow; beats and downbeats stay where they are."""
        annotations = clip.annotations
        return replace(
            super().annotations_after(clip, arranged), beats=annotations.beats, downbeats=annotations.downbeats
        )
