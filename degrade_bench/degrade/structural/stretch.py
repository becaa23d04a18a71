"""Time stretching and pitch shifting by Rubber Band (its finer engine), through pedalboard.

The stretcher rounds its hops: over ten seconds its output can run up to 15 ms ahead or behind of the asked map,
which is under 0.2 % of tempo. It is fed a mirrored tail, so that the end of the output is music and never
silence. Formants are left alone: this is music, and moving the envelope back thins everything but voices.
"""

from __future__ import annotations

import numpy as np
import torch

TAIL_SECONDS = 0.5


def stretched(samples: torch.Tensor, sample_rate: int, rate: float | np.ndarray, length: int) -> torch.Tensor:
    """Change the tempo and keep the pitch.

    Args:
        samples: ``(channels, time)``.
        sample_rate: Hz.
        rate: above 1 is faster; one number, or one per input sample.
        length: samples of the output.
    """
    from pedalboard import time_stretch

    audio = _with_tail(samples, sample_rate)
    if isinstance(rate, np.ndarray):
        tail = np.full(audio.shape[1] - len(rate), rate[-1])
        rate = np.concatenate([rate, tail]).astype(np.float64)
    out = time_stretch(audio, sample_rate, stretch_factor=rate, preserve_formants=False)
    return _cut(out, length)


def shifted(samples: torch.Tensor, sample_rate: int, semitones: float) -> torch.Tensor:
    """Change the pitch and keep the tempo; the output is as long as the input, to the sample."""
    from pedalboard import time_stretch

    audio = _with_tail(samples, sample_rate)
    out = time_stretch(audio, sample_rate, pitch_shift_in_semitones=semitones, preserve_formants=False)
    return _cut(out, samples.shape[1])


def _with_tail(samples: torch.Tensor, sample_rate: int) -> np.ndarray:
    tail = min(samples.shape[1] - 1, round(TAIL_SECONDS * sample_rate))
    audio = np.pad(samples.numpy(), ((0, 0), (0, tail)), mode="reflect") if tail > 0 else samples.numpy()
    return np.ascontiguousarray(audio, dtype=np.float32)


def _cut(audio: np.ndarray, length: int) -> torch.Tensor:
    if audio.shape[1] < length:  # a clip too short to mirror
        audio = np.pad(audio, ((0, 0), (0, length - audio.shape[1])))
    return torch.from_numpy(np.ascontiguousarray(audio[:, :length], dtype=np.float32))
