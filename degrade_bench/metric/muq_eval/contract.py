"""What MuQ-Eval does to audio before its encoder hears it.

Preprocessing decides the sign of effects, so this is kept to the sample: mean of the channels, torchaudio's
resampler with its default settings, 24 kHz, 240,000 samples out of the middle, zeros behind what is shorter. No
loudness normalisation.

Longer audio can be heard whole, in windows of the same length: see :func:`windows`. That is not in the paper.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from degrade_bench.clip.conversion import mono_at

SAMPLE_RATE = 24000
WINDOW_SECONDS = 10.0
WINDOW_SAMPLES = 240_000


def centred(mono: torch.Tensor) -> torch.Tensor:
    """The middle 240,000 samples of ``(batch, time)``, or all of it with zeros behind."""
    count = mono.shape[-1]
    if count > WINDOW_SAMPLES:
        start = (count - WINDOW_SAMPLES) // 2
        return mono[..., start : start + WINDOW_SAMPLES]
    return torch.nn.functional.pad(mono, (0, WINDOW_SAMPLES - count))


def preprocessed(batch: torch.Tensor, sample_rate: int) -> torch.Tensor:
    """The contract: ``(batch, channels, time)`` at any rate to ``(batch, 240000)`` at 24 kHz."""
    return centred(mono_at(batch, sample_rate, SAMPLE_RATE))


def windows(batch: torch.Tensor, sample_rate: int, hop_seconds: float | None) -> torch.Tensor:
    """What the encoder hears of ``(batch, channels, time)``: ``(batch, windows, 240000)`` at 24 kHz.

    Args:
        batch: at any rate.
        sample_rate: in Hz.
        hop_seconds: None for the contract's one window. Else one window every so many seconds from the start on,
            as many as lie within the audio whole, and one more at its end where they leave a rest. Audio of one
            window or less gives one, filled up as the contract does.
    """
    mono = mono_at(batch, sample_rate, SAMPLE_RATE)
    count = mono.shape[-1]
    if hop_seconds is None or count <= WINDOW_SAMPLES:
        return centred(mono)[:, None]
    hop = max(1, round(hop_seconds * SAMPLE_RATE))
    starts = list(range(0, count - WINDOW_SAMPLES + 1, hop))
    if starts[-1] + WINDOW_SAMPLES < count:
        starts.append(count - WINDOW_SAMPLES)
    return torch.stack([mono[:, start : start + WINDOW_SAMPLES] for start in starts], dim=1)


@dataclass(frozen=True)
class Windows:
    """What the encoder hears of one signal.

    Attributes:
        hop_seconds: as in :func:`windows`.
    """

    hop_seconds: float | None

    def __call__(self, samples: torch.Tensor, sample_rate: int) -> torch.Tensor:
        """``(channels, time)`` to ``(windows, 240000)``; a signal of one sample is filled up like any other."""
        return windows(samples[None], sample_rate, self.hop_seconds)[0]
