"""The twelve cells of MuQ-Eval's degradation script: four degradations at three levels, as its code makes them.

Source: the published script of MuQ-Eval (arXiv 2603.22677). Its names say what
was meant, ours say what is done:

- "Gaussian noise" is ``paper_noise``: white noise at 30, 20, 10 dB SNR against the mean power of the whole clip.
- "MP3 compression" is ``paper_lowpass_noise``: no codec, but a second-order low-pass at 8, 4, 2 kHz and then noise
  of standard deviation .005, .01, .02, whatever the clip's level.
- "Pitch shift" is ``paper_varispeed_pitch``: played faster by linear interpolation, tempo and pitch alike, and
  zero-padded at the end.
- "Tempo stretch" is ``paper_varispeed_tempo``: played slower in the same way, so lower too, and cut off at the end.

The script damages what it loads for the metric: the mean of a file's channels at 24 kHz, the whole of it. The
metric then takes the middle ten seconds. So does this module, whatever clip it is given, and a metric that compares
hears the clean clip in that form, too. The placebo is that form, undamaged: it says what a metric makes of the
channels and of the band above 12 kHz that are left out. MuQ-Eval loads every clip in that way, so that its placebo
costs nothing.

The confounds are kept on purpose: loudness is not matched, a metric's window is not moved to the same music, and
the padding is scored. Our noise is seeded; the script's is not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Clip, TimeMap
from degrade_bench.clip.conversion import mono_clip
from degrade_bench.degrade.base import Degradation, Group
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import Placebo
from degrade_bench.degrade.plan import Drawn
from degrade_bench.degrade.seeds import generator
from degrade_bench.errors import NotApplicableError

SAMPLE_RATE = 24000
"""In Hz: what the script loads files at."""

Q = 0.707
"""Quality of the biquad: ``torchaudio.functional.lowpass_biquad``'s default, a rounded 1/√2."""

NOISE_TIMES_CUTOFF = 40.0
"""The script's amplitudes .005, .01, .02 go with cutoffs of 8, 4, 2 kHz: their product is 40 Hz at every level."""


def _noise(clip: Clip, seed: int) -> torch.Tensor:
    """Standard normal noise of a clip's shape, ``float32``."""
    return torch.from_numpy(generator(seed).standard_normal(tuple(clip.samples.shape), dtype=np.float32))


class _PaperCell(Degradation):
    """What all four have in common."""

    version = "2"
    group: Group = "signal"
    source = "MuQ-Eval's degradation script (arXiv 2603.22677)"
    matches_loudness = False

    def undamaged(self, clip: Clip) -> Clip:
        """What the script loads of a file: the mean of the channels, at 24 kHz."""
        return mono_clip(clip, SAMPLE_RATE)

    def make_placebo(self) -> Degradation:
        """What the script loads, as it is."""
        return LoadedPlacebo(self)


class LoadedPlacebo(Placebo):
    """A clip as the script loads it."""

    matches_loudness = False

    def __init__(self, parent: Degradation) -> None:
        summary = "one channel at 24 kHz, as the script loads a file, undamaged"
        super().__init__(parent, summary, Ladder((SAMPLE_RATE / 1000,), "kHz, one channel"))

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """There is nothing to decide."""
        return Drawn(achieved=strength)

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Nothing but the loading."""
        return clip.samples.clone()


class PaperNoise(_PaperCell):
    """White Gaussian noise against mean power ("Gaussian noise")."""

    name = "paper_noise"
    family = "noise"
    default_ladder = Ladder((30.0, 20.0, 10.0), "dB SNR")
    summary = "adds white noise against the clip's mean power: hiss, then a roar"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Draw the seed of the noise; its standard deviation follows from the clip's mean power."""
        seed = int(rng.integers(2**62))
        power = float(clip.samples.double().square().mean())
        if power == 0.0:
            raise NotApplicableError("the clip is silent: a signal-to-noise ratio means nothing")
        return Drawn({"noise_seed": seed, "sigma": math.sqrt(power / 10 ** (strength / 10))})

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Add the noise as it is drawn; the script does not scale it to its own power."""
        samples: torch.Tensor = clip.samples + params["sigma"] * _noise(clip, params["noise_seed"])
        return samples

    def measure(self, clean: Clip, degraded: Clip) -> float | None:
        """Mean power of the clip over that of the difference, in dB."""
        difference = float((degraded.samples - clean.samples).double().square().mean())
        power = float(clean.samples.double().square().mean())
        return 10 * math.log10(power / difference) if difference > 0 and power > 0 else None


class PaperLowpassNoise(_PaperCell):
    """A low-pass biquad and noise of a fixed amplitude ("MP3 compression" at 128, 64, 32 kbps)."""

    name = "paper_lowpass_noise"
    family = "bandwidth"
    default_ladder = Ladder((8000.0, 4000.0, 2000.0), "Hz")
    summary = "dulls the sound and adds hiss of a fixed level, which the study calls MP3 compression"
    caveat = "the noise does not follow the clip's level: a quiet clip is damaged more than a loud one"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Draw the seed of the noise; its amplitude goes with the cutoff."""
        seed = int(rng.integers(2**62))
        if strength >= clip.sample_rate / 2:
            raise NotApplicableError(
                f"a cutoff of {strength:g} Hz is beyond the band of {clip.sample_rate} Hz audio"
            )
        params = {"noise_seed": seed, "cutoff_hz": strength, "sigma": NOISE_TIMES_CUTOFF / strength}
        return Drawn(params, achieved=strength)

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Filter forward in float64, limit to ±1 as torchaudio's filters do by default, and add the noise."""
        from scipy.signal import lfilter

        angle = 2 * math.pi * params["cutoff_hz"] / clip.sample_rate
        alpha = math.sin(angle) / (2 * Q)
        b = np.array([(1 - math.cos(angle)) / 2, 1 - math.cos(angle), (1 - math.cos(angle)) / 2])
        a = np.array([1 + alpha, -2 * math.cos(angle), 1 - alpha])
        filtered = lfilter(b / a[0], a / a[0], clip.samples.double().numpy(), axis=1).clip(-1.0, 1.0)
        dull = torch.from_numpy(filtered.astype(np.float32))
        samples: torch.Tensor = dull + params["sigma"] * _noise(clip, params["noise_seed"])
        return samples


