"""What a report is made from: the analysis, the run's record and the folder that they lie in."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from degrade_bench._support.plain_text import plain
from degrade_bench._support.texts import shown as shown_value
from degrade_bench.analysis import Analysis, load_analysis
from degrade_bench.analysis.consistency import check_frames
from degrade_bench.analysis.drops import coded, drop_table, paired_drops
from degrade_bench.analysis.fewest import Fewest
from degrade_bench.analysis.result import FRAMES
from degrade_bench.analysis.twins import TWINS, twins
from degrade_bench.analysis.verdicts import Verdict
from degrade_bench.errors import ConfigError, RunFolderError
from degrade_bench.metric.traits import domain_note
from degrade_bench.reports.words import missing, records
from degrade_bench.runs.names import ANALYSIS, RECORD, SCORES, TWIN_PREFIX
from degrade_bench.runs.record import RunRecord, read_record
from degrade_bench.runs.scores import load_analysed
from degrade_bench.runs.stored import fetched

if TYPE_CHECKING:
    from degrade_bench.analysis.notebook import Loaded

CURVE = ["level", "drop_mean", "drop_low", "drop_high", "band_low", "band_high"]
"""What is drawn of a level; bands are unknown where an analysis has none, as of placebos."""


class View:
    """An analysis, and what figures and tables ask of it.

    Attributes:
        analysis: the frames.
    """

    analysis: Analysis

    @property
    def families(self) -> list[str]:
        """Families of the tested degradations, in the table's order."""
        return list(dict.fromkeys(self.analysis.levels["family"]))

    @property
    def degradations(self) -> list[str]:
        """Tested degradations, in the table's order."""
        return list(dict.fromkeys(self.analysis.levels["degradation"]))

    @cached_property
    def family_of(self) -> dict[str, str]:
        """The family of each tested degradation, in the table's order."""
        damages = self._damages
        return dict(zip(damages["degradation"].astype(str), damages["family"].astype(str), strict=True))

    @cached_property
    def group_of(self) -> dict[str, str]:
        """The group of each tested degradation, in the table's order."""
        damages = self._damages
        return dict(zip(damages["degradation"].astype(str), damages["group"].astype(str), strict=True))

    @cached_property
    def unit_of(self) -> dict[str, str]:
        """The unit of each tested degradation's strengths; empty where there is none."""
        damages = self._damages
        units = ("" if missing(unit) else str(unit) for unit in damages["unit"])
        return dict(zip(damages["degradation"].astype(str), units, strict=True))

    @cached_property
    def facts_of(self) -> dict[str, dict[str, Any]]:
        """What is known of each metric as a whole, by its name."""
        return {str(row["metric"]): row for row in records(self.analysis.metrics)}

    @cached_property
    def levels_of(self) -> dict[tuple[str, str], np.ndarray]:
        """The scored levels of each metric and tested degradation, ``(levels, columns)`` of :data:`CURVE`."""
        levels = self.analysis.levels
        return _by_pair(levels[(levels["n"] > 0).to_numpy()], "degradation")

    @cached_property
    def placebos_of(self) -> dict[tuple[str, str], np.ndarray]:
        """The same of the placebo of each metric and tested degradation that has one."""
        return _by_pair(self.analysis.placebos, "placebo_of") if len(self.analysis.placebos) else {}

    @cached_property
    def verdict_of(self) -> dict[tuple[str, str], str]:
        """The verdict on each metric and tested degradation."""
        first = self.analysis.levels.drop_duplicates(["metric", "degradation"])
        names = (first[column].astype(str) for column in ("metric", "degradation", "verdict"))
        return {(metric, damage): verdict for metric, damage, verdict in zip(*names, strict=True)}

    @cached_property
    def _damages(self) -> pd.DataFrame:
        """A row of the levels for each tested degradation."""
        return self.analysis.levels.drop_duplicates("degradation")

    @property
    def metrics(self) -> list[str]:
        """Metrics, in the table's order."""
        return list(self.analysis.metrics["metric"])

    def strengths(self, degradation: str) -> dict[int, float]:
        """The ladder of a tested degradation: strength by level."""
        return dict(self._ladders.get(degradation, {}))

    @cached_property
    def _ladders(self) -> dict[str, dict[int, float]]:
        """The ladder of each tested degradation."""
        steps = self.analysis.levels.drop_duplicates(["degradation", "level"])
        ladders: dict[str, dict[int, float]] = {}
        for name, level, strength in zip(steps["degradation"], steps["level"], steps["strength"], strict=True):
            ladders.setdefault(str(name), {})[int(level)] = float(strength)
        return ladders

    @property
    def has_scores(self) -> bool:
        """Whether the drops of single recordings can be had."""
        return False

    @cached_property
    def drops(self) -> pd.DataFrame:
        """The drop of each recording under each tested damage at each level: the mean over its clips.

        Columns ``metric``, ``degradation``, ``level``, ``track``, ``drop``; names as the report shows them.

        Raises:
            RunFolderError: the scores are missing, or cannot be read.
        """
        raise RunFolderError("an analysis without its scores says nothing of single recordings")

    @cached_property
    def twins(self) -> pd.DataFrame:
        """Damage in audio beside its twin in the notes, as :data:`TWINS`; empty without both, or without scores."""
        names = set(self.degradations)
        if not any(f"{TWIN_PREFIX}{name}" in names for name in names) or not self.has_scores:
            return TWINS.empty()
        with suppress(RunFolderError):  # scores that cannot be read: said where recordings are shown
            options = self.analysis.options
            table = twins(self.net_drops, options.resamples, options.seed, options.confidence)
            texts = {name: table[name].astype(object).map(plain) for name in ("metric", "degradation")}
            table = table.assign(**texts)
            shown = table["metric"].isin(self.metrics) & table["degradation"].isin(names)
            return table[shown].reset_index(drop=True)
        return TWINS.empty()

    @property
    def net_drops(self) -> pd.DataFrame:
        """Drops beyond the placebos', as ``NET_DROPS``.

        Raises:
            RunFolderError: the scores are missing, or cannot be read.
        """
        raise RunFolderError("an analysis without its scores says nothing of single recordings")


