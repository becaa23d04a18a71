"""The drop that counts against the margin, jointly with the margin's error: what rules 2 go by."""

from __future__ import annotations

import math

import numpy as np

from degrade_bench.analysis.bounds import Against, p_negative
from degrade_bench.analysis.frames import Column
from degrade_bench.analysis.levels.base import LevelInputs, LevelStatistic


def against_margin(inputs: LevelInputs) -> dict[str, np.ndarray]:
    """One-sided p values, each jointly with the margin's error where that is an estimate."""
    drops, nets = Against.of(inputs.drop_spread, inputs.margin), Against.of(inputs.net_spread, inputs.effect)
    has_placebo = inputs.metric_drops.has_placebo

    def both(of_drop: np.ndarray, of_net: np.ndarray) -> np.ndarray:
        return np.where(has_placebo, np.maximum(of_drop, of_net), of_drop)

    beyond = drops.beyond()
    recordings = np.minimum(inputs.drops.tracks, inputs.nets.tracks)
    return {
        "counted_tracks": np.where(has_placebo, recordings, inputs.drops.tracks),
        "counted_drop": np.where(has_placebo, nets.spread.means, drops.spread.means),
        "p_exceeds": both(beyond, nets.beyond()),
        "p_prefers": both(drops.mirrored().beyond(), nets.mirrored().beyond()),
        "p_within": both(drops.within(), nets.within()),
        "p_drop_exceeds": beyond,
        "p_share": np.where(has_placebo, p_negative(inputs.rest_spread), math.nan),
    }


STATISTIC = LevelStatistic(
    (
        Column(
            "counted_tracks",
            "count",
            "recordings with a drop, and with a placebo's drop where the damage has a placebo",
        ),
        Column(
            "counted_drop",
            "number",
            "the drop that counts: beyond the placebo's where the damage has one, else the drop",
            "the metric's",
        ),
        Column(
            "p_exceeds",
            "number",
            "the larger p of two one-sided tests: of a drop of the margin or less, and of a net drop of the "
            "smallest "
            "effect of interest or less",
        ),
        Column("p_prefers", "number", "the same of a drop and a net drop in the other direction"),
        Column(
            "p_within",
            "number",
            "the largest p of one-sided tests of the drop against ± margin and of the net drop against ± the "
            "smallest "
            "effect of interest (two one-sided tests)",
        ),
        Column("p_drop_exceeds", "number", "of a drop of the margin or less, the placebo's with it"),
        Column("p_share", "number", "one-sided test of a net drop of a quarter of the drop or more"),
    ),
    against_margin,
)
