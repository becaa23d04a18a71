"""Soft clipping: a tanh waveshaper, driven by so many dB.

The curve is ``y = p / d * tanh(d * x / p)`` with the clip's peak ``p`` and the drive ``d``: soft passages keep
their level and the peaks are bent, more and more of them as the drive grows.

Sources: audiomentations' ``TanhDistortion`` (whose drive follows a percentile of the samples); PMQD rates a
waveshaper that is turned up from 50 to 100 %.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.dsp.peaks import peak_of_a_wave
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import FaintPlacebo
from degrade_bench.degrade.plan import Drawn


class SoftClipping(Degradation):
    """Bends the waveform by a hyperbolic tangent."""

    name = "soft_clipping"
    group = "signal"
    family = "clipping"
    default_ladder = Ladder((3.0, 9.0, 15.0, 21.0, 30.0), "dB drive")
    source = "audiomentations TanhDistortion; PMQD waveshaper"
    summary = "bends the peaks as an overdriven valve does: from a little warmth to a thick fuzz"
    picture = "waveform"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """How far the peak is driven into the curve; there is nothing to bend in silence or in a square wave."""
        return Drawn({"peak": peak_of_a_wave(clip), "drive": 10 ** (strength / 20)})

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Bend every sample by the curve that the plan names."""
        scale = params["drive"] / params["peak"]
        bent = clip.samples.numpy() * np.float32(scale)
        np.tanh(bent, out=bent)
        bent *= np.float32(1 / scale)
        return torch.from_numpy(bent)

    def measure(self, clean: Clip, degraded: Clip) -> float | None:
        """The drive in dB that gives the ratio between what became of the peak and of a sample far below it."""
        from scipy.optimize import brentq

        x, y = (clip.samples.double().abs().numpy().ravel() for clip in (clean, degraded))
        top = int(np.argmax(x))
        if x[top] == 0 or y[top] == 0:
            return None
        low = int(np.argmin(np.abs(x / x[top] - 0.01)))
        share, kept = x[low] / x[top], y[low] / y[top]
        if not 0 < share < 1:
            return None

        def surplus(drive_db: float) -> float:
            drive = 10 ** (drive_db / 20)
            return float(math.tanh(drive * share) / math.tanh(drive) - kept)

        weakest, strongest = -80.0, 80.0
        return float(brentq(surplus, weakest, strongest)) if surplus(weakest) * surplus(strongest) < 0 else None

    def make_placebo(self) -> Degradation:
        """The same curve where it is as good as straight."""
        return FaintPlacebo(self, -40.0, "the same curve 40 dB under its knee, where it is straight")
