"""What clippers and quantisers ask of a clip: its largest and its smallest magnitude."""

from __future__ import annotations

import torch

from degrade_bench.clip import Clip, once_per_clip
from degrade_bench.errors import NotApplicableError


def peak(clip: Clip) -> float:
    """The largest magnitude of any channel."""
    return _magnitudes(clip)[0]


def peak_of_a_wave(clip: Clip) -> float:
    """The peak of a clip that has a shape to lose: magnitudes between nothing and the peak.

    Raises:
        NotApplicableError: silence, or a square wave, which a clipper only makes softer.
    """
    largest, smallest = _magnitudes(clip)
    if largest == smallest:
        raise NotApplicableError(
            "the clip is silent" if largest == 0 else "every sample is at the peak, as in a square wave, or silent"
        )
    return largest


@once_per_clip
def _magnitudes(clip: Clip) -> tuple[float, float]:
    """The largest magnitude and the smallest that is not zero."""
    magnitudes = clip.samples.abs()
    largest = float(magnitudes.max())
    smallest = float(torch.where(magnitudes > 0, magnitudes, largest).min())
    return largest, smallest
