"""A crop a little later: the first milliseconds are left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench._support.numbers import fixed
from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.plan import Drawn
from degrade_bench.errors import NotApplicableError


class CropOffset(Degradation):
    """Leaves out the first milliseconds, so that a metric's frames and window fall elsewhere."""

    name = "crop_offset"
    group = "control"
    family = "crop"
    default_ladder = Ladder((5.0, 10.0, 20.0, 50.0, 100.0), "ms")
    source = "the choice of where an excerpt starts"
    summary = "starts a few milliseconds later, which nobody hears"
    changes_duration = True
    moves_window = True
    matches_loudness = False

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """The samples to leave out; at least half of the clip must stay."""
        offset = round(strength / 1000 * clip.sample_rate)
        if offset * 2 > clip.num_samples:
            raise NotApplicableError(
                f"the clip has {fixed(clip.duration * 1000, 0)} ms, too few to leave out {strength:g}"
            )
        seconds = offset / clip.sample_rate
        annotations = clip.annotations.cut(seconds, clip.duration - seconds)
        return Drawn({"offset_samples": offset}, annotations=annotations)

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Cut the beginning off."""
        return clip.samples[:, params["offset_samples"] :].clone()

    def measure(self, clean: Clip, degraded: Clip) -> float | None:
        """The milliseconds that are missing."""
        return (clean.num_samples - degraded.num_samples) / clean.sample_rate * 1000
