"""Zimtohrli: a psychoacoustic distance in the neighbourhood of what can just be noticed.

The signal goes through 128 filters, a model of the ear drum and a loudness curve; the two spectrograms are warped
in time to fit, and compared window by window.

The package crashes the process on signals of 71 ms and less, and never comes back from samples that are not
finite. It keeps a matrix of all pairs of its 84 frames a second, so that time and memory grow with the square of
the length: two minutes take 1 GB.

Source: the package ``zimtohrli`` 0.2.1 and its documentation; https://github.com/google/zimtohrli.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from degrade_bench.metric.packaged.listener import PackagedMetric
from degrade_bench.metric.packaged.package import Package
from degrade_bench.metric.settings import check_choice

Output = Literal["distance", "mos"]
OUTPUTS: tuple[Output, ...] = ("distance", "mos")


class Zimtohrli(PackagedMetric):
    """The distance of two signals, channel by channel, as the root of the mean square over channels.

    Args:
        output: ``distance`` (0 for equal signals), or ``mos``, the package's map of it to a mean opinion score, 5
            for equal signals.

    Raises:
        ConfigError: there is no such output.
        MetricError: the extra ``zimtohrli`` is not installed.
    """

    name = "zimtohrli"
    summary = "psychoacoustic distance near what can just be noticed, after warping in time"
    source = "https://github.com/google/zimtohrli"
    sample_rate = rate = 48000
    mono = False
    min_seconds = 0.1
    longest_seconds = 120.0
    higher_is_better = False
    score_range = (0.0, 1.0)
    accounts_for = ("output",)
    package = Package("zimtohrli", "zimtohrli", "zimtohrli")

    def __init__(self, output: Output = "distance") -> None:
        check_choice(self.name, "output", output, OUTPUTS)
        super().__init__()
        self.output = output
        if output == "mos":
            self.higher_is_better = True
            self.score_range = (1.0, 5.0)

    def measured(self, clean: np.ndarray, degraded: np.ndarray) -> float:
        """The distance, or the opinion score that it stands for."""
        import zimtohrli

        model = zimtohrli.Pyohrli()
        distances = [model.distance(x, y) for x, y in zip(clean, degraded, strict=True)]
        distance = float(np.sqrt(np.mean(np.square(distances))))
        return float(zimtohrli.mos_from_zimtohrli(distance)) if self.output == "mos" else distance

    def fingerprint_parts(self) -> dict[str, Any]:
        """The output, beside the package."""
        return {**super().fingerprint_parts(), "output": self.output}
