"""HAAQI: the Hearing-Aid Audio Quality Index, here for a listener without a hearing loss.

A model of the cochlea hears both signals, the clean one at 65 dB SPL; the modulations of the cepstrum, the fine
structure of the bands and the long-term spectra are compared.

Source: Kates & Arehart, "The Hearing-Aid Audio Quality Index (HAAQI)", IEEE/ACM TASLP 24(2), 2016; the package
``pyclarity`` 0.9.0.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from degrade_bench.degrade.plugins.global_state import seeded_globals
from degrade_bench.metric.packaged.listener import PackagedMetric
from degrade_bench.metric.packaged.package import Package

CLEAN_DB_SPL = 65.0
"""What the model takes the clean signal to be played at: the index was fitted there."""
EQUALISED = 2
"""That the clean signal needs no filter for a hearing loss. The package's own filter for none delays it by 3 ms,
for which equal signals of piano music lose 0.04."""
SEED = 0
"""The model adds noise at the threshold of hearing, from numpy's global generator."""


class Haaqi(PackagedMetric):
    """The index, nominally from 0 to 1, of the mean of the channels at one ear.

    Raises:
        MetricError: the extra ``haaqi`` is not installed.
    """

    name = "haaqi"
    summary = "quality of music through a hearing aid, by a model of the cochlea; here without a hearing loss"
    source = "Kates & Arehart 2016, through pyclarity"
    sample_rate = rate = 24000
    mono = True
    min_seconds = 1.0
    longest_seconds = 60.0  # 50 MB for every second
    score_range = (0.0, 1.0)
    package = Package("clarity", "pyclarity", "haaqi")

    @classmethod
    def unavailable(cls, settings: Mapping[str, Any]) -> str | None:
        """That the package is not installed, and what to do; None if it is."""
        reason = super().unavailable(settings)
        return f"{reason}, with Python 3.11 or later" if reason and sys.version_info < (3, 11) else reason

    def measured(self, clean: np.ndarray, degraded: np.ndarray) -> float:
        """The index; NaN if either is silent."""
        if not clean.any() or not degraded.any():
            return math.nan
        from clarity.evaluator.haaqi.haaqi import HAAQI_AUDIOGRAM_FREQUENCIES, compute_haaqi
        from clarity.utils.audiogram import Audiogram

        x, y = clean[0].astype(np.float64), degraded[0].astype(np.float64)
        full_scale_db = CLEAN_DB_SPL - 20 * math.log10(math.sqrt(float(np.mean(np.square(x)))))
        ear = Audiogram(levels=np.zeros(len(HAAQI_AUDIOGRAM_FREQUENCIES)), frequencies=HAAQI_AUDIOGRAM_FREQUENCIES)
        with seeded_globals(SEED):
            index = compute_haaqi(y, x, self.rate, self.rate, ear, equalisation=EQUALISED, level1=full_scale_db)
        return float(index)
