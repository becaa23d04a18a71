"""One delayed copy mixed in, and finding it again: what an echo and a comb filter share."""

from __future__ import annotations

import numpy as np
import torch

from degrade_bench._support.numbers import fixed
from degrade_bench.clip import Clip
from degrade_bench.errors import NotApplicableError

FIT_SAMPLES = 2**17
"""How much of the clip the lag is sought in: about 3 s at 44.1 kHz, where it is loudest."""


def delay_samples(clip: Clip, seconds: float) -> int:
    """The delay as a whole number of samples, at least one.

    Raises:
        NotApplicableError: the clip ends before the copy begins.
    """
    delay = max(1, round(seconds * clip.sample_rate))
    if delay >= clip.num_samples:
        raise NotApplicableError(
            f"the clip is shorter than a delay of {fixed(1000 * seconds, 0)} ms: {clip.duration:g} s"
        )
    return delay


def with_copy(samples: torch.Tensor, delay: int, gain: float) -> torch.Tensor:
    """``x[n] + gain · x[n − delay]``.

    Args:
        samples: ``(channels, time)``.
        delay: of the copy, in samples; 1 or more.
        gain: of the copy, as a factor of amplitude.

    Shape:
        samples: ``(channels, time)``; the output is as long, so the last copy is cut off.
    """
    out = samples.clone()
    out[:, delay:] += gain * samples[:, :-delay]
    return out


def fitted_copy(clean: Clip, degraded: Clip, shortest: float, longest: float) -> float | None:
    """How loud the delayed copy is beside the direct sound, as a ratio of amplitudes; None for silence.

    For every lag from ``shortest`` to ``longest`` seconds the degraded signal is explained by the clean one and
    its delayed copy, in the least-squares sense; the lag that explains most is the delay. A gain of the whole
    falls out of the ratio.

    Args:
        clean: before.
        degraded: after; as long as ``clean``.
        shortest: the shortest delay that is looked for, in seconds.
        longest: the longest one, in seconds.
    """
    x, y = clean.samples.numpy(), degraded.samples.numpy()
    first = max(1, int(shortest * clean.sample_rate))
    last = min(clean.num_samples - 1, round(longest * clean.sample_rate) + 1)
    start, stop = _loudest(x, FIT_SAMPLES + last)
    if last < first or stop - start <= last:
        return None
    start = start + last if start > 0 else 0  # room to look back; before the clip there is silence
    lags = np.arange(first, last + 1)
    products = np.zeros((4, len(lags)))  # x·x_lag, y·x_lag, x_lag·x_lag, and in front x·x, x·y
    power = cross = 0.0
    for channel_x, channel_y in zip(x, y, strict=True):
        past = np.zeros(stop - start + last)
        history = channel_x[max(0, start - last) : stop]
        past[len(past) - len(history) :] = history
        now_x, now_y = past[last:], channel_y[start:stop].astype(np.float64)
        size = 1 << (len(past) + last).bit_length()
        spectrum = np.fft.rfft(past, size)
        for row, now in enumerate((now_x, now_y)):
            # the correlation with what was ``lag`` before: past[i + last − lag], i.e. offset last − lag
            correlation = np.fft.irfft(spectrum * np.conj(np.fft.rfft(now, size)), size)
            products[row] += correlation[last - lags]
        energy = np.concatenate([[0.0], np.cumsum(past**2)])
        products[2] += energy[len(past) - lags] - energy[last - lags]
        power += float(now_x @ now_x)
        cross += float(now_x @ now_y)
    if power <= 0.0:
        return None
    between, with_lag, lagged = products[0], products[1], products[2]
    determinant = power * lagged - between**2
    sound = determinant > 1e-12 * power * np.maximum(lagged, 1e-300)
    safe = np.where(sound, determinant, 1.0)
    direct = (lagged * cross - between * with_lag) / safe
    copy = (power * with_lag - between * cross) / safe
    explained = np.where(sound, direct * cross + copy * with_lag, -np.inf)
    best = int(np.argmax(explained))
    return float(copy[best] / direct[best]) if np.isfinite(explained[best]) and direct[best] != 0 else None


def _loudest(x: np.ndarray, length: int) -> tuple[int, int]:
    """Start and end of the stretch of ``length`` samples (or all) with the most energy."""
    if x.shape[1] <= length:
        return 0, x.shape[1]
    energy = np.concatenate([[0.0], np.cumsum(np.square(x, dtype=np.float64).sum(axis=0))])
    start = int(np.argmax(energy[length:] - energy[:-length]))
    return start, start + length
