"""What clippers and quantisers ask of a clip: its largest and its smallest magnitude."""

from __future__ import annotations

import numpy as np

from degrade_bench._support.caching import remembered
from degrade_bench.clip import Clip
from degrade_bench.errors import NotApplicableError

PROBE_SAMPLES = 1 << 11


def peak(clip: Clip) -> float:
    """The largest magnitude of any channel."""
    return clip.peak


def peak_of_a_wave(clip: Clip) -> float:
    """The peak of a clip that has a shape to lose: magnitudes between nothing and the peak.

    Raises:
        NotApplicableError: silence, or a square wave, which a clipper only makes softer.
    """
    largest = peak(clip)
    if not _has_a_shape(clip):
        raise NotApplicableError(
            "the clip is silent" if largest == 0 else "every sample is at the peak, as in a square wave, or silent"
        )
    return largest


@remembered()
def _has_a_shape(clip: Clip) -> bool:
    """Whether any magnitude lies between zero and the peak; music shows one at once."""
    largest = peak(clip)
    samples = clip.samples.numpy()
    for start in range(0, clip.num_samples, PROBE_SAMPLES):
        magnitudes = np.abs(samples[:, start : start + PROBE_SAMPLES])
        if ((magnitudes > 0) & (magnitudes < largest)).any():
            return True
    return False
