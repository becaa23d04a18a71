"""High-pass filter of 24 dB per octave: the twin of the low-pass.

Source: high-pass filters are among the distortions of the Fréchet Audio Distance paper (K. Kilgour et al.,
arXiv 1812.08466); the slope is that of PMQD's low-pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.dsp.filters import check_corner, edge_hz, high_pass_gain, spectral_ratio_db, zero_phase
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import FaintPlacebo
from degrade_bench.degrade.plan import Drawn

PLATEAU_OCTAVES = 1.0
"""Nothing is taken away in the last octave under the end of the band (Nyquist, or 16 kHz if that is lower)."""


class HighPass(Degradation):
    """Removes what lies below a cutoff."""

    name = "high_pass"
    group = "signal"
    family = "bandwidth"
    default_ladder = Ladder((80.0, 160.0, 320.0, 640.0, 1280.0), "Hz")
    source = "Fréchet Audio Distance paper (arXiv 1812.08466); 24 dB/octave as PMQD's low-pass"
    summary = "removes the bass: from a bass without body to the sound of a tin"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Check that the clip can have anything left."""
        check_corner(strength, clip.sample_rate)
        return Drawn({"cutoff_hz": strength})

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Filter without phase shift."""
        cutoff, rate = params["cutoff_hz"], clip.sample_rate
        return zero_phase(clip.samples, rate, lambda hz: high_pass_gain(hz, cutoff, rate), cutoff)

    def measure(self, clean: Clip, degraded: Clip) -> float | None:
        """The frequency in Hz at which the degraded spectrum falls 3 dB under the clean one, above it level."""
        top = min(16000.0, clean.sample_rate / 2)
        plateau = (top / 2**PLATEAU_OCTAVES, top)
        ratio = spectral_ratio_db(clean, degraded, plateau)
        return None if ratio is None else edge_hz(*ratio, start_hz=plateau[1], upward=False)

    def make_placebo(self) -> Degradation:
        """The same filter an octave under the lowest note that is heard."""
        return FaintPlacebo(self, 10.0, "the same filter at 10 Hz, below hearing")
