"""The verdict on one metric and one degradation, by rules in a fixed order. ``docs/analysis.md`` states them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from degrade_bench.analysis.options import AnalysisOptions

VERDICTS = ("sensitive", "blind", "inverted", "artefact", "inconclusive", "not-applicable")


@dataclass(frozen=True)
class LevelStats:
    """What is known of one metric, degradation and level; NaN where it is not.

    ``low, high`` bound the mean drop at the confidence asked for, ``low_90, high_90`` at the one that belongs to
    the equivalence test; ``net`` is the drop beyond the placebo's, where there is a placebo.
    """

    level: int
    strength: float
    unit: str
    n: int
    tracks: int
    drop: float
    low: float
    high: float
    low_90: float
    high_90: float
    p_top: float
    placebo_drop: float
    net: float
    net_low: float
    net_high: float

    @property
    def has_placebo(self) -> bool:
        """Whether there is a net drop to speak of."""
        return math.isfinite(self.net)


@dataclass(frozen=True)
class Ruling:
    """A verdict and the reason for it."""

    verdict: str
    reason: str


def is_real(stats: LevelStats, margin: float, alpha: float) -> bool:
    """The drop exceeds the margin, by its interval and by the test."""
    return stats.low > margin and stats.p_top < alpha


def rule(
    levels: Sequence[LevelStats], margin: float, positive_control: str | None, options: AnalysisOptions
) -> Ruling:
    """The verdict on one metric and degradation.

    Args:
        levels: rising; those without a single drop are passed over.
        margin: what counts as no drop, in the metric's unit.
        positive_control: a degradation that this metric did notice, or None.
        options: thresholds.
    """
    known = [stats for stats in levels if stats.n > 0]
    if not known:
        return Ruling("not-applicable", "no cell could be scored")
    top = known[-1]
    if top.tracks < options.min_tracks:
        return Ruling(
            "inconclusive", f"{top.tracks} recordings; {options.min_tracks} are needed to conclude anything"
        )
    if positive_control is None:
        return Ruling(
            "inconclusive", "no damage of this run moved this metric beyond its margin: no positive control"
        )
    if top.low < -margin and top.high > margin:
        return Ruling("inconclusive", "the interval reaches beyond the margin on both sides: too few clips")
    if top.high < -margin and top.p_top < options.alpha and not (top.has_placebo and top.net_high >= 0):
        return Ruling("inverted", "the score improves with the damage, beyond the margin and the placebo")
    if all(-margin <= stats.low_90 and stats.high_90 <= margin for stats in known):
        return Ruling("blind", "at every level the drop was shown to lie within the margin")
    if is_real(top, margin, options.alpha):
        if top.has_placebo and top.net_low <= 0:
            return Ruling("artefact", "the drop is real, but not beyond the placebo's")
        return Ruling(
            "sensitive", "the drop is beyond the margin" + (" and the placebo" if top.has_placebo else "")
        )
    if top.low > margin:
        return Ruling(
            "inconclusive", f"the drop is beyond the margin, but p = {top.p_top:.2g} after Holm: too few clips"
        )
    return Ruling(
        "inconclusive", "the drop was shown neither to exceed the margin nor, at every level, to lie within it"
    )


def detection_level(levels: Sequence[LevelStats], margin: float) -> LevelStats | None:
    """The lowest level from which on the drop's interval lies above the margin, or None."""
    found = None
    for stats in sorted((each for each in levels if each.n > 0), key=lambda each: -each.level):
        if not stats.low > margin:
            break
        found = stats
    return found


def sentence(metric: str, levels: Sequence[LevelStats], ruling: Ruling, options: AnalysisOptions) -> str:
    """The verdict as a paper could print it, with its figures."""
    known = [stats for stats in levels if stats.n > 0]
    if not known:
        return f"{metric}: {ruling.verdict}: {ruling.reason}."
    top = known[-1]
    direction = "falls" if top.drop >= 0 else "improves"
    text = f"At level {top.level} ({top.strength:g} {top.unit}) {metric} {direction} by {abs(top.drop):.3g}"
    if math.isfinite(top.low):
        text += f", {100 * options.confidence:g} % CI {top.low:.3g} to {top.high:.3g}"
    text += f", n = {top.n} clips"
    if math.isfinite(top.p_top):
        text += f", Holm p = {top.p_top:.2g}"
    if top.has_placebo:
        text += f"; its placebo {top.placebo_drop:.3g}, beyond it {top.net:.3g}"
        if math.isfinite(top.net_low):
            text += f" ({top.net_low:.3g} to {top.net_high:.3g})"
    return f"{text}: {ruling.verdict}; {ruling.reason}."
