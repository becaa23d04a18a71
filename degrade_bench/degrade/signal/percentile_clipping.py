"""Clipping of a given share of the samples.

The threshold is a quantile of the clip's absolute sample values, so that a level means the same for quiet and
loud masters. Source: percentile clipping as in the DAFx-25 study of quality metrics and in audiomentations'
``ClippingDistortion``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench._support.caching import remembered
from degrade_bench.clip import Clip
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.dsp.peaks import peak
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import FaintPlacebo
from degrade_bench.degrade.plan import Drawn
from degrade_bench.errors import NotApplicableError


class PercentileClipping(Degradation):
    """Cuts off everything beyond a threshold that a given share of the samples exceeds."""

    name = "percentile_clipping"
    group = "signal"
    family = "clipping"
    picture = "waveform"
    default_ladder = Ladder((0.5, 2.0, 5.0, 15.0, 40.0), "% of samples")
    source = "DAFx-25 percentile clipping; audiomentations ClippingDistortion"
    summary = "cuts off a share of the samples: from a little edge on loud notes to a harsh buzz"

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        """Find the threshold; there is nothing to clip in silence or in a square wave."""
        on_ladder = strength in self.ladder.strengths  # a placebo's is not
        shares = self.ladder.strengths if on_ladder else (strength,)
        threshold = self._thresholds(clip, {"percent": list(shares)})[shares.index(strength)]
        if threshold == 0.0 or threshold >= peak(clip):
            raise NotApplicableError(
                f"no threshold leaves {strength:g} % of the samples beyond it: too many are silent or at the peak"
            )
        return Drawn({"threshold": threshold})

    @remembered()
    def _thresholds(self, clip: Clip, params: Mapping[str, Any]) -> list[float]:
        """The magnitude that each of the shares in ``percent`` exceeds, found for all levels at once."""
        magnitudes = clip.samples.abs().flatten().numpy()
        over = [max(1, round(magnitudes.size * percent / 100)) for percent in params["percent"]]
        places = [max(0, magnitudes.size - count - 1) for count in over]
        done = 0
        for place in sorted(set(places)):  # one after the other: of several at once numpy takes eight times as long
            magnitudes[done:].partition(place - done)
            done = place + 1
        return [float(magnitudes[place]) for place in places]

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """As ``numpy.clip`` at plus and minus the threshold."""
        return torch.from_numpy(np.clip(clip.samples.numpy(), -params["threshold"], params["threshold"]))

    def measure(self, clean: Clip, degraded: Clip) -> float | None:
        """The share in % of the samples that were cut off to the degraded clip's peak."""
        magnitudes = degraded.samples.abs()
        at_peak = magnitudes >= magnitudes.max() * (1 - 1e-6)
        return 100 * float(at_peak.double().mean())

    def make_placebo(self) -> Degradation:
        """The same with one sample in a hundred thousand."""
        return FaintPlacebo(self, 0.001, "cuts off one sample in 100,000, which nobody hears")
