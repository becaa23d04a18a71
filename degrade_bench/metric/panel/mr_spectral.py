"""Multi-resolution spectral distance.

Source: spectral convergence and log-magnitude distance over several STFTs, as in R. Yamamoto et al., "Parallel
WaveGAN", ICASSP 2020, and J. Engel et al., "DDSP", ICLR 2020.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import torch

from degrade_bench.metric.panel.base import FullReference, frame_size, magnitudes

FRAME_SECONDS = (0.012, 0.023, 0.046)
FLOOR = 1e-4  # of the clean signal's largest magnitude: 80 dB down


class MultiResolutionSpectral(FullReference):
    """Mean over three resolutions of spectral convergence plus mean log-magnitude distance (natural log)."""

    name = "mr-spectral"
    version = "2"
    summary = "spectral convergence plus log-magnitude distance over three resolutions"
    source = "Yamamoto et al., ICASSP 2020; Engel et al., ICLR 2020"
    higher_is_better = False
    hears = ("gain",)
    score_range = (0.0, None)

    def features(self, signal: torch.Tensor, sample_rate: int) -> Iterator[torch.Tensor]:
        """STFT magnitudes at three resolutions, 75 % overlap for the longest frame, less for the others."""
        hop = frame_size(sample_rate, FRAME_SECONDS[-1]) // 4
        return (magnitudes(signal, frame_size(sample_rate, seconds), hop) for seconds in FRAME_SECONDS)

    def clean_features(self, signal: torch.Tensor, sample_rate: int) -> list[torch.Tensor]:
        """The same, kept."""
        return list(self.features(signal, sample_rate))

    def compare(self, clean: Iterable[torch.Tensor], degraded: Iterable[torch.Tensor]) -> float:
        """The distance; NaN if the clean signal is silent."""
        total, of_clean, of_degraded = 0.0, iter(clean), iter(degraded)
        for _ in FRAME_SECONDS:  # without zip, which holds on to the last spectra while the next are computed
            total += _distance(next(of_clean), next(of_degraded))
        return total / len(FRAME_SECONDS)


def _distance(x: torch.Tensor, y: torch.Tensor) -> float:
    """Of one resolution; ``y`` is written over, because spectra of long clips are large."""
    peak = float(x.max())
    if peak == 0.0:
        return math.nan
    floor = peak * FLOOR
    convergence = float(torch.linalg.vector_norm(x - y) / torch.linalg.vector_norm(x))
    logs = x.clamp_min(floor).log_()
    logs -= y.clamp_min_(floor).log_()
    return convergence + float(logs.abs_().mean())
