"""One pitched stem out of tune with the others, by up to a semitone: at the end it plays in another key.

A semitone is the end of the ladder because the distance of keys does not grow beyond it: a fourth or a fifth away,
a part shares six of seven notes with the others again, a semitone away two.

Source: this project's; mistuned parts of 20 to 25 cents pass as in tune (A. Vurma and J. Ross, Music Perception
2006), stem mispairing of other studies (COCOLA, APA) is binary.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench._support.caching import remembered
from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.dsp.stretch import shifted
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import Placebo
from degrade_bench.degrade.plan import Drawn
from degrade_bench.degrade.structural.layers import drawn_stem, layers, stem_params


class StemTransposition(Degradation):
    """Shifts one stem, never the drums; which one, and whether up or down, is drawn once for all levels."""

    name = "stem_transposition"
    group = "structural"
    family = "layers"
    default_ladder = Ladder((20.0, 35.0, 50.0, 75.0, 100.0), "cents")
    source = "this project; tolerance of 20 to 25 cents: A. Vurma and J. Ross, Music Perception 23 (2006)"
    summary = "puts one part out of tune with the others: from a sour note to a part in another key"
    needs = frozenset({"stems"})
    picture = "pitch"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Draw the direction and the stem."""
        direction = 1 if rng.random() < 0.5 else -1
        name = drawn_stem(clip, rng, pitched=True)
        params = {**stem_params(clip, [name]), "semitones": direction * strength / 100}
        annotations = clip.annotations.without("key", "chords")  # the parts do not agree on them
        return Drawn(params, achieved=strength, annotations=annotations)

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Put the shifted stem in the place of the old one."""
        return layers(clip, params)[1] + self.shifted_stem(clip, params)

    @remembered()
    def shifted_stem(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """The stem, transposed."""
        return shifted(layers(clip, params)[0], clip.sample_rate, params["semitones"])

    def make_placebo(self) -> Degradation:
        """Transposed in the same way, and back again."""
        return StemTranspositionPlacebo(self, "transposes the same stem, and back again")


class StemTranspositionPlacebo(Placebo):
    """The same stem shifted and shifted back: the shifter's sound, twice, in tune."""

    parent: StemTransposition

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Shift there and back."""
        there = self.parent.shifted_stem(clip, params)
        return layers(clip, params)[1] + shifted(there, clip.sample_rate, -params["semitones"])