def positions(count: int, speed: float) -> np.ndarray:
    """Where the script reads a signal of ``count`` samples, in samples: ``int(count / speed)`` places, float32.

    They are evenly spread from the first sample to the last, both included, which puts the last one up to a sample
    from where the speed alone would. Being float32, they lie on a grid of a 64th of a sample beyond sample 131,072.
    They are rounded as ``torch.linspace`` does it on processors that multiply and add in one step: once, after a
    multiple of the step was counted from the nearer end. Written out, it is the same on every processor.
    """
    places = int(count / speed)
    last = np.float32(count - 1)
    if places < 2:
        return np.zeros(places, dtype=np.float32)
    step = float(last / np.float32(places - 1))
    index = np.arange(places)
    first_half = index < places // 2
    return np.where(first_half, step * index, float(last) - step * (places - 1 - index)).astype(np.float32)


def varispeed(samples: torch.Tensor, speed: float) -> torch.Tensor:
    """Play samples at another speed by linear interpolation, in the length that they had.

    What is longer than that is cut off; behind what is shorter there are zeros.

    Args:
        samples: ``(channels, time)``.
        speed: over 1 is faster and higher.
    """
    count = samples.shape[1]
    read = np.minimum(positions(count, speed)[:count], count - 1)
    left = read.astype(np.int64)
    share = torch.from_numpy(read.astype(np.float64) - left)
    before, after = (samples[:, torch.from_numpy(index)] for index in (left, np.minimum(left + 1, count - 1)))
    out = torch.zeros_like(samples)
    out[:, : len(read)] = (before.double() * (1 - share) + after.double() * share).float()
    return out


class _Varispeed(_PaperCell):
    """Events move, and no time map says so: the study scored the window as it came."""

    family = "speed"
    changes_duration = True  # the music does not lie where it lay: a sample-aligned metric does not apply

    def drawn(self, clip: Clip, speed: float, strength: float) -> Drawn:
        """The plan of a speed. Annotations follow it, as far as the music is heard.

        Args:
            clip: what is played.
            speed: over 1 is faster and higher.
            strength: of the level, in the ladder's unit.
        """
        followed = clip.annotations.warp(TimeMap(((0.0, 0.0), (clip.duration, clip.duration / speed))))
        annotations = followed.cut(0.0, clip.duration).transposed(12 * math.log2(speed))
        return Drawn({"speed": speed}, achieved=strength, annotations=annotations)

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Varispeed at ``params["speed"]``."""
        return varispeed(clip.samples, params["speed"])


class PaperVarispeedPitch(_Varispeed):
    """Faster playback, zero-padded ("pitch shift")."""

    name = "paper_varispeed_pitch"
    default_ladder = Ladder((1.0, 2.0, 4.0), "semitones")
    summary = "plays the clip faster and higher and fills up with silence, which the study calls a pitch shift"
    caveat = "the silence at the end grows with the level: 6, 11 and 21 % of the clip"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Nothing is random."""
        return self.drawn(clip, 2 ** (strength / 12), strength)


class PaperVarispeedTempo(_Varispeed):
    """Slower playback, cut off at the clip's length ("tempo stretch")."""

    name = "paper_varispeed_tempo"
    default_ladder = Ladder((0.95, 0.85, 0.7), "× speed")
    summary = "plays the clip slower and lower and cuts off its end, which the study calls a tempo stretch"
    caveat = "the pitch falls too, by 0.9, 2.8 and 6.2 semitones, and the end of the clip is not heard"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Nothing is random."""
        return self.drawn(clip, strength, strength)
