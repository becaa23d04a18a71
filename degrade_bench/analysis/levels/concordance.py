"""In which share of clips the score falls."""

from __future__ import annotations

from typing import Any

import numpy as np

from degrade_bench.analysis import statistics as stat
from degrade_bench.analysis.frames import Column, interval
from degrade_bench.analysis.levels.base import LevelInputs, LevelStatistic


def concordance(inputs: LevelInputs) -> dict[str, Any]:
    """Concordance with its ties and its interval, and τ as in ACES."""
    samples = [column[np.isfinite(column)] for column in inputs.metric_drops.drops.T]
    shares, ties = zip(*map(stat.concordance, samples), strict=True) if samples else ((), ())
    low, high = stat.wilson(np.array(shares), inputs.drops.tracks, inputs.options.confidence)
    return {
        "ties": np.array(ties, dtype=int),
        "concordance": np.array(shares),
        "concordance_low": low,
        "concordance_high": high,
        "aces_tau": [stat.aces_tau(sample) for sample in samples],
    }


STATISTIC = LevelStatistic(
    (
        Column("ties", "count", "clips whose drop is exactly zero"),
        Column("concordance", "number", "share of clips with a drop above zero, ties as half"),
        *interval("concordance", "Wilson's interval of that share, with as many trials as tracks"),
        Column("aces_tau", "number", "(concordant − discordant) / all, a tie being discordant (ACES)"),
    ),
    concordance,
)
