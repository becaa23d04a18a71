"""The shape of a damage's curve: does the metric lose more the worse the damage is?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from degrade_bench.analysis import statistics as stat
from degrade_bench.analysis.bounds import Bound, Spread, p_beyond
from degrade_bench.analysis.claims import covered_levels
from degrade_bench.analysis.frames import Column
from degrade_bench.analysis.levels.base import LevelInputs

SHAPE_COLUMNS = (
    Column(
        "shape",
        "text",
        "`reversed` where the score improves by more than the margin at a level under the top, `humped` where the "
        "counted "
        "drop at such a level exceeds the top's by more than the smallest effect of interest, else `rising` where "
        "the interval of "
        "`monotonicity` lies above zero, `falling` where it lies below, else `level`; Holm over the levels",
    ),
)

SHAPE_WORDS = {
    "reversed": "at milder levels the score improves",
    "humped": "the drop is larger at a milder level",
    "rising": "the drop rises with the level",
    "falling": "the drop falls with the level",
    "level": "no trend with the level was found",
}


def shapes(
    inputs: LevelInputs, effects: pd.DataFrame, ladders: Sequence[slice], monotonicity: pd.DataFrame
) -> list[str | None]:
    """The shape of every damage's curve; None for fewer than two levels.

    Args:
        inputs: of the metric's levels.
        effects: its :func:`~degrade_bench.analysis.levels.level_effects`.
        ladders: the rows of each damage.
        monotonicity: one row for each, with ``monotonicity_low`` and ``monotonicity_high``.
    """
    counted, bound = inputs.metric_drops.counted, Bound.of(inputs.floor.counts_as_none.effect)
    tracks = effects["counted_tracks"].to_numpy()
    prefers = effects["p_prefers"].to_numpy(dtype=float)
    covered = [covered_levels(tracks, ladder) for ladder in ladders]
    over = [counted[:, rows[:-1]] - counted[:, rows[-1:]] for rows in covered]
    tested = Spread.of(inputs.metric_drops.clustered(np.column_stack([counted[:, :0], *over])), inputs.resampler)
    ends = np.cumsum([part.shape[1] for part in over])
    beyond = np.split(p_beyond(tested, bound), ends[:-1]) if ladders else []
    found: list[str | None] = []
    for place, (rows, above) in enumerate(zip(covered, beyond, strict=True)):
        if len(rows) < 2:
            found.append(None)
            continue
        low, high = (float(monotonicity[f"monotonicity_{end}"].iloc[place]) for end in ("low", "high"))
        if _any(prefers[rows[:-1]], inputs.options.alpha):
            found.append("reversed")
        elif _any(above, inputs.options.alpha):
            found.append("humped")
        else:
            found.append("rising" if low > 0 else "falling" if high < 0 else "level")
    return found


def _any(p: np.ndarray, alpha: float) -> bool:
    """Whether any holds after Holm's correction over them."""
    return bool((stat.holm(p) < alpha).any())
