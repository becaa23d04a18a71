"""What an analysis found: tidy frames, and their form on disk."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from degrade_bench._support.files import write_text
from degrade_bench.analysis.json_rows import json_rows
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.errors import RunFolderError
from degrade_bench.runs.names import ANALYSIS, SUMMARY

FORMAT = 2

SUMMARY_COLUMNS = [
    "metric", "group", "family", "degradation", "level", "strength", "unit", "n", "drop_mean", "drop_low",
    "drop_high", "effect_dz", "concordance", "p_value", "p_holm", "placebo_drop", "net_drop", "net_low",
    "net_high", "verdict",
]  # fmt: skip

FRAMES = (
    "metrics", "levels", "verdicts", "families", "selectivity", "genres", "controls", "placebos", "people",
    "human_curves", "achieved",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Analysis:
    """Tidy data frames.

    Attributes:
        metrics: one row per metric: direction, nuisance floor and interval, margin, clean scores, rows by status.
        levels: one row per metric × tested degradation × level: every statistic of the drops there.
        verdicts: one row per metric × tested degradation: verdict, sentence, curve (trend, slope, area, detection,
            saturation) and what more clips would show.
        families: one row per metric × family, and one per metric × group (``family`` is then ``""``): how much is
            noticed there, in one number.
        selectivity: one row per metric: signal against structural sensitivity at matched physical change.
        genres: one row per metric × tested degradation × clip group, where the manifest names groups.
        controls: one row per metric × control × level: what the metric did under an edit that is no damage.
        placebos: one row per metric × placebo × level: the placebo's drop with its interval.
        people: one row per metric × PMQD damage, and one over all of them: agreement with human ratings; empty
            unless the ``pmqd`` suite was run.
        human_curves: one row per PMQD damage × level: what people said of it.
        achieved: one row per degradation × level: strength asked for and achieved.
        options: the thresholds.
    """

    metrics: pd.DataFrame
    levels: pd.DataFrame
    verdicts: pd.DataFrame
    controls: pd.DataFrame
    placebos: pd.DataFrame
    achieved: pd.DataFrame
    families: pd.DataFrame = field(default_factory=pd.DataFrame)
    selectivity: pd.DataFrame = field(default_factory=pd.DataFrame)
    genres: pd.DataFrame = field(default_factory=pd.DataFrame)
    people: pd.DataFrame = field(default_factory=pd.DataFrame)
    human_curves: pd.DataFrame = field(default_factory=pd.DataFrame)
    options: AnalysisOptions = field(default_factory=AnalysisOptions)

    @property
    def summary(self) -> pd.DataFrame:
        """What ``summary.csv`` holds: one row per metric × degradation × level."""
        return self.levels[SUMMARY_COLUMNS]

    def to_json(self) -> str:
        """Everything as JSON. NaN is null; infinity, which no statistic here gives, is refused."""
        record: dict[str, Any] = {"format": FORMAT, "options": asdict(self.options)}
        for name in FRAMES:
            record[name] = json_rows(getattr(self, name))
        return json.dumps(record, indent=1, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Analysis:
        """Read what :meth:`to_json` wrote.

        Raises:
            RunFolderError: it is something else.
        """
        try:
            record = json.loads(text)
            if record["format"] != FORMAT:
                raise ValueError(f"format {record['format']}, expected {FORMAT}")
            frames = {name: pd.DataFrame.from_records(record[name]) for name in FRAMES}
            return cls(**frames, options=AnalysisOptions(**record["options"]))
        except (ValueError, TypeError, KeyError) as error:
            raise RunFolderError(f"not an analysis: {error}") from error


def write(analysis: Analysis, folder: Path) -> None:
    """Write ``summary.csv`` and ``analysis.json``, each whole or not at all.

    Raises:
        RunFolderError: the folder cannot be written.
    """
    text = io.StringIO()
    analysis.summary.to_csv(text, index=False, lineterminator="\n")
    write_text(folder / SUMMARY, text.getvalue())
    write_text(folder / ANALYSIS, analysis.to_json())


def load_analysis(folder: Path) -> Analysis:
    """Read ``analysis.json`` of a run directory.

    Raises:
        RunFolderError: missing or unreadable.
    """
    path = folder / ANALYSIS
    try:
        return Analysis.from_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunFolderError(f"{folder} has no {ANALYSIS}: give `degrade-bench analysis {folder}` first") from None
    except (OSError, UnicodeDecodeError, RunFolderError) as error:
        raise RunFolderError(f"{path} cannot be read: {error}") from error


def load_options(folder: Path) -> AnalysisOptions:
    """The thresholds that a run directory was last analysed with; the defaults where this version did not.

    Raises:
        RunFolderError: ``analysis.json`` is there and is damaged.
    """
    path = folder / ANALYSIS
    if not path.is_file():
        return AnalysisOptions()
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunFolderError(f"{path} cannot be read: {error}") from error
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        return AnalysisOptions()  # an earlier version's
    return load_analysis(folder).options
