"""What an analysis found: tidy frames, and their form on disk."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import TypeAdapter, ValidationError

from degrade_bench._support.contained import parse_json, read_bytes
from degrade_bench._support.files import write_text
from degrade_bench.analysis.achieved import ACHIEVED
from degrade_bench.analysis.consistency import check_frames
from degrade_bench.analysis.controls import CONTROLS, PLACEBOS
from degrade_bench.analysis.frames import csv_text, json_rows, json_text
from degrade_bench.analysis.genres import GENRES
from degrade_bench.analysis.levels import LEVELS
from degrade_bench.analysis.looks import LOOKS
from degrade_bench.analysis.metric_analysis import METRICS, VERDICTS
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.people import HUMAN_CURVES, PEOPLE
from degrade_bench.analysis.selectivity import SELECTIVITY
from degrade_bench.analysis.sensitivity import FAMILIES
from degrade_bench.analysis.verdicts import VERDICT_NAMES
from degrade_bench.errors import ConfigError, RunFolderError
from degrade_bench.runs.names import ANALYSIS, SUMMARY
from degrade_bench.runs.ownership import claim
from degrade_bench.runs.record import first_mistake

FORMAT = 5

FRAMES = (
    METRICS,
    LEVELS,
    VERDICTS,
    FAMILIES,
    SELECTIVITY,
    GENRES,
    CONTROLS,
    PLACEBOS,
    PEOPLE,
    HUMAN_CURVES,
    ACHIEVED,
    LOOKS,
)
"""The frames of an :class:`Analysis`, in the order of ``analysis.json``."""

SUMMARY_COLUMNS = [
    *("metric", "group", "family", "degradation", "level", "strength", "unit", "n"),
    *("drop_mean", "drop_low", "drop_high", "effect_dz", "concordance", "p_value", "p_holm"),
    *("placebo_drop", "net_drop", "net_low", "net_high", "verdict"),
]
"""Those of :data:`LEVELS` that ``summary.csv`` holds, in its order."""


@dataclass(frozen=True, eq=False)
class Analysis:
    """Tidy data frames; their columns are declared beside the functions that fill them, and listed in the docs.

    Attributes:
        metrics: one row per metric: direction, nuisance floor and interval, margin, clean scores, rows by status.
        levels: one row per metric × tested degradation × level: every statistic of the drops there.
        verdicts: one row per metric × tested degradation: verdict, sentence, curve (trend, slope, area, detection,
            saturation) and what more clips would show.
        families: one row per metric × family, and one per metric × group of damages (``family`` is then ``""``):
            how much is noticed there, in one number.
        selectivity: one row per metric: signal against structural sensitivity at matched physical change.
        genres: one row per metric × tested degradation × genre, where the manifest names groups of clips.
        controls: one row per metric × control × level: what the metric did under an edit that is no damage.
        placebos: one row per metric × placebo × level: the placebo's drop with its interval.
        people: one row per metric × PMQD damage, and one over all of them: agreement with human ratings; empty
            unless the ``pmqd`` suite was run.
        human_curves: one row per PMQD damage × level: what people said of it.
        achieved: one row per degradation × level: strength asked for and achieved.
        looks: one row per look at the scores; empty where they were looked at once, when all were there.
        options: the thresholds.
        earlier: what the same run came to under other thresholds, in words, the first time first.
    """

    metrics: pd.DataFrame
    levels: pd.DataFrame
    verdicts: pd.DataFrame
    controls: pd.DataFrame
    placebos: pd.DataFrame
    achieved: pd.DataFrame
    families: pd.DataFrame = field(default_factory=FAMILIES.empty)
    selectivity: pd.DataFrame = field(default_factory=SELECTIVITY.empty)
    genres: pd.DataFrame = field(default_factory=GENRES.empty)
    people: pd.DataFrame = field(default_factory=PEOPLE.empty)
    human_curves: pd.DataFrame = field(default_factory=HUMAN_CURVES.empty)
    looks: pd.DataFrame = field(default_factory=LOOKS.empty)
    options: AnalysisOptions = field(default_factory=AnalysisOptions)
    earlier: tuple[str, ...] = ()

    @property
    def outcome(self) -> str:
        """The thresholds, and how many verdicts of each kind they gave, in words."""
        counts = self.verdicts["verdict"].value_counts()
        found = ", ".join(f"{counts[name]} {name}" for name in VERDICT_NAMES if name in counts)
        return f"{self.options.changed() or 'default thresholds'}: {found or 'no verdict'}"

    def after(self, before: Analysis) -> Analysis:
        """This analysis, with another one of the same run on record if that had other thresholds."""
        earlier = dict.fromkeys((*before.earlier, before.outcome))
        earlier.pop(self.outcome, None)
        return replace(self, earlier=tuple(earlier))

    @property
    def summary(self) -> pd.DataFrame:
        """What ``summary.csv`` holds: one row per metric × degradation × level."""
        return self.levels[SUMMARY_COLUMNS]

    def to_json(self) -> str:
        """Everything as JSON. NaN is null; infinity, which no statistic here gives, is refused."""
        frames = {frame.name: json_rows(getattr(self, frame.name)) for frame in FRAMES}
        record = {"format": FORMAT, "options": asdict(self.options), "earlier": list(self.earlier), **frames}
        return json_text(record) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Analysis:
        """Read what :meth:`to_json` wrote: the same columns, of the same types.

        Raises:
            RunFolderError: it is something else, or another version wrote it.
        """
        record = _record(text)
        try:
            frames = {frame.name: frame.from_json(record[frame.name]) for frame in FRAMES}
            check_frames(frames)
        except KeyError as error:
            raise RunFolderError(f"not an analysis: it lacks the frame {error}") from error
        except ValueError as error:
            raise RunFolderError(f"not an analysis: {error}") from error
        earlier = record.get("earlier", [])
        if not isinstance(earlier, list) or not all(isinstance(text, str) for text in earlier):
            raise RunFolderError("not an analysis: 'earlier' is no list of texts")
        return cls(**frames, options=_options(record), earlier=tuple(earlier))


def _record(text: str) -> Mapping[str, Any]:
    """What ``analysis.json`` holds. Here, and only here, what another version wrote is refused.

    Raises:
        RunFolderError: another version wrote it, or nobody.
    """
    try:
        record = parse_json(text.encode("utf-8"))
    except ValueError as error:
        raise RunFolderError(f"not an analysis: {error}") from error
    if not isinstance(record, dict) or "format" not in record:
        raise RunFolderError("not an analysis: it states no format")
    if record["format"] != FORMAT:
        raise RunFolderError(
            f"written by another version (format {record['format']}, this one's is {FORMAT}); "
            "give `degrade-bench analysis DIR` to make it again"
        )
    return record


def _options(record: Mapping[str, Any]) -> AnalysisOptions:
    try:
        options = record["options"]
        strangers = set(options) - {option.name for option in fields(AnalysisOptions)}
        if strangers:
            raise RunFolderError(f"not an analysis: its options are not this version's: {min(strangers)!r}")
        return TypeAdapter(AnalysisOptions).validate_python(options)
    except KeyError:
        raise RunFolderError("not an analysis: it lacks its options") from None
    except ValidationError as error:
        raise RunFolderError(f"not an analysis: options.{first_mistake(error)}") from error
    except (TypeError, ConfigError) as error:
        raise RunFolderError(f"not an analysis: its options: {error}") from error


def write(analysis: Analysis, folder: Path) -> None:
    """Write ``summary.csv`` and ``analysis.json``, each whole or not at all.

    What the folder's analysis came to before, with other thresholds, stays on record in it.

    Raises:
        RunFolderError: the folder cannot be written, or holds files of these names that are not ours.
    """
    analysis = replace(analysis, earlier=tuple(dict.fromkeys((*_earlier(folder, analysis), *analysis.earlier))))
    claim(folder, [SUMMARY, ANALYSIS])
    write_text(folder / SUMMARY, csv_text(analysis.summary))
    write_text(folder / ANALYSIS, analysis.to_json())


def _earlier(folder: Path, analysis: Analysis) -> tuple[str, ...]:
    """What the folder's analysis came to before, with other thresholds; of another version's, only that it was."""
    try:
        return analysis.after(load_analysis(folder)).earlier
    except RunFolderError:
        pass
    with suppress(OSError, ValueError):
        record = parse_json(read_bytes(folder, folder / ANALYSIS))
        if isinstance(record, dict) and isinstance(record.get("format"), int) and record["format"] != FORMAT:
            before = record.get("earlier")
            kept = [text for text in before if isinstance(text, str)] if isinstance(before, list) else []
            return (*kept, f"thresholds of another version, whose analysis is of format {record['format']}")
    return ()


def load_analysis(folder: Path) -> Analysis:
    """Read ``analysis.json`` of a run directory.

    Raises:
        RunFolderError: missing, unreadable, or written by another version.
    """
    path = folder / ANALYSIS
    try:
        return Analysis.from_json(_text(folder))
    except FileNotFoundError:
        raise RunFolderError(f"{folder} has no {ANALYSIS}: give `degrade-bench analysis {folder}` first") from None
    except (OSError, UnicodeError, RunFolderError) as error:
        raise RunFolderError(f"{path} cannot be read: {error}") from error


def _text(folder: Path) -> str:
    return read_bytes(folder, folder / ANALYSIS).decode("utf-8")


def load_options(folder: Path) -> AnalysisOptions:
    """The thresholds that a run directory was last analysed with; the defaults where it never was.

    Thresholds that another version wrote are refused like its analysis, and not quietly replaced by the defaults.

    Raises:
        RunFolderError: ``analysis.json`` is there, and is damaged or written by another version.
    """
    path = folder / ANALYSIS
    try:
        return _options(_record(_text(folder)))
    except FileNotFoundError:
        return AnalysisOptions()
    except (OSError, UnicodeError, RunFolderError) as error:
        raise RunFolderError(f"{path} cannot be read: {error}") from error
