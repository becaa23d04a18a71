"""Holm's corrections of one metric's tests, and which of them are confirmatory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from degrade_bench.analysis import statistics as stat
from degrade_bench.analysis.frames import Column

LEVEL_COLUMNS = (
    Column("p_holm", "number", "`p_value` after Holm over all cells of the metric: exploratory"),
    Column("confirmatory", "flag", "whether this is the highest level that was scored"),
    Column("p_top", "number", "`p_value` there, after Holm within the confirmatory family"),
    Column("p_beyond", "number", "there, the larger of `p_value` and `p_net`, after Holm over degradations"),
)

CURVE_COLUMNS = (Column("page_holm", "number", "`page_p` after Holm within the confirmatory family"),)


@dataclass(frozen=True, eq=False)
class Adjusted:
    """What Holm's corrections make of one metric's tests.

    Attributes:
        levels: ``(cells)`` rows: the columns :data:`LEVEL_COLUMNS`.
        page_holm: ``(degradations,)``.
        tests: how many tests the confirmatory family holds.
    """

    levels: pd.DataFrame
    page_holm: np.ndarray
    tests: int


def adjust(effects: pd.DataFrame, tops: Sequence[int | None], page_p: np.ndarray) -> Adjusted:
    """Correct over all cells; over the confirmatory tests; and over those beyond the placebo.

    Args:
        effects: one row per cell with ``p_value`` and ``p_net``.
        tops: for each degradation, the row of the highest level that was scored, or None.
        page_p: for each degradation, the p of its trend, ``(degradations,)``.
    """
    p_value, p_net = (effects[name].to_numpy(dtype=float) for name in ("p_value", "p_net"))
    rows = [top for top in tops if top is not None]
    confirmatory = stat.holm([*p_value[rows], *page_p])
    p_top, p_beyond = np.full(len(effects), math.nan), np.full(len(effects), math.nan)
    p_top[rows] = confirmatory[: len(rows)]
    # both the drop and the drop beyond the placebo have to be real, so the larger p is the pair's
    pairs = np.fmax(p_value[rows], p_net[rows])
    p_beyond[rows] = stat.holm(np.where(np.isnan(p_net[rows]), math.nan, pairs))
    columns = {
        "p_holm": stat.holm(p_value),
        "confirmatory": np.isin(np.arange(len(effects)), rows),
        "p_top": p_top,
        "p_beyond": p_beyond,
    }
    return Adjusted(
        pd.DataFrame(columns, index=effects.index), confirmatory[len(rows) :], int(np.isfinite(confirmatory).sum())
    )
