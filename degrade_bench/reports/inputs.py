"""What a report is made from: the analysis, the run's record and the folder that they lie in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from degrade_bench._support.plain_text import plain
from degrade_bench.analysis import Analysis, load_analysis
from degrade_bench.analysis.consistency import check_frames
from degrade_bench.analysis.fewest import Fewest
from degrade_bench.analysis.result import FRAMES
from degrade_bench.analysis.verdicts import Verdict
from degrade_bench.errors import RunFolderError
from degrade_bench.metric.traits import domain_note
from degrade_bench.runs.record import RunRecord, read_record


@dataclass(frozen=True, eq=False)
class RunView:
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

    def strengths(self, degradation: str) -> dict[int, float]:
        """The ladder of a tested degradation: strength by level."""
        levels = self.analysis.levels
        ladder = levels[levels["degradation"] == degradation].drop_duplicates("level")
        steps = zip(ladder["level"], ladder["strength"], strict=True)
        return {int(level): float(strength) for level, strength in steps}


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
    """The analysis with texts that a page, a figure and a terminal can show: see :func:`plain`.

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
        return analysis
    try:
        check_frames(frames)
    except ValueError as error:
        raise RunFolderError(f"the analysis cannot be shown: {error}") from error
    return replace(analysis, **frames)
