"""Two chroma similarities: one that does not care for order, and one that does.

Side by side they say whether a metric hears harmony or its course: under a bar shuffle the first must not move
and the second must fall.

Source: chroma features after D. Ellis, "Chroma feature analysis and synthesis", 2007.
"""

from __future__ import annotations

import math

import torch

from degrade_bench.metric.panel.base import FullReference, chroma_filters, frame_size, pooled_magnitudes


class _Chroma(FullReference):
    version = "2"
    source = "chroma features after Ellis 2007"
    score_range = (0.0, 1.0)

    def features(self, signal: torch.Tensor, sample_rate: int) -> torch.Tensor:
        """Pitch-class magnitudes of all channels together, whatever their phases: ``(12, frames)``."""
        n_fft = frame_size(sample_rate, 0.19)
        spectrum = pooled_magnitudes(signal, n_fft, n_fft // 4)
        return torch.matmul(chroma_filters(sample_rate, n_fft), spectrum).double()


class ChromaOrderFree(_Chroma):
    """Cosine similarity of the two pitch-class profiles, summed over time."""

    name = "chroma-order-free"
    summary = "similarity of the pitch-class profiles of the whole clips; deaf to order"
    aligned = False

    def compare(self, clean: torch.Tensor, degraded: torch.Tensor) -> float:
        """The cosine, 1 for equal profiles; NaN if either is silent."""
        return _cosine(clean.sum(dim=1), degraded.sum(dim=1))


class ChromaAligned(_Chroma):
    """Cosine similarity of the pitch classes frame by frame, weighted with the clean clip's energy."""

    name = "chroma-aligned"
    summary = "similarity of the pitch classes frame by frame; hears order, key and timing"

    def compare(self, clean: torch.Tensor, degraded: torch.Tensor) -> float:
        """The weighted mean cosine; NaN if the clean clip is silent."""
        norms = torch.linalg.vector_norm(clean, dim=0)
        weights = norms.square()
        if float(weights.sum()) == 0.0:
            return math.nan
        products = norms * torch.linalg.vector_norm(degraded, dim=0)
        cosines = (clean * degraded).sum(dim=0) / products.clamp_min(1e-30)
        return float((cosines * weights).sum() / weights.sum())


def _cosine(x: torch.Tensor, y: torch.Tensor) -> float:
    scale = float(torch.linalg.vector_norm(x) * torch.linalg.vector_norm(y))
    return float(x @ y) / scale if scale > 0 else math.nan
