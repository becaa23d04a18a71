"""Swing: the middle of every beat comes late, so that even eighths become long and short.

Straight music is made to shuffle; music that swings already swings too hard. Beats stay where they are.

Source: swing ratios as measured in jazz (A. Friberg and A. Sundström, Music Perception 19(3), 2002): from about
1:1 at fast tempi to 3.5:1 at slow ones; the ladder goes to 3:1.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from degrade_bench.clip import Clip
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.structural.segments import required_bounds
from degrade_bench.degrade.structural.tempo_jitter import LEAST_BEATS
from degrade_bench.degrade.structural.time_warp import TimeWarp, with_ends


class SwingWarp(TimeWarp):
    """Moves the middle of every beat to a later place in it."""

    name = "swing_warp"
    default_ladder = Ladder((53.0, 56.0, 60.0, 67.0, 75.0), "% of the beat")
    source = "this project; swing ratios of Friberg and Sundström (2002)"
    summary = "makes the second half of every beat late and short: from a hint of lilt to a limp"
    needs = frozenset({"beats"})
    placebo_summary = "swung in the same way, and straightened again"

    def warp(
        self, clip: Clip, strength: float, rng: np.random.Generator
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], float]:
        """Nothing is random."""
        bounds = required_bounds(clip, "beat", least=LEAST_BEATS).astype(float)
        middles = (bounds[:-1] + bounds[1:]) / 2
        late = bounds[:-1] + np.diff(bounds) * strength / 100
        source, output = np.sort(np.append(bounds, middles)), np.sort(np.append(bounds, late))
        return *with_ends(clip, source, output), strength
