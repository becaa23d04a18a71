"""One delayed copy mixed in, and finding it again: what an echo and a comb filter share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from degrade_bench._support.caching import remembered
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
    out = torch.empty_like(samples)
    out[:, :delay] = samples[:, :delay]
    torch.mul(samples[:, :-delay], gain, out=out[:, delay:]).add_(samples[:, delay:])
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
    first = max(1, int(shortest * clean.sample_rate))
    last = min(clean.num_samples - 1, round(longest * clean.sample_rate) + 1)
    if last < first:
        return None
    past = _past(clean, first, last)
    if past is None or past.power <= 0.0:
        return None
    with_lag, cross = np.zeros(last - first + 1), 0.0
    for now_x, spectrum, channel_y in zip(past.now, past.spectra, degraded.samples.numpy(), strict=True):
        now_y = channel_y[past.start : past.start + len(now_x)].astype(np.float64)
        with_lag += _products(spectrum, now_y, first, last)
        cross += float(now_x @ now_y)
    power, between, lagged = past.power, past.between, past.lagged
    determinant = power * lagged - between**2
    sound = determinant > 1e-12 * power * np.maximum(lagged, 1e-300)
    safe = np.where(sound, determinant, 1.0)
    direct = (lagged * cross - between * with_lag) / safe
    copy = (power * with_lag - between * cross) / safe
    explained = np.where(sound, direct * cross + copy * with_lag, -np.inf)
    best = int(np.argmax(explained))
    return float(copy[best] / direct[best]) if np.isfinite(explained[best]) and direct[best] != 0 else None


@dataclass(frozen=True, eq=False)
class _Past:
    """Of a clean clip, what every level of an echo is compared with; sums are over channels.

    Attributes:
        start: the sample that the stretch begins with.
        now: the stretch, ``(channels, time)``, float64.
        spectra: of every channel, from so long before the stretch as the longest lag on.
        power: of the stretch: x·x.
        between: of every lag x·x_lag.
        lagged: of every lag x_lag·x_lag.
    """

    start: int
    now: np.ndarray
    spectra: list[np.ndarray]
    power: float
    between: np.ndarray
    lagged: np.ndarray


@remembered()
def _past(clean: Clip, first: int, last: int) -> _Past | None:
    """The clean clip's side of the least squares, where it is loudest; None where it is too short.

    Args:
        clean: the clip.
        first: the shortest lag, in samples.
        last: the longest lag, in samples.
    """
    x = clean.samples.numpy()
    start, stop = _loudest(x, FIT_SAMPLES + last)
    if stop - start <= last:
        return None
    start = start + last if start > 0 else 0  # room to look back; before the clip there is silence
    lags = np.arange(first, last + 1)
    between, lagged, power = np.zeros(len(lags)), np.zeros(len(lags)), 0.0
    now, spectra = np.empty((len(x), stop - start)), []
    for channel, samples in enumerate(x):
        past = np.zeros(stop - start + last)
        history = samples[max(0, start - last) : stop]
        past[len(past) - len(history) :] = history
        now[channel] = past[last:]
        spectra.append(np.fft.rfft(past, 1 << (len(past) + last).bit_length()))
        between += _products(spectra[-1], now[channel], first, last)
        energy = np.concatenate([[0.0], np.cumsum(past**2)])
        lagged += energy[len(past) - lags] - energy[last - lags]
        power += float(now[channel] @ now[channel])
    return _Past(start, now, spectra, power, between, lagged)


def _products(spectrum: np.ndarray, now: np.ndarray, first: int, last: int) -> np.ndarray:
    """The inner products of a stretch with what was each lag before it, for lags from ``first`` to ``last``.

    Args:
        spectrum: of the stretch with what was before it.
        now: the stretch.
        first: the shortest lag, in samples.
        last: the longest lag, in samples.
    """
    size = 2 * (len(spectrum) - 1)
    correlation = np.fft.irfft(spectrum * np.conj(np.fft.rfft(now, size)), size)
    return np.asarray(correlation[last - np.arange(first, last + 1)])


def _loudest(x: np.ndarray, length: int) -> tuple[int, int]:
    """Start and end of the stretch of ``length`` samples (or all) with the most energy."""
    if x.shape[1] <= length:
        return 0, x.shape[1]
    energy = np.concatenate([[0.0], np.cumsum(np.square(x, dtype=np.float64).sum(axis=0))])
    start = int(np.argmax(energy[length:] - energy[:-length]))
    return start, start + length
