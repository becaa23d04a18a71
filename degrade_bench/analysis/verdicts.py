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
    the equivalence test, whose p is ``p_blind``; ``p_top`` is the drop's p after Holm where it is confirmatory.
    ``net`` is the drop beyond the placebo's, where there is a placebo, ``p_beyond`` its p after Holm.
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
    p_blind: float
    p_top: float
    placebo_drop: float = math.nan
    net: float = math.nan
    net_low: float = math.nan
    net_high: float = math.nan
    net_high_90: float = math.nan
    p_beyond: float = math.nan

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


def is_reversed(stats: LevelStats, margin: float, alpha: float) -> bool:
    """The score improves by more than the margin, by its interval and by the test."""
    return stats.high < -margin and stats.p_top < alpha


def is_within(stats: LevelStats, margin: float, alpha: float) -> bool:
    """The drop was shown to lie within the margin, by both one-sided tests and by their interval."""
    return stats.p_blind < alpha and -margin <= stats.low_90 and stats.high_90 <= margin


def rule(
    levels: Sequence[LevelStats], margin: float, positive_control: str | None, options: AnalysisOptions
) -> Ruling:
    """The verdict on one metric and degradation.

    Args:
        levels: rising; those without a single drop are passed over.
        margin: what counts as no drop, in the metric's unit.
        positive_control: something that this metric did notice, or None.
        options: thresholds.
    """
    known = [stats for stats in levels if stats.n > 0]
    if not known:
        return Ruling("not-applicable", "no cell could be scored")
    top, alpha = known[-1], options.alpha
    if top.tracks < options.min_tracks:
        return Ruling(
            "inconclusive", f"{top.tracks} recordings; {options.min_tracks} are needed to conclude anything"
        )
    if options.positive_control and positive_control is None:
        return Ruling(
            "inconclusive", "nothing in this run moved this metric beyond its margin: no positive control fired"
        )
    if top.low < -margin and top.high > margin:
        return Ruling("inconclusive", "the interval reaches beyond the margin on both sides: too few clips")
    if is_reversed(top, margin, alpha) and not (top.has_placebo and top.net_high >= 0):
        return Ruling("inverted", "the score improves with the damage, beyond the margin and the placebo")
    if all(is_within(stats, margin, alpha) for stats in known):
        return Ruling("blind", "at every level the drop was shown to lie within the margin")
    if is_real(top, margin, alpha):
        return _beyond_placebo(top, margin, alpha)
    if top.low > margin:
        return Ruling(
            "inconclusive", f"the drop is beyond the margin, but p = {top.p_top:.2g} after Holm: too few clips"
        )
    if is_reversed(top, margin, alpha):
        return Ruling("inconclusive", "the score improves beyond the margin, but not shown beyond the placebo's")
    return Ruling(
        "inconclusive", "the drop was shown neither to exceed the margin nor, at every level, to lie within it"
    )


def _beyond_placebo(top: LevelStats, margin: float, alpha: float) -> Ruling:
    """The verdict on a real drop: is it more than the placebo's?"""
    if not top.has_placebo:
        return Ruling("sensitive", "the drop is beyond the margin")
    if top.net_low > 0 and top.p_beyond < alpha:
        return Ruling("sensitive", "the drop is beyond the margin and the placebo")
    if top.net_high_90 <= margin:
        return Ruling("artefact", "the drop is real, but beyond the placebo's it was shown to be under the margin")
    if top.net_low > 0:
        return Ruling(
            "inconclusive", f"the drop is real, but beyond the placebo's p = {top.p_beyond:.2g} after Holm"
        )
    return Ruling("inconclusive", "the drop is real, but the clips do not suffice to tell it from the placebo's")


def sentence(
    metric: str, levels: Sequence[LevelStats], ruling: Ruling, margin: float, options: AnalysisOptions,
    detected: str | None = None,
) -> str:  # fmt: skip
    """The verdict as a paper could print it, with its figures.

    Args:
        metric: its name.
        levels: rising.
        ruling: the verdict.
        margin: what counts as no drop.
        options: thresholds.
        detected: from where on it is detected, in words.
    """
    known = [stats for stats in levels if stats.n > 0]
    if not known:
        return f"{metric}: {ruling.verdict}: {ruling.reason}."
    top = known[-1]
    count = f"of {len(known)} level{'s' if len(known) > 1 else ''}"
    if ruling.verdict == "blind":
        worst = max(stats.p_blind for stats in known)
        text = f"At {len(known)} {count} the drop of {metric} lies within ±{margin:.3g} "
        text += f"(two one-sided tests, p ≤ {worst:.2g}): "
    elif ruling.verdict == "inverted":
        beyond = sum(stats.high < -margin for stats in known)
        text = f"At {beyond} {count} {metric} improves by more than {margin:.3g}: "
    else:
        beyond = sum(stats.low > margin for stats in known)
        text = f"At {beyond} {count} {metric} falls by more than {margin:.3g}: "
    direction = "falls" if top.drop >= 0 else "improves"
    text += f"at level {top.level} ({top.strength:g} {top.unit}) the score {direction} by {abs(top.drop):.3g}"
    sign = 1 if top.drop >= 0 else -1
    if math.isfinite(top.low):
        ends = sorted((sign * top.low, sign * top.high))
        text += f", {100 * options.confidence:g} % CI {ends[0]:.3g} to {ends[1]:.3g}"
    text += f", n = {top.n} clips"
    if top.tracks != top.n:
        text += f" of {top.tracks} recordings"
    if math.isfinite(top.p_top):
        text += f", Holm p = {top.p_top:.2g}"
    if top.has_placebo:
        text += f"; the placebo's drop is {top.placebo_drop:.3g}, the drop beyond it {top.net:.3g}"
        if math.isfinite(top.net_low):
            text += f" ({top.net_low:.3g} to {top.net_high:.3g})"
    if detected:
        text += f"; {detected}"
    return f"{text}: {ruling.verdict}; {ruling.reason}."
