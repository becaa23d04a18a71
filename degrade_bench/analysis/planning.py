"""What a run could have detected, and how many clips it would take: :mod:`power` on a run's own figures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from degrade_bench._support.numbers import number, percent
from degrade_bench.analysis.frames import Column
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.power import NO_SPREAD, Design
from degrade_bench.analysis.rules.facts import LevelStats, Ruling, scored
from degrade_bench.analysis.verdicts import Verdict

WORTH_IT = 0.25
"""The share of the variance from which on it is said what else than more recordings would help."""
FEWEST_TRACKS = 3
"""Tracks under which a spread is too uncertain to plan with."""

OUTLOOK_COLUMNS = (
    Column("smallest_detectable", "number", "the smallest drop that the run's recordings detect", "the metric's"),
    Column(
        "planned_drop",
        "number",
        "the drop that is planned for: the top level's, at least twice the margin",
        "the metric's",
    ),
    Column("clips_to_detect", "number", "recordings that would detect a drop of `planned_drop`", "recordings"),
    Column("clips_to_exclude", "number", "recordings that would exclude a drop of the margin", "recordings"),
    Column("power_note", "text", "the same in a sentence, beside `inconclusive`"),
)


@dataclass(frozen=True)
class MarginFacts:
    """What planning has to know of a metric's margin and tests.

    Attributes:
        margin: what counts as no drop.
        margin_error: its standard error; 0 for one that was given.
        tracks: how many that was measured with.
        tests: how many tests the correction for their number runs over.
        effect: what counts as no drop beyond the placebo's.
    """

    margin: float
    margin_error: float
    tracks: int
    tests: int
    effect: float


def margin_facts(metric: Mapping[str, Any], damages: int, options: AnalysisOptions) -> MarginFacts:
    """What planning has to know of a metric.

    Args:
        metric: its row of ``Analysis.metrics``.
        damages: how many were tested.
        options: thresholds.
    """
    return MarginFacts(
        margin=float(metric["margin"]),
        margin_error=float(metric["margin_error"]),
        tracks=int(metric["tracks"]),
        tests=int(metric["confirmatory_tests"]) if options.rules == 1 else damages,
        effect=float(metric["effect"]),
    )


def design_of(
    levels: pd.DataFrame | Mapping[str, np.ndarray], facts: MarginFacts, options: AnalysisOptions
) -> Design | None:
    """The figures of one degradation; None where it has too few tracks.

    Args:
        levels: the degradation's rows of ``Analysis.levels``, or the columns of them that are used here.
        facts: of the metric.
        options: thresholds.
    """
    enough = np.flatnonzero(np.asarray(levels["tracks"]) >= FEWEST_TRACKS)
    if not len(enough):
        return None
    rounding = NO_SPREAD * np.abs(np.asarray(levels["drop_mean"], dtype=float))
    of_drops, of_nets = (np.asarray(levels[name], dtype=float) for name in ("drop_track_sd", "net_track_sd"))
    spreads = np.where(of_drops > rounding, of_drops, 0.0)[enough]
    net_spread = float(np.where(of_nets <= rounding, 0.0, of_nets)[enough[-1]])
    return Design(
        spread=float(spreads[-1]),
        net_spread=net_spread if math.isfinite(net_spread) else None,
        level_spreads=tuple(float(spread) for spread in spreads),
        margin=facts.margin,
        margin_error=facts.margin_error,
        margin_tracks=facts.tracks,
        tests=max(1, facts.tests),
        alpha=options.alpha,
        confidence=options.confidence,
        family_alpha=options.family_alpha,
        effect=facts.effect,
        net_level_spreads=tuple(float(spread) for spread in of_nets[enough] if math.isfinite(spread)),
        rules=options.rules,
    )


@dataclass(frozen=True)
class Outlook:
    """What the run could have detected and what more clips would show: the columns :data:`OUTLOOK_COLUMNS`."""

    smallest_detectable: float = math.nan
    planned_drop: float = math.nan
    clips_to_detect: int | None = None
    clips_to_exclude: int | None = None
    power_note: str | None = None


@dataclass(frozen=True)
class Within:
    """What of the variance between recordings lies within them: shares, NaN where a run does not tell.

    Attributes:
        excerpts: which part of a recording was taken.
        draws: how the damage was drawn.
    """

    excerpts: float = math.nan
    draws: float = math.nan

    def advice(self) -> str:
        """What else than more recordings helps; empty where nothing much does, or nothing is known."""
        parts = []
        if self.excerpts >= WORTH_IT:
            parts.append(
                f"{percent(self.excerpts, 0)} of the variance is which part of a recording was taken: "
                "more --windows would spare recordings"
            )
        if self.draws >= WORTH_IT:
            parts.append(
                f"{percent(self.draws, 0)} of the variance is how the damage was drawn: more --replicates would "
                "spare recordings"
            )
        return "".join(f" {part}." for part in parts)


def outlook(
    design: Design | None,
    levels: Sequence[LevelStats],
    ruling: Ruling,
    options: AnalysisOptions,
    within: Within | None = None,
) -> Outlook:
    """What one degradation's recordings could have shown, and how many would show it.

    The drop that ``clips_to_detect`` is for is the one that was observed at the top level, and at least twice the
    margin.

    Args:
        design: the figures to plan with; None where there are too few tracks.
        levels: of the degradation, rising.
        ruling: the verdict; only an inconclusive one gets a sentence.
        options: thresholds, and the chance of success that is planned for.
        within: what of the variance at the top level lies within recordings.
    """
    ladder = scored(levels)
    if not ladder:
        return Outlook()
    tracks, inconclusive = ladder[-1].tracks, ruling.verdict is Verdict.INCONCLUSIVE
    if design is None:
        too_few = "1 recording is" if tracks == 1 else f"{tracks} recordings are"
        return Outlook(power_note=f"{too_few} too few to plan with." if inconclusive else None)
    if not design.has_spread:
        still = f"the drop has no spread between the {tracks} recordings, so there is nothing to plan from."
        return Outlook(power_note=still if inconclusive else None)
    planned = max(ladder[-1].drop, 2 * design.margin)
    smallest = design.smallest_detectable(tracks, options.power)
    to_detect = design.clips_to_detect(planned, options.power)
    to_exclude = design.clips_to_exclude(options.power)
    note = None
    if inconclusive:
        chance = percent(options.power)
        note = f"{tracks} recordings detect no drop at all after the correction for the number of damages."
        if math.isfinite(smallest):
            note = f"{tracks} recordings detect a drop of {number(smallest)} or more ({chance} power)."
        more = []
        if to_detect is not None and to_detect > tracks:
            more.append(f"{number(to_detect)} would detect one of {number(planned)}")
        if to_exclude is not None and to_exclude > tracks:
            more.append(f"{number(to_exclude)} would exclude one of the margin ({number(design.margin)})")
        note += f" {'; '.join(more)}." if more else ""
        note += within.advice() if within else ""
    return Outlook(smallest, planned, to_detect, to_exclude, note)
