"""Rules 1: the verdicts as they were given until rules 2 came; ``--rules 1`` makes them again.

A drop has to exceed the single clips' nuisance floor, by its interval; "blind" asks for an equivalence test against
the same. ``docs/analysis.md`` states the rules in their order and says why they were left.
"""

from __future__ import annotations

from collections.abc import Sequence

from degrade_bench._support.numbers import number
from degrade_bench.analysis.failures import Failed
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.rules.facts import LevelStats, Ruling, inconclusive, lost, scored
from degrade_bench.analysis.verdicts import Verdict


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
    if failed is not None and (gone := lost(ladder, failed, options)):
        return gone
    if not ladder:
        return Ruling(Verdict.NOT_APPLICABLE, "no cell could be scored")
    top, alpha = ladder[-1], options.alpha
    if top.tracks < options.min_tracks:
        return inconclusive(f"{top.tracks} recordings; {options.min_tracks} are needed to conclude anything")
    if options.positive_control and positive_control is None:
        return inconclusive("nothing in this run moved this metric beyond its margin: no positive control fired")
    if top.low < -margin and top.high > margin:
        return inconclusive("the interval reaches beyond the margin on both sides: too few clips")
    if is_reversed(top, margin, alpha) and not (top.has_placebo and top.net_high >= 0):
        return Ruling(Verdict.INVERTED, "the score improves with the damage, beyond the margin and the placebo")
    if all(is_within(stats, margin, alpha) for stats in ladder):
        return Ruling(Verdict.BLIND, "at every level the drop was shown to lie within the margin")
    if is_real(top, margin, alpha):
        return _beyond_placebo(top, margin, alpha)
    if top.low > margin:
        return inconclusive(
            f"the drop is beyond the margin, but p = {number(top.p_top, 2)} after Holm: too few clips"
        )
    if is_reversed(top, margin, alpha):
        return inconclusive("the score improves beyond the margin, but not shown beyond the placebo's")
    return inconclusive("the drop was shown neither to exceed the margin nor, at every level, to lie within it")


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
        return inconclusive(f"the drop is real, but beyond the placebo's p = {number(top.p_beyond, 2)} after Holm")
    return inconclusive("the drop is real, but the clips do not suffice to tell it from the placebo's")
