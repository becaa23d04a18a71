"""Short-time phases turned at random, magnitudes kept.

Every cell of a short-time spectrum is turned by a random angle, uniform between minus and plus the strength,
the same in all channels, so that the image stays; the angles of one random field are scaled along the ladder.
At 180° the phases are gone, and what is left is what the magnitudes alone say: what a vocoder has to work from.

The turned spectra are those of no signal, and adding up their overlapping frames averages the contradictions.
That is how the strength can be measured: turning by u, uniform within ±s, leaves ``sin(s)/s`` of the clip and
scatters the rest of its power, of which the averaging of ``overlap`` frames keeps one part in ``overlap``.

Source: phase randomisation of the STFT, as before the first iteration of Griffin-Lim (IEEE TASSP 1984);
"phasiness" after J. Laroche and M. Dolson, "Improved phase vocoder time-scale modification of audio", IEEE TSAP
1999.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench._support.accelerator import on_device, on_processor
from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.dsp.stft import Stft
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import FaintPlacebo
from degrade_bench.degrade.plan import Drawn
from degrade_bench.degrade.seeds import generator

FRAME_SECONDS = 0.04
OVERLAP = 2
SMALLEST_ANGLE = 1e-6


def framing(sample_rate: int) -> Stft:
    """Frames of 46 ms at 44.1 kHz, half overlapped."""
    return Stft.of_seconds(FRAME_SECONDS, sample_rate, OVERLAP)


class PhaseScrambling(Degradation):
    """Turns the phases of a short-time spectrum at random."""

    name = "phase_scrambling"
    group = "signal"
    family = "phase"
    default_ladder = Ladder((15.0, 40.0, 75.0, 120.0, 180.0), "degrees")
    source = "STFT phase randomisation (Griffin and Lim, IEEE TASSP 1984)"
    summary = "turns phases at random: from a faint roughness to smeared attacks in a hollow, underwater sound"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Draw the seed of the angles."""
        return Drawn({"phase_seed": int(rng.integers(2**62)), "largest_degrees": strength})

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Turn every cell; the same angle in all channels."""
        stft = framing(clip.sample_rate)
        turn: tuple[torch.Tensor, torch.Tensor] | None = None
        turned = []
        for channel in on_device(clip.samples).split(1):
            spectra = stft.analyse(channel)
            if turn is None:
                field = generator(params["phase_seed"]).random(tuple(spectra.shape[1:]), dtype=np.float32)
                angles = torch.from_numpy(field).mul_(2).sub_(1).mul_(math.radians(params["largest_degrees"]))
                angles = angles.to(spectra.device)
                turn = torch.cos(angles), torch.sin(angles)
            cosine, sine = turn
            # not as a product of complex tensors: its rounding depends on where threads divide the work
            real = spectra.real * cosine - spectra.imag * sine
            imaginary = spectra.real * sine + spectra.imag * cosine
            turned.append(stft.synthesise(torch.complex(real, imaginary), clip.num_samples))
        return on_processor(torch.cat(turned))

    def measure(self, clean: Clip, degraded: Clip) -> float | None:
        """The largest angle in degrees that explains the correlation between clean and degraded."""
        x, y = clean.samples.double().flatten(), degraded.samples.double().flatten()
        power = float(x @ x) * float(y @ y)
        if power == 0.0:
            return None
        correlation = float(x @ y) / math.sqrt(power)
        if correlation <= 0.0:
            return 180.0
        if correlation >= _correlation(SMALLEST_ANGLE):
            return 0.0
        from scipy.optimize import brentq

        return math.degrees(brentq(lambda angle: _correlation(angle) - correlation, SMALLEST_ANGLE, math.pi))

    def make_placebo(self) -> Degradation:
        """The same with angles that change nothing audible."""
        return FaintPlacebo(self, 0.2, "turns phases by 0.2 degrees at most, which nobody hears")


def _correlation(largest: float) -> float:
    """Between a clip and itself with phases turned within ±``largest`` radians."""
    kept = math.sin(largest) / largest
    return kept / math.sqrt(kept**2 + (1 - kept**2) / OVERLAP)
