"""Dither: quantisation as a file is written, with triangular noise of two steps' width before it.

The dither makes the error's mean and power independent of the music: a steady hiss a quarter of a square step
strong. Full scale is the clip's peak, as if it were normalised before it is written, so that a quiet clip loses
no more than a loud one. One dither serves all levels.

Source: S. P. Lipshitz, R. A. Wannamaker and J. Vanderkooy, "Quantization and dither: a theoretical survey", JAES
1992.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench._support.caching import remembered
from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.dsp.peaks import peak
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.plan import Drawn
from degrade_bench.degrade.seeds import generator
from degrade_bench.degrade.signal.bit_depth import step_size
from degrade_bench.errors import NotApplicableError


class Dither(Degradation):
    """Quantises with triangular dither, independent in every channel."""

    name = "dither"
    group = "control"
    family = "resolution"
    default_ladder = Ladder((24.0, 22.0, 20.0, 18.0, 16.0), "bits")
    source = "Lipshitz, Wannamaker and Vanderkooy, Quantization and dither (JAES 1992)"
    summary = "writes the clip with 24 to 16 bits and dither, which nobody hears"
    matches_loudness = False

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Draw the seed of the dither; the step follows from the peak."""
        seed = int(rng.integers(2**62))
        if peak(clip) == 0.0:
            raise NotApplicableError("the clip is silent: it has no peak to place the bits under")
        return Drawn({"noise_seed": seed, "step": step_size(peak(clip), strength)})

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Add the dither and round, in float64: 24 bits are all that float32 has."""
        steps = clip.samples.double() * (1 / params["step"])
        steps += self._triangular(clip, {"noise_seed": params["noise_seed"]})
        samples: torch.Tensor = (steps.round_() * params["step"]).float()
        return samples

    @remembered()
    def _triangular(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """The dither in steps: the difference of two uniform numbers."""
        two = generator(params["noise_seed"]).random((2, clip.channels, clip.num_samples), dtype=np.float32)
        return torch.from_numpy(two[0] - two[1])

    def measure(self, clean: Clip, degraded: Clip) -> float | None:
        """The bits whose step is twice the RMS of the error."""
        error = float((degraded.samples.double() - clean.samples.double()).square().mean().sqrt())
        return math.log2(peak(clean) / (2 * error) + 1) + 1 if error > 0 else None
