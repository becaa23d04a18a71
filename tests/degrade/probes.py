"""What the tests of damages share: signals that can be read off exactly, one way of rendering, and measurements."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import torch

from degrade_bench.clip import Annotations, Clip
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.dsp.joins import Piece, fade_half, merged, sides, unlikeness
from degrade_bench.degrade.plan import Rendered
from degrade_bench.degrade.seeds import cell_seed, generator

RATE = 44100
LEVELS = (1, 2, 3, 4, 5)


def render(name: str, clip: Clip, level: int) -> Rendered:
    degradation = catalogue.get(name)
    return degradation.render(clip, level, generator(cell_seed(3, clip.hash, *degradation.seed_key)))


def raw(name: str, clip: Clip, level: int) -> np.ndarray:
    """What a level does to the samples before loudness is matched, as ``damage`` gives it."""
    return catalogue.get(name).damage(clip, render(name, clip, level).plan.params).numpy()


def added(name: str, clip: Clip, level: int) -> np.ndarray:
    """What a level adds to the samples, float64."""
    return raw(name, clip, level).astype(np.float64) - clip.samples.double().numpy()


def harm_db(name: str, clip: Clip, level: int) -> float:
    """Power of what is changed over the power of the clip, in dB."""
    return 10 * float(
        np.log10(np.mean(added(name, clip, level) ** 2) / np.mean(clip.samples.double().numpy() ** 2))
    )


def undone_gain(rendered: Rendered) -> np.ndarray:
    return (rendered.clip.samples.double() * 10 ** (-rendered.plan.gain_db / 20)).numpy()


def error(name: str, clip: Clip, level: int) -> float:
    """Power of what was changed over the power of the clip, after a least-squares fit of the clip."""
    x, y = clip.samples.double().numpy(), undone_gain(render(name, clip, level))
    gain = np.vdot(x, y) / np.vdot(x, x)
    return float(np.sum((y - gain * x) ** 2) / np.sum((gain * x) ** 2))


def lag(clip: Clip, degraded: np.ndarray) -> int:
    """Where the cross-correlation of the mean of the channels peaks, in samples."""
    x, y = clip.samples.double().numpy().mean(axis=0), degraded.mean(axis=0)
    size = 2 * len(x)
    correlation = np.fft.irfft(np.conj(np.fft.rfft(x, size)) * np.fft.rfft(y, size), size)
    peak = int(np.argmax(correlation))
    return peak if peak < len(x) else peak - size


def with_beats(samples: np.ndarray, rate: int = RATE, period: float = 0.5) -> Clip:
    beats = np.arange(0.0, samples.shape[-1] / rate, period)
    annotations = Annotations(beats=tuple(beats), downbeats=tuple(beats[::4]), beat_source="annotated")
    return Clip("made", torch.from_numpy(np.atleast_2d(samples).astype(np.float32)), rate, annotations)


def sine(seconds: float, hz: float = 440.0) -> np.ndarray:
    return 0.3 * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE)


def clicks(seconds: float, period: float = 0.5) -> np.ndarray:
    """Short bursts at every period, over a quiet chord, so that a stretcher has something to hold on to."""
    out = 0.01 * sine(seconds, 220.0)
    burst = 0.8 * np.hanning(220) * np.sin(2 * np.pi * 1500 * np.arange(220) / RATE)
    for start in np.arange(0.25, seconds - 0.1, period):
        first = round(start * RATE)
        out[first : first + len(burst)] += burst
    return out


def click_times(samples: np.ndarray, near: np.ndarray, reach: float = 0.15) -> np.ndarray:
    """The middle of the energy of each click near the expected times (seconds)."""
    energy = np.convolve(samples**2, np.ones(64) / 64, mode="same")
    times = []
    for time in near:
        first, last = max(0, round((time - reach) * RATE)), round((time + reach) * RATE)
        part = energy[first:last]
        part = np.where(part > 0.25 * part.max(), part, 0.0)
        times.append((first + np.average(np.arange(len(part)), weights=part)) / RATE)
    return np.asarray(times)


def pitch_hz(samples: np.ndarray) -> float:
    """Frequency of the largest spectral peak, interpolated on a log parabola."""
    windowed = samples * np.blackman(len(samples))
    spectrum = np.log(np.abs(np.fft.rfft(windowed, 4 * len(samples))) + 1e-12)
    k = int(np.argmax(spectrum))
    a, b, c = spectrum[k - 1 : k + 2]
    return (k + 0.5 * (a - c) / (a - 2 * b + c)) * RATE / (4 * len(samples))


def cents(hz: float, reference: float = 440.0) -> float:
    return 1200 * np.log2(hz / reference)


def discontinuities(samples: torch.Tensor, pieces: Sequence[Piece], sample_rate: int) -> list[float]:
    """The :func:`~degrade_bench.degrade.dsp.joins.unlikeness` of every join; joins in silence are left out.

    Args:
        samples: ``(channels, time)``.
        pieces: ``(start, end)`` in samples, in the order in which they are heard.
        sample_rate: Hz; it decides how much of the two sides is compared.
    """
    found = [
        unlikeness(*sides(samples, first, second, fade_half(sample_rate)))
        for first, second in itertools.pairwise(merged(pieces))
    ]
    return [one for one in found if not np.isnan(one)]
