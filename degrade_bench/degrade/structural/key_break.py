"""Key break: some bars are transposed by a semitone while the others stay.

A semitone leads to the key that shares the fewest notes with the old one (two of seven), so the break is heard
at once. The whole clip is transposed once, which every level shares, and the chosen bars are crossfaded into
their places.

Source: this project's; MAD moves single notes by up to six semitones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench._support.caching import remembered
from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation, Picture
from degrade_bench.degrade.dsp.joins import crossfaded, fade_half
from degrade_bench.degrade.dsp.stretch import shifted
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import Placebo
from degrade_bench.degrade.plan import Drawn
from degrade_bench.degrade.structural.segments import moved_count, required_bounds


class KeyBreak(Degradation):
    """Transposes a share of the bars, up or down by a semitone; the direction is drawn once for all levels."""

    name = "key_break"
    version = "2"
    group = "structural"
    family = "pitch"
    default_ladder = Ladder((12.0, 25.0, 37.0, 50.0, 62.0), "% of bars")
    source = "this project; MAD moves notes by up to six semitones"
    summary = "transposes some bars by a semitone: from one wrong bar to a song in two keys"
    needs = frozenset({"downbeats"})
    picture: Picture = "pitch"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Draw the direction and the order in which bars are taken; take as many as the level asks."""
        bounds = required_bounds(clip, "bar")
        count = len(bounds) - 1
        semitones = 1 if rng.random() < 0.5 else -1
        priority = rng.permutation(count)
        chosen = np.sort(priority[: moved_count(count, strength, level, least=1)])
        params = {
            "semitones": semitones,
            "bars": chosen.tolist(),
            "spans": merged_spans(bounds, chosen),
        }
        annotations = clip.annotations.without("key", "chords")  # there are two keys
        return Drawn(params, achieved=100 * len(chosen) / count, annotations=annotations)

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Put the chosen bars of the transposed clip into their places."""
        other = self.transposed_clip(clip, {"semitones": params["semitones"]})
        return spliced(clip.samples, other, params["spans"], clip.sample_rate)

    @remembered()
    def transposed_clip(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """The whole clip, transposed by ``semitones``; all levels share it."""
        return shifted(clip.samples, clip.sample_rate, params["semitones"])

    def make_placebo(self) -> Degradation:
        """Transposed in the same way, and back again."""
        return KeyBreakPlacebo(self, "transposes the same bars by a semitone, and back again")


def merged_spans(bounds: np.ndarray, chosen: np.ndarray) -> list[list[int]]:
    """Sample ranges of the chosen bars; neighbours make one range, since nothing is joined between them."""
    spans: list[list[int]] = []
    for bar in chosen:
        start, end = int(bounds[bar]), int(bounds[bar + 1])
        if spans and spans[-1][1] == start:
            spans[-1][1] = end
        else:
            spans.append([start, end])
    return spans


def spliced(samples: torch.Tensor, other: torch.Tensor, spans: list[list[int]], sample_rate: int) -> torch.Tensor:
    """``samples`` with ``other``, as long, in the given ranges; crossfaded at their bounds, but not at the ends.

    Args:
        samples: ``(channels, time)``.
        other: of the same shape.
        spans: ``[start, end]`` of what is taken from ``other``, in samples, in order.
        sample_rate: Hz; it decides how long the crossfades are.

    Shape:
        samples, other: ``(channels, time)``.
    """
    out, count = samples.clone(), samples.shape[1]
    for start, end in spans:
        half = min(fade_half(sample_rate), (end - start) // 2)
        out[:, start:end] = other[:, start:end]
        for bound, before, after in ((start, samples, other), (end, other, samples)):
            if 0 < bound < count:
                fade = slice(max(0, bound - half), min(count, bound + half))
                out[:, fade] = crossfaded(before[:, fade], after[:, fade])
    return out


class KeyBreakPlacebo(Placebo):
    """The same bars shifted and shifted back: the same joins and the shifter's sound, twice, in the old key."""

    parent: KeyBreak

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Put the chosen bars of the clip that was transposed there and back into their places."""
        other = self.untransposed_clip(clip, {"semitones": params["semitones"]})
        return spliced(clip.samples, other, params["spans"], clip.sample_rate)

    @remembered()
    def untransposed_clip(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """The whole clip, shifted there and back."""
        there = self.parent.transposed_clip(clip, params)
        return shifted(there, clip.sample_rate, -params["semitones"])