@dataclass(frozen=True, eq=False)
class LoadedView(View):
    """What :func:`degrade_bench.load` read of a run.

    Attributes:
        analysis: with the drops.
    """

    analysis: Loaded

    @property
    def has_scores(self) -> bool:
        """They were read with the analysis."""
        return True

    @cached_property
    def drops(self) -> pd.DataFrame:
        """The drop of each recording."""
        return _of_recordings(self.analysis.drops)

    @property
    def net_drops(self) -> pd.DataFrame:
        """Drops beyond the placebos'."""
        return self.analysis.net_drops


@dataclass(frozen=True, eq=False)
class RunView(View):
    """A finished run, read back.

    Attributes:
        folder: the run directory.
        analysis: ``analysis.json``.
        record: ``run.json``.
        title: that stands over a report; None for the usual one.
        shown: what is shown, in words, where that is a part of the run.
        complete: all of the run, where this is a part of it.
    """

    folder: Path
    analysis: Analysis
    record: RunRecord
    title: str | None = None
    shown: str | None = None
    complete: RunView | None = None

    @property
    def whole(self) -> RunView:
        """All of the run: what its verdicts were corrected over."""
        return self.complete or self

    @property
    def domain_notes(self) -> dict[str, str | None]:
        """What is said of each metric that was not made for music, by its name; None for one that was."""
        return {metric.name: domain_note(metric.domain) for metric in self.record.metrics}

    @property
    def too_few(self) -> tuple[str, bool] | None:
        """That there are too few recordings for a verdict, and whether for any that a damage is heard; or None."""
        if self.complete is not None:
            return self.complete.too_few
        verdicts, looks = self.analysis.verdicts, self.analysis.looks
        asked = verdicts[verdicts["verdict"] != Verdict.NOT_APPLICABLE]
        damages = int(asked.groupby("metric").size().max()) if len(asked) else 0
        if not damages:
            return None
        levels = int(self.analysis.levels.groupby("degradation")["level"].nunique().max())
        taken = looks[looks["taken"].astype(bool) & looks["alpha"].notna()]
        share = float(taken["alpha"].iloc[-1]) / self.analysis.options.alpha if len(taken) else 1.0
        fewest = Fewest.of(damages, levels, self.analysis.options, share)
        recordings = int(self.analysis.metrics["tracks"].max())
        text = fewest.too_few(recordings, damages)
        return None if text is None else (text, not fewest.settles(recordings))

    @property
    def has_scores(self) -> bool:
        """Whether the score table lies in the folder: one that was passed on may lack it."""
        return (self.folder / SCORES).is_file()

    @cached_property
    def drops(self) -> pd.DataFrame:
        """The drop of each recording.

        Raises:
            RunFolderError: the scores are missing, or cannot be read.
        """
        return _of_recordings(drop_table(coded(load_analysed(self.folder))))

    @property
    def net_drops(self) -> pd.DataFrame:
        """Drops beyond the placebos'.

        Raises:
            RunFolderError: the scores are missing, or cannot be read.
        """
        return paired_drops(load_analysed(self.folder)).net


