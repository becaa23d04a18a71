"""A constant change of tempo; the pitch stays.

Slower only: a slower clip is longer, so a metric's window is always full of music.

Source: MuQ-Eval's script names tempo factors 0.95, 0.85 and 0.7 but resamples, which lowers the pitch too; this
ladder spans the same range with a stretcher that keeps it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from degrade_bench.clip import Clip
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.structural.time_warp import TimeWarp


class TempoChange(TimeWarp):
    """Plays the whole clip slower."""

    name = "tempo_change"
    version = "2"
    default_ladder = Ladder((3.0, 6.0, 12.0, 20.0, 30.0), "% slower")
    source = "MuQ-Eval (arXiv 2603.22677), with the pitch kept"
    summary = "plays the whole clip slower at the same pitch: from unnoticed to dragging"
    changes_duration = True
    placebo_summary = "slower by the same ratio, and back to the old tempo"

    def warp(
        self, clip: Clip, strength: float, rng: np.random.Generator
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], float]:
        """Nothing is random: the ratio is the map."""
        length = round(clip.num_samples / (1 - strength / 100))
        return np.array([0.0, clip.num_samples]), np.array([0.0, length]), strength

    def measure(self, clean: Clip, degraded: Clip) -> float | None:
        """The change of tempo in % that the two durations tell."""
        return 100 * (1 - clean.num_samples / degraded.num_samples)
