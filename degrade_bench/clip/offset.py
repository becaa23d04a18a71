"""A constant offset from zero (DC): no part of the music, however large it is.

A worn converter or a careless export shifts a whole channel by a constant. Nobody hears it, but it adds to the
power of the samples, leaks into the lowest bands of a spectrum, and makes an onset of either end of a clip. Whoever
asks how loud a signal is, or what happens in it, asks :func:`without_offset` first.
"""

from __future__ import annotations

import numpy as np
import torch

LEAST_OFFSET_DB = -40.0
"""An offset whose power lies further under that of the channel about its mean is left alone.

It would change no level by more than 0.0005 dB and make no pause sound, and signals without a true offset (a mean
is never quite zero) pass through bit for bit.
"""


def constant_offset(samples: torch.Tensor) -> np.ndarray:
    """The constant that every channel is shifted by; 0 where it is too small to matter.

    Shape:
        samples: ``(channels, time)``; returns ``(channels, 1)``, float64.
    """
    audio = samples.detach().cpu().numpy()
    if _clearly_none(audio):
        return np.zeros((len(audio), 1))
    means = audio.mean(axis=1, dtype=np.float64)  # by numpy: the sum does not depend on the number of threads
    powers = np.einsum("ct,ct->c", audio, audio, dtype=np.float64) / audio.shape[1]
    about_the_mean = np.maximum(powers - means**2, 0.0)
    matters = means**2 > about_the_mean * 10 ** (LEAST_OFFSET_DB / 10)
    values: np.ndarray = np.where(matters, means, 0.0)[:, None]
    return values


def _clearly_none(audio: np.ndarray) -> bool:
    """Whether no channel's mean comes near the least offset, so that float32 can tell: in a fifth of the time.

    Shape:
        audio: ``(channels, time)``, float32.
    """
    powers = np.array([channel @ channel for channel in audio]) / audio.shape[1]
    return bool((4 * audio.mean(axis=1) ** 2 < powers * 10 ** (LEAST_OFFSET_DB / 10)).all())


def without_offset(samples: torch.Tensor) -> torch.Tensor:
    """The samples about their mean, channel by channel; those of a channel without an offset as they are.

    Shape:
        samples: ``(channels, time)``; the same tensor comes back where no channel has an offset.

    >>> without_offset(torch.tensor([[1.0, 0.0], [1.0, -1.0]])).tolist()
    [[0.5, -0.5], [1.0, -1.0]]
    """
    offset = constant_offset(samples)
    if not offset.any():
        return samples
    audio = samples.detach().cpu().numpy()
    return torch.from_numpy((audio - offset).astype(audio.dtype))
