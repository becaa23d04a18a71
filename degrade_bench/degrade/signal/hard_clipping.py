"""Hard clipping a given number of dB below the peak: what an overdriven converter does.

One threshold for all channels, relative to the clip's own peak, so that a level means the same for quiet and loud
files. How many samples that cuts off depends on how dense the master is: ``percentile_clipping`` asks for that.

Source: clipping as in pedalboard's ``Clipping``, there in dB below full scale.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.dsp.amplitude import fitted_gain
from degrade_bench.degrade.dsp.peaks import peak, peak_of_a_wave
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import FaintPlacebo
from degrade_bench.degrade.plan import Drawn


class HardClipping(Degradation):
    """Cuts off everything beyond a threshold under the clip's peak."""

    name = "hard_clipping"
    version = "2"
    group = "signal"
    family = "clipping"
    default_ladder = Ladder((4.0, 8.0, 12.0, 18.0, 26.0), "dB overdrive")
    source = "pedalboard Clipping (threshold in dB)"
    summary = "cuts off the peaks as an overdriven converter does: from a crack on the loudest notes to a roar"
    picture = "waveform"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Place the threshold; there is nothing to clip in silence or in a square wave."""
        return Drawn({"threshold": peak_of_a_wave(clip) * 10 ** (-strength / 20)})

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """As ``numpy.clip`` at plus and minus the threshold."""
        return torch.from_numpy(np.clip(clip.samples.numpy(), -params["threshold"], params["threshold"]))

    def measure(self, clean: Clip, degraded: Clip) -> float | None:
        """By how many dB the peak fell in relation to the samples that were not cut off."""
        below = degraded.samples.abs() < peak(degraded) * (1 - 1e-6)
        gain = fitted_gain(clean.samples * below, degraded.samples * below)
        return 20 * math.log10(gain * peak(clean) / peak(degraded)) if gain > 0 else None

    def make_placebo(self) -> Degradation:
        """The same a hair below the peak."""
        return FaintPlacebo(self, 0.01, "cuts 0.01 dB off the highest peak, which nobody hears")
