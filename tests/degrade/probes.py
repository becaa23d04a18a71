"""Signals whose tempo and pitch can be read off exactly, and the reading."""

from __future__ import annotations

import numpy as np
import torch

from degrade_bench.clip import Annotations, Clip
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.base import Rendered
from degrade_bench.degrade.seeds import cell_seed, generator

RATE = 44100


def render(name: str, clip: Clip, level: int) -> Rendered:
    degradation = catalogue.get(name)
    return degradation.render(clip, level, generator(cell_seed(3, clip.hash, *degradation.seed_key)))


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
    found = []
    for time in near:
        first, last = max(0, round((time - reach) * RATE)), round((time + reach) * RATE)
        part = energy[first:last]
        part = np.where(part > 0.25 * part.max(), part, 0.0)
        found.append((first + np.average(np.arange(len(part)), weights=part)) / RATE)
    return np.asarray(found)


def pitch_hz(samples: np.ndarray) -> float:
    """Frequency of the largest spectral peak, interpolated on a log parabola."""
    windowed = samples * np.blackman(len(samples))
    spectrum = np.log(np.abs(np.fft.rfft(windowed, 4 * len(samples))) + 1e-12)
    k = int(np.argmax(spectrum))
    a, b, c = spectrum[k - 1 : k + 2]
    return (k + 0.5 * (a - c) / (a - 2 * b + c)) * RATE / (4 * len(samples))


def cents(hz: float, reference: float = 440.0) -> float:
    return 1200 * np.log2(hz / reference)
