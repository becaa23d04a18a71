"""Log-mel distance: how far the short-time spectrum is from the clean one, in dB, on the ear's frequency scale."""

from __future__ import annotations

import math

import numpy as np

from degrade_bench.metric.hearing.heard import Heard
from degrade_bench.metric.hearing.listener import FullReference
from degrade_bench.metric.panel.features import MelPower

BANDS = MelPower(80, every=2)
FLOOR_DB = 80.0


class LogMel(FullReference):
    """Mean absolute difference in dB of mel-band power, 20 Hz to Nyquist, all channels.

    Power more than 80 dB under the clean signal's loudest band counts as 80 dB under it, so that what nobody hears
    does not decide.
    """

    name = "log-mel"
    version = "3"
    summary = "mean difference of the mel spectrogram in dB, over the whole band"
    source = "mel-cepstral distortion's spectrogram form; Kubichek 1993"
    higher_is_better = False
    hears = ("gain",)
    score_range = (0.0, None)

    def features(self, sample_rate: int) -> tuple[MelPower]:
        """Mel-band power, of both signals."""
        return (BANDS,)

    def compare(self, clean: Heard, degraded: Heard) -> float:
        """The distance in dB; NaN if the clean signal is silent."""
        x, y = clean.ask(BANDS), degraded.ask(BANDS)
        peak = float(x.max())
        if peak == 0.0:
            return math.nan
        floor = np.float32(peak * 10 ** (-FLOOR_DB / 10))
        difference = np.log10(np.maximum(x, floor)) - np.log10(np.maximum(y, floor))
        return 10 * float(np.abs(difference).mean(dtype=np.float64))
