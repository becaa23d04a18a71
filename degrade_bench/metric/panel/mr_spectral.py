"""Multi-resolution spectral distance.

Source: spectral convergence and log-magnitude distance over several STFTs, as in R. Yamamoto et al., "Parallel
WaveGAN", ICASSP 2020, and J. Engel et al., "DDSP", ICLR 2020.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import torch

from degrade_bench.metric.panel.base import FullReference, channel_magnitudes, frame_size

FRAME_SECONDS = (0.012, 0.023, 0.046)
FLOOR = 1e-4  # of the clean signal's largest magnitude: 80 dB down


class MultiResolutionSpectral(FullReference):
    """Mean over three resolutions of spectral convergence plus mean log-magnitude distance (natural log)."""

    name = "mr-spectral"
    version = "3"
    summary = "spectral convergence plus log-magnitude distance over three resolutions"
    source = "Yamamoto et al., ICASSP 2020; Engel et al., ICLR 2020"
    higher_is_better = False
    hears = ("gain",)
    score_range = (0.0, None)

    def features(self, signal: torch.Tensor, sample_rate: int) -> Iterator[Iterator[torch.Tensor]]:
        """STFT magnitudes at three resolutions, channel by channel; 75 % overlap of the longest frame."""
        hop = frame_size(sample_rate, FRAME_SECONDS[-1]) // 4
        return (channel_magnitudes(signal, frame_size(sample_rate, seconds), hop) for seconds in FRAME_SECONDS)

    def clean_features(self, signal: torch.Tensor, sample_rate: int) -> list[list[torch.Tensor]]:
        """The same, kept."""
        return [list(channels) for channels in self.features(signal, sample_rate)]

    def compare(self, clean: Iterable[Iterable[torch.Tensor]], degraded: Iterable[Iterable[torch.Tensor]]) -> float:
        """The distance; NaN if the clean signal is silent."""
        distances = [_distance(list(x), y) for x, y in zip(clean, degraded, strict=True)]
        return sum(distances) / len(distances)


def _distance(clean: list[torch.Tensor], degraded: Iterable[torch.Tensor]) -> float:
    """Of one resolution, from magnitudes by channel; those of the degraded signal are written over."""
    peak = max(float(x.max()) for x in clean)
    if peak == 0.0:
        return math.nan
    floor = peak * FLOOR
    difference = power = logs = 0.0
    for x, y in zip(clean, degraded, strict=True):
        difference += float(torch.linalg.vector_norm(x - y)) ** 2
        power += float(torch.linalg.vector_norm(x)) ** 2
        log_ratio = x.clamp_min(floor).log_()
        log_ratio -= y.clamp_min_(floor).log_()
        logs += float(log_ratio.abs_().mean())
    return math.sqrt(difference / power) + logs / len(clean)
