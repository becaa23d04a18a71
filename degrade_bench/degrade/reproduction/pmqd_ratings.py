"""PMQD's published ratings, apart from its damages, so that they can be read without anything that damages.

Source: PMQD (975 clips of 13 genres, each damaged once and rated from 1 to 5 by people): mean over clips of the
median of five raters, by kind of damage and fifth of its range of intensity.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

MEAN_RATINGS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "pmqd_waveshaper": (3.05, 2.69, 2.39, 2.17, 1.59),
        "pmqd_limiter": (4.04, 3.72, 3.86, 3.90, 3.74),
        "pmqd_low_pass": (3.97, 4.00, 3.82, 3.55, 3.31),
        "pmqd_noise": (3.47, 3.00, 2.37, 1.78, 1.37),
    }
)
"""1 (bad) to 5 (excellent), at levels 1 to 5."""

UNDAMAGED_RATING = 4.02
"""The same for PMQD's undamaged clips."""
