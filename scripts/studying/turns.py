"""Whether a metric's score goes on falling where damage goes on growing, level by level."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from degrade_bench.reports.words import with_interval
from studying.tables import table

CONFIDENCE = 0.95


def turns(scores: pd.DataFrame, pairs: list[tuple[str, str]]) -> Iterator[str]:
    """A table for every metric and damage: scores by level, and the step from the level before.

    Args:
        scores: the score table of a run.
        pairs: metrics and damages.
    """
    for metric, degradation in pairs:
        wide = by_level(scores, metric, degradation)
        strengths = strengths_of(scores, degradation)
        yield f"\n### `{metric}` under `{degradation}`\n"
        yield (
            "The mean score, and by how much it moves towards *worse* from one level to the next, with 95 % "
            f"intervals of the t distribution over {len(wide)} recordings."
        )
        yield ""
        rows = [["clean", "", _mean(wide[0]), "", ""]]
        for before, level in zip(wide.columns, wide.columns[1:], strict=False):
            step = wide[before] - wide[level] if _higher_is_better(scores, metric) else wide[level] - wide[before]
            better = int((step < 0).sum())
            rows.append([str(level), strengths[level], _mean(wide[level]), _mean(step), f"{better} of {len(step)}"])
        yield from table(["level", "strength", "score", "step towards worse", "recordings that score better"], rows)


def by_level(scores: pd.DataFrame, metric: str, degradation: str) -> pd.DataFrame:
    """Scores of one damage, a row per recording and a column per level, 0 for the clean clip.

    Args:
        scores: the score table of a run.
        metric: its name.
        degradation: its name.
    """
    meant = scores[(scores["metric"] == metric) & (scores["status"] == "ok")]
    clean = meant[meant["role"] == "clean"]
    damaged = meant[(meant["role"] == "test") & (meant["degradation"] == degradation)]
    both = pd.concat([clean.assign(level=0), damaged])
    return both.groupby(["track", "level"])["score"].mean().unstack().dropna()


def strengths_of(scores: pd.DataFrame, degradation: str) -> dict[int, str]:
    """The strength of every level, in words."""
    meant = scores[(scores["degradation"] == degradation) & (scores["role"] == "test")]
    rows = meant.drop_duplicates("level")[["level", "strength", "unit"]]
    return {int(row.level): f"{row.strength:g} {row.unit}" for row in rows.itertuples()}


def _higher_is_better(scores: pd.DataFrame, metric: str) -> bool:
    return bool(scores.loc[scores["metric"] == metric, "higher_is_better"].iloc[0])


def _mean(values: pd.Series) -> str:
    mean, error = values.mean(), values.std(ddof=1) / np.sqrt(len(values))
    reach = float(stdtrit(len(values) - 1, (1 + CONFIDENCE) / 2)) * error
    return with_interval(mean, mean - reach, mean + reach)
