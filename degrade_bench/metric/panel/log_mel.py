"""Log-mel distance: how far the short-time spectrum is from the clean one, in dB, on the ear's frequency scale."""

from __future__ import annotations

import math

import torch

from degrade_bench.metric.panel.base import FullReference, frame_size, magnitudes, mel_filters

BANDS = 80
FLOOR_DB = 80.0


class LogMel(FullReference):
    """Mean absolute difference in dB of mel-band power, 20 Hz to Nyquist, all channels.

    Power more than 80 dB under the clean signal's loudest band counts as 80 dB under it, so that what nobody hears
    does not decide.
    """

    name = "log-mel"
    version = "2"
    summary = "mean difference of the mel spectrogram in dB, over the whole band"
    source = "mel-cepstral distortion's spectrogram form; Kubichek 1993"
    higher_is_better = False
    hears = ("gain",)
    score_range = (0.0, None)

    def features(self, signal: torch.Tensor, sample_rate: int) -> torch.Tensor:
        """Mel-band power: ``(channels, bands, frames)``."""
        n_fft = frame_size(sample_rate, 0.046)
        power = magnitudes(signal, n_fft, n_fft // 2).square()
        return torch.matmul(mel_filters(sample_rate, n_fft, BANDS), power)

    def compare(self, clean: torch.Tensor, degraded: torch.Tensor) -> float:
        """The distance in dB; NaN if the clean signal is silent."""
        peak = float(clean.max())
        if peak == 0.0:
            return math.nan
        floor = peak * 10 ** (-FLOOR_DB / 10)
        difference = clean.clamp_min(floor).log10() - degraded.clamp_min(floor).log10()
        return 10 * float(difference.abs().mean())
