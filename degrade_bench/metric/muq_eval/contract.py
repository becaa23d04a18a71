"""What MuQ-Eval does to audio before its encoder hears it.

Preprocessing decides the sign of effects, so this is kept to the sample: mean of the channels, torchaudio's
resampler with its default settings, 24 kHz, 240,000 samples out of the middle, zeros behind what is shorter. No
loudness normalisation.
"""

from __future__ import annotations

import torch

SAMPLE_RATE = 24000
WINDOW_SECONDS = 10.0
WINDOW_SAMPLES = 240_000


def preprocessed(batch: torch.Tensor, sample_rate: int) -> torch.Tensor:
    """``(batch, channels, time)`` at any rate to ``(batch, 240000)`` at 24 kHz."""
    import torchaudio

    mono = batch.mean(dim=1)
    if sample_rate != SAMPLE_RATE:
        mono = torchaudio.functional.resample(mono, sample_rate, SAMPLE_RATE)
    return windowed(mono)


def windowed(mono: torch.Tensor) -> torch.Tensor:
    """The middle 240,000 samples of ``(batch, time)``, or all of it with zeros behind."""
    count = mono.shape[-1]
    if count > WINDOW_SAMPLES:
        start = (count - WINDOW_SAMPLES) // 2
        return mono[..., start : start + WINDOW_SAMPLES]
    return torch.nn.functional.pad(mono, (0, WINDOW_SAMPLES - count))
