"""A single echo: one delayed copy at a given level under the direct sound.

The delay is drawn once per clip between 150 and 350 ms, long enough to be heard as a repeat and not as colour
(the ear fuses copies up to about 50 ms), and stays the same along the ladder.

Source: textbook (U. Zölzer, DAFX, 2011, delay-based effects); at about −25 dB a late copy of music begins to be
noticed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.dsp.delay import delay_samples, fitted_copy, with_copy
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import FaintPlacebo
from degrade_bench.degrade.plan import Drawn

SHORTEST_SECONDS, LONGEST_SECONDS = 0.15, 0.35


class Echo(Degradation):
    """Adds the music once more, later and softer."""

    name = "echo"
    group = "signal"
    family = "space"
    default_ladder = Ladder((-24.0, -18.0, -12.0, -6.0, 0.0), "dB")
    source = "textbook single echo (Zölzer, DAFX, 2011)"
    summary = "repeats everything a moment later: from a faint slap to two performances at once"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Draw the delay."""
        delay = delay_samples(clip, rng.uniform(SHORTEST_SECONDS, LONGEST_SECONDS))
        return Drawn({"delay_samples": delay, "copy_gain": 10 ** (strength / 20)})

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Mix the copy in."""
        return with_copy(clip.samples, params["delay_samples"], params["copy_gain"])

    def measure(self, clean: Clip, degraded: Clip) -> float | None:
        """Level of the echo in dB beside the direct sound, by least squares."""
        ratio = fitted_copy(clean, degraded, SHORTEST_SECONDS, LONGEST_SECONDS)
        return 20 * math.log10(ratio) if ratio is not None and ratio > 0 else None

    def make_placebo(self) -> Degradation:
        """The same echo 80 dB under the music."""
        return FaintPlacebo(self, -80.0, "the same echo 80 dB under the music, which nobody hears")
