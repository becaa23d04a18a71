"""A burst of white noise as loud as the music, somewhere in the first half of the clip.

Where it begins is drawn once; a level lasts longer than the one below and begins with the same noise. It asks how
local a damage a metric notices: most pool over their window.

Source: a study of music language models puts white noise at 5 s for 2 s and looks at what their loss does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.dsp.amplitude import active_rms, untouched_gain
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import BuriedPlacebo
from degrade_bench.degrade.plan import Drawn
from degrade_bench.degrade.seeds import generator
from degrade_bench.errors import NotApplicableError


class NoiseBurst(Degradation):
    """Adds white noise at the clip's active level for a while."""

    name = "noise_burst"
    group = "signal"
    family = "local"
    default_ladder = Ladder((0.05, 0.2, 0.5, 1.0, 2.0), "s")
    source = "a local burst of white noise (at 5 s for 2 s) as in a study of music language models' loss"
    summary = "adds one burst of noise as loud as the music: from a spit to two seconds of hiss"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Draw the seed and the beginning, in the clip's first half, so that a burst of half the clip fits."""
        seed, place = int(rng.integers(2**62)), float(rng.random())
        length = max(1, round(strength * clip.sample_rate))
        if 2 * length > clip.num_samples:
            raise NotApplicableError(f"a burst of {strength:g} s is more than half of {clip.duration:g} s")
        sigma = active_rms(clip)
        if sigma == 0.0:
            raise NotApplicableError("the clip is silent: no noise is as loud")
        start = int(place * (clip.num_samples // 2))
        params = {"noise_seed": seed, "start_sample": start, "length_samples": length, "sigma": sigma}
        return Drawn(params, achieved=length / clip.sample_rate)

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Add the burst."""
        start, length = params["start_sample"], params["length_samples"]
        noise = generator(params["noise_seed"]).standard_normal((length, clip.channels), dtype=np.float32)
        out = clip.samples.clone()
        out[:, start : start + length] += torch.from_numpy(noise.T * np.float32(params["sigma"]))
        return out

    def measure(self, clean: Clip, degraded: Clip) -> float | None:
        """Seconds from the first to the last sample that is not what it was."""
        gain = untouched_gain(clean, degraded)
        if gain <= 0:
            return None
        error = (degraded.samples / gain - clean.samples).abs().amax(dim=0)
        changed = torch.nonzero(error > 2e-6 * clean.samples.abs().max())
        return float(changed[-1] - changed[0] + 1) / clean.sample_rate if changed.numel() else None

    def make_placebo(self) -> Degradation:
        """The same burst far under the music."""
        return BuriedPlacebo(self, 90.0, "the same burst 90 dB under the music, which nobody hears")
