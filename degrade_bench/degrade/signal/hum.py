"""Mains hum: 50 or 60 Hz and its harmonics.

A ground loop puts the mains frequency and its multiples into every channel alike: ten partials whose amplitude
falls as 1/k, in random phases. At the usual sample rates the wave repeats to the sample after one to three
cycles, and at any whole rate after a second, so that one period is computed and laid end to end.

Source: the DAFx-25 study of quality metrics adds 50 and 150 Hz at given signal-to-noise ratios.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from degrade_bench.clip import Clip
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.signal.added_noise import AddedNoise

PARTIALS = 10
MAINS_HZ = (50, 60)


def hum(mains_hz: int, phases: list[float], sample_rate: int, length: int) -> np.ndarray:
    """Partials ``k`` of amplitude 1/k with given phases in radians; those beyond the band are left out.

    Args:
        mains_hz: of the mains: 50 or 60.
        phases: of the partials from the first one up, in radians.
        sample_rate: Hz.
        length: of the output, in samples.

    Shape:
        output: ``(length,)``, float32.
    """
    period = sample_rate // math.gcd(sample_rate, mains_hz)
    turns = 2 * np.pi * mains_hz / sample_rate * np.arange(min(period, length))
    partials = [(k, phase) for k, phase in enumerate(phases, 1) if k * mains_hz < sample_rate / 2]
    wave = sum(np.sin(k * turns + phase) / k for k, phase in partials)
    return np.resize(np.asarray(wave, dtype=np.float32), length)


class Hum(AddedNoise):
    """Adds mains hum, the same in every channel; whether of 50 or 60 Hz is drawn once for all levels."""

    name = "hum"
    default_ladder = Ladder((40.0, 30.0, 20.0, 10.0, 0.0), "dB SNR")
    source = "DAFx-25 hum (50 and 150 Hz by SNR)"
    summary = "adds mains hum: from a faint hum in the rests to a buzz as loud as the music"

    def draw_noise(self, clip: Clip, rng: np.random.Generator) -> dict[str, Any]:
        """Draw the mains frequency and the partials' phases."""
        mains_hz = MAINS_HZ[int(rng.integers(len(MAINS_HZ)))]
        return {"mains_hz": mains_hz, "phases": [float(phase) for phase in rng.uniform(0, 2 * np.pi, PARTIALS)]}

    def make_noise(self, clip: Clip, params: Mapping[str, Any]) -> np.ndarray:
        """One wave for all channels."""
        wave = hum(params["mains_hz"], params["phases"], clip.sample_rate, clip.num_samples)
        return np.tile(wave, (clip.channels, 1))

    def gain_of_music(self, clean: Clip, degraded: Clip) -> float:
        """Least squares on what does not repeat after 1/10 s, as hum of either frequency does.

        A bass note near a partial would pass for hum, and hum for the note.
        """
        period = clean.sample_rate // math.gcd(clean.sample_rate, math.gcd(*MAINS_HZ))
        x, y = (_without_period(clip.samples.double().numpy(), period) for clip in (clean, degraded))
        power = float((x * x).sum())
        return float((x * y).sum()) / power if power > 0 else 0.0


def _without_period(audio: np.ndarray, period: int) -> np.ndarray:
    """What is left of ``(channels, time)``, cut to whole periods, when the mean period is taken out."""
    frames = audio[:, : audio.shape[1] // period * period].reshape(len(audio), -1, period)
    return frames - frames.mean(axis=1, keepdims=True) if frames.size else frames
