"""How much each metric notices, per degradation, family and group, and overall: an mCE-like mean miss rate."""

from __future__ import annotations

import numpy as np
import pandas as pd

from degrade_bench.analysis.frames import Column, Frame, interval
from degrade_bench.analysis.resampling import Resampler
from degrade_bench.compare.cube import Cube
from degrade_bench.compare.options import CompareOptions
from degrade_bench.compare.units import UNIT_COLUMNS, Units

COMMON = "in common"
"""The scope of the overall mean over the cells that every metric has."""

LEADERBOARD = Frame(
    "leaderboard",
    "a metric × degradation, family, group of damages, overall, and overall on the cells in common",
    (
        Column("metric", "text", "which metric"),
        Column(
            "scope",
            "text",
            "`overall`; `in common`: overall, but only over the cells that all metrics have; `group`; `family`; "
            "`degradation`",
        ),
        *UNIT_COLUMNS,
        Column("weight", "number", "the row's share in the overall mean, where every cell has a value"),
        Column("rank", "number", "1 misses least; equals share a rank"),
        Column("miss_rate", "number", "1 − `noticed`"),
        Column(
            "noticed",
            "number",
            "net alarms: how often a drop raised an alarm, less how often the placebo's did",
        ),
        *interval("noticed", "its BCa bootstrap interval over recordings"),
        Column("cells", "count", "clips × degradations × levels that this metric has"),
        Column("missing", "count", "those that it lacks (failed, not applicable, infinite)"),
        Column("verdict", "text", "the analysis's, for a single degradation"),
    ),
)


def leaderboard(
    cube: Cube, units: Units, resampler: Resampler, options: CompareOptions, verdicts: pd.DataFrame
) -> pd.DataFrame:
    """One row per metric and unit, and one per metric over the cells that all metrics have.

    Args:
        cube: what was noticed.
        units: what is averaged over what.
        resampler: draws tracks.
        options: thresholds.
        verdicts: the analysis's, for the rows of single degradations.

    Returns:
        The columns of :data:`LEADERBOARD`, best metric first within each unit.
    """
    expected = units.totals(cube.tested.sum(axis=0))
    scored = [index for index in range(len(cube.metrics)) if np.isfinite(cube.noticed[index]).any()]
    common = np.isfinite(cube.noticed[scored]).all(axis=0) if scored else np.zeros(cube.tested.shape, dtype=bool)
    frames = []
    for index, metric in enumerate(cube.metrics):
        noticed = cube.noticed[index]
        frames.append(_of(noticed, units, resampler, options, cube, expected).assign(metric=metric))
        shared = _of(np.where(common, noticed, np.nan), units, resampler, options, cube, expected)
        frames.append(shared[shared["scope"] == "overall"].assign(metric=metric, scope=COMMON))
    frame = pd.concat(frames, ignore_index=True)
    unit = ["group", "family", "degradation"]
    verdict = verdicts.set_index(["metric", "degradation"])["verdict"]
    miss_rate = 1 - frame["noticed"]
    frame = frame.assign(
        miss_rate=miss_rate,
        # equal means may differ in their last digits, by the order of their sums
        rank=miss_rate.round(9).groupby([frame[key] for key in ("scope", *unit)]).rank(method="min"),
        verdict=verdict.reindex(pd.MultiIndex.from_frame(frame[["metric", "degradation"]])).to_numpy(),
    )
    scopes = {scope: place for place, scope in enumerate(["overall", COMMON, "group", "family", "degradation"])}
    places = {names: place for place, names in enumerate(units.frame[unit].itertuples(index=False, name=None))}
    frame = frame.assign(
        _scope=frame["scope"].map(scopes),
        _unit=[places[names] for names in frame[unit].itertuples(index=False, name=None)],
    )
    frame = frame.sort_values(["_scope", "_unit", "rank", "metric"])
    return LEADERBOARD.table(frame.drop(columns=["_scope", "_unit"]))


def _of(
    values: np.ndarray,
    units: Units,
    resampler: Resampler,
    options: CompareOptions,
    cube: Cube,
    expected: np.ndarray,
) -> pd.DataFrame:
    draws = resampler.evaluate(units.statistic(cube.clustered(values)), cube.tracks)
    low, high = draws.intervals((options.confidence,))[0]
    cells = units.totals(np.isfinite(values).sum(axis=0))
    return units.frame.assign(
        noticed=draws.centre,
        noticed_low=low,
        noticed_high=high,
        cells=cells.astype(int),
        missing=(expected - cells).astype(int),
    )
