"""Short damped oscillations at given places: the bricks of crackle and of clicks.

A speck of dust makes the stylus ring for a fraction of a millisecond; a bad splice or a scratch for a little
longer. Every event is a damped sine that starts from zero. Events are drawn row by row, so that fewer events are
the first of more: ladders of counts are nested.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from degrade_bench.degrade.seeds import generator

CUT_AT = 6.0
"""An event is over after so many decay times: −52 dB."""


@dataclass(frozen=True)
class ImpulseKind:
    """Between what limits events are drawn; frequency and decay are drawn uniformly on a log scale.

    Attributes:
        hz: of the oscillation.
        decay_seconds: until it has fallen to 1/e.
        peak_db: of the peak, relative to whatever the events are added to; uniform in dB.
        spread: how unequal channels may be: each gets between 1 − spread and 1 of the peak.
    """

    hz: tuple[float, float]
    decay_seconds: tuple[float, float]
    peak_db: tuple[float, float]
    spread: float


def impulses(kind: ImpulseKind, count: int, seed: int, channels: int, length: int, sample_rate: int) -> np.ndarray:
    """A sum of ``count`` events at uniformly random places, which is a Poisson process given its count.

    Args:
        kind: what an event is like.
        count: of events.
        seed: of places, pitches, decays and peaks.
        channels: of the output.
        length: of the output, in samples.
        sample_rate: Hz.

    Shape:
        output: ``(channels, length)``, float32; a peak of 0 dB is 1.
    """
    table = generator(seed).random((count, 5 + channels))
    starts = (table[:, 0] * length).astype(np.int64)
    hz = np.minimum(_log_between(table[:, 1], kind.hz), 0.4 * sample_rate)
    decay = _log_between(table[:, 2], kind.decay_seconds)
    peaks = 10 ** ((kind.peak_db[0] + table[:, 3] * (kind.peak_db[1] - kind.peak_db[0])) / 20)
    peaks *= np.where(table[:, 4] < 0.5, -1.0, 1.0)
    gains = peaks[:, None] * (1 - kind.spread * table[:, 5:])

    longest = max(2, int(CUT_AT * kind.decay_seconds[1] * sample_rate))
    seconds = np.arange(longest) / sample_rate
    ages = seconds / decay[:, None]
    waves = np.exp(-ages) * np.sin(2 * np.pi * hz[:, None] * seconds) * (ages < CUT_AT)
    waves /= np.abs(waves).max(axis=1, keepdims=True)
    places = starts[:, None] + np.arange(longest)
    inside = places < length
    out = np.empty((channels, length), dtype=np.float32)
    for channel in range(channels):
        weighted = (waves * gains[:, channel, None])[inside]
        out[channel] = np.bincount(places[inside], weighted, minlength=length)
    return out


def _log_between(share: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    low, high = limits
    return np.asarray(low * (high / low) ** share)
