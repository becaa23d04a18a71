"""What an expectation is judged by: the figures of its damage, gathered once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from degrade_bench.analysis.bounds import mean_intervals
from degrade_bench.analysis.effect_limits import DzLimits
from degrade_bench.analysis.judge import Judgement
from degrade_bench.analysis.planning import MarginFacts, Outlook, design_of
from degrade_bench.analysis.resampling import Resampler
from degrade_bench.analysis.rules import Ruling
from degrade_bench.analysis.wide import MetricDrops
from degrade_bench.expect.evidence import Evidence
from degrade_bench.expect.expectation import Expectation
from degrade_bench.expect.outcome import Outcome, State
from degrade_bench.reports.words import number, percent


def interval(limits: DzLimits) -> str:
    """Limits in words."""
    return f"{number(limits.low)} to {number(limits.high)}"


@dataclass(frozen=True, eq=False)
class Case:
    """One expectation with the figures that it is judged by.

    Attributes:
        evidence: the scores of the metric.
        expectation: what is expected.
        drops: the metric's drops under the damage; a column for each level.
        judgement: the analysis's, of the damage alone.
        rows: those of the levels, from 0, that the expectation is about.
        limits: of the net d_z, for each of ``rows``.
        shown: which of ``rows`` stands for all where one is spoken of; the last by default.
    """

    evidence: Evidence
    expectation: Expectation
    drops: MetricDrops
    judgement: Judgement
    rows: np.ndarray
    limits: tuple[DzLimits, ...]
    shown: int = -1

    @property
    def ruling(self) -> Ruling:
        """The verdict and its reason."""
        return self.judgement.rulings[self.expectation.degradation]

    @property
    def recordings(self) -> int:
        """How many each of the levels has, at least."""
        return min((limits.tracks for limits in self.limits), default=0)

    @property
    def row(self) -> int:
        """The level that is spoken of."""
        return int(self.rows[self.shown])

    @property
    def resampler(self) -> Resampler:
        """Draws tracks, as the analysis does."""
        return Resampler(self.evidence.options.resamples, self.evidence.options.seed)

    def at(self, place: int) -> Case:
        """The same, with another of the levels to speak of."""
        return replace(self, shown=place)

    def plan(self) -> Outlook:
        """What so many recordings could have shown by the rules of the verdict, and how many would show it."""
        floor, options = self.judgement.floor, self.evidence.options
        facts = MarginFacts(floor.margin, floor.margin_error, self.drops.tracks, 1, floor.effect)
        drops, nets = (self.drops.clustered(values) for values in (self.drops.drops, self.drops.net))
        figures = {
            "tracks": drops.tracks,
            "drop_mean": drops.means,
            "drop_track_sd": drops.errors * np.sqrt(drops.tracks),
            "net_track_sd": nets.errors * np.sqrt(nets.tracks),
        }
        design = design_of(figures, facts, options)
        if design is None or not design.has_spread:
            return Outlook()
        top = self.rows[-1]
        planned = max(float(drops.means[top]), 2 * design.margin)
        return Outlook(
            smallest_detectable=design.smallest_detectable(int(drops.tracks[top]), options.power),
            planned_drop=planned,
            clips_to_detect=design.clips_to_detect(planned, options.power),
            clips_to_exclude=design.clips_to_exclude(options.power),
        )

    def outcome(self, state: State, reason: str, power: str, needed: int | None = None) -> Outcome:
        """What came of it.

        Args:
            state: which.
            reason: why, in a clause.
            power: what so many recordings show, in a clause.
            needed: recordings that would show it.
        """
        common: dict[str, Any] = {
            "metric": self.evidence.metric,
            "expected": self.expectation.words,
            "expectation": self.expectation,
            "state": state,
            "reason": reason,
            "power": power,
            "alpha": self.evidence.alpha,
            "recordings": self.recordings,
            "recordings_needed": needed,
            "verdict": self.ruling.verdict.value,
        }
        if not len(self.rows):
            return Outcome(measured="nothing at that level", **common)
        options, limits, cell = self.evidence.options, self.limits[self.shown], self.row
        counted = self.drops.clustered(self.drops.counted[:, [cell]])
        confidence = 1 - 2 * options.alpha
        low, high = mean_intervals(counted, self.resampler, (confidence,), options)[0, :, 0]
        has_placebo, level = self.drops.has_placebo[cell], int(self.drops.cells["level"].iloc[cell])
        mean = float(counted.means[0])
        measured = (
            f"{'net dz' if has_placebo else 'dz (there is no placebo)'} {number(limits.dz)} at level {level} "
            f"({percent(confidence)} interval {interval(limits)}), a {'net ' if has_placebo else ''}drop of "
            f"{number(mean)} ({number(low)} to {number(high)})"
        )
        return Outcome(
            measured=measured,
            level=level,
            dz=limits.dz,
            dz_low=limits.low,
            dz_high=limits.high,
            net=mean,
            net_low=float(low),
            net_high=float(high),
            **common,
        )
