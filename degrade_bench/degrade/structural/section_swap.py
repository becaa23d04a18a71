"""Section swap: what leads up to a section boundary and what follows it change places.

The boundary is one of the annotated ones, or, where none is known, a bar line near the middle. The passages on its
two sides grow along the ladder, from two bars each to all that lies before and after it, so that the second part of
the clip comes first: every bar goes on into the next one as before, only the form is wrong.

Source: this project's; the coarsest case of the order to which MuQ-Eval's abstract says it is insensitive.
"""

from __future__ import annotations

import numpy as np

from degrade_bench.clip import Clip
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.structural.rearrangement import Arrangement, Rearrangement
from degrade_bench.degrade.structural.segments import moved_count, reordered, required_bounds

PASSAGE_BARS = 2
"""The shortest passage, where the clip has bars enough for five different levels of them."""


class SectionSwap(Rearrangement):
    """Two neighbouring passages change places; strength is the share of bars in them."""

    name = "section_swap"
    family = "order"
    default_ladder = Ladder((40.0, 55.0, 70.0, 85.0, 100.0), "% of bars")
    source = "this project"
    summary = "swaps what comes before and after a section boundary: from two bars each to the whole clip"
    needs = frozenset({"downbeats"})

    def arrange(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Arrangement:
        """Draw the boundary; swap as many bars around it as the level asks."""
        bounds = required_bounds(clip, "bar")
        count = len(bounds) - 1
        middle = int(rng.choice(boundaries(clip, bounds)))
        total = moved_count(count, strength, level, least=min(2 * PASSAGE_BARS, count - 4))
        before = max(min(middle, total // 2), total - (count - middle))
        first, last = middle - before, middle - before + total
        order = [*range(first), *range(middle, last), *range(first, middle), *range(last, count)]
        return Arrangement(reordered(bounds, order, clip.num_samples), range(first, last), 100 * total / count)


def boundaries(clip: Clip, bounds: np.ndarray) -> np.ndarray:
    """Bar lines at which sections begin, or else those near the middle; with two bars or more on either side."""
    count = len(bounds) - 1
    starts = np.asarray([start for start, _ in clip.annotations.sections]) * clip.sample_rate
    nearest = np.unique([int(np.argmin(np.abs(bounds - start))) for start in starts]).astype(int)
    inside = nearest[(nearest >= PASSAGE_BARS) & (nearest <= count - PASSAGE_BARS)]
    return inside if len(inside) else np.arange(count // 2 - 1, count // 2 + 2)
