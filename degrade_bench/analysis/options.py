"""The thresholds of the analysis. Each is an option; the defaults are written down in ``docs/analysis.md``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields

from degrade_bench._support.numbers import number
from degrade_bench.analysis.statistics import EXACT_SIGNED_RANKS
from degrade_bench.errors import ConfigError

MOST_DRAWS = 1_000_000
"""Resamples or sign flips; beyond so many nothing changes but time and memory."""

NO_THRESHOLDS = ("resamples", "flips", "seed", "power", "distance", "influence")
"""Options on which no verdict's bound depends."""

RULES = (1, 2)
NEWEST_RULES = 2


@dataclass(frozen=True)
class AnalysisOptions:
    """What the analysis takes for granted.

    Attributes:
        confidence: of the intervals.
        alpha: level of the tests; the equivalence test uses two one-sided tests at this level.
        resamples: bootstrap resamples.
        flips: random sign flips of the permutation test, where there are too many tracks to try every pattern.
        seed: of the bootstrap and the sign flips; the table's own content does not matter to it.
        floor_quantile: the quantile of |drop| over the controls that is the nuisance floor.
        margin: what counts as no drop, in the metric's unit: one number for every metric, or one by metric's name;
            None, or a metric that is not named, for the metric's nuisance floor.
        effects: by metric's name, the smallest effect of interest where the margin is given, in the metric's unit;
            None, or a metric that is not named, for the margin.
        effect: the smallest effect of interest, in standard deviations of clean scores between clips; rules 2.
        resolution: the smallest share of the metric's largest drop that the margin may be, where it is not given; 0
            for the nuisance floor whatever it is; rules 1.
        min_tracks: independent recordings under which nothing is concluded. With five, the smallest two-sided
            Wilcoxon p is 0.0625.
        positive_control: whether "blind" asks for something that moved the metric: a damage, or a control that it
            is meant to hear. Under rules 1 nothing at all is concluded without.
        positive_controls: the damages that may be one; empty for every damage.
        family_alpha: under rules 2, the chance that any verdict of a metric that says "no" (blind, faint) is wrong;
            for each kind that says "yes" it is aimed at ``alpha``.
        influence: whether it is tried, under rules 2, how many verdicts change without a control or a recording.
        rules: which verdicts are given: 2, or 1 for those of version 0.x before, so that earlier results can be
            made again.
        power: the chance of success that the planning figures are for.
        distance: the full-reference metric of the table that measures physical change for the selectivity index.
    """

    confidence: float = 0.95
    alpha: float = 0.05
    resamples: int = 2000
    flips: int = 9999
    seed: int = 0
    floor_quantile: float = 0.95
    margin: float | Mapping[str, float] | None = None
    effects: Mapping[str, float] | None = None
    effect: float = 0.5
    resolution: float = 0.01
    min_tracks: int = 6
    positive_control: bool = True
    positive_controls: tuple[str, ...] = ()
    family_alpha: float = 0.1
    influence: bool = False
    rules: int = NEWEST_RULES
    power: float = 0.9
    distance: str = "log-mel"

    def __post_init__(self) -> None:
        for name in ("confidence", "alpha", "floor_quantile", "power", "family_alpha"):
            if not 0 < getattr(self, name) < 1:
                raise ConfigError(f"{name} must lie between 0 and 1, got {getattr(self, name)}")
        if self.rules not in RULES:
            raise ConfigError(f"there are no rules {self.rules}; there are {' and '.join(map(str, RULES))}")
        if not 0 < self.effect < math.inf:
            raise ConfigError(f"effect must be a number above 0, got {self.effect}")
        if not 0 <= self.resolution < 1:
            raise ConfigError(f"resolution must lie between 0 and 1, got {self.resolution}")
        for name, least in (("resamples", 100), ("flips", 100), ("min_tracks", 2), ("seed", 0)):
            if getattr(self, name) < least:
                raise ConfigError(f"{name} must be {least} or more, got {getattr(self, name)}")
        for name in ("resamples", "flips"):
            if getattr(self, name) > MOST_DRAWS:
                raise ConfigError(f"{name} must be {MOST_DRAWS} or fewer, got {getattr(self, name)}")
        given = self.margin.values() if isinstance(self.margin, Mapping) else [self.margin]
        for margin in given:
            if margin is not None and not 0 <= margin < math.inf:
                raise ConfigError(f"margin must be a number from 0 up, got {margin}")
        for name, effect in (self.effects or {}).items():
            if not 0 <= effect < math.inf or self.margin_of(name) is None:
                raise ConfigError(f"effects: {name} has {effect}, expected a number from 0 up beside a margin")

    def margin_of(self, metric: str) -> float | None:
        """The margin that was given for a metric; None where its nuisance floor is to be taken."""
        return self.margin.get(metric) if isinstance(self.margin, Mapping) else self.margin

    def effect_of(self, metric: str) -> float | None:
        """The smallest effect of interest that was given for a metric, or its margin; None without a margin."""
        return (self.effects or {}).get(metric, self.margin_of(metric))

    def changed(self) -> str:
        """The thresholds that are not the default, in words; empty where all are.

        What only resampling depends on (resamples, flips, seed) and what is planned with is no threshold.

        >>> AnalysisOptions(alpha=0.01).changed()
        'alpha = 0.01'
        """
        default = AnalysisOptions()
        idle = ("effect", "effects", "family_alpha") if self.rules == 1 else ("resolution",)
        kept = [option.name for option in fields(self) if option.name not in (*NO_THRESHOLDS, *idle)]
        values = [(name, getattr(self, name)) for name in kept if getattr(self, name) != getattr(default, name)]
        return ", ".join(f"{name} = {_shown(value)}" for name, value in values)

    @property
    def tied_exact(self) -> int:
        """Up to how many tracks the signed-rank test is exact where there are ties."""
        return 13 if self.rules == 1 else EXACT_SIGNED_RANKS

    @property
    def tails(self) -> tuple[float, float]:
        """Confidences of the intervals of every mean: the one asked for, and the equivalence test's."""
        return self.confidence, 1 - 2 * self.alpha


def _shown(value: object) -> str:
    """A threshold's value in words."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {number(of_one)}" for name, of_one in value.items())
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return number(value) if isinstance(value, float) else str(value)
