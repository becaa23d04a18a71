"""Reversed bars: some bars play backwards, each in its own place.

Notes swell and break off, and yet the spectrum, the order of the bars and the time between them stay: what is
damaged is the direction of time. The placebo's joins are at the same places.

Source: this project's; reversal within short spans goes back to K. Saberi and D. R. Perrott (Nature 398, 1999), who
reversed speech.
"""

from __future__ import annotations

import numpy as np

from degrade_bench.clip import Clip
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.structural.rearrangement import Arrangement, Rearrangement
from degrade_bench.degrade.structural.segments import moved_count, reordered, required_bounds


class ReversedBars(Rearrangement):
    """Plays a share of the bars backwards."""

    name = "reversed_bars"
    family = "order"
    default_ladder = Ladder((12.0, 25.0, 50.0, 75.0, 100.0), "% of bars")
    source = "this project; local reversal after Saberi and Perrott (1999)"
    summary = "plays bars backwards in their places: from one bar to all of them"
    needs = frozenset({"downbeats"})

    def arrange(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Arrangement:
        """Draw the order in which bars are turned round; take as many as the level asks."""
        bounds = required_bounds(clip, "bar")
        count = len(bounds) - 1
        turned = rng.permutation(count)[: moved_count(count, strength, level, least=1)].tolist()
        pieces = reordered(bounds, range(count), clip.num_samples)
        for bar in turned:
            start, end = pieces[1 + bar]  # the first piece is what comes before the bars
            pieces[1 + bar] = (end, start)
        return Arrangement(pieces, turned, 100 * len(turned) / count)
