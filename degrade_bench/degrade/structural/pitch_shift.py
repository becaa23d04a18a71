"""Global pitch shift: the whole clip in another key, at the old tempo.

Relative pitch stays as it is, so a listener without absolute pitch misses nothing but the timbre's own place: a
damage that says whether a metric hears keys, or the shift of every spectral envelope.

Source: MuQ-Eval's script names +1, +2 and +4 semitones but resamples, which changes the tempo too; MAD moves
notes by up to six semitones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench._support.caching import remembered
from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation, Picture
from degrade_bench.degrade.dsp.stretch import shifted
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import Placebo
from degrade_bench.degrade.plan import Drawn


class PitchShift(Degradation):
    """Transposes everything, up or down; the direction is drawn once for all levels."""

    name = "pitch_shift"
    group = "structural"
    family = "pitch"
    default_ladder = Ladder((0.25, 1.0, 2.0, 4.0, 6.0), "semitones")
    source = "MuQ-Eval (arXiv 2603.22677), with the tempo kept"
    summary = "transposes the whole clip: from a slightly sharp or flat tuning to chipmunks or giants"
    picture: Picture = "pitch"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Draw the direction."""
        semitones = strength if rng.random() < 0.5 else -strength
        annotations = clip.annotations.transposed(semitones)
        return Drawn({"semitones": semitones}, achieved=strength, annotations=annotations)

    @remembered()
    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Transpose the whole clip by the plan's interval."""
        return shifted(clip.samples, clip.sample_rate, params["semitones"])

    def make_placebo(self) -> Degradation:
        """Transposed in the same way, and back again."""
        return PitchShiftPlacebo(self, "transposed by the same interval, and back again")


class PitchShiftPlacebo(Placebo):
    """The shifter's sound, twice, in the old key."""

    parent: PitchShift

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Shift there and back."""
        there = self.parent.damage(clip, params)
        return shifted(there, clip.sample_rate, -params["semitones"])
