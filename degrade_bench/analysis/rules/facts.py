"""What the rules are told of one metric and one degradation, and what they say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from degrade_bench.analysis.failures import Failed
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.verdicts import Verdict


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
        told: how often the damage costs a clip more than a control does.
        counted_tracks: recordings with a drop, and with a placebo's drop where the damage has a placebo.
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
    told: float = math.nan
    counted_tracks: int = 0

    @property
    def has_placebo(self) -> bool:
        """Whether there is a net drop to speak of."""
        return math.isfinite(self.net)


@dataclass(frozen=True)
class Ruling:
    """A verdict and the reason for it."""

    verdict: Verdict
    reason: str


def scored(levels: Sequence[LevelStats]) -> list[LevelStats]:
    """The levels with a drop of at least one clip."""
    return [stats for stats in levels if stats.n > 0]


def lost(ladder: Sequence[LevelStats], failed: Failed, options: AnalysisOptions) -> Ruling | None:
    """The verdict where failures alone leave nothing to conclude from; None where something else decides.

    Args:
        ladder: the levels with a drop, rising.
        failed: what failed of the degradation's cells.
        options: thresholds.
    """
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


def inconclusive(reason: str) -> Ruling:
    """That the clips do not suffice, and why."""
    return Ruling(Verdict.INCONCLUSIVE, reason)
