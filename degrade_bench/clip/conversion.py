"""A signal as models of music load it: the mean of its channels, at another rate by torchaudio's resampler.

torchaudio's default settings are the common choice; they are not changed here, so that what is made is what those
make who call it without thinking. Where nobody expects torchaudio's, the rate is changed by libsoxr.
"""

from __future__ import annotations

import math

import torch

from degrade_bench._support.caching import remembered
from degrade_bench._support.precision import multiplying
from degrade_bench.clip.clip import Clip


def mono_at(signals: torch.Tensor, sample_rate: int, wanted_rate: int) -> torch.Tensor:
    """``(..., channels, time)`` at any rate to ``(..., time)`` at the wanted one.

    Args:
        signals: float32.
        sample_rate: of the signals, in Hz.
        wanted_rate: in Hz.
    """
    import torchaudio

    mono = signals.mean(dim=-2)
    if sample_rate != wanted_rate:
        with multiplying(tf32=False):  # it is a convolution
            mono = torchaudio.functional.resample(mono, sample_rate, wanted_rate)
    return mono


def librosa_mono(signals: torch.Tensor, sample_rate: int, wanted_rate: int) -> torch.Tensor:
    """``(batch, channels, time)`` at any rate to ``(batch, time)`` at the wanted one, as ``librosa.load`` makes it.

    That is the mean of the channels, by libsoxr in high quality (HQ), rounded up to a whole sample.

    Args:
        signals: float32.
        sample_rate: of the signals, in Hz.
        wanted_rate: in Hz.
    """
    import soxr

    mono = signals.to("cpu", torch.float32).mean(dim=1)
    if sample_rate == wanted_rate:
        return mono
    samples = math.ceil(mono.shape[1] * (wanted_rate / sample_rate))
    resampled = [
        torch.from_numpy(soxr.resample(audio.numpy(), sample_rate, wanted_rate, quality="HQ")) for audio in mono
    ]
    fitted = [torch.nn.functional.pad(audio, (0, samples - len(audio))) for audio in resampled]
    return torch.stack(fitted) if fitted else mono.new_zeros(0, samples)


def at_rate(samples: torch.Tensor, sample_rate: int, wanted_rate: int) -> torch.Tensor:
    """``(channels, time)`` at another rate, by libsoxr's best quality (VHQ), without delay.

    Args:
        samples: float32; given back as they are where the rates are equal.
        sample_rate: of the samples, in Hz.
        wanted_rate: in Hz.
    """
    if sample_rate == wanted_rate:
        return samples
    import soxr

    resampled = soxr.resample(samples.numpy().T, sample_rate, wanted_rate, quality="VHQ")
    return torch.from_numpy(resampled.T.copy())


def mono_clip(clip: Clip, sample_rate: int) -> Clip:
    """A clip as one channel at ``sample_rate`` Hz; the clip itself where it is that already. Made once per clip."""
    if clip.channels == 1 and clip.sample_rate == sample_rate:
        return clip
    return _converted(clip, sample_rate)


@remembered()
def _converted(clip: Clip, sample_rate: int) -> Clip:
    mono = mono_at(clip.samples, clip.sample_rate, sample_rate)
    return clip.with_samples(mono[None], sample_rate=sample_rate)
