"""Reverberation of a given RT60, by convolution with a synthetic room.

The room is the direct sound at lag 0 and, 5 ms behind it, Gaussian noise that decays by 60 dB in RT60 at 500 to
1,000 Hz, longer in the bass and shorter in the treble, as in halls. Every channel has noise of its own, so that the
room is wide. All levels share one noise, which the RT60 shapes.

How loud the room is follows from physics: for a given room size and distance the reverberant energy is
proportional to RT60 (Sabine). Here the listener sits where the direct sound and the room are equally strong at
RT60 = 1 s, so the direct-to-reverberant ratio is −10·lg(RT60 / 1 s) dB: 6 dB at 0.25 s, −7 dB at 5 s.

The noise is made in the short-time Fourier domain, where a decay that depends on frequency is one product.

Source: J. A. Moorer, "About this reverberation business", Computer Music Journal 3(2), 1979 (decaying noise as a
room); H. Kuttruff, Room Acoustics (reverberant energy). The Audio Degradation Toolbox's live recording uses a
measured hall.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench._support.accelerator import device_at_work, on_device, on_processor
from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import FaintPlacebo
from degrade_bench.degrade.plan import Drawn
from degrade_bench.degrade.seeds import generator

GAP_SECONDS = 0.005
FRAME_SECONDS = 0.0116
BALANCED_RT60_S = 1.0
"""The RT60 at which the direct sound and the room have the same energy."""

LEAST_BLOCK = 2**16

DECAY_60_DB = math.log(1000.0)
FREQUENCIES_HZ = (125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, 16000.0)
RELATIVE_RT60 = (1.2, 1.1, 1.0, 1.0, 0.9, 0.75, 0.5, 0.3)


def relative_rt60(frequency_hz: np.ndarray) -> np.ndarray:
    """RT60 at a frequency over RT60 at mid frequencies."""
    octaves = np.log2(np.maximum(frequency_hz, 1.0))
    values: np.ndarray = np.interp(octaves, np.log2(FREQUENCIES_HZ), RELATIVE_RT60)
    return values


def direct_to_reverberant_db(rt60_s: float) -> float:
    """The ratio of direct to reverberant energy that goes with an RT60."""
    return -10 * math.log10(rt60_s / BALANCED_RT60_S)


class Reverb(Degradation):
    """Puts the music into a room; strength is the room's RT60."""

    name = "reverb"
    group = "signal"
    family = "space"
    default_ladder = Ladder((0.25, 0.5, 1.0, 2.0, 5.0), "s RT60")
    source = "decaying noise as a room (Moorer 1979); Audio Degradation Toolbox (ISMIR 2013) uses a measured hall"
    summary = "puts the music into a room: from a small studio to a cathedral that drowns it"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Draw the seed of the room."""
        params = {
            "noise_seed": int(rng.integers(2**62)),
            "rt60_s": strength,
            "drr_db": direct_to_reverberant_db(strength),
        }
        return Drawn(params, achieved=strength)

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Convolve every channel with its own tail and add the direct sound; the end of the tail is cut off."""
        gap = round(GAP_SECONDS * clip.sample_rate)
        length = min(round(params["rt60_s"] * clip.sample_rate), clip.num_samples - gap)
        if length < 1:
            return clip.samples.clone()
        tails = room_tails(params["noise_seed"], params["rt60_s"], clip.sample_rate, clip.channels, length)
        tails *= np.float32(10 ** (-params["drr_db"] / 20))
        if device_at_work() is not None:
            return on_processor(
                _in_room(on_device(clip.samples), torch.from_numpy(tails).to(device_at_work()), gap)
            )
        out = clip.samples.clone()
        for own, tail, samples in zip(out, tails, clip.samples.numpy(), strict=True):
            own[gap:] += torch.from_numpy(convolved(samples[: clip.num_samples - gap], tail))
        return out

    def make_placebo(self) -> Degradation:
        """The same room, dead and 80 dB down."""
        return _DeadRoom(self, 0.05, "a room of 0.05 s, 80 dB under the music, which nobody hears")


