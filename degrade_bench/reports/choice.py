"""Which part of a run a report shows, in which formats and under which title."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace

from degrade_bench._support.plain_text import plain
from degrade_bench.analysis.result import FRAMES
from degrade_bench.errors import ConfigError, UnknownNameError
from degrade_bench.reports.inputs import RunView
from degrade_bench.reports.words import listed
from degrade_bench.runs.names import REPORT, REPORT_MARKDOWN, REPORT_PDF

FILES = {"html": REPORT, "md": REPORT_MARKDOWN, "pdf": REPORT_PDF}
"""The formats of a report, and the file of each."""

OF_DAMAGES = ("levels", "verdicts", "genres", "achieved", "human_curves")
"""Frames with rows of tested damages."""


@dataclass(frozen=True)
class Choice:
    """What a report shows.

    Attributes:
        metrics: these, in the run's order; empty for all.
        families: these families of damages; empty for all.
        formats: of :data:`FILES`.
        title: that stands over it; None for the usual one.
    """

    metrics: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    formats: tuple[str, ...] = ("html",)
    title: str | None = None

    def __post_init__(self) -> None:
        unknown = [name for name in self.formats if name not in FILES]
        if unknown or not self.formats:
            raise ConfigError(f"a report is {', '.join(FILES)}; got {', '.join(unknown) or 'nothing'}")

    @property
    def files(self) -> tuple[str, ...]:
        """The names of the files, in the order of the formats."""
        return tuple(FILES[name] for name in self.formats)

    @property
    def is_whole(self) -> bool:
        """Whether all of the run is shown."""
        return not (self.metrics or self.families)

    def of(self, run: RunView) -> RunView:
        """The part of a run that is shown. Its verdicts are those of the whole run.

        Raises:
            UnknownNameError: the run has no such metric or family.
        """
        if self.title is not None:
            run = replace(run, title=plain(self.title))
        if self.is_whole:
            return run
        _check("metric of this run", self.metrics, run.metrics)
        _check("family of this run", self.families, run.families)
        metrics = [name for name in run.metrics if not self.metrics or name in self.metrics]
        families = [name for name in run.families if not self.families or name in self.families]
        levels = run.analysis.levels
        damages = set(levels.loc[levels["family"].isin(families), "degradation"])
        frames = {}
        for frame in FRAMES:
            table = getattr(run.analysis, frame.name)
            if "metric" in table:
                table = table[table["metric"].isin(metrics)]
            if frame.name in OF_DAMAGES:
                kept_too = table["group"] == "control" if "group" in table else False
                table = table[table["degradation"].isin(damages) | kept_too]
            elif frame.name == "families" and self.families:
                table = table[table["family"].isin(families)]
            frames[frame.name] = table.reset_index(drop=True)
        record = run.record
        kept = tuple(metric for metric in record.metrics if plain(metric.name) in metrics)
        examples = tuple(
            one for one in record.examples if _of_family(plain(one.degradation), one.placebo_of, damages)
        )
        pictures = tuple(one for one in record.pictures if plain(one.degradation) in damages)
        recordings = tuple(
            one for one in record.recordings if plain(one.metric) in metrics and plain(one.degradation) in damages
        )
        changed = {"metrics": kept, "examples": examples, "pictures": pictures, "recordings": recordings}
        shown = f"Shown: {listed(metrics)}" if self.metrics else "Shown: all metrics"
        shown += f", and of the damages {listed(families)}" if self.families else ""
        return replace(
            run,
            analysis=replace(run.analysis, **frames),
            record=record.model_copy(update=changed),
            complete=run,
            shown=f"{shown}. Verdicts are those of the whole run.",
        )


def _of_family(name: str, placebo_of: str | None, damages: Set[str]) -> bool:
    return name == "clean" or plain(placebo_of or name) in damages


def _check(what: str, names: Sequence[str], known: Sequence[str]) -> None:
    for name in names:
        if name not in known:
            raise UnknownNameError(what, name, known)