def _of_recordings(table: pd.DataFrame) -> pd.DataFrame:
    """The mean drop over the clips of each recording, from the drops of clips."""
    table = table[(table["role"] == "test").to_numpy()]
    shown = {
        name: table[name].astype(object).map({text: plain(text) for text in table[name].unique()})
        for name in ("metric", "degradation", "track")
    }
    keys = ["metric", "degradation", "level", "track"]
    return table.assign(**shown).groupby(keys, sort=True)["drop"].mean().reset_index()


def view_of(run: Any) -> View:
    """What figures are made from.

    Args:
        run: a run directory; what :func:`degrade_bench.load` or :func:`degrade_bench.run` gave; or a view.

    Raises:
        RunFolderError: there is no analysis in the folder, or it cannot be read.
        ConfigError: it is something else.
    """
    if isinstance(run, View):
        return run
    from degrade_bench.analysis.notebook import Loaded  # the whole analysis, which a report does without

    if isinstance(run, Loaded):
        return LoadedView(replace(run, **_shown_frames(run)))
    folder = run if isinstance(run, str | Path) else getattr(run, "folder", None)
    if folder is None:
        raise ConfigError(f"expected a run directory or a loaded run, got {shown_value(run)}")
    with fetched(Path(folder), (RECORD, ANALYSIS, SCORES)) as place:
        view = load_run(place)
        if view.has_scores:
            with suppress(RunFolderError):  # said by the figure that asks for them
                _ = view.drops  # read before the copy of a stored folder is gone
    return view


def _by_pair(frame: pd.DataFrame, damage: str) -> dict[tuple[str, str], np.ndarray]:
    """The rows of each pair of a metric and a damage, from the lowest level to the highest."""
    values = frame.reindex(columns=CURVE).to_numpy(dtype=float)
    rows = frame.groupby(["metric", damage], sort=False).indices
    return {
        (str(metric), str(name)): values[places[np.argsort(values[places, 0], kind="stable")]]
        for (metric, name), places in rows.items()
    }


def load_run(folder: Path) -> RunView:
    """Read what a report needs.

    Raises:
        RunFolderError: there is no analysis or no record, or they cannot be read.
    """
    analysis = load_analysis(folder)
    record = read_record(folder)
    if analysis.levels.empty:
        raise RunFolderError(f"{folder}: the analysis holds no degradation, so there is nothing to show")
    return RunView(folder, _readable(analysis), record)


def _readable(analysis: Analysis) -> Analysis:
    """The analysis with texts that a page, a figure and a terminal can show: see :func:`plain`."""
    return replace(analysis, **_shown_frames(analysis))


def _shown_frames(analysis: Analysis) -> dict[str, pd.DataFrame]:
    """Frames with texts that a page, a figure and a terminal can show, where there are others: see :func:`plain`.

    Raises:
        RunFolderError: two names are one, as they are shown.
    """
    frames, changed = {}, False
    for frame in FRAMES:
        table = getattr(analysis, frame.name)
        for column in frame.columns:
            if column.kind == "text" and column.name in table:
                shown = column.of([text if text is None else plain(text) for text in table[column.name]])
                if not shown.equals(table[column.name].reset_index(drop=True)):
                    table, changed = table.reset_index(drop=True).assign(**{column.name: shown}), True
        frames[frame.name] = table
    if not changed:
        return {}
    try:
        check_frames(frames)
    except ValueError as error:
        raise RunFolderError(f"the analysis cannot be shown: {error}") from error
    return frames
