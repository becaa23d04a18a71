"""What verdicts hang on: how many change without the control that decided the margin, or without one recording."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from degrade_bench.analysis.frames import Column
from degrade_bench.analysis.judge import judged
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.rules.facts import Ruling
from degrade_bench.analysis.wide import MetricDrops

MOST_TRACKS = 30
"""Recordings beyond which none is left out: that would take long, and one of so many changes little."""
RESAMPLES = 200

INFLUENCE_COLUMNS = (
    Column("changed_without_control", "number", "verdicts that change without the control that decided the margin"),
    Column("changed_without_clip", "number", "verdicts that change without the one recording that changes most"),
    Column("changing_clip", "text", "that recording: the name of its first clip"),
)


@dataclass(frozen=True)
class Influence:
    """How many verdicts change when something is left out; NaN where it was not tried.

    Attributes:
        without_control, without_clip, clip: the columns :data:`INFLUENCE_COLUMNS`.
    """

    without_control: float = math.nan
    without_clip: float = math.nan
    clip: str | None = None

    def columns(self) -> dict[str, float | str | None]:
        """The columns :data:`INFLUENCE_COLUMNS`."""
        values = (self.without_control, self.without_clip, self.clip)
        return {column.name: value for column, value in zip(INFLUENCE_COLUMNS, values, strict=True)}


def influence_of(
    metric_drops: MetricDrops, options: AnalysisOptions, control: str | None, positive_control: str | None
) -> Influence:
    """What the verdicts of rules 2 on one metric hang on.

    Args:
        metric_drops: its drops.
        options: thresholds.
        control: the control that decided its margin, or None.
        positive_control: what moved the metric, or None.
    """
    if metric_drops.tracks < options.min_tracks:
        return Influence()
    options = replace(options, resamples=min(options.resamples, RESAMPLES))

    def rulings(of: MetricDrops, spare: np.ndarray | None = None) -> Mapping[str, Ruling]:
        return judged(of, options, positive_control=positive_control, spare=spare).rulings

    whole = rulings(metric_drops)
    without_control = math.nan
    if control is not None:
        kept = (metric_drops.controls["degradation"] != control).to_numpy()
        fewer = replace(
            metric_drops,
            controls=metric_drops.controls[kept].reset_index(drop=True),
            control_drops=metric_drops.control_drops[:, kept],
        )
        without_control = float(_changed(whole, rulings(fewer)))
    if not 2 < metric_drops.tracks <= MOST_TRACKS:
        return Influence(without_control)
    counts = [
        _changed(whole, rulings(metric_drops.of_clips(metric_drops.track != track), _has(metric_drops, track)))
        for track in range(metric_drops.tracks)
    ]
    most = int(np.argmax(counts))
    clip = str(metric_drops.clips[metric_drops.track == most][0]) if counts[most] else None
    return Influence(without_control, float(counts[most]), clip)


def _has(metric_drops: MetricDrops, track: int) -> np.ndarray:
    """Whether a recording has each cell's drop, ``(cells,)``, as 1 or 0."""
    values: np.ndarray = np.isfinite(metric_drops.drops[metric_drops.track == track]).any(axis=0).astype(int)
    return values


def _changed(one: Mapping[str, Ruling], other: Mapping[str, Ruling]) -> int:
    return sum(ruling.verdict != other[name].verdict for name, ruling in one.items())
