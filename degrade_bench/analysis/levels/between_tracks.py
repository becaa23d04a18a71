"""How much drops differ between recordings: what planning goes by."""

from __future__ import annotations

import numpy as np

from degrade_bench.analysis.frames import Column
from degrade_bench.analysis.levels.base import LevelInputs, LevelStatistic
from degrade_bench.analysis.means import Clustered


def between_tracks(inputs: LevelInputs) -> dict[str, np.ndarray]:
    """Standard deviations of the drop and of the net drop between tracks."""
    return {"drop_track_sd": _spread(inputs.drops), "net_track_sd": _spread(inputs.nets)}


def _spread(values: Clustered) -> np.ndarray:
    """The standard error of the mean times the root of the number of tracks, ``(columns,)``."""
    result: np.ndarray = values.errors * np.sqrt(values.tracks)
    return result


MEANING = "standard deviation {} between recordings: the clustered standard error times the root of their number"

STATISTIC = LevelStatistic(
    (
        Column("drop_track_sd", "number", MEANING.format("of the drop"), "the metric's"),
        Column("net_track_sd", "number", MEANING.format("of the net drop"), "the metric's"),
    ),
    between_tracks,
)
