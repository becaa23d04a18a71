"""Tempo jitter: each beat is stretched on its own, and the clip as a whole keeps its length and pitch.

All levels share one pattern of long and short beats, scaled to the level's strength. The stretcher runs once,
with a tempo that changes at the beats, so nothing is cut or joined.

Source: this project's; onset shifts of up to ±0.2 s are the note-level counterpart in MAD.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Clip, TimeMap
from degrade_bench.degrade.base import Degradation, Drawn, Ladder
from degrade_bench.degrade.memory import last_remembered
from degrade_bench.degrade.placebo import Placebo
from degrade_bench.degrade.structural.segments import required_bounds
from degrade_bench.degrade.structural.stretch import stretched

LEAST_BEATS = 4


class TempoJitter(Degradation):
    """Stretches and squeezes the beats one by one; strength is the RMS change of their durations."""

    name = "tempo_jitter"
    group = "structural"
    family = "tempo"
    default_ladder = Ladder((3.0, 6.0, 12.0, 20.0, 30.0), "% RMS")
    source = "this project; MAD shifts onsets by up to 0.2 s"
    summary = "lengthens and shortens single beats: from a human wobble to a drunken stagger"
    needs = frozenset({"beats"})

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Draw the pattern, scale it, and keep the first and the last beat where they are."""
        bounds = required_bounds(clip, "beat", least=LEAST_BEATS)
        new_bounds = jittered(bounds, strength / 100, rng)
        rate = clip.sample_rate
        points = [(0, 0.0)] if bounds[0] > 0 else []
        points += list(zip(bounds.tolist(), new_bounds.tolist(), strict=True))
        if bounds[-1] < clip.num_samples:
            points.append((clip.num_samples, float(clip.num_samples)))
        before, after = np.diff(bounds), np.diff(new_bounds)
        change = after / before - 1
        params = {"from": [source for source, _ in points], "to": [output for _, output in points]}
        time_map = TimeMap(tuple((source / rate, output / rate) for source, output in points))
        return Drawn(params, time_map, achieved=100 * float(np.sqrt(np.mean(change**2))))

    @last_remembered
    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Warp in one pass."""
        return warped(clip.samples, clip.sample_rate, params["from"], params["to"])

    def make_placebo(self) -> Degradation:
        """Warped, and unwarped."""
        return TempoJitterPlacebo(self, "warps the beats in the same way, and back to where they were")


def jittered(bounds: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """New positions of the beats, in samples: the same ends, durations changed by ``strength`` RMS.

    The pattern is bounded (uniform, not normal), so that even the strongest level leaves every beat at least
    a third of its duration.
    """
    durations = np.diff(bounds).astype(float)
    pattern = rng.uniform(-1.0, 1.0, size=len(durations))
    pattern -= np.average(pattern, weights=durations)  # the whole keeps its length
    pattern /= np.sqrt(np.mean(pattern**2))
    change = np.maximum(strength * pattern, -2 / 3)
    changed = durations * (1 + change)
    changed *= durations.sum() / changed.sum()
    return bounds[0] + np.concatenate([[0.0], np.cumsum(changed)])


def warped(samples: torch.Tensor, sample_rate: int, source: list[int], output: list[float]) -> torch.Tensor:
    """Move the samples at ``source`` to ``output`` (both in samples), keeping the pitch and the length."""
    rate = np.ones(samples.shape[1])
    spans = zip(source[:-1], source[1:], output[:-1], output[1:], strict=True)
    for start, end, new_start, new_end in spans:
        rate[start:end] = (end - start) / (new_end - new_start)
    return stretched(samples, sample_rate, rate, samples.shape[1])


class TempoJitterPlacebo(Placebo):
    """The same warp and then its inverse: the stretcher's sound, twice, with every beat back in its place."""

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Warp there and back."""
        there = self.parent.damage(clip, params)
        back_from = [round(position) for position in params["to"]]
        return warped(there, clip.sample_rate, back_from, [float(position) for position in params["from"]])
