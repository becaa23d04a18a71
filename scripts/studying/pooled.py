"""Rank correlation of two metrics over single clips, as other people publish it: every score is a point."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from degrade_bench.reports.words import fixed
from studying.tables import table

POINT = ["clip_id", "track", "group", "degradation", "level", "replicate", "role"]
TESTED = ("signal", "structural")


def pooled(scores: pd.DataFrame, metrics: list[str]) -> Iterator[str]:
    """Spearman's correlation of two metrics' scores over every damaged clip, and within one recording.

    Args:
        scores: the score table of a run.
        metrics: names, of which every pair with common cells gets a row.
    """
    wide = points(scores[scores["metric"].isin(metrics)])
    rows = []
    for one, other in combinations(metrics, 2):
        both = wide[[one, other]].dropna()
        if len(both) < 3:
            continue
        of_groups = [both[both.index.get_level_values("group") == group] for group in TESTED]
        within = [_rho(part) for _, part in both.groupby(level="track")]
        rows.append(
            [
                f"`{one}`, `{other}`",
                f"{len(both):,}",
                fixed(_rho(both)),
                *(fixed(_rho(part)) for part in of_groups),
                f"{fixed(np.nanmedian(within))} ({fixed(np.nanmin(within))} to {fixed(np.nanmax(within))})",
            ]
        )
    yield "\n### Over single clips\n"
    yield (
        "Spearman's correlation of the two metrics' scores, turned so that higher is better, over every damaged "
        "clip at every level: all of them, one group of damages, and within one recording (median, and the range "
        "over recordings)."
    )
    yield ""
    yield from table(["metrics", "damaged clips", "all", *TESTED, "within a recording"], rows)


def points(scores: pd.DataFrame) -> pd.DataFrame:
    """Scores of tested damage, a column per metric, turned so that higher is better."""
    tested = scores[(scores["role"] == "test") & (scores["status"] == "ok")]
    turned = tested.assign(score=tested["score"].where(tested["higher_is_better"], -tested["score"]))
    return turned.pivot(index=POINT, columns="metric", values="score")


def _rho(both: pd.DataFrame) -> float:
    constant = len(both) < 3 or (both.nunique() < 2).any()
    return float("nan") if constant else float(spearmanr(both.iloc[:, 0], both.iloc[:, 1]).statistic)
