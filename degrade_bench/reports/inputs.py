"""What a report is made from: the analysis, the run's record and the folder that they lie in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from degrade_bench.analysis import Analysis, load_analysis
from degrade_bench.errors import RunFolderError
from degrade_bench.metric.traits import domain_note
from degrade_bench.runs.record import RunRecord, read_record

SHOWN: Mapping[str, tuple[str, ...]] = {
    "metrics": ("floor_low", "floor_high", "left_out"),
    "levels": (
        "drop_sd", "drop_floor", "concordance_low", "concordance_high", "aces_tau", "p_flip", "p_top",
        "confirmatory",
    ),
    "verdicts": (
        "detection_level", "detection_at", "detection_at_low", "detection_at_high", "detection_strength",
        "detection_strength_low", "detection_strength_high", "saturation_level", "monotonicity",
        "monotonicity_low", "monotonicity_high", "page_holm", "smallest_detectable", "clips_to_detect",
        "power_note", "evenness",
    ),
    "families": (
        "metric", "group", "family", "noticed", "noticed_low", "noticed_high", "area_floor", "area_floor_low",
        "area_floor_high",
    ),
    "selectivity": (
        "metric", "distance", "bins", "cells", "signal", "structural", "index", "index_low", "index_high", "note",
    ),
    "genres": ("metric", "degradation", "clip_group", "n", "drop_mean", "drop_low", "drop_high"),
    "controls": (
        "metric", "degradation", "level", "strength", "unit", "n", "drop_mean", "drop_low", "drop_high",
        "drop_abs_max", "nuisance", "reaction",
    ),
    "people": ("metric", "damage", "cells", "rho", "rho_low", "rho_high"),
    "human_curves": ("degradation", "level", "strength", "unit", "rating", "human_drop"),
}  # fmt: skip
"""Columns that are shown where the analysis has them. An analysis of little may lack a frame or a column."""


@dataclass(frozen=True, eq=False)
class RunView:
    """A finished run, read back.

    Attributes:
        folder: the run directory.
        analysis: ``analysis.json``; columns that it lacks are there, without values.
        record: ``run.json``.
    """

    folder: Path
    analysis: Analysis
    record: RunRecord

    def __post_init__(self) -> None:
        object.__setattr__(self, "analysis", completed(self.analysis))

    @property
    def families(self) -> list[str]:
        """Families of the tested degradations, in the table's order."""
        return list(dict.fromkeys(self.analysis.levels["family"]))

    @property
    def degradations(self) -> list[str]:
        """Tested degradations, in the table's order."""
        return list(dict.fromkeys(self.analysis.levels["degradation"]))

    @property
    def metrics(self) -> list[str]:
        """Metrics, in the table's order."""
        return list(self.analysis.metrics["metric"])

    @property
    def domain_notes(self) -> dict[str, str | None]:
        """What is said of each metric that was not made for music, by its name; None for one that was."""
        return {metric.name: domain_note(metric.domain) for metric in self.record.metrics}

    def strengths(self, degradation: str) -> dict[int, float]:
        """The ladder of a tested degradation: strength by level."""
        levels = self.analysis.levels
        ladder = levels[levels["degradation"] == degradation].drop_duplicates("level")
        steps = zip(ladder["level"], ladder["strength"], strict=True)
        return {int(level): float(strength) for level, strength in steps}


def completed(analysis: Analysis) -> Analysis:
    """The same analysis with every column of :data:`SHOWN`, empty where it had none."""
    frames = {name: _completed(getattr(analysis, name), columns) for name, columns in SHOWN.items()}
    return replace(analysis, **frames)


def _completed(frame: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    return frame.reindex(columns=list(dict.fromkeys([*frame.columns, *columns])))


def load_run(folder: Path) -> RunView:
    """Read what a report needs.

    Raises:
        RunFolderError: there is no analysis or no record, or they cannot be read.
    """
    analysis = load_analysis(folder)
    record = read_record(folder)
    if analysis.levels.empty or "degradation" not in analysis.levels:
        raise RunFolderError(f"{folder}: the analysis holds no degradation, so there is nothing to show")
    return RunView(folder, analysis, record)
