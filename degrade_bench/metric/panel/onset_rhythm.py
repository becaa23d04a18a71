"""Onset regularity: how clearly the onsets of a clip repeat at one period.

Source: the autocorrelation of onset strength, the tempogram of P. Grosche et al., ICASSP 2010; its peak is the
pulse clarity of O. Lartillot et al., ISMIR 2008.
"""

from __future__ import annotations

import math

import torch

from degrade_bench.metric.panel.base import ReferenceFree, frame_size, mel_filters, pooled_magnitudes

SHORTEST_SECONDS, LONGEST_SECONDS = 0.25, 2.0
BANDS = 40


class OnsetRhythm(ReferenceFree):
    """The highest autocorrelation of onset strength between periods of 0.25 and 2 s; 1 is a perfect pulse."""

    name = "onset-rhythm"
    version = "2"
    summary = "how clearly onsets repeat at one period (pulse clarity), without a reference"
    source = "Lartillot et al., ISMIR 2008"
    score_range = (-1.0, 1.0)

    def score_one(self, signal: torch.Tensor, sample_rate: int) -> float:
        """Pulse clarity of all channels together, whatever their phases; NaN where nothing ever begins."""
        n_fft = frame_size(sample_rate, 0.046)
        hop = n_fft // 4
        power = pooled_magnitudes(signal, n_fft, hop).square()
        mel = torch.matmul(mel_filters(sample_rate, n_fft, BANDS), power)
        peak = float(mel.max())
        if peak == 0.0:
            return math.nan
        rises = mel.clamp_min(peak * 1e-8).log10().diff(dim=1).clamp_min(0.0)
        strength = rises.mean(dim=0).double()
        count = len(strength)
        if count < 2:
            return math.nan
        strength = strength - strength.mean()
        spectrum = torch.fft.rfft(strength, 2 * count)
        correlation = torch.fft.irfft(spectrum.abs().square(), 2 * count)[:count]
        if float(correlation[0]) <= 1e-12:
            return math.nan
        frames_per_second = sample_rate / hop
        first = max(1, round(SHORTEST_SECONDS * frames_per_second))
        last = min(count // 2, round(LONGEST_SECONDS * frames_per_second))
        if last <= first:
            return math.nan
        lags = torch.arange(first, last)
        unbiased = correlation[first:last] / (count - lags) * count
        return float(unbiased.max() / correlation[0])
