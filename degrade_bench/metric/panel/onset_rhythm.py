"""Onset regularity: how clearly the onsets of a clip repeat at one period.

Source: the autocorrelation of onset strength, the tempogram of P. Grosche et al., ICASSP 2010; its peak is the
pulse clarity of O. Lartillot et al., ISMIR 2008.
"""

from __future__ import annotations

import math

import numpy as np

from degrade_bench.metric.hearing.heard import Heard
from degrade_bench.metric.hearing.listener import Listener
from degrade_bench.metric.panel.features import MelPower

SHORTEST_SECONDS, LONGEST_SECONDS = 0.25, 2.0
BANDS = MelPower(40, pooled=True)


class OnsetRhythm(Listener):
    """The highest autocorrelation of onset strength between periods of 0.25 and 2 s; 1 is a perfect pulse."""

    name = "onset-rhythm"
    version = "3"
    summary = "how clearly onsets repeat at one period (pulse clarity), without a reference"
    source = "Lartillot et al., ISMIR 2008"
    score_range = (-1.0, 1.0)

    def features(self, sample_rate: int) -> tuple[MelPower]:
        """Mel-band power of all channels together, whatever their phases."""
        return (BANDS,)

    def score_heard(self, signal: Heard) -> float:
        """Pulse clarity; NaN where nothing ever begins."""
        mel = signal.ask(BANDS)[0]
        peak = float(mel.max())
        if peak == 0.0:
            return math.nan
        logs = np.log10(np.maximum(mel, np.float32(peak * 1e-8)))
        strength = np.maximum(np.diff(logs, axis=0), 0.0).mean(axis=1).astype(np.float64)
        count = len(strength)
        if count < 2:
            return math.nan
        from scipy import fft

        spectrum = fft.rfft(strength - strength.mean(), 2 * count)
        correlation = fft.irfft(np.square(np.abs(spectrum)), 2 * count)[:count]
        if float(correlation[0]) <= 1e-12:
            return math.nan
        frames_per_second = signal.sample_rate / BANDS.grid(signal.sample_rate).hop
        first = max(1, round(SHORTEST_SECONDS * frames_per_second))
        last = min(count // 2, round(LONGEST_SECONDS * frames_per_second))
        if last <= first:
            return math.nan
        unbiased = correlation[first:last] / (count - np.arange(first, last)) * count
        return float(unbiased.max() / correlation[0])
