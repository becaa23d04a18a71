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
    present = set(wide.index.get_level_values("group"))
    groups = [group for group in TESTED if group in present] if len(present) > 1 else []
    rows = []
    for one, other in combinations(metrics, 2):
        both = wide[[one, other]].dropna()
        if len(both) < 3:
            continue
        of_groups = [both[both.index.get_level_values("group") == group] for group in groups]
        rows.append(
            [
                f"`{one}`, `{other}`",
                f"{len(both):,}",
                fixed(_rho(both)),
                *(fixed(_rho(part)) for part in of_groups),
                *(_within(both, level) for level in ("track", "degradation")),
            ]
        )
    yield "\n### Over single clips\n"
    yield (
        "Spearman's correlation of the two metrics' scores, turned so that higher is better, over every damaged "
        "clip at every level: all of them, those of a group of damages, those of one recording, and those of one "
        "damage (the median, and the range over recordings and damages)."
    )
    yield ""
    yield from table(["metrics", "damaged clips", "all", *groups, "within a recording", "within a damage"], rows)


def _within(both: pd.DataFrame, level: str) -> str:
    """The median correlation within the parts of a table, and their range, of those where both metrics move.

    Args:
        both: scores of two metrics, a column each.
        level: of the index, by which the table is parted.
    """
    found = [rho for rho in (_rho(part) for _, part in both.groupby(level=level)) if np.isfinite(rho)]
    if not found:
        return ""
    return f"{fixed(np.median(found))} ({fixed(min(found))} to {fixed(max(found))})"


def points(scores: pd.DataFrame) -> pd.DataFrame:
    """Scores of tested damage, a column per metric, turned so that higher is better."""
    tested = scores[(scores["role"] == "test") & (scores["status"] == "ok")]
    turned = tested.assign(score=tested["score"].where(tested["higher_is_better"], -tested["score"]))
    return turned.pivot(index=POINT, columns="metric", values="score")


def _rho(both: pd.DataFrame) -> float:
    constant = len(both) < 3 or (both.nunique() < 2).any()
    return float("nan") if constant else float(spearmanr(both.iloc[:, 0], both.iloc[:, 1]).statistic)
