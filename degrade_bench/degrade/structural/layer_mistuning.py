"""Layers out of tune with each other: one a little sharp, the other as much flat.

Where the clip has two pitched stems or more they are dealt out into two groups; what is no pitched stem stays as it
is. Elsewhere the harmonic layer (of a harmonic–percussive separation) is divided into what lies below and above the
frequency that halves its power, by bands that overlap by a third of an octave and add up to the layer. The strength
is the distance between the two groups or bands.

Source: this project's; for the size of the steps, 20 to 25 cents pass as in tune in a melody (A. Vurma and J. Ross,
Music Perception 2006), and less is heard as beating where layers sound together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench._support.caching import remembered
from degrade_bench.clip import Clip
from degrade_bench.clip.stems import audible_stems, is_pitched
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.dsp.separation import separated
from degrade_bench.degrade.dsp.spectrum import exact_bins
from degrade_bench.degrade.dsp.stretch import shifted
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import Placebo
from degrade_bench.degrade.plan import Drawn
from degrade_bench.degrade.structural.layers import Layers, check_both_sound, layers, stem_params, turned

OVERLAP_OCTAVES = 1 / 3
LOWEST_HZ = 50.0


class LayerMistuning(Degradation):
    """Detunes two layers against each other."""

    name = "layer_mistuning"
    group = "structural"
    family = "pitch"
    default_ladder = Ladder((10.0, 20.0, 35.0, 60.0, 100.0), "cents apart")
    source = "this project; tolerance of 20 to 25 cents: A. Vurma and J. Ross, Music Perception 23 (2006)"
    summary = "puts low and high parts out of tune with each other: from a slow beating to a bar-room piano"
    picture = "pitch"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Draw which layer goes up and how stems are dealt out; measure where the bands divide."""
        direction = 1 if rng.random() < 0.5 else -1
        params: dict[str, Any] = {"semitones": direction * strength / 200}
        pitched = [name for name in sorted(audible_stems(clip)) if is_pitched(name)] if clip.stems else []
        dealt = [pitched[k] for k in rng.permutation(len(pitched))]
        if len(dealt) > 1:
            half = len(dealt) // 2
            params |= {
                "stems": dealt,
                "low": stem_params(clip, dealt[:half]),
                "high": stem_params(clip, dealt[half:]),
            }
        else:
            params |= {"stems": [], "crossover_hz": crossover_hz(clip)}
        check_both_sound(*mistuned_layers(clip, params), "two that have a pitch")
        annotations = clip.annotations.without("key", "chords")  # no layer is in the old tuning
        return Drawn(params, achieved=strength, annotations=annotations)

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Put the detuned layers in the place of the old ones."""
        return put_back(clip, params, self.detuned(clip, params))

    @remembered()
    def detuned(self, clip: Clip, params: Mapping[str, Any]) -> Layers:
        """The two layers, one a little flat, the other as much sharp (or the reverse)."""
        low, high = mistuned_layers(clip, params)
        rate, semitones = clip.sample_rate, params["semitones"]
        return shifted(low, rate, -semitones), shifted(high, rate, semitones)

    def make_placebo(self) -> Degradation:
        """The same layers detuned, and back again."""
        return LayerMistuningPlacebo(self, "detunes the same layers, and back again")


class LayerMistuningPlacebo(Placebo):
    """The same layers shifted and shifted back: the shifter's sound, twice, in tune.

    A separated percussive layer gets its phase turned, so that separation errors are as bare as in the damage.
    """

    parent: LayerMistuning

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Detune there and back."""
        low, high = self.parent.detuned(clip, params)
        rate, semitones = clip.sample_rate, params["semitones"]
        back = shifted(low, rate, semitones), shifted(high, rate, -semitones)
        return put_back(clip, params, back) if params["stems"] else turned(separated(clip)[1]) + back[0] + back[1]


def mistuned_layers(clip: Clip, params: Mapping[str, Any]) -> Layers:
    """The two layers that a plan names, as they are in the clip."""
    if params["stems"]:
        return layers(clip, params["low"])[0], layers(clip, params["high"])[0]
    return harmonic_bands(clip, params["crossover_hz"])


def put_back(clip: Clip, params: Mapping[str, Any], changed: Layers) -> torch.Tensor:
    """The clip with its two layers changed.

    Args:
        clip: what is damaged.
        params: of the plan; says which layers they are.
        changed: the two layers as they are to sound, ``(channels, time)`` each.
    """
    if params["stems"]:
        low, high = mistuned_layers(clip, params)
        return clip.samples - low - high + changed[0] + changed[1]
    return separated(clip)[1] + changed[0] + changed[1]


@remembered()
def harmonic_bands(clip: Clip, crossover: float) -> Layers:
    """What lies below and above a frequency (Hz) in the clip's harmonic layer."""
    return bands(separated(clip)[0], clip.sample_rate, crossover)


@remembered()
def crossover_hz(clip: Clip) -> float:
    """The frequency below which lies half of the audible power of the clip's harmonic layer."""
    power = np.square(np.abs(exact_bins(separated(clip)[0]))).sum(axis=0)
    frequencies = np.fft.rfftfreq(clip.num_samples, 1 / clip.sample_rate)
    reached = np.cumsum(np.where(frequencies >= LOWEST_HZ, power, 0.0))  # a constant offset is no music
    middle = int(np.searchsorted(reached, reached[-1] / 2))
    return max(LOWEST_HZ, float(frequencies[middle]))


def bands(samples: torch.Tensor, sample_rate: int, crossover: float) -> Layers:
    """What lies below and above a frequency; the two add up to ``samples``, and no phase is turned.

    Args:
        samples: ``(channels, time)``.
        sample_rate: Hz.
        crossover: where the two bands meet, in Hz.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    count = samples.shape[1]
    size = next_fast_len(count + sample_rate // 20, real=True)
    spectrum = rfft(samples.numpy(), size, axis=1)
    frequencies = np.fft.rfftfreq(size, 1 / sample_rate)
    octaves = np.log2(np.maximum(frequencies, 1e-3) / crossover) / OVERLAP_OCTAVES
    share = 0.5 - 0.5 * np.sin(np.pi * np.clip(octaves, -0.5, 0.5))
    low = np.ascontiguousarray(irfft(spectrum * share.astype(np.float32), size, axis=1)[:, :count])
    below = torch.from_numpy(low)
    return below, samples - below
