"""Levels as the rules are told of them, made by hand."""

from __future__ import annotations

import math
from dataclasses import replace

from degrade_bench.analysis import AnalysisOptions
from degrade_bench.analysis.claims import Claims
from degrade_bench.analysis.rules import Damage
from degrade_bench.analysis.rules.facts import LevelStats

NAN = math.nan
MARGIN = 0.1
FIRST = AnalysisOptions(rules=1)
SECOND = AnalysisOptions()
NO_PLACEBO = dict.fromkeys(("placebo_drop", "net", "net_low", "net_high", "net_equivalence_high", "p_beyond"), NAN)


def level(number: int = 5, drop: float = 0.5, half: float = 0.05, **changes) -> LevelStats:
    """A drop of 20 clips that all of its tests agree with, as far beyond its placebo, which does nothing."""
    room = MARGIN - abs(drop)
    made = LevelStats(
        level=number,
        strength=10.0 * number,
        unit="dB",
        n=20,
        tracks=20,
        drop=drop,
        low=drop - half,
        high=drop + half,
        equivalence_low=drop - 0.8 * half,
        equivalence_high=drop + 0.8 * half,
        p_blind=0.001 if room > 0.8 * half else 0.6,
        p_top=0.001,
        placebo_drop=0.0,
        net=drop,
        net_low=drop - half,
        net_high=drop + half,
        net_equivalence_high=drop + 0.8 * half,
        p_beyond=0.001,
    )
    made = replace(made, **changes)
    return made if "counted_tracks" in changes else replace(made, counted_tracks=made.tracks)


def damage(*levels: LevelStats, claims: Claims | None = None) -> Damage:
    """A damage all of whose levels are covered."""
    return Damage(levels, [stats for stats in levels if stats.n > 0], claims or Claims())
