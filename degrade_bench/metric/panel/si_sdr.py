"""Scale-invariant signal-to-distortion ratio.

Source: J. Le Roux, S. Wisdom, H. Erdogan, J. R. Hershey, "SDR – half-baked or well done?", ICASSP 2019.
"""

from __future__ import annotations

import math

import torch

from degrade_bench.metric.panel.base import FullReference

CAP_DB = 120.0


class SiSdr(FullReference):
    """SI-SDR in dB over all channels together, means removed; held to ±120 dB, the score of identical signals."""

    name = "si-sdr"
    summary = "how much of the signal is the clean one, up to a gain; deaf to gain, to the sample in time"
    source = "Le Roux et al., ICASSP 2019"
    # it matches waveforms: turning their phase is a difference to it, whatever an ear says
    hears = ("polarity", "fractional_delay", "subsonic_filter")
    score_range = (-CAP_DB, CAP_DB)

    def features(self, signal: torch.Tensor, sample_rate: int) -> torch.Tensor:
        """The samples without their mean, in float64."""
        samples = signal.to(torch.float64, copy=True)
        samples -= samples.mean(dim=-1, keepdim=True)
        return samples.flatten()

    def compare(self, clean: torch.Tensor, degraded: torch.Tensor) -> float:
        """The ratio in dB; NaN if either is silent."""
        power, degraded_power = float(clean @ clean), float(degraded @ degraded)
        if power == 0.0 or degraded_power == 0.0:
            return math.nan
        target = clean * (float(clean @ degraded) / power)
        signal, noise = float(target @ target), float(degraded.sub_(target).square_().sum())
        if noise <= signal * 10 ** (-CAP_DB / 10):
            return CAP_DB
        if signal <= noise * 10 ** (-CAP_DB / 10):
            return -CAP_DB
        return 10 * math.log10(signal / noise)
