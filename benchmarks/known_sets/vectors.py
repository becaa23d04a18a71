"""Vectors of known distributions, what damage makes of them, and the true values of two metrics."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from degrade_bench.metric.sets.base import SetMetric
from degrade_bench.metric.sets.frechet import Frechet
from degrade_bench.metric.sets.mmd import Mmd
from degrade_bench.metric.sets.vectors import VectorSet

TRACKS, FRAMES = 24, 8
SHARED = 0.5
"""The share of the variance of vectors that the frames of a track have in common."""
METRICS: Mapping[str, type[SetMetric]] = {"frechet": Frechet, "mmd": Mmd}


@dataclass(frozen=True)
class Damage:
    """What becomes of a vector x: a weighted sum of x and of another such vector, moved along the first axis.

    Attributes:
        name: in words.
        keeps: the weight of x.
        noise: that of the other, which has nothing to do with x.
        shift: how far all are moved.
    """

    name: str
    keeps: float = 1.0
    noise: float = 0.0
    shift: float = 0.0

    @property
    def variance(self) -> float:
        """Of what comes out, in every dimension; that of x is 1."""
        return self.keeps**2 + self.noise**2


NOTHING = Damage("the same distribution, other vectors", math.sqrt(0.8), math.sqrt(0.2))
DAMAGES = (
    NOTHING,
    Damage("moved by a standard deviation", math.sqrt(0.95), math.sqrt(0.05), 1.0),
    Damage("smaller, 0.6 of it", 0.6),
    Damage("noise, 0.7 of it", 1.0, 0.7),
    Damage("far away and much smaller", 0.3, 0.0, 4.0),
)
PLACEBO = Damage("placebo", math.sqrt(0.95), math.sqrt(0.05), 0.4)


def vectors(rng: np.random.Generator, dim: int, tracks: int = TRACKS) -> np.ndarray:
    """Normal vectors of variance 1, ``(tracks * FRAMES, dim)``, some of it shared by the frames of a track."""
    of_tracks = np.repeat(rng.standard_normal((tracks, dim)), FRAMES, axis=0)
    return math.sqrt(SHARED) * of_tracks + math.sqrt(1 - SHARED) * rng.standard_normal((tracks * FRAMES, dim))


def damaged(rng: np.random.Generator, clean: np.ndarray, damage: Damage) -> np.ndarray:
    """What becomes of vectors."""
    moved = damage.keeps * clean + damage.noise * vectors(rng, clean.shape[1], len(clean) // FRAMES)
    moved[:, 0] += damage.shift
    return moved


def as_set(made: np.ndarray) -> VectorSet:
    """Vectors with their tracks."""
    return VectorSet(made, np.repeat(np.arange(len(made) // FRAMES), FRAMES))


def true_frechet(damage: Damage, dim: int) -> float:
    """Of the two normal distributions."""
    return damage.shift**2 + dim * (1 - math.sqrt(damage.variance)) ** 2


def true_mmd(damage: Damage, dim: int, width: float) -> float:
    """Of the two normal distributions, with a kernel of that width."""

    def mean(variance: float, apart: float) -> float:
        share = width**2 / (width**2 + variance)
        return float(share ** (dim / 2) * math.exp(-(apart**2) / (2 * (width**2 + variance))))

    within = mean(2.0, 0.0) + mean(2 * damage.variance, 0.0)
    return within - 2 * mean(1 + damage.variance, damage.shift)
