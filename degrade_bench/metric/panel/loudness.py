"""Integrated loudness: no metric of quality at all, but a probe that hears gain and nothing else.

Source: ITU-R BS.1770-4.
"""

from __future__ import annotations

from degrade_bench.clip.loudness import SILENCE_LUFS, integrated_lufs
from degrade_bench.metric.hearing.heard import Heard
from degrade_bench.metric.hearing.listener import Listener


class Loudness(Listener):
    """Integrated loudness in LUFS; −70, the standard's gate, for silence."""

    name = "loudness"
    version = "2"
    summary = "integrated loudness in LUFS: a probe that hears gain, no measure of quality"
    source = "ITU-R BS.1770-4"
    hears = ("gain",)
    score_range = (SILENCE_LUFS, None)

    def score_heard(self, signal: Heard) -> float:
        """Loudness in LUFS."""
        return max(SILENCE_LUFS, integrated_lufs(signal.samples, signal.sample_rate))
