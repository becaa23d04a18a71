"""``comparison.html``: which metric raises more alarms under damage, as one file that asks the network nothing."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pandas as pd

from degrade_bench._support.files import write_text
from degrade_bench.analysis.verdicts import VERDICT_MARKS, VERDICT_MEANINGS
from degrade_bench.compare.leaderboard import COMMON
from degrade_bench.compare.result import Comparison
from degrade_bench.reports.html import page_environment, page_script
from degrade_bench.reports.words import records
from degrade_bench.runs.names import COMPARISON_PAGE
from degrade_bench.runs.ownership import claim
from degrade_bench.runs.stored import working

SCRIPTS = ("tables.js",)
WIDTH, EDGE = 120.0, 4.0
"""Units that an interval's picture is wide, and those outside −1 and 1."""


def write_comparison_page(comparison: Comparison, folder: Path) -> None:
    """Write ``comparison.html`` beside a comparison's tables.

    Args:
        comparison: what :func:`degrade_bench.compare.write` has written there.
        folder: the directory.

    Raises:
        RunFolderError: the folder cannot be written, or holds a file of this name that is not ours.
    """
    with working(folder) as place:
        claim(place, [COMPARISON_PAGE])
        write_text(place / COMPARISON_PAGE, comparison_page(comparison))


def comparison_page(comparison: Comparison) -> str:
    """The page: leaderboard, profiles side by side, differences with their intervals, what says the same.

    Args:
        comparison: of one run's metrics, or several runs'.
    """
    environment = page_environment()
    return environment.get_template("comparison.html.j2").render(
        runs=records(comparison.runs),
        notes=comparison.notes,
        confidence=100 * comparison.options.confidence,
        board=_board(comparison),
        groups=list(dict.fromkeys(_of(comparison.leaderboard, "group")["group"])),
        partly=bool(_of(comparison.leaderboard, "overall")["missing"].any()),
        metrics=list(comparison.metrics["metric"]),
        profile=_profile(comparison),
        marks=VERDICT_MARKS,
        meanings=VERDICT_MEANINGS,
        overall=_differences(comparison, "overall"),
        families=_differences(comparison, "family"),
        pairs=_redundancy(comparison),
        chosen=comparison.chosen,
        uncovered=comparison.uncovered,
        **page_script(environment, SCRIPTS),
    )


def _of(frame: pd.DataFrame, scope: str) -> pd.DataFrame:
    return frame[frame["scope"] == scope]


def _board(comparison: Comparison) -> list[dict[str, Any]]:
    """A row per metric: its rank, its miss rate, and by group."""
    facts = {row["metric"]: row for row in records(comparison.metrics)}
    shared = {row["metric"]: row for row in records(_of(comparison.leaderboard, COMMON))}
    by_group = {(row["metric"], row["group"]): row for row in records(_of(comparison.leaderboard, "group"))}
    groups = list(dict.fromkeys(group for _, group in by_group))
    return [
        _missed(row)
        | {
            "facts": facts[row["metric"]],
            "common": shared.get(row["metric"], {}).get("miss_rate"),
            "groups": [_missed(by_group[row["metric"], group]) for group in groups],
            "counts": {name: facts[row["metric"]].get(name) for name in VERDICT_MARKS},
        }
        for row in records(_of(comparison.leaderboard, "overall"))
    ]


def _missed(row: dict[str, Any]) -> dict[str, Any]:
    """A row with the interval of its miss rate, which is 1 less net alarms."""
    low, high = row["noticed_low"], row["noticed_high"]
    return row | {"low": None if high is None else 1 - high, "high": None if low is None else 1 - low}


def _profile(comparison: Comparison) -> list[dict[str, Any]]:
    """A row per family, a cell per metric: net alarms, and the verdicts on the family's damages."""
    board = comparison.leaderboard
    cells = {(row["group"], row["family"], row["metric"]): row for row in records(_of(board, "family"))}
    verdicts: dict[tuple[Any, ...], dict[str, int]] = {}
    for row in records(_of(board, "degradation")):
        if row["verdict"] is not None:
            counts = verdicts.setdefault((row["group"], row["family"], row["metric"]), {})
            counts[row["verdict"]] = counts.get(row["verdict"], 0) + 1
    metrics = list(comparison.metrics["metric"])
    rows = []
    for group, family in dict.fromkeys((group, family) for group, family, _ in cells):
        of_row = []
        for metric in metrics:
            counts = verdicts.get((group, family, metric), {})
            ordered = [name for name in VERDICT_MARKS if name in counts]  # the sort keeps the order of equals
            ordered.sort(key=counts.__getitem__, reverse=True)
            of_row.append(
                {
                    "share": cells.get((group, family, metric), {}).get("noticed"),
                    "counts": [(name, counts[name]) for name in ordered],
                }
            )
        rows.append({"group": group, "family": family, "cells": of_row})
    return rows


def _differences(comparison: Comparison, scope: str) -> list[dict[str, Any]]:
    """Pairs, the one with more net alarms first, largest differences first; with the places of their pictures."""
    rows = []
    for row in records(_of(comparison.differences, scope)):
        if row["difference"] is None:
            continue
        if row["difference"] < 0:
            low, high = row["difference_low"], row["difference_high"]
            row |= {
                "metric": row["other"],
                "other": row["metric"],
                "difference": -row["difference"],
                "difference_low": None if high is None else -high,
                "difference_high": None if low is None else -low,
            }
        ends = ("difference_low", "difference", "difference_high")
        rows.append(row | {"places": [None if row[end] is None else _place(row[end]) for end in ends]})
    return sorted(rows, key=lambda row: -row["difference"])


def _place(value: float) -> float:
    """Where a difference from −1 to 1 stands in its picture."""
    return round(EDGE + (min(max(value, -1.0), 1.0) + 1) / 2 * (WIDTH - 2 * EDGE), 2)


def _redundancy(comparison: Comparison) -> list[dict[str, Any]]:
    """Pairs of metrics, the most alike first."""
    rows = records(comparison.redundancy)
    return sorted(rows, key=lambda row: -(row["rho"] if row["rho"] is not None else -math.inf))
