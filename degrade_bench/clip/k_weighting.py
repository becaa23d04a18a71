"""The K-weighted energy of a signal, step by step.

A recursive filter waits for its last output at every sample, and most of a core idles. But this filter forgets:
0.16 s after a sample nothing of it is left to 1e-14. So a signal is cut into stretches that are filtered side by
side, each from 0.16 s before it on, in the registers that a core has for such work: in a fifth of the time that
:func:`scipy.signal.sosfilt` takes, and equal to it to a relative 1e-9 (its own rounding at 192 kHz).

Source: ITU-R BS.1770-4 (2015); R. Bristow-Johnson, "Cookbook formulae for audio EQ biquad filter coefficients".
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache

import numpy as np

from degrade_bench._support.compiled import compiled_and_stored, readable

SHELF_DB, SHELF_HZ, SHELF_Q = 4.0, 1500.0, 1 / np.sqrt(2)
HIGH_PASS_HZ, HIGH_PASS_Q = 38.0, 0.5
"""The two filters of the K-weighting; the standard itself gives coefficients, and at 48 kHz only."""

FORGETS_SECONDS = 0.16
STRETCHES = 8
"""Filtered side by side, in every channel."""
MOST_STEPS = 64
"""Of a stretch: of long signals, so many steps of all stretches are worked on at once."""
TURNED_SAMPLES = 64
"""Of every stretch, laid side by side for the filters while they lie in the core's first cache."""


@lru_cache(maxsize=32)
def k_weighting(sample_rate: int) -> np.ndarray:
    """The two filters of the standard at a sample rate: a shelf for the head, and a high-pass.

    Shape:
        returns ``(2, 6)``, second-order sections as :func:`scipy.signal.sosfilt` takes them.

    >>> k_weighting(48000).round(4).tolist()[1]
    [0.995, -1.9901, 0.995, 1.0, -1.9901, 0.9901]
    """
    amplitude = 10 ** (SHELF_DB / 40.0)
    root = 2 * np.sqrt(amplitude)
    cosine, alpha = _cosine_and_alpha(SHELF_HZ, SHELF_Q, sample_rate)
    shelf = [
        amplitude * ((amplitude + 1) + (amplitude - 1) * cosine + root * alpha),
        -2 * amplitude * ((amplitude - 1) + (amplitude + 1) * cosine),
        amplitude * ((amplitude + 1) + (amplitude - 1) * cosine - root * alpha),
        (amplitude + 1) - (amplitude - 1) * cosine + root * alpha,
        2 * ((amplitude - 1) - (amplitude + 1) * cosine),
        (amplitude + 1) - (amplitude - 1) * cosine - root * alpha,
    ]
    cosine, alpha = _cosine_and_alpha(HIGH_PASS_HZ, HIGH_PASS_Q, sample_rate)
    high_pass = [(1 + cosine) / 2, -(1 + cosine), (1 + cosine) / 2, 1 + alpha, -2 * cosine, 1 - alpha]
    sections = np.asarray([shelf, high_pass])
    values: np.ndarray = sections / sections[:, 3:4]
    return values


def _cosine_and_alpha(hz: float, q: float, sample_rate: int) -> tuple[float, float]:
    """The two quantities of the cookbook from which a section at a frequency is made."""
    angle = 2.0 * np.pi * (hz / sample_rate)
    return float(np.cos(angle)), float(np.sin(angle) / (2.0 * q))


