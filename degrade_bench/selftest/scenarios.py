"""Simulated metrics at the edge of every claim: who errs how often, for how many clips and what kind of noise.

A scenario is a *noise* (how a metric's scores scatter, and how unevenly clips hear a damage) and a *case* (what is
true of all of a run's damages at once: they cost just one margin, just the smallest effect of interest beyond their
placebos, nothing, …). The truth is that of the population: margin and effect are taken from many more clips than
any run has.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from degrade_bench.analysis.verdicts import Verdict
from degrade_bench.analysis.wide import MetricDrops
from degrade_bench.degrade.ladder import LEVEL_COUNT, LEVELS

DAMAGES = 64
CONTROLS = 8
CLIPS = (8, 14, 24, 60)
RELIABILITY = 0.9
"""The share of the variance of clean scores between clips that is not noise."""
POPULATION = 100_000

YES = (Verdict.SENSITIVE, Verdict.INVERTED, Verdict.ARTEFACT)
NO = (Verdict.BLIND, Verdict.FAINT)


@dataclass(frozen=True)
class Noise:
    """How a metric's scores scatter.

    Attributes:
        name: of the kind.
        draw: values of mean 0 and variance 1, of a shape, from a generator.
        uneven: standard deviation between clips of how loud the noise is (lognormal); 0 for alike.
        clips: of a recording, which share half of the noise's variance.
        step: scores are rounded to multiples of this; 0 for not at all.
        ceiling: no score is above this; None for none.
        heard_by: the share of clips that hear a damage, each as much more; the others do not hear it.
    """

    name: str
    draw: Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]
    uneven: float = 0.0
    clips: int = 1
    step: float = 0.0
    ceiling: float | None = None
    heard_by: float = 1.0


def _normal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    values: np.ndarray = rng.standard_normal(shape)
    return values


def _heavy(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    values: np.ndarray = rng.standard_t(3, shape) / np.sqrt(3)
    return values


def _skewed(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    values: np.ndarray = rng.exponential(1.0, shape) - 1
    return values


NOISES: Mapping[str, Noise] = {
    noise.name: noise
    for noise in (
        Noise("normal", _normal),
        Noise("heavy tails (t3)", _heavy),
        Noise("skewed", _skewed),
        Noise("sparse", _normal, heard_by=0.2),
        Noise("heteroscedastic", _normal, uneven=1.0),
        Noise("clustered", _normal, clips=4),
        Noise("coarse", _normal, step=0.5),
        Noise("ceiling", _normal, ceiling=0.5),
    )
}


@dataclass(frozen=True)
class Case:
    """What is true of every damage of a run.

    Attributes:
        name: of the case.
        drop: of the damage at the top, in margins.
        net: of it beyond the placebo, in smallest effects of interest; None for all of it.
        share: of it beyond the placebo, where that is what is fixed; None where it is not.
        level: whether every level costs as much as the top; else in proportion.
        wrong: the verdicts that are wrong.
        right: the verdict that is right, where one is.
        in_clean_sd: whether ``drop`` is in standard deviations of clean scores instead.
    """

    name: str
    drop: float
    net: float | None = None
    share: float | None = None
    level: bool = False
    wrong: tuple[Verdict, ...] = ()
    right: Verdict | None = None
    in_clean_sd: bool = False


CASES: Mapping[str, Case] = {
    case.name: case
    for case in (
        Case("nothing", 0.0, wrong=(*YES, Verdict.FAINT), right=Verdict.BLIND),
        Case("one margin at the top", 1.0, wrong=(*YES, *NO)),
        Case("one margin at every level", 1.0, level=True, wrong=(*YES, *NO)),
        Case("minus one margin", -1.0, wrong=(*YES, *NO)),
        Case("one effect beyond the placebo", 6.0, net=1.0, wrong=(Verdict.SENSITIVE, Verdict.INVERTED, *NO)),
        Case("a quarter beyond the placebo", 6.0, share=0.25, wrong=(Verdict.ARTEFACT, Verdict.INVERTED, *NO)),
        Case(
            "one clean standard deviation",
            1.0,
            in_clean_sd=True,
            wrong=(Verdict.INVERTED, *NO),
            right=Verdict.SENSITIVE,
        ),
        Case(
            "the placebo's alone",
            6.0,
            share=0.0,
            wrong=(Verdict.SENSITIVE, Verdict.INVERTED, *NO),
            right=Verdict.ARTEFACT,
        ),
    )
}


@dataclass(frozen=True)
class Simulated:
    """A metric whose truth is known.

    Attributes:
        noise: how its scores scatter.
        seed: of the population that its margin is taken from.
        reliability: the share of the variance of clean scores between clips that is not noise.
    """

    noise: Noise
    seed: int = 0
    reliability: float = RELIABILITY

    @cached_property
    def _population(self) -> tuple[float, float, float]:
        """Clean standard deviation, margin and smallest effect of interest, of very many clips."""
        rng = np.random.Generator(np.random.Philox(key=[self.seed, 0]))
        clips = POPULATION - POPULATION % self.noise.clips
        clean, controls, _, _ = self.scores(rng, clips, np.zeros(0), np.zeros(0))
        drops = clean[:, None] - controls[:, :2]
        spread, shift = drops.std(axis=0).max(), np.abs(drops.mean(axis=0)).max()
        sd = float(clean.std())
        effect = max(min(0.5 * sd, float(spread)), 0.01 * sd)
        return sd, max(effect, float(shift)), effect

    @property
    def clean_sd(self) -> float:
        """Standard deviation of clean scores between clips."""
        return self._population[0]

    @property
    def margin(self) -> float:
        """What counts as no drop, of very many clips."""
        return self._population[1]

    @property
    def effect(self) -> float:
        """The smallest effect of interest, of very many clips."""
        return self._population[2]

    def cost(self, drop: float) -> float:
        """What a damage takes away where scores fall by so much on average: under a ceiling, more than that."""
        if self.noise.ceiling is None:
            return float(drop)
        low, high = sorted((0.0, 8 * float(drop)))
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (middle, high) if self._lost(middle) < drop else (low, middle)
        return (low + high) / 2

    def _lost(self, cost: float) -> float:
        """By how much scores fall on average, over very many clips."""
        ceiling = math.inf if self.noise.ceiling is None else self.noise.ceiling
        quality, clean, damaged = self._unlimited
        return float((np.minimum(quality + clean, ceiling) - np.minimum(quality + damaged - cost, ceiling)).mean())

    @cached_property
    def _unlimited(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Qualities and two draws of noise, of very many clips."""
        rng = np.random.Generator(np.random.Philox(key=[self.seed, 1]))
        sizes = np.sqrt([self.reliability, 1 - self.reliability, 1 - self.reliability])
        drawn = [size * self._shared(rng, (POPULATION, 1))[:, 0] for size in sizes]
        return drawn[0], drawn[1], drawn[2]

    def scores(
        self, rng: np.random.Generator, clips: int, costs: np.ndarray, placebos: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Scores of clean clips, controls, damaged clips and placebos.

        Args:
            rng: where chance comes from.
            clips: how many.
            costs: ``(cells,)``, what a damage costs on average.
            placebos: ``(cells,)``, what its placebo costs.

        Returns:
            ``(clips,)``, ``(clips, controls)``, and twice ``(clips, cells)``.
        """
        noise, loud = self.noise, np.ones((clips, 1))
        size = np.sqrt(1 - self.reliability)
        if noise.uneven:
            width = np.sqrt(np.log1p(noise.uneven**2))
            loud = np.exp(width * rng.standard_normal((clips, 1)) - width**2)  # of mean square 1
        quality = np.sqrt(self.reliability) * self._shared(rng, (clips, 1))
        own = size * loud * self._shared(rng, (clips, 1 + CONTROLS + 2 * len(costs)))
        heard = np.ones((clips, 1))
        if noise.heard_by < 1:
            heard = (rng.random((clips, 1)) < noise.heard_by) / noise.heard_by
        lost = np.concatenate([np.zeros(1 + CONTROLS), costs, placebos])
        lost = np.where(np.arange(len(lost)) < 1 + CONTROLS + len(costs), heard * lost, lost)
        made = quality + own - lost
        if noise.ceiling is not None:
            made = np.minimum(made, noise.ceiling)
        if noise.step:
            made = noise.step * np.round(made / noise.step)
        ends = np.cumsum([1, CONTROLS, len(costs)])
        return made[:, 0], made[:, 1 : ends[1]], made[:, ends[1] : ends[2]], made[:, ends[2] :]

    def _shared(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Noise, half of whose variance the clips of a recording share."""
        noise = self.noise
        if noise.clips == 1:
            return noise.draw(rng, shape)
        recordings = -(-shape[0] // noise.clips)
        between = np.repeat(noise.draw(rng, (recordings, shape[1])), noise.clips, axis=0)[: shape[0]]
        values: np.ndarray = np.sqrt(0.5) * between + np.sqrt(0.5) * noise.draw(rng, shape)
        return values


@dataclass(frozen=True)
class Scenario:
    """One metric, one case, so many recordings.

    Attributes:
        metric: the simulated metric.
        case: what is true of its damages.
        recordings: how many.
        damages: how many.
        looks: at how many recordings the scores are looked at, all of them last; empty for once.
    """

    metric: Simulated
    case: Case
    recordings: int
    damages: int = DAMAGES
    looks: tuple[int, ...] = ()
    _costs: tuple[np.ndarray, np.ndarray] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_costs", self._ladder())

    def _ladder(self) -> tuple[np.ndarray, np.ndarray]:
        """What damage and placebo cost in each cell, ``(cells,)``."""
        case, metric = self.case, self.metric
        top = case.drop * (metric.clean_sd if case.in_clean_sd else metric.margin)
        placebo = 0.0
        if case.net is not None:
            placebo = top - case.net * metric.effect
        elif case.share is not None:
            placebo = (1 - case.share) * top
        rise = np.ones(LEVEL_COUNT) if case.level else np.array(LEVELS) / LEVEL_COUNT
        costs, placebos = ([metric.cost(drop) for drop in end * rise] for end in (top, placebo))
        return np.tile(costs, self.damages), np.tile(placebos, self.damages)

    def drops(self, rng: np.random.Generator) -> MetricDrops:
        """The drops of one run."""
        noise, (costs, placebos) = self.metric.noise, self._costs
        clips = self.recordings * noise.clips
        clean, controls, damaged, beside = self.metric.scores(rng, clips, costs, placebos)
        track = np.repeat(np.arange(self.recordings), noise.clips)
        return MetricDrops(
            metric=noise.name,
            clips=np.arange(clips).astype(str),
            track=track,
            tracks=self.recordings,
            clip_group=np.full(clips, None),
            clean=clean,
            cells=_cells(self.damages),
            drops=clean[:, None] - damaged,
            placebo=clean[:, None] - beside,
            controls=_CONTROL_CELLS,
            control_drops=clean[:, None] - controls,
            placebos=_cells(self.damages).assign(placebo_of=None),
            placebo_drops=clean[:, None] - beside,
        )


def _cells(damages: int) -> pd.DataFrame:
    """The cells of so many damages."""
    level = np.tile(np.array(LEVELS), damages)
    return pd.DataFrame(
        {
            "group": "signal",
            "family": "noise",
            "degradation": np.repeat([f"damage{index:02d}" for index in range(damages)], LEVEL_COUNT),
            "level": level,
            "strength": level.astype(float),
            "unit": "step",
        }
    )


_CONTROL_CELLS = pd.DataFrame(
    {
        "group": "control",
        "family": "control",
        "degradation": [f"control{index}" for index in range(CONTROLS)],
        "level": LEVEL_COUNT,
        "strength": float(LEVEL_COUNT),
        "unit": "step",
        "nuisance": True,
    }
)
