"""ViSQOL v3 in audio mode: spectrograms of 32 bands, compared patch by patch, and mapped to an opinion score.

The degraded signal is brought to the level of the clean one and shifted to fit it; patches of 0.6 s are sought
within 36 s around their place. A support vector machine maps the similarity of the bands to the scale of a
listening test with codecs.

Source: Chinen et al., "ViSQOL v3: an open source production ready objective speech and audio metric", QoMEX 2020
(arXiv 2004.09584); the package ``visqol-python`` 3.8.0, which is a port of the authors' code.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import version
from typing import Any

import numpy as np

from degrade_bench._support.librosa_modules import compiling_alone
from degrade_bench.metric.extras import not_installed
from degrade_bench.metric.packaged.listener import PackagedMetric
from degrade_bench.metric.packaged.package import Package

THREADING = "NUMBA_THREADING_LAYER"
"""The package sets this variable of the environment when it is imported."""
RATE = 48000


class Visqol(PackagedMetric):
    """Predicted opinion of a listener, from 1 to about 4.73, which equal signals get.

    Raises:
        MetricError: the extra ``visqol`` is not installed.
    """

    name = "visqol"
    summary = "predicted opinion of a listener, by the similarity of spectrograms; made for codecs"
    source = "arXiv 2004.09584, through visqol-python"
    sample_rate = rate = RATE
    mono = True
    min_seconds = 1.0
    score_range = (1.0, 5.0)
    package = Package("visqol", "visqol-python", "visqol")

    @classmethod
    def unavailable(cls, settings: Mapping[str, Any]) -> str | None:
        """What is not installed, and the command that installs it; None if nothing is missing."""
        return not_installed({"visqol": "visqol-python", "libsvm": "libsvm-official"}, "visqol")

    def measured(self, clean: np.ndarray, degraded: np.ndarray) -> float:
        """MOS-LQO; NaN if either is silent."""
        if not clean.any() or not degraded.any():
            return math.nan  # the package calls whatever stands beside silence perfect
        api = _api()
        with _one_thread():
            return float(api.measure_from_arrays(clean[0], degraded[0], RATE).moslqo)

    def fingerprint_parts(self) -> dict[str, Any]:
        """The library that maps to opinions, beside the package."""
        return {**super().fingerprint_parts(), "libsvm": version("libsvm-official")}


@lru_cache(maxsize=1)
def _api() -> Any:
    """The package's entry, in each process when it is first asked for.

    Its loops are compiled when they first run, and numba stores them beside the package: one process at a time.
    """
    import os

    before = os.environ.get(THREADING)
    with compiling_alone("visqol"):
        try:
            from visqol import VisqolApi
        finally:
            if before is None:
                os.environ.pop(THREADING, None)
        api = VisqolApi()
        api.create(mode="audio")
        tone = np.sin(np.arange(RATE) / 10)
        with _one_thread():
            api.measure_from_arrays(tone, tone, RATE)
    return api


@contextmanager
def _one_thread() -> Iterator[None]:
    """The sweep's workers share the cores already."""
    import numba

    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        yield
    finally:
        numba.set_num_threads(threads)
