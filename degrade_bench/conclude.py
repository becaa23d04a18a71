"""What is made of a run's scores: analysis, plan and report, from its directory alone; nothing is scored.

Nothing that damages or scores is imported here, torch included.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from degrade_bench._support.files import folder_error
from degrade_bench._support.steps import Steps, silent
from degrade_bench.errors import ConfigError, RunFolderError, UnknownNameError
from degrade_bench.runs.stored import fetched, fetched_all, working

if TYPE_CHECKING:
    from degrade_bench.analysis import Analysis, AnalysisOptions
    from degrade_bench.analysis.power import Design
    from degrade_bench.reports import Choice


def conclude(folder: Path, options: AnalysisOptions | None = None, steps: Steps = silent) -> Analysis:
    """Analyse the scores of a run directory again and write ``summary.csv`` and ``analysis.json``.

    Args:
        folder: the run directory.
        options: thresholds.
        steps: told how many metrics are done.

    Raises:
        RunFolderError: there are no scores, or the folder cannot be written.
    """
    from degrade_bench.analysis import analyse_folder, write

    with working(folder, option="run directory") as place:
        analysis = analyse_folder(place, options, steps)
        write(analysis, place)
    return analysis


def show(folder: Path, steps: Steps = silent, choice: Choice | None = None) -> Path:
    """Draw the figures of a run directory again and write its report; nothing is scored.

    Args:
        folder: the run directory.
        steps: told how many figures are done.
        choice: of formats, and of what is shown; None for ``report.html`` with all of it.

    Returns:
        the report's path; of several formats, the first one's.

    Raises:
        RunFolderError: there is no analysis, or the folder cannot be written.
        UnknownNameError: the run has no such metric or family.
    """
    from degrade_bench.reports import Choice, write_report

    with working(folder, option="run directory") as place:
        try:
            return folder / write_report(place, steps, choice or Choice()).relative_to(place)
        except OSError as error:
            raise folder_error(place, error) from error


def stored_margins(folder: Path, other: Path) -> tuple[dict[str, float], dict[str, float]]:
    """Margins and smallest effects of interest that another run came to, of the metrics that both have.

    Args:
        folder: the run directory that they are for.
        other: the run directory that they are from, analysed by rules 2.

    Raises:
        RunFolderError: one of them cannot be read.
        ConfigError: they have no metric in common, a metric of the same name is another one, or the other run was
            analysed by rules 1 or has no margin.
    """
    from degrade_bench.analysis import load_analysis
    from degrade_bench.runs.names import ANALYSIS, SCORES
    from degrade_bench.runs.scores import read_table

    with fetched_all([folder, other], (ANALYSIS, SCORES)) as places:
        analysis = load_analysis(places[1])
        tables = [read_table(place / SCORES, ["metric", "fingerprint"]) for place in places]
    here, there = (
        dict(zip(*(table[name].to_pylist() for name in table.column_names), strict=True)) for table in tables
    )
    if analysis.options.rules == 1:
        raise ConfigError(f"--margins-from {other}: it was analysed by rules 1, whose margins are of single clips")
    margins, effects = {}, {}
    for row in analysis.metrics.itertuples(index=False):
        name = str(row.metric)
        if name not in here:
            continue
        if here[name] != there.get(name):
            raise ConfigError(
                f"--margins-from {other}: {name!r} is another metric there (fingerprint {there.get(name)}, here "
                f"{here[name]}): a margin holds for the metric, its version and its settings"
            )
        if row.margin_is != "none":
            margins[name], effects[name] = float(row.margin), float(row.effect)
    if not margins:
        raise ConfigError(f"--margins-from {other}: it has no margin for any metric of {folder}")
    return margins, effects


def options_from(
    given: dict[str, Any], margins: Sequence[str], stored: tuple[dict[str, float], dict[str, float]] | None = None
) -> AnalysisOptions:
    """Thresholds from the command line.

    Args:
        given: fields of :class:`~degrade_bench.analysis.AnalysisOptions`; None for the default.
        margins: ``0.1`` for every metric, or ``METRIC=0.1`` for one.
        stored: what :func:`stored_margins` found, if that was asked for.

    Raises:
        ConfigError: a number that cannot be, or margins from two places.
    """
    from degrade_bench.analysis import AnalysisOptions

    named: dict[str, float] = {}
    general: float | None = None
    for text in margins:
        name, _, value = text.rpartition("=")
        try:
            number = float(value)
        except ValueError:
            raise ConfigError(f"--margin {text!r}: expected a number, or METRIC=NUMBER") from None
        if name:
            named[name] = number
        else:
            general = number
    if named and general is not None:
        raise ConfigError("--margin is given both for every metric and for one; name each metric")
    margin: float | dict[str, float] | None = named or general
    chosen = {name: value for name, value in given.items() if value is not None}
    if stored is not None:
        if margin is not None:
            raise ConfigError("--margin and --margins-from are two ways to say the same: give one")
        margin, chosen["effects"] = stored
    return AnalysisOptions(margin=margin, **chosen)


@dataclass(frozen=True)
class Plan:
    """One line of a plan.

    Attributes:
        metric, degradation: what it is for; empty where only a reliability was assumed.
        tracks: how many recordings the run had, or were asked about; None where none were.
        spread: standard deviation of the drop between recordings.
        margin: what counts as no drop.
        smallest_detectable: the smallest drop that so many recordings detect; NaN where none, None without
            ``tracks``.
        drop: the drop that is planned for.
        clips_to_detect: recordings that detect it; None where no number does.
        clips_to_exclude: recordings that exclude a drop of the margin where there is none; None where no number
            does.
    """

    metric: str
    degradation: str
    tracks: int | None
    spread: float
    margin: float
    smallest_detectable: float | None
    drop: float
    clips_to_detect: int | None
    clips_to_exclude: int | None


def plan_from_run(
    folder: Path,
    power: float = 0.9,
    drop: float | None = None,
    clips: int | None = None,
    metrics: Sequence[str] = (),
    degradations: Sequence[str] = (),
) -> list[Plan]:
    """What a run could have detected, and how many clips it would take, by the spread between its own recordings.

    The figures are those of the folder's analysis; where it has none, its scores are analysed.

    Args:
        folder: the run directory.
        power: the chance of success.
        drop: to detect, in the metric's unit; None for twice the margin.
        clips: to plan with; None for as many as the run had.
        metrics: only these.
        degradations: only these.

    Raises:
        RunFolderError: there are no scores, or nothing in them to plan with; or the folder's analysis is damaged or
            written by another version.
        UnknownNameError: the run has no such metric or degradation.
        ConfigError: a number that cannot be.
    """
    from degrade_bench.analysis import analyse_folder, designs, load_analysis
    from degrade_bench.runs.names import ANALYSIS, RECORD, SCORES

    _check(power, drop, clips)
    with fetched(folder, (RECORD, SCORES, ANALYSIS)) as place:
        run_designs = designs(load_analysis(place) if (place / ANALYSIS).is_file() else analyse_folder(place))
    if not run_designs:
        raise RunFolderError(f"{folder}: no damage was scored on enough recordings to plan with")
    for kind, wanted in (("metric", metrics), ("degradation", degradations)):
        names = list(dict.fromkeys(getattr(run_design, kind) for run_design in run_designs))
        for name in wanted:
            if name not in names:
                raise UnknownNameError(f"{kind} of this run", name, names)
    return [
        _plan(planned.design, planned.metric, planned.degradation, clips or planned.tracks, power, drop)
        for planned in run_designs
        if (not metrics or planned.metric in metrics) and (not degradations or planned.degradation in degradations)
    ]


def plan_from_reliability(
    reliability: float,
    clean_sd: float = 1.0,
    power: float = 0.9,
    drop: float | None = None,
    clips: int | None = None,
    margin: float | None = None,
    tests: int = 1,
    levels: int = 5,
) -> Plan:
    """A plan from an assumed reliability: the share of a metric's variance between clips that is not noise.

    Args:
        reliability: 0 to 1.
        clean_sd: standard deviation of clean scores between clips, in the metric's unit.
        power: the chance of success.
        drop: to detect, in the metric's unit; None for twice the margin.
        clips: to plan with; None for none in particular.
        margin: what counts as no drop, in the metric's unit; None for the smallest effect of interest that follows.
        tests: how many degradations are tested.
        levels: of the ladder.

    Raises:
        ConfigError: a number that cannot be.
    """
    from degrade_bench.analysis.power import from_reliability

    _check(power, drop, clips)
    if tests < 1 or levels < 1:
        raise ConfigError(f"tests and levels must be 1 or more, got {tests} and {levels}")
    design = from_reliability(reliability, clean_sd, margin=margin, tests=tests, levels=levels)
    return _plan(design, "", "", clips, power, drop)


def _plan(
    design: Design, metric: str, degradation: str, tracks: int | None, power: float, drop: float | None
) -> Plan:
    wanted = 2 * design.margin if drop is None else drop
    smallest = None if tracks is None else design.smallest_detectable(tracks, power)
    return Plan(
        metric=metric,
        degradation=degradation,
        tracks=tracks,
        spread=design.spread,
        margin=design.margin,
        smallest_detectable=smallest,
        drop=wanted,
        clips_to_detect=design.clips_to_detect(wanted, power),
        clips_to_exclude=design.clips_to_exclude(power),
    )


def _check(power: float, drop: float | None, clips: int | None) -> None:
    if not 0 < power < 1:
        raise ConfigError(f"--power must lie between 0 and 1, got {power}")
    if drop is not None and not 0 < drop < math.inf:
        raise ConfigError(f"--drop must be a number above 0, got {drop}")
    if clips is not None and clips < 2:
        raise ConfigError(f"--clips must be 2 or more, got {clips}")
