"""What simulated metrics hear: drops that are known beforehand, to judge a judge by (LaajMeter's idea).

A simulated metric gives a clip a quality of its own, takes away what it hears of the damage, and adds noise. What
it hears grows in proportion to the level. How sensitive it is differs from clip to clip, with a mean of one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from degrade_bench.degrade.ladder import LEVEL_COUNT

CLEAN_MEAN, CLEAN_SD = 3.5, 0.5
"""Of the scores of clean clips, noise included."""

ORDER = "order"
"""The family whose damage and placebo are full of joins."""


@dataclass(frozen=True)
class Truth:
    """What one simulated metric hears. Drops are those at level 5, in the score's unit.

    Attributes:
        name: of the metric.
        summary: in one sentence.
        signal: drop under signal damage.
        structural: drop under structural damage, its joins aside.
        joins: drop under joins, which a damage of the family ``order`` has, and its placebo as well.
        gain: by how much a gain of level 5 moves the score, up or down.
        ceiling: no score is above this.
        reliability: the share of the variance of clean scores between clips that is not noise.
        uneven: standard deviation between clips of how sensitive it is.
        hears: controls that it is meant to hear.
    """

    name: str
    summary: str
    signal: float = 0.0
    structural: float = 0.0
    joins: float = 0.0
    gain: float = 0.0
    ceiling: float | None = None
    reliability: float = 0.9
    uneven: float = 0.25
    hears: tuple[str, ...] = ()

    @property
    def noise_sd(self) -> float:
        """Standard deviation of the noise in every score."""
        return CLEAN_SD * math.sqrt(1 - self.reliability)

    def drop(self, role: str, group: str, family: str, level: int) -> float:
        """What a clip of mean sensitivity loses; the ceiling aside.

        Args:
            role: ``clean``, ``test``, ``placebo`` or ``control``.
            group: of the damage, or of the damage that a placebo stands beside.
            family: likewise.
            level: 0 to 5.
        """
        lost = 0.0
        if role == "test":
            lost += self.signal if group == "signal" else self.structural
        if role in ("test", "placebo") and family == ORDER:
            lost += self.joins
        return lost * level / LEVEL_COUNT

    def scores(self, rng: np.random.Generator, drops: np.ndarray, gains: np.ndarray, clips: int) -> np.ndarray:
        """Scores of clips and cells.

        Args:
            rng: where chance comes from.
            drops: ``(cells,)``, from :meth:`drop`.
            gains: ``(cells,)``, the share of the largest gain, 0 where a cell is none.
            clips: how many.

        Returns:
            ``(clips, cells)``.
        """
        quality = self.qualities(rng, (clips, 1))
        sensitivity = self.sensitivity(rng, (clips, 1))
        signs = rng.choice([-1.0, 1.0], size=(clips, 1))
        noise = self.noise_sd * rng.standard_normal((clips, len(drops)))
        return self.limited(quality - sensitivity * drops + self.gain * signs * gains + noise)

    def quality(self, rng: np.random.Generator) -> float:
        """What a clip is worth, without noise."""
        return float(self.qualities(rng, ()))

    def qualities(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """What clips are worth, without noise."""
        return CLEAN_MEAN + CLEAN_SD * math.sqrt(self.reliability) * rng.standard_normal(shape)

    def sensitivity(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """How sensitive the metric is on some clips: lognormal, with mean 1."""
        width = math.sqrt(math.log1p(self.uneven**2))
        return np.exp(width * rng.standard_normal(shape) - width**2 / 2)

    def limited(self, scores: np.ndarray) -> np.ndarray:
        """Scores under the ceiling."""
        return scores if self.ceiling is None else np.minimum(scores, self.ceiling)


_EVERY = (
    Truth("simulated-proportional", "hears all damage in proportion to its level", signal=1.2, structural=1.2),
    Truth("simulated-deaf-to-structure", "hears signal damage only", signal=1.2),
    Truth("simulated-deaf-to-signal", "hears structural damage only", structural=1.2),
    Truth("simulated-noise", "hears nothing: quality and noise", reliability=0.7),
    Truth("simulated-inverted", "likes damage", signal=-1.2, structural=-1.2),
    Truth("simulated-joins", "hears joins, in damage and placebo alike", joins=1.2),
    Truth(
        "simulated-ceiling",
        "hears everything, and gives most clean clips its best score",
        signal=2.4,
        structural=2.4,
        ceiling=3.5,
    ),
    Truth("simulated-loudness", "reacts to gain and to nothing else", gain=2.0, hears=("gain",)),
)

TRUTHS: Mapping[str, Truth] = MappingProxyType({truth.name: truth for truth in _EVERY})
"""The simulated metrics by name."""
