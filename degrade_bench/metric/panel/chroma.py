"""Two chroma similarities: one that does not care for order, and one that does.

Side by side they say whether a metric hears harmony or its course: under a bar shuffle the first must not move
and the second must fall.

Source: chroma features after D. Ellis, "Chroma feature analysis and synthesis", 2007.
"""

from __future__ import annotations

import math

import numpy as np

from degrade_bench.metric.hearing.heard import Heard
from degrade_bench.metric.hearing.listener import FullReference
from degrade_bench.metric.panel.features import PitchClasses


class _Chroma(FullReference):
    version = "3"
    source = "chroma features after Ellis 2007"
    score_range = (0.0, 1.0)

    def features(self, sample_rate: int) -> tuple[PitchClasses]:
        """Pitch-class magnitudes, of both signals."""
        return (PitchClasses(),)


class ChromaOrderFree(_Chroma):
    """Cosine similarity of the two pitch-class profiles, summed over time."""

    name = "chroma-order-free"
    summary = "similarity of the pitch-class profiles of the whole clips; deaf to order"
    aligned = False

    def compare(self, clean: Heard, degraded: Heard) -> float:
        """The cosine, 1 for equal profiles; NaN if either is silent."""
        x, y = (signal.ask(PitchClasses()).sum(axis=0) for signal in (clean, degraded))
        scale = float(np.linalg.norm(x) * np.linalg.norm(y))
        return min(float(x @ y) / scale, 1.0) if scale > 0 else math.nan  # rounding may pass 1, NaN stays NaN


class ChromaAligned(_Chroma):
    """Cosine similarity of the pitch classes frame by frame, weighted with the clean clip's energy."""

    name = "chroma-aligned"
    summary = "similarity of the pitch classes frame by frame; hears order, key and timing"

    def compare(self, clean: Heard, degraded: Heard) -> float:
        """The weighted mean cosine; NaN if the clean clip is silent."""
        x, y = (signal.ask(PitchClasses()) for signal in (clean, degraded))
        norms = np.linalg.norm(x, axis=1)
        weights = np.square(norms)
        if float(weights.sum()) == 0.0:
            return math.nan
        products = norms * np.linalg.norm(y, axis=1)
        cosines = (x * y).sum(axis=1) / np.maximum(products, 1e-30)
        return min(float((cosines * weights).sum() / weights.sum()), 1.0)
