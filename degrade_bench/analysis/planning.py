"""What a run could have detected, and how many clips it would take: ``power`` on a run's own figures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from degrade_bench.analysis.floor import Floor
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.power import Design
from degrade_bench.analysis.verdicts import LevelStats, Ruling
from degrade_bench.analysis.wide import MetricDrops

FEWEST_TRACKS = 3
"""Tracks under which a spread is too uncertain to plan with."""


def design_of(
    levels: pd.DataFrame, own: MetricDrops, columns: slice, floor: Floor, tests: int, options: AnalysisOptions
) -> Design | None:
    """The figures of one degradation; None where it has too few tracks.

    Args:
        levels: the degradation's rows of the metric's levels.
        own: the metric's drops.
        columns: the degradation's cells.
        floor: the metric's floor and margin.
        tests: how many tests Holm's correction runs over.
        options: thresholds.
    """
    known = np.flatnonzero(levels["tracks"].to_numpy() >= FEWEST_TRACKS)
    if not len(known):
        return None
    spreads = _spreads(own, own.drops[:, columns])[known]
    net = _spreads(own, own.net[:, columns])[known[-1]]
    error = float(floor.margin_draws.standard_errors()[0]) if floor.is_estimate else 0.0
    return Design(
        spread=float(spreads[-1]), net_spread=float(net) if math.isfinite(net) else None,
        level_spreads=tuple(float(each) for each in spreads), margin=floor.margin, margin_error=error,
        margin_tracks=own.tracks, tests=max(1, tests), alpha=options.alpha, confidence=options.confidence,
    )  # fmt: skip


def _spreads(own: MetricDrops, values: np.ndarray) -> np.ndarray:
    """Standard deviations between tracks: the standard error times the root of their number, ``(columns,)``."""
    clustered = own.clustered(values)
    return clustered.errors * np.sqrt(clustered.tracks)


def outlook(
    design: Design | None, levels: Sequence[LevelStats], ruling: Ruling, options: AnalysisOptions
) -> dict[str, Any]:
    """What the run could have detected and what more clips would: columns of ``Analysis.verdicts``.

    The drop that ``clips_to_detect`` is for is the one that was observed at the top level, and at least twice the
    margin.
    """
    blank: dict[str, Any] = {
        "smallest_detectable": math.nan, "planned_drop": math.nan, "clips_to_detect": None,
        "clips_to_exclude": None, "power_note": None,
    }  # fmt: skip
    known = [each for each in levels if each.n > 0]
    if not known:
        return blank
    inconclusive = ruling.verdict == "inconclusive"
    if design is None:
        note = f"{known[-1].tracks} recordings are too few to plan with" if inconclusive else None
        return blank | {"power_note": note}
    tracks = known[-1].tracks
    planned = max(known[-1].drop, 2 * design.margin)
    found = {
        "smallest_detectable": design.smallest_detectable(tracks, options.power),
        "planned_drop": planned,
        "clips_to_detect": design.clips_to_detect(planned, options.power),
        "clips_to_exclude": design.clips_to_exclude(options.power),
    }
    note = power_note(found, tracks, design.margin, options.power) if inconclusive else None
    return found | {"power_note": note}


def power_note(found: dict[str, Any], tracks: int, margin: float, power: float) -> str:
    """The outlook in one sentence, to stand beside ``inconclusive``."""
    chance = f"{100 * power:g} %"
    if math.isfinite(found["smallest_detectable"]):
        text = f"{tracks} recordings detect a drop of {found['smallest_detectable']:.3g} or more ({chance} power)"
    else:
        text = f"{tracks} recordings detect no drop at all after Holm's correction"
    if found["clips_to_detect"] is not None:
        text += f"; {found['clips_to_detect']} would detect one of {found['planned_drop']:.3g}"
    if found["clips_to_exclude"] is not None:
        text += f"; {found['clips_to_exclude']} would exclude one of the margin ({margin:.3g})"
    return text + "."
