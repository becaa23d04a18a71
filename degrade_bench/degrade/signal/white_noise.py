"""White Gaussian noise at a given signal-to-noise ratio.

Source: MuQ-Eval (arXiv 2603.22677) uses 30, 20 and 10 dB against mean power; here the ratio is against the clip's
active level, and the ladder reaches from hiss under the music to noise as loud as it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from degrade_bench.clip import Clip
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.seeds import generator
from degrade_bench.degrade.signal.added_noise import AddedNoise


class WhiteNoise(AddedNoise):
    """Adds white noise, independent in every channel."""

    name = "white_noise"
    version = "2"
    default_ladder = Ladder((40.0, 30.0, 20.0, 10.0, 0.0), "dB SNR")
    source = "MuQ-Eval (arXiv 2603.22677); active level after ITU-T P.56"
    summary = "adds white noise: from a faint hiss to a roar as loud as the music"

    def make_noise(self, clip: Clip, params: Mapping[str, Any]) -> np.ndarray:
        """Independent Gaussian samples for every channel."""
        return generator(params["noise_seed"]).standard_normal(tuple(clip.samples.shape), dtype=np.float32)