class _DeadRoom(FaintPlacebo):
    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        drawn = self.parent.draw(clip, level, strength, rng)
        return Drawn({**drawn.params, "drr_db": 80.0}, achieved=drawn.achieved)


def room_tails(seed: int, rt60_s: float, sample_rate: int, channels: int, length: int) -> np.ndarray:
    """Decaying noise of unit energy for each channel.

    Args:
        seed: of the noise.
        rt60_s: seconds in which the tail falls by 60 dB.
        sample_rate: Hz.
        channels: each has noise of its own.
        length: of the tails, in samples.

    Shape:
        returns ``(channels, length)``, float32.
    """
    from scipy.fft import irfft

    frame = 2 ** max(4, round(math.log2(FRAME_SECONDS * sample_rate)))
    hop = frame // 2
    frames = math.ceil(length / hop) + 1
    bins = hop + 1
    # frames come first, so that a shorter tail begins with the very noise of a longer one
    pairs = generator(seed).standard_normal((frames, channels, bins, 2), dtype=np.float32)
    noise = pairs.view(np.complex64)[..., 0]
    frequencies = np.arange(bins) * sample_rate / frame
    at_seconds = np.arange(frames)[:, None] * hop / sample_rate
    extra_rate = DECAY_60_DB / rt60_s * (1 / relative_rt60(frequencies) - 1)  # beyond the decay at mid frequencies
    noise *= np.exp(-at_seconds * extra_rate).astype(np.float32)[:, None, :]
    window = np.sin(np.pi * (np.arange(frame) + 0.5) / frame).astype(np.float32)
    pieces = irfft(noise, frame, axis=-1) * window
    white = np.zeros((frames + 1, channels, hop), dtype=np.float32)
    white[:-1] += pieces[..., :hop]
    white[1:] += pieces[..., hop:]
    tails = white[1:].transpose(1, 0, 2).reshape(channels, -1)[:, :length]
    tails = tails * np.exp(-DECAY_60_DB / rt60_s * np.arange(length) / sample_rate).astype(np.float32)
    energy = np.square(tails, dtype=np.float64).sum(axis=1, keepdims=True)
    values: np.ndarray = tails / np.sqrt(np.maximum(energy, 1e-30)).astype(np.float32)
    return values


def _in_room(samples: torch.Tensor, tails: torch.Tensor, gap: int) -> torch.Tensor:
    """The samples and, behind them, their convolution with the tails: all channels in one transform.

    Args:
        samples: ``(channels, time)``.
        tails: ``(channels, length)``.
        gap: samples between the direct sound and the tail.
    """
    from scipy.fft import next_fast_len

    kept = samples.shape[1] - gap
    size = next_fast_len(kept + tails.shape[1], real=True)
    late = torch.fft.irfft(torch.fft.rfft(samples[:, :kept], n=size) * torch.fft.rfft(tails, n=size), n=size)
    out = samples.clone()
    out[:, gap:] += late[:, :kept]
    return out


def convolved(signal: np.ndarray, response: np.ndarray) -> np.ndarray:
    """The first ``len(signal)`` samples of a convolution, by overlap-add of blocks that stay in the cache.

    Shape:
        signal: ``(time,)``, float32; response: ``(length,)``, float32.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    whole = next_fast_len(len(signal) + len(response), real=True)
    size = min(whole, max(LEAST_BLOCK, 2 ** math.ceil(math.log2(2 * len(response)))))
    step = size - len(response)
    spectrum = rfft(response, size)
    out = np.zeros(len(signal) + size, dtype=np.float32)
    for start in range(0, len(signal), step):
        out[start : start + size] += irfft(rfft(signal[start : start + step], size) * spectrum, size)
    return out[: len(signal)]
