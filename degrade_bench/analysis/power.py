"""Planning: how many clips it takes to detect or to exclude a drop, and what a run could have detected.

A drop is *detected* where every condition of the verdict ``sensitive`` holds: the drop lies above the margin, the
drop beyond the placebo above the smallest effect of interest, and the signed-rank test finds it, each after the
correction for the number of damages. It is *excluded* where every condition of ``blind`` holds at every level, in
fourteen recordings or more. The chance of each condition follows from the noncentral t distribution, with the
spread between tracks that was measured or assumed; the chance of all is at least one less the sum of what each
lacks (Bonferroni), which is what is promised. The first step of Holm is assumed, its hardest; the signed-rank test
is given the efficiency 3/π that it has for normal values, and no one-sided p below 1 / 2^n. A margin that is an
estimate adds its own variance.

Sources: J. Cohen, Statistical Power Analysis, 1988; D. J. Schuirmann 1987 (two one-sided tests); E. J. G. Pitman's
efficiency of signed ranks.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from degrade_bench.analysis.bounds import CAREFUL
from degrade_bench.analysis.claims import TOP_WEIGHT
from degrade_bench.analysis.fewest import reachable
from degrade_bench.analysis.options import NEWEST_RULES, AnalysisOptions
from degrade_bench.analysis.rules.second import fewest_to_exclude
from degrade_bench.errors import ConfigError

MOST_CLIPS = 100_000
NO_SPREAD = 1e-12
"""A spread that is a smaller share than this of the margin, or of the drop, is rounding."""
FARTHEST_SPREADS = 1e6
"""Beyond so many standard deviations no distance is sought."""
EFFICIENCY = 3 / math.pi
UPPER = 1.959963984540054
"""The 95 % quantile of |x| for a standard normal x."""


@dataclass(frozen=True)
class Design:
    """What a plan is made from.

    Attributes:
        spread: standard deviation of the drop between tracks, at the level that is to be detected.
        net_spread: of the drop beyond the placebo; None without a placebo.
        level_spreads: of the drop at every level, for excluding.
        margin: what counts as no drop.
        margin_error: the margin's standard error with ``margin_tracks`` tracks; 0 for one that was given.
        margin_tracks: how many tracks that was measured with.
        tests: how many tests the correction for their number runs over: damages, under rules 1 confirmatory tests.
        alpha, confidence, family_alpha: the analysis's.
        effect: what counts as no drop beyond the placebo; None for the margin.
        net_level_spreads: of the drop beyond the placebo at every level, for excluding; empty without a placebo.
        rules: by which the verdict is given.
    """

    spread: float
    net_spread: float | None
    level_spreads: tuple[float, ...]
    margin: float
    margin_error: float = 0.0
    margin_tracks: int = 1
    tests: int = 1
    alpha: float = 0.05
    confidence: float = 0.95
    family_alpha: float = 0.1
    effect: float | None = None
    net_level_spreads: tuple[float, ...] = ()
    rules: int = NEWEST_RULES

    @property
    def has_spread(self) -> bool:
        """Whether anything differs between tracks: without that there is nothing to plan from."""
        largest = max(self.spread, self.net_spread or 0.0, self.margin_error, *self.level_spreads)
        return largest > max(NO_SPREAD * self.margin, sys.float_info.min)

    def detects(self, drop: float, tracks: int) -> float:
        """The chance that a true drop, all of it beyond its placebo, is called sensitive."""
        if self.rules != 1:
            return self._detects(drop, tracks)
        level, tail = self.alpha / self.tests, (1 - self.confidence) / 2
        if not reachable(tracks, level, self.rules):
            return 0.0
        lacks = 1 - chance_beyond(drop - self.margin, self._with_margin(self.spread), tracks, tail)
        effective = max(2, math.floor(tracks * EFFICIENCY))
        lacks += 1 - chance_beyond(drop, self.spread, effective, level / 2)
        if self.net_spread is not None:
            lacks += 1 - chance_beyond(drop, self.net_spread, tracks, tail)
            lacks += 1 - chance_beyond(drop, self.net_spread, effective, level / 2)
        return max(0.0, 1 - lacks)

    def excludes(self, tracks: int) -> float:
        """The chance that a drop of nothing is shown to lie within the margin, at every level."""
        if tracks < (2 if self.rules == 1 else fewest_to_exclude(self.alpha)):
            return 0.0
        if self.rules != 1:
            return self._excludes(tracks)
        lacks = 0.0
        for spread in self.level_spreads:
            lacks += 2 * (1 - chance_beyond(self.margin, self._with_margin(spread), tracks, self.alpha))
        return max(0.0, 1 - lacks)

    def _detects(self, drop: float, tracks: int) -> float:
        """By rules 2."""
        level = self.alpha / self.tests * (TOP_WEIGHT if len(self.level_spreads) > 1 else 1.0)
        if not reachable(tracks, level, self.rules):
            return 0.0
        counted = self.spread if self.net_spread is None else self.net_spread
        effective = max(2, math.floor(tracks * EFFICIENCY))
        few = tracks / (tracks - min(CAREFUL, tracks / 2)) if self.margin_error > 0 else 1.0
        over, error = math.sqrt(few), few * self.margin_error
        lacks = 1 - chance_beyond(drop - over * self.margin, self._with_margin(self.spread, error), tracks, level)
        lacks += 1 - chance_beyond(drop, counted, effective, level)
        if self.net_spread is not None:
            beyond = drop - over * self._effect
            lacks += 1 - chance_beyond(beyond, self._with_margin(self.net_spread, error), tracks, level)
        return max(0.0, 1 - lacks)

    def _excludes(self, tracks: int) -> float:
        """By rules 2."""
        level, lacks = min(self.alpha, self.family_alpha / self.tests), 0.0
        parts = [(self.margin, spread) for spread in self.level_spreads]
        parts += [(self._effect, spread) for spread in self.net_level_spreads]
        for bound, spread in parts:
            lacks += 2 * (1 - chance_beyond(bound, self._with_margin(spread), tracks, level))
        return max(0.0, 1 - lacks)

    @property
    def _effect(self) -> float:
        return self.margin if self.effect is None else self.effect

    def _with_margin(self, spread: float, error: float | None = None) -> float:
        """The spread between tracks of a drop's distance from the margin.

        Args:
            spread: of the drop.
            error: the margin's; None for ``margin_error``.
        """
        return math.hypot(spread, (self.margin_error if error is None else error) * math.sqrt(self.margin_tracks))

    def clips_to_detect(self, drop: float, power: float) -> int | None:
        """Fewest tracks that detect a drop with a chance of ``power``; None where no number does."""
        if not drop > self.margin:
            return None
        return fewest(lambda tracks: self.detects(drop, tracks) >= power)

    def clips_to_exclude(self, power: float) -> int | None:
        """Fewest tracks that exclude a drop of the margin, where there is none, with a chance of ``power``."""
        if not self.margin > 0:
            return None
        return fewest(lambda tracks: self.excludes(tracks) >= power)

    def smallest_detectable(self, tracks: int, power: float) -> float:
        """The smallest drop that so many tracks detect with a chance of ``power``; NaN without one or a spread."""
        if not self.has_spread:
            return math.nan
        largest = max(self.spread, self.net_spread or 0.0)
        low, high = self.margin, self.margin + max(largest, NO_SPREAD * self.margin)
        for _ in range(60):
            if self.detects(high, tracks) >= power:
                break
            low, high = high, self.margin + 2 * (high - self.margin)
        else:
            return math.nan
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (low, middle) if self.detects(middle, tracks) >= power else (middle, high)
        return high


def chance_beyond(distance: float, spread: float, tracks: int, tail: float) -> float:
    """The chance that a one-sided t test finds a mean that lies so far from its bound.

    Args:
        distance: of the mean from the bound.
        spread: standard deviation between tracks.
        tracks: how many.
        tail: level of the test.
    """
    if not distance > 0:
        return 0.0
    if spread <= 1e-12 * distance:
        return 1.0
    from scipy.special import nctdtr

    shift = distance / spread * math.sqrt(tracks)
    critical = _critical(tracks, tail)
    if shift > critical + 12:
        return 1.0
    chance = 1 - float(nctdtr(tracks - 1, shift, critical))
    return chance if math.isfinite(chance) else 0.0


@lru_cache(maxsize=4096)
def _critical(tracks: int, tail: float) -> float:
    """What a t statistic over so many tracks exceeds with the chance ``tail``."""
    from scipy.special import stdtrit

    return float(stdtrit(tracks - 1, 1 - tail))


def distance_shown(spread: float, tracks: int, tail: float, power: float) -> float:
    """How far from its bound a mean has to lie for a one-sided t test to find it; NaN with fewer than two tracks.

    Args:
        spread: standard deviation between tracks.
        tracks: how many.
        tail: level of the test.
        power: the chance that it is found.
    """
    if tracks < 2:
        return math.nan
    low, high = 0.0, spread
    while chance_beyond(high, spread, tracks, tail) < power and high < FARTHEST_SPREADS * spread:
        low, high = high, 2 * high
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if chance_beyond(middle, spread, tracks, tail) >= power else (middle, high)
    return high


def fewest(enough: Callable[[int], bool]) -> int | None:
    """The fewest tracks that are enough; None where no number is."""
    high = 2
    while not enough(high):
        high *= 2
        if high > MOST_CLIPS:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def from_reliability(
    reliability: float,
    clean_sd: float = 1.0,
    *,
    rules: int = NEWEST_RULES,
    margin: float | None = None,
    levels: int = 5,
    tests: int = 1,
    uneven: float = 0.0,
    alpha: float = 0.05,
    confidence: float = 0.95,
) -> Design:
    """A design from a metric's reliability alone: the share of its variance between clips that is not noise.

    Noise then has the variance ``(1 − reliability) · clean_sd²`` in every score, a drop that of two, and so has a
    drop beyond a placebo, since the clean score is in both. The margin by default is the smallest effect of
    interest
    that follows from that: half a standard deviation of clean scores, or that of a drop under a control where that
    is smaller; with the error that a standard deviation has. Under rules 1 it is what noise alone would make the
    nuisance floor, the 95 % quantile of |drop|, with the error of such a quantile over many controls: of two
    controls of one clip, which share the clean score's noise, the exceedances correlate by a quarter.

    Args:
        reliability: 0 to 1.
        clean_sd: standard deviation of clean scores between clips, in the metric's unit.
        rules: by which the verdict is given.
        margin: what counts as no drop; None for what follows from the reliability.
        levels: of the ladder.
        tests: how many tests Holm's correction runs over.
        uneven: standard deviation between clips of what the damage itself does, at the drop in question.
        alpha: level of the tests.
        confidence: of the intervals.

    Raises:
        ConfigError: a number that cannot be.
    """
    if not 0 <= reliability <= 1:
        raise ConfigError(f"reliability must lie between 0 and 1, got {reliability}")
    if not 0 < clean_sd < math.inf:
        raise ConfigError(f"the standard deviation of clean scores must be above 0, got {clean_sd}")
    if margin is not None and not 0 <= margin < math.inf:
        raise ConfigError(f"margin must be a number from 0 up, got {margin}")
    noise = clean_sd * math.sqrt(2 * (1 - reliability))
    error = 0.0
    if margin is None and rules != 1:
        margin = min(AnalysisOptions.effect * clean_sd, noise)
        error = margin * math.sqrt(0.5)
    elif margin is None:
        margin = UPPER * noise
        density = 2 * math.exp(-(UPPER**2) / 2) / math.sqrt(2 * math.pi)
        error = math.sqrt(0.05 * 0.95 * 0.25) / density * noise
    spread = math.hypot(noise, uneven)
    return Design(
        spread,
        spread,
        (noise,) * levels,
        margin,
        error,
        1,
        tests=tests,
        alpha=alpha,
        confidence=confidence,
        net_level_spreads=(noise,) * levels,
        rules=rules,
    )
