"""Rules 2: what the claims on a damage come to.

Two tests cross: is there a drop at all, and was it shown to lie within the margin? That gives outcomes each with
its word (H. Campbell and P. Gustafson, PLoS ONE 2018; D. Lakens, A. M. Scheel and P. M. Isager, AMPPS 2018):
*blind* (none found, shown to be small), *faint* (found, shown to be small) and *inconclusive*; *sensitive*,
*inverted* or *artefact* where it was shown to be large. ``docs/analysis.md`` states the rules in their order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from degrade_bench.analysis.claims import Claims
from degrade_bench.analysis.failures import Failed
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.rules.facts import LevelStats, Ruling, inconclusive, lost
from degrade_bench.analysis.verdicts import Verdict

SHARED_BY = 0.2
"""The share of recordings that may hear a damage which the others do not, and that the sample should not miss."""


def fewest_to_exclude(alpha: float) -> int:
    """How many recordings it takes not to miss, but with a chance of ``alpha``, an effect in a fifth of them.

    >>> fewest_to_exclude(0.05)
    14
    """
    return math.ceil(math.log(alpha) / math.log(1 - SHARED_BY))


def rule(
    ladder: Sequence[LevelStats],
    claims: Claims,
    positive_control: str | None,
    options: AnalysisOptions,
    failed: Failed | None = None,
) -> Ruling:
    """The verdict on one metric and degradation.

    Args:
        ladder: its levels that enough recordings have, rising.
        claims: on the degradation.
        positive_control: something that this metric did notice, or None.
        options: thresholds.
        failed: what failed of the degradation's cells, if any did.
    """
    if failed is not None and (gone := lost(ladder, failed, options)):
        return gone
    if not ladder:
        return Ruling(Verdict.NOT_APPLICABLE, "no cell could be scored")
    top, alpha = ladder[-1], options.alpha
    recordings = min(stats.counted_tracks for stats in ladder)
    if recordings < options.min_tracks:
        beside = " with a placebo's drop" if recordings < top.tracks else ""
        return inconclusive(
            f"{recordings} recordings{beside}; {options.min_tracks} are needed to conclude anything"
        )
    if claims.p_artefact < alpha:
        return Ruling(Verdict.ARTEFACT, "the drop is real, and at most a quarter of it is more than the placebo's")
    beyond = ", and by more than the smallest effect of interest beyond the placebo's" if top.has_placebo else ""
    if claims.p_inverted < alpha:
        milder = "; at a milder level it falls" if claims.p_sensitive < alpha else ""
        return Ruling(
            Verdict.INVERTED, f"the score improves with the damage by more than the margin{beyond}{milder}"
        )
    if claims.p_sensitive < alpha:
        return Ruling(Verdict.SENSITIVE, f"the score falls by more than the margin{beyond}")
    if claims.holds_alike(options):
        return _small(recordings, claims, positive_control, options)
    return inconclusive(_unsettled(top, claims, options))


def _small(recordings: int, claims: Claims, positive_control: str | None, options: AnalysisOptions) -> Ruling:
    """The verdict on a drop that was shown to lie within the margin."""
    fewest = max(options.min_tracks, fewest_to_exclude(options.alpha))
    if recordings < fewest:
        return inconclusive(
            f"the drop lies within the margin, but {recordings} recordings may miss an effect that a fifth of them "
            f"have; {fewest} are needed to exclude it"
        )
    if claims.p_real < options.alpha:
        return Ruling(Verdict.FAINT, "there is an effect, and at every level it was shown to lie within the margin")
    if options.positive_control and positive_control is None:
        return inconclusive("nothing in this run moved this metric beyond its margin: no positive control fired")
    return Ruling(Verdict.BLIND, "no drop was found, and at every level it was shown to lie within the margin")


def _unsettled(top: LevelStats, claims: Claims, options: AnalysisOptions) -> str:
    """Why nothing could be concluded."""
    what = "drop beyond the placebo's" if top.has_placebo else "drop"
    if claims.p_real < options.alpha:
        return f"there is an effect, but whether the {what} counts is not settled"
    if claims.p_alike < options.alpha:
        return "the drop lies within the margin taken by itself, but not corrected for the number of damages"
    return "the drop was shown neither to exceed the margin nor, at every level, to lie within it"
