"""Key break: some bars are transposed by a semitone while the others stay.

A semitone leads to the key that shares the fewest notes with the old one (two of seven), so the break is heard at
once. Every transposed bar is shifted by itself, with music around it, and crossfaded into its place.

Source: this project's; MAD moves single notes by up to six semitones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation, Drawn, Ladder
from degrade_bench.degrade.memory import last_remembered
from degrade_bench.degrade.placebo import Placebo
from degrade_bench.degrade.structural.joins import Piece, crossfaded, fade_half
from degrade_bench.degrade.structural.segments import moved_count, required_bounds
from degrade_bench.degrade.structural.stretch import shifted

CONTEXT_SECONDS = 0.25
"""Music that the shifter hears before and after a bar, so that its own beginning and end are cut off."""


class KeyBreak(Degradation):
    """Transposes a share of the bars, up or down by a semitone; the direction is drawn once for all levels."""

    name = "key_break"
    group = "structural"
    family = "pitch"
    default_ladder = Ladder((12.0, 25.0, 37.0, 50.0, 62.0), "% of bars")
    source = "this project; MAD moves notes by up to six semitones"
    summary = "transposes some bars by a semitone: from one wrong bar to a song in two keys"
    needs = frozenset({"downbeats"})

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
        return Drawn(params, achieved=100 * len(chosen) / count)

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Shift the chosen bars and put them back."""
        return put_in_place(clip.samples, clip.sample_rate, params["spans"], self.shifted_parts(clip, params))

    @last_remembered
    def shifted_parts(self, clip: Clip, params: Mapping[str, Any]) -> list[torch.Tensor]:
        """The chosen bars with music around them, transposed."""
        parts = parts_with_context(clip.samples, clip.sample_rate, params["spans"])
        return [shifted(part, clip.sample_rate, float(params["semitones"])) for part in parts]

    def make_placebo(self) -> Degradation:
        """Shifted, and back."""
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


def with_context(span: list[int], num_samples: int, sample_rate: int) -> Piece:
    """A range with the music around it that the shifter hears."""
    context = round(CONTEXT_SECONDS * sample_rate)
    return max(0, span[0] - context), min(num_samples, span[1] + context)


def parts_with_context(samples: torch.Tensor, sample_rate: int, spans: list[list[int]]) -> list[torch.Tensor]:
    """The ranges of ``samples``, ``(channels, time)``, with the music around each."""
    return [samples[:, slice(*with_context(span, samples.shape[1], sample_rate))] for span in spans]


def put_in_place(
    samples: torch.Tensor, sample_rate: int, spans: list[list[int]], parts: list[torch.Tensor]
) -> torch.Tensor:
    """Crossfade each part, which has music around it, into the place of its range."""
    out = samples.clone()
    for (start, end), part in zip(spans, parts, strict=True):
        first, last = with_context([start, end], samples.shape[1], sample_rate)
        half = min(fade_half(sample_rate), (end - start) // 2)
        into = (max(first, start - half), min(last, start + half))
        away = (max(first, end - half), min(last, end + half))
        out[:, into[1] : away[0]] = part[:, into[1] - first : away[0] - first]
        if start > 0:
            out[:, into[0] : into[1]] = crossfaded(
                samples[:, into[0] : into[1]], part[:, into[0] - first : into[1] - first]
            )
        else:
            out[:, : into[1]] = part[:, : into[1]]
        if end < samples.shape[1]:
            out[:, away[0] : away[1]] = crossfaded(
                part[:, away[0] - first : away[1] - first], samples[:, away[0] : away[1]]
            )
        else:
            out[:, away[0] :] = part[:, away[0] - first :]
    return out


class KeyBreakPlacebo(Placebo):
    """The same bars shifted and shifted back: the same joins and the shifter's sound, twice, in the old key."""

    parent: KeyBreak

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Shift there and back."""
        there = self.parent.shifted_parts(clip, params)
        back = [shifted(part, clip.sample_rate, -float(params["semitones"])) for part in there]
        return put_in_place(clip.samples, clip.sample_rate, params["spans"], back)
