"""Of one metric: which tested damages have cells that failed, and why."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Failed:
    """What failed of a metric and a tested damage.

    Attributes:
        cells: how many cells have no drop because their row failed, or the row of their clean clip.
        of: how many cells could have one: those that apply.
        tracks: the recordings that the failed cells are from.
        reason: of most of them, the first in the alphabet where several are as frequent.
    """

    cells: int
    of: int
    tracks: int
    reason: str


def failed_cells(scores: pd.DataFrame) -> dict[str, Failed]:
    """What failed, by tested damage; nothing for a damage without a failed cell.

    Args:
        scores: the metric's rows of a :func:`~degrade_bench.analysis.drops.coded` score table.
    """
    columns = ["clip_id", "track", "degradation", "status", "error"]
    plain = scores[["role", *columns]].astype(dict.fromkeys(["role", *columns], object))
    clean = plain[(plain["role"] == "clean") & (plain["status"] == "failed")]
    reasons = {row.clip_id: f"the clean clip: {_reason(row.error)}" for row in clean.itertuples()}
    tests = plain[(plain["role"] == "test") & (plain["status"] != "not-applicable")]
    failed = (tests["status"] == "failed").to_numpy()
    by_clean = tests["clip_id"].isin(reasons).to_numpy() & ~failed
    if not (failed | by_clean).any():
        return {}
    why = np.where(by_clean, tests["clip_id"].map(reasons), tests["error"].map(_reason))
    tests = tests.assign(failed=failed | by_clean, why=why)
    found = {}
    for name, rows in tests.groupby("degradation", sort=False):
        bad = rows[rows["failed"]]
        if len(bad):
            counts = bad["why"].value_counts()
            reason = min(counts[counts == counts.max()].index)
            found[str(name)] = Failed(len(bad), len(rows), int(bad["track"].nunique()), str(reason))
    return found


def _reason(error: object) -> str:
    return error if isinstance(error, str) and error else "no reason was given"