def step_energies(audio: np.ndarray, sample_rate: int, block: int, steps: int) -> np.ndarray:
    """The energy of every whole step of a signal, K-weighted: ``(channels, count)``, float64.

    Args:
        audio: ``(channels, time)``, float32.
        sample_rate: in Hz.
        block: samples of a loudness block.
        steps: of a block. Where they are no whole number of samples, they begin at the sample before their time.
    """
    count = audio.shape[1] * steps // block
    if block % steps or not count:
        return _one_by_one(audio, sample_rate, np.arange(count + 1) * block // steps)
    step, warm = block // steps, int(FORGETS_SECONDS * sample_rate) + 1
    of_stretch = min(MOST_STEPS, -(-count // STRETCHES))
    rows, (shelf, high_pass) = np.ascontiguousarray(audio), k_weighting(sample_rate)
    energies = np.empty((len(audio), -(-count // (of_stretch * STRETCHES)), STRETCHES, of_stretch))
    for index in range(energies.shape[1]):
        out = np.empty((of_stretch, len(audio) * STRETCHES))
        first = index * STRETCHES * of_stretch * step - warm
        _kernel()(rows, shelf, high_pass, first, warm, step, out)
        energies[:, index] = out.reshape(of_stretch, len(audio), STRETCHES).transpose(1, 2, 0)
    return energies.reshape(len(audio), -1)[:, :count]


def _one_by_one(audio: np.ndarray, sample_rate: int, edges: np.ndarray) -> np.ndarray:
    """The same by :func:`scipy.signal.sosfilt`.

    Args:
        audio: ``(channels, time)``.
        sample_rate: in Hz.
        edges: the samples between which the steps lie.
    """
    from scipy.signal import sosfilt

    energies = np.zeros((len(audio), len(edges) - 1))
    for index, channel in enumerate(audio if len(edges) > 1 else ()):
        weighted = sosfilt(k_weighting(sample_rate), channel.astype(np.float64))
        np.square(weighted, out=weighted)
        energies[index] = np.add.reduceat(weighted[: edges[-1]], edges[:-1])
    return energies


@cache
def _kernel() -> Callable[..., None]:
    """The filters' loop, compiled when it is first needed, in about a second, and stored."""
    from numba import float32, float64, int64, void

    sections, audio = float64[::1], readable(float32, 2)
    signature = void(audio, sections, sections, int64, int64, int64, float64[:, ::1])
    return compiled_and_stored(_filtered_energies, signature)


def _filtered_energies(
    audio: np.ndarray,
    shelf: np.ndarray,
    high_pass: np.ndarray,
    start: int,
    warm: int,
    step: int,
    out: np.ndarray,
) -> None:
    """Both filters, and the energy of every step, of all stretches of all channels at once.

    Args:
        audio: ``(channels, time)``, float32; beyond its ends there is silence.
        shelf: coefficients of the first filter, as a second-order section.
        high_pass: of the second.
        start: the sample with which the first stretch is begun, ``warm`` samples before its first step.
        warm: samples before the first step of a stretch.
        step: samples of a step.
        out: ``(steps, channels * stretches)``, is written to.
    """
    count, stretch = out.shape[1], out.shape[0] * step
    b0, b1, b2, a1, a2 = shelf[0], shelf[1], shelf[2], shelf[4], shelf[5]
    c0, c1, c2, d1, d2 = high_pass[0], high_pass[1], high_pass[2], high_pass[4], high_pass[5]
    s1, s2, t1, t2, total = np.zeros(count), np.zeros(count), np.zeros(count), np.zeros(count), np.zeros(count)
    turned = np.empty((TURNED_SAMPLES, count))
    for index in range(-1, out.shape[0]):
        first, last = (0, warm) if index < 0 else (warm + index * step, warm + (index + 1) * step)
        for lane in range(count):
            total[lane] = 0.0
        for begin in range(first, last, TURNED_SAMPLES):
            size = min(TURNED_SAMPLES, last - begin)
            for lane in range(count):
                place = start + begin + lane % STRETCHES * stretch
                before, there = max(0, -place), min(size, audio.shape[1] - place)
                if before > 0 or there < size:
                    turned[:, lane] = 0.0
                source = audio[lane // STRETCHES, place + before : max(0, place + there)]
                for time in range(len(source)):
                    turned[before + time, lane] = source[time]
            for time in range(size):
                values = turned[time]
                for lane in range(count):
                    shelved = b0 * values[lane] + s1[lane]
                    s1[lane] = b1 * values[lane] - a1 * shelved + s2[lane]
                    s2[lane] = b2 * values[lane] - a2 * shelved
                    passed = c0 * shelved + t1[lane]
                    t1[lane] = c1 * shelved - d1 * passed + t2[lane]
                    t2[lane] = c2 * shelved - d2 * passed
                    total[lane] += passed * passed
        if index >= 0:
            for lane in range(count):
                out[index, lane] = total[lane]
