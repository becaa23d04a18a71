"""Birdies: short tones that flicker on and off around the music, as codecs make them that run out of bits.

Where a codec keeps a coefficient in one frame and drops it in the next, a lone sinusoid appears and vanishes.
Here they are added: every birdie is a tone of 50 to 190 ms at a random place of the spectrum above 1 kHz, drawn
evenly on the Bark scale. Its level follows the music at its place, by half as many dB, so that it lies in the
music's pauses as little as a codec's would, and stands out of the weak treble as a codec's does. All levels
share one pattern.

Source: "birdies" in M. Erne, "Perceptual audio coders: what to listen for", AES 111 (2001); "musical noise"
after M. Berouti et al., ICASSP 1979.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.dsp.amplitude import active_rms, fitted_gain, rms
from degrade_bench.degrade.dsp.bark import (
    band_starts,
    band_widths,
    bark_to_hz,
    cell_power,
    framing,
    hz_to_bark,
)
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import FaintPlacebo
from degrade_bench.degrade.plan import Drawn
from degrade_bench.degrade.seeds import generator
from degrade_bench.errors import NotApplicableError

PER_SECOND = 40
RANGE_HZ = (1000.0, 14000.0)
HIGHEST_SHARE = 0.45
FRAMES = (2, 8)
"""How many frames a birdie lasts: from 2 up to 8, not included."""


class Birdies(Degradation):
    """Adds short tones at random places of the spectrum."""

    name = "birdies"
    group = "signal"
    family = "bandwidth"
    default_ladder = Ladder((40.0, 32.0, 24.0, 16.0, 8.0), "dB SNR")
    source = "codec birdies (Erne, AES 111, 2001); musical noise (Berouti et al., ICASSP 1979)"
    summary = "adds tones that flicker on and off: from a glint in the treble to a flock of birds over the music"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Draw the seed of the pattern, and its level against the clip's active level."""
        seed = int(rng.integers(2**62))
        active = active_rms(clip)
        if active == 0.0:
            raise NotApplicableError("the clip is silent: a signal-to-noise ratio means nothing")
        return Drawn({"pattern_seed": seed, "sigma": active * 10 ** (-strength / 20)})

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Add the pattern, scaled to exactly the RMS that was drawn."""
        tones = pattern(clip, params["pattern_seed"])
        return clip.samples + tones * float(params["sigma"] / max(rms(tones), 1e-300))

    def measure(self, clean: Clip, degraded: Clip) -> float | None:
        """SNR in dB of the residual after a least-squares fit of the clean clip."""
        gain = fitted_gain(clean.samples, degraded.samples)
        if gain == 0.0:
            return None
        noise = rms(degraded.samples / gain - clean.samples)
        return 20 * math.log10(active_rms(clean) / noise) if noise > 0 else None

    def make_placebo(self) -> Degradation:
        """The same pattern 90 dB under the music, below the last bit of 16-bit audio."""
        return FaintPlacebo(self, 90.0, "the same tones at 90 dB SNR, which nobody hears")


def pattern(clip: Clip, seed: int) -> torch.Tensor:
    """The birdies of a clip, of unspecified level; ``(channels, time)``."""
    rng, rate = generator(seed), clip.sample_rate
    stft = framing(rate)
    frames = stft.frames(clip.num_samples)
    count = max(1, round(PER_SECOND * clip.duration))
    first = rng.integers(0, frames, count)
    lasting = rng.integers(*FRAMES, count)
    low, high = hz_to_bark(np.asarray([RANGE_HZ[0], min(RANGE_HZ[1], HIGHEST_SHARE * rate)]))
    bins = np.rint(bark_to_hz(rng.uniform(low, high, count)) * stft.n_fft / rate).astype(int)
    phases = rng.uniform(0, 2 * np.pi, count)

    which = np.repeat(np.arange(count), lasting)
    step = np.arange(len(which)) - np.repeat(np.cumsum(lasting) - lasting, lasting)
    frame, bin_ = first[which] + step, bins[which]
    inside = frame < frames
    which, frame, bin_ = which[inside], frame[inside], bin_[inside]
    # half a frame on, a tone of bin k has turned by k half turns
    tone = np.exp(1j * (phases[which] + np.pi * ((frame * bin_) % 2)))
    band = np.searchsorted(band_starts(rate), bin_, side="right") - 1
    density = cell_power(clip)[:, frame, band] / band_widths(rate)[band]
    density += 1e-12 * float(density.max()) + 1e-30
    spectra = np.zeros((clip.channels, frames, stft.bins), dtype=np.complex64)
    for channel in range(clip.channels):
        np.add.at(spectra[channel], (frame, bin_), density[channel] ** 0.25 * tone)
    return stft.synthesise(torch.from_numpy(spectra), clip.num_samples)
