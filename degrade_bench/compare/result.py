"""What a comparison found: tidy frames, and their form on disk."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from degrade_bench._support.files import write_text
from degrade_bench.analysis.frames import csv_text, json_rows
from degrade_bench.compare.options import CompareOptions
from degrade_bench.runs.names import COMPARISON_FILES, COMPARISON_TABLES
from degrade_bench.runs.ownership import begin, claim
from degrade_bench.runs.stored import working

FORMAT = 1
FRAMES = ("runs", "metrics", "leaderboard", "differences", "redundancy", "cover")


@dataclass(frozen=True, eq=False)
class Comparison:
    """Tidy data frames.

    Attributes:
        runs: one row per run directory: ``run`` (the folder's name), package version, run seed, clips and cells of
            its own, clips and cells that were paired.
        metrics: one row per metric: where it is from, fingerprint, nuisance floor, margin, verdicts by kind.
        leaderboard: one row per metric × degradation, family, group, overall, and overall on the cells in common.
        differences: one row per pair of metrics × degradation, family, group and overall.
        redundancy: one row per pair of metrics: the rank correlation of their drops.
        cover: one row per metric × family: whether it covers it, and whether it is of the smallest set that covers
            all.
        notes: what was left out, and what differs between the runs.
        options: the thresholds.
    """

    runs: pd.DataFrame
    metrics: pd.DataFrame
    leaderboard: pd.DataFrame
    differences: pd.DataFrame
    redundancy: pd.DataFrame
    cover: pd.DataFrame
    notes: tuple[str, ...] = ()
    options: CompareOptions = field(default_factory=CompareOptions)

    @property
    def chosen(self) -> tuple[str, ...]:
        """The smallest set of metrics that covers all families that any metric covers."""
        return tuple(dict.fromkeys(self.cover.loc[self.cover["chosen"], "metric"]))

    @property
    def uncovered(self) -> tuple[tuple[str, str], ...]:
        """``(group, family)`` that no metric covers."""
        some = self.cover.groupby(["group", "family"], sort=False)["covers"].any()
        return tuple((str(group), str(family)) for group, family in some.index[~some.to_numpy(dtype=bool)])

    def to_json(self) -> str:
        """Everything as JSON. NaN is null."""
        record: dict[str, Any] = {"format": FORMAT, "options": asdict(self.options), "notes": list(self.notes)}
        for name in FRAMES:
            record[name] = json_rows(getattr(self, name))
        record["chosen"] = list(self.chosen)
        record["uncovered"] = [{"group": group, "family": family} for group, family in self.uncovered]
        return json.dumps(record, indent=1, allow_nan=False) + "\n"


def write(comparison: Comparison, folder: Path) -> None:
    """Write ``comparison.json``, ``leaderboard.csv``, ``differences.csv``, ``redundancy.csv``, each whole or not.

    Raises:
        RunFolderError: the folder cannot be made or written, or is not empty and not ours.
    """
    with working(folder) as place:
        begin(place, COMPARISON_FILES)
        claim(place, COMPARISON_FILES)
        for name in COMPARISON_TABLES:
            write_text(place / f"{name}.csv", csv_text(getattr(comparison, name)))
        write_text(place / "comparison.json", comparison.to_json())
