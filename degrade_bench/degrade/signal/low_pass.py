"""Low-pass filter of 24 dB per octave, as in PMQD.

A Butterworth filter of second order, forward and backward: −3 dB at the cutoff, no delay and no phase shift, so
that a full-reference metric hears the missing band and nothing else.

Source: PMQD's low-pass (24 dB/octave Butterworth); MuQ-Eval's "MP3" cells are low-passes at 8, 4 and 2 kHz.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.dsp.filters import (
    HIGHEST_SHARE,
    check_corner,
    edge_hz,
    low_pass_gain,
    spectral_ratio_db,
    zero_phase,
)
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import FaintPlacebo
from degrade_bench.degrade.plan import Drawn

PLATEAU_HZ = (50.0, 500.0)
"""Where even the lowest cutoff takes nothing away."""


class LowPass(Degradation):
    """Removes what lies above a cutoff."""

    name = "low_pass"
    version = "2"
    group = "signal"
    family = "bandwidth"
    default_ladder = Ladder((16000.0, 8000.0, 4000.0, 2000.0, 1000.0), "Hz")
    source = "PMQD low-pass (24 dB/octave Butterworth)"
    summary = "removes the treble: from a loss of air to music from the next room"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Check that the clip can have anything above the cutoff."""
        check_corner(strength, clip.sample_rate)
        return Drawn({"cutoff_hz": strength})

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Filter without phase shift."""
        cutoff, rate = params["cutoff_hz"], clip.sample_rate
        return zero_phase(clip.samples, rate, lambda hz: low_pass_gain(hz, cutoff, rate), cutoff)

    def measure(self, clean: Clip, degraded: Clip) -> float | None:
        """The frequency in Hz at which the degraded spectrum falls 3 dB under the clean one, below it level."""
        ratio = spectral_ratio_db(clean, degraded, PLATEAU_HZ)
        return None if ratio is None else edge_hz(*ratio, start_hz=PLATEAU_HZ[0], upward=True)

    def make_placebo(self) -> Degradation:
        """The same filter at 20 kHz, or as high as the sample rate lets it."""
        return _TopOfTheBand(self)


class _TopOfTheBand(FaintPlacebo):
    def __init__(self, parent: Degradation) -> None:
        super().__init__(parent, 20000.0, "the same filter at 20 kHz or at the top of the band")

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        return Drawn({"cutoff_hz": min(strength, HIGHEST_SHARE * clip.sample_rate)})
