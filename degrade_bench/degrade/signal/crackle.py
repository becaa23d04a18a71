"""Vinyl crackle: a hundred small impulses a second, at a given signal-to-noise ratio.

Specks of dust at random places, most of them soft and a few loud, each ringing for a fraction of a millisecond
between 2 and 8 kHz, not equally in both channels. The levels scale one crackle.

Source: the Audio Degradation Toolbox's vinyl adds a recorded crackle at 40 dB SNR (M. Mauch and S. Ewert, ISMIR
2013); this one is synthetic, so that it can be drawn anew for every clip.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from degrade_bench.clip import Clip
from degrade_bench.degrade.dsp.amplitude import untouched_gain
from degrade_bench.degrade.dsp.impulses import ImpulseKind, impulses
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.signal.added_noise import AddedNoise

EVENTS_PER_SECOND = 100.0
DUST = ImpulseKind(hz=(2000.0, 8000.0), decay_seconds=(1e-4, 5e-4), peak_db=(-36.0, 0.0), spread=0.7)


class Crackle(AddedNoise):
    """Adds crackle as of a worn record."""

    name = "crackle"
    default_ladder = Ladder((40.0, 32.0, 24.0, 16.0, 8.0), "dB SNR")
    source = "Audio Degradation Toolbox (vinyl: crackle at 40 dB)"
    summary = "adds vinyl crackle: from a few ticks in the rests to a record played with sandpaper"
    picture = "waveform"

    def make_noise(self, clip: Clip, params: Mapping[str, Any]) -> np.ndarray:
        """Short impulses at random places."""
        count = max(1, round(EVENTS_PER_SECOND * clip.duration))
        return impulses(DUST, count, params["noise_seed"], clip.channels, clip.num_samples, clip.sample_rate)

    def gain_of_music(self, clean: Clip, degraded: Clip) -> float:
        """The gain of the samples between the impulses, which are the majority."""
        return untouched_gain(clean, degraded)
