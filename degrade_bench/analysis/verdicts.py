"""The verdict on one metric and one degradation, by rules in a fixed order. ``docs/analysis.md`` states them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from degrade_bench.analysis.failures import Failed
from degrade_bench.analysis.options import AnalysisOptions


class Verdict(str, Enum):
    """What is concluded of a metric and a degradation; a member is its text, in the order of any table.

    Attributes:
        mark: a sign for figures, told apart without colour.
        meaning: in a line.

    >>> Verdict("blind") is Verdict.BLIND, Verdict.BLIND == "blind", Verdict.BLIND.mark, f"{Verdict.BLIND}"
    (True, True, '○', 'blind')
    """

    mark: str
    meaning: str

    def __new__(cls, text: str, mark: str, meaning: str) -> Verdict:
        """A member from its text, its mark and its meaning; ``Verdict(text)`` looks one up."""
        verdict = str.__new__(cls, text)
        verdict._value_ = text
        verdict.mark = mark
        verdict.meaning = meaning
        return verdict

    def __str__(self) -> str:
        return str(self.value)

    SENSITIVE = "sensitive", "●", "the score falls beyond the margin and beyond the placebo"
    BLIND = "blind", "○", "at every level the drop was shown to lie within the margin, by an equivalence test"
    INVERTED = "inverted", "▼", "the score improves with the damage"
    ARTEFACT = (
        "artefact",
        "◐",
        "it falls, but beyond the placebo nothing that counts was shown: the processing was heard, not the damage",
    )
    INCONCLUSIVE = "inconclusive", "?", "the clips do not suffice to say any of this"
    NOT_APPLICABLE = (
        "not-applicable",
        "–",
        "the question does not arise, such as a sample-aligned metric on a tempo change",
    )
    FAILED = "failed", "✗", "its cells failed, all or so many that the rest does not suffice to conclude anything"


VERDICT_NAMES: tuple[str, ...] = tuple(verdict.value for verdict in Verdict)
"""The verdicts as plain text, in their order."""

VERDICT_MARKS: Mapping[str, str] = {verdict.value: verdict.mark for verdict in Verdict}
VERDICT_MEANINGS: Mapping[str, str] = {verdict.value: verdict.meaning for verdict in Verdict}


@dataclass(frozen=True)
class LevelStats:
    """What the rules ask of one metric, degradation and level; NaN where it is not known.

    Attributes:
        level, strength, unit: of the ladder.
        n, tracks: clips with a drop, and the recordings that they are from.
        drop: the mean drop.
        low, high: its interval at the confidence asked for.
        equivalence_low, equivalence_high: its interval at 1 − 2 α, which belongs to the equivalence test.
        p_blind: the equivalence test's p.
        p_top: the drop's p after Holm, where it is confirmatory.
        placebo_drop: the placebo's mean drop.
        net, net_low, net_high: the mean drop beyond the placebo's, and its interval.
        net_equivalence_high: the upper end of the net drop's interval at 1 − 2 α.
        p_beyond: p after Holm of a drop that is both real and beyond the placebo's.
    """

    level: int
    strength: float
    unit: str
    n: int
    tracks: int
    drop: float
    low: float
    high: float
    equivalence_low: float
    equivalence_high: float
    p_blind: float
    p_top: float
    placebo_drop: float = math.nan
    net: float = math.nan
    net_low: float = math.nan
    net_high: float = math.nan
    net_equivalence_high: float = math.nan
    p_beyond: float = math.nan

    @property
    def has_placebo(self) -> bool:
        """Whether there is a net drop to speak of."""
        return math.isfinite(self.net)


@dataclass(frozen=True)
class Ruling:
    """A verdict and the reason for it."""

    verdict: Verdict
    reason: str


def is_real(stats: LevelStats, margin: float, alpha: float) -> bool:
    """The drop exceeds the margin, by its interval and by the test.

    Args:
        stats: of the level.
        margin: what counts as no drop, in the metric's unit.
        alpha: level of the test.
    """
    return stats.low > margin and stats.p_top < alpha


def is_reversed(stats: LevelStats, margin: float, alpha: float) -> bool:
    """The score improves by more than the margin, by its interval and by the test.

    Args:
        stats: of the level.
        margin: what counts as no drop, in the metric's unit.
        alpha: level of the test.
    """
    return stats.high < -margin and stats.p_top < alpha


def is_within(stats: LevelStats, margin: float, alpha: float) -> bool:
    """The drop was shown to lie within the margin, by both one-sided tests and by their interval.

    Args:
        stats: of the level.
        margin: what counts as no drop, in the metric's unit.
        alpha: level of each one-sided test.
    """
    return stats.p_blind < alpha and -margin <= stats.equivalence_low and stats.equivalence_high <= margin


def scored(levels: Sequence[LevelStats]) -> list[LevelStats]:
    """The levels with a drop of at least one clip."""
    return [stats for stats in levels if stats.n > 0]


def rule(
    levels: Sequence[LevelStats],
    margin: float,
    positive_control: str | None,
    options: AnalysisOptions,
    failed: Failed | None = None,
) -> Ruling:
    """The verdict on one metric and degradation.

    Args:
        levels: rising; those without a single drop are passed over.
        margin: what counts as no drop, in the metric's unit.
        positive_control: something that this metric did notice, or None.
        options: thresholds.
        failed: what failed of the degradation's cells, if any did.
    """
    ladder = scored(levels)
    if failed is not None and (lost := _lost(ladder, failed, options)):
        return lost
    if not ladder:
        return Ruling(Verdict.NOT_APPLICABLE, "no cell could be scored")
    top, alpha = ladder[-1], options.alpha
    if top.tracks < options.min_tracks:
        return _inconclusive(f"{top.tracks} recordings; {options.min_tracks} are needed to conclude anything")
    if options.positive_control and positive_control is None:
        return _inconclusive("nothing in this run moved this metric beyond its margin: no positive control fired")
    if top.low < -margin and top.high > margin:
        return _inconclusive("the interval reaches beyond the margin on both sides: too few clips")
    if is_reversed(top, margin, alpha) and not (top.has_placebo and top.net_high >= 0):
        return Ruling(Verdict.INVERTED, "the score improves with the damage, beyond the margin and the placebo")
    if all(is_within(stats, margin, alpha) for stats in ladder):
        return Ruling(Verdict.BLIND, "at every level the drop was shown to lie within the margin")
    if is_real(top, margin, alpha):
        return _beyond_placebo(top, margin, alpha)
    if top.low > margin:
        return _inconclusive(f"the drop is beyond the margin, but p = {top.p_top:.2g} after Holm: too few clips")
    if is_reversed(top, margin, alpha):
        return _inconclusive("the score improves beyond the margin, but not shown beyond the placebo's")
    return _inconclusive("the drop was shown neither to exceed the margin nor, at every level, to lie within it")


def _lost(ladder: Sequence[LevelStats], failed: Failed, options: AnalysisOptions) -> Ruling | None:
    """The verdict where failures alone leave nothing to conclude from; None where something else decides."""
    if not ladder:
        return Ruling(Verdict.FAILED, f"{failed.cells} of {failed.of} cells failed: {failed.reason}")
    left = ladder[-1].tracks
    if left < options.min_tracks <= left + failed.tracks:
        return Ruling(
            Verdict.FAILED,
            f"{failed.cells} of {failed.of} cells failed, and {left} recordings are left of the "
            f"{options.min_tracks} that are needed: {failed.reason}",
        )
    return None


def _inconclusive(reason: str) -> Ruling:
    return Ruling(Verdict.INCONCLUSIVE, reason)


def _beyond_placebo(top: LevelStats, margin: float, alpha: float) -> Ruling:
    """The verdict on a real drop: is it more than the placebo's?"""
    if not top.has_placebo:
        return Ruling(Verdict.SENSITIVE, "the drop is beyond the margin")
    if top.net_low > 0 and top.p_beyond < alpha:
        return Ruling(Verdict.SENSITIVE, "the drop is beyond the margin and the placebo")
    if top.net_equivalence_high <= margin:
        reason = "the drop is real, but beyond the placebo's it was shown to be under the margin"
        return Ruling(Verdict.ARTEFACT, reason)
    if top.net_low > 0:
        return _inconclusive(f"the drop is real, but beyond the placebo's p = {top.p_beyond:.2g} after Holm")
    return _inconclusive("the drop is real, but the clips do not suffice to tell it from the placebo's")
