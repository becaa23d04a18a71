"""Clicks and pops: a few loud impulses, so many a second.

Each stands 6 to 18 dB over the clip's active level and rings for a millisecond or so, as a scratch, a bad splice
or a lost clock does. A level's clicks are the first of the next level's.

Source: pops are among the distortions of the Fréchet Audio Distance paper (K. Kilgour and others, Interspeech
2019); rates and levels are this bench's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.dsp.amplitude import active_rms
from degrade_bench.degrade.dsp.impulses import ImpulseKind, impulses
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import BuriedPlacebo
from degrade_bench.degrade.plan import Drawn
from degrade_bench.errors import NotApplicableError

POP = ImpulseKind(hz=(500.0, 4000.0), decay_seconds=(2e-4, 1e-3), peak_db=(6.0, 18.0), spread=0.5)


class Clicks(Degradation):
    """Adds single loud clicks at random places."""

    name = "clicks"
    group = "signal"
    family = "noise"
    default_ladder = Ladder((0.2, 0.5, 1.0, 3.0, 10.0), "clicks/s")
    source = "pops as in the Fréchet Audio Distance paper (Interspeech 2019); rates of this bench"
    summary = "adds loud clicks: from a pop or two to a machine gun"
    picture = "waveform"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Draw the seed of all clicks; count this level's, at least one more than the level below has."""
        seed = int(rng.integers(2**62))
        active = active_rms(clip)
        if active == 0.0:
            raise NotApplicableError("the clip is silent: clicks have nothing to stand out of")
        count = max(level, round(strength * clip.duration))
        return Drawn({"seed": seed, "count": count, "rms": active}, achieved=count / clip.duration)

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Add the clicks to the clip."""
        shape = clip.channels, clip.num_samples
        clicks = impulses(POP, params["count"], params["seed"], *shape, clip.sample_rate)
        clicks *= np.float32(params["rms"])
        return torch.from_numpy(clicks).add_(clip.samples)

    def make_placebo(self) -> Degradation:
        """The same clicks 80 dB softer."""
        return BuriedPlacebo(self, 80.0, "the same clicks 80 dB softer, which nobody hears")
