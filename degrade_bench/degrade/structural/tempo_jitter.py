"""Tempo jitter: each beat is stretched on its own, and the clip as a whole keeps its length and pitch.

All levels share one pattern of long and short beats, scaled to the level's strength.

Source: this project's; onset shifts of up to ±0.2 s are the note-level counterpart in MAD.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from degrade_bench.clip import Clip
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.structural.segments import required_bounds
from degrade_bench.degrade.structural.time_warp import TimeWarp, with_ends

LEAST_BEATS = 4


class TempoJitter(TimeWarp):
    """Stretches and squeezes the beats one by one; strength is the RMS change of their durations."""

    name = "tempo_jitter"
    version = "2"
    default_ladder = Ladder((3.0, 6.0, 12.0, 20.0, 30.0), "% RMS")
    source = "this project; MAD shifts onsets by up to 0.2 s"
    summary = "lengthens and shortens single beats: from a human wobble to a drunken stagger"
    needs = frozenset({"beats"})
    placebo_summary = "warps the beats in the same way, and back to where they were"

    def warp(
        self, clip: Clip, strength: float, rng: np.random.Generator
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], float]:
        """Draw the pattern, scale it, and keep the first and the last beat where they are."""
        bounds = required_bounds(clip, "beat", least=LEAST_BEATS)
        new_bounds = jittered(bounds, strength / 100, rng)
        change = np.diff(new_bounds) / np.diff(bounds) - 1
        return *with_ends(clip, bounds, new_bounds), 100 * float(np.sqrt(np.mean(change**2)))


def jittered(bounds: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """New positions of the beats, in samples: the same ends, durations changed by ``strength`` RMS.

    The pattern is bounded (uniform, not normal), so that even the strongest level leaves every beat at least
    a third of its duration.

    Args:
        bounds: of the beats, in samples; ``(beats + 1,)``.
        strength: RMS change of the durations, as a share.
        rng: of the pattern.
    """
    durations = np.diff(bounds).astype(float)
    pattern = rng.uniform(-1.0, 1.0, size=len(durations))
    pattern -= np.average(pattern, weights=durations)  # the whole keeps its length
    pattern /= np.sqrt(np.mean(pattern**2))
    change = np.maximum(strength * pattern, -2 / 3)
    changed = durations * (1 + change)
    changed *= durations.sum() / changed.sum()
    values: np.ndarray = bounds[0] + np.concatenate([[0.0], np.cumsum(changed)])
    return values
