"""From the score table to an :class:`~degrade_bench.analysis.result.Analysis`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from degrade_bench._support.steps import Steps, silent
from degrade_bench.analysis.achieved import achieved_strengths
from degrade_bench.analysis.drops import Drops, coded, drop_table, is_infinite, paired_drops
from degrade_bench.analysis.looks import LOOKS, ONCE, Looks
from degrade_bench.analysis.metric_analysis import MetricAnalysis, MetricRows, analyse_metric
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.people import human_curves
from degrade_bench.analysis.resampling import Resampler
from degrade_bench.analysis.result import FRAMES, Analysis
from degrade_bench.analysis.wide import MetricDrops, drops_by_metric
from degrade_bench.errors import RunFolderError, UnknownNameError
from degrade_bench.runs.names import RECORD
from degrade_bench.runs.record import read_record
from degrade_bench.runs.scores import load_analysed


@dataclass(frozen=True, eq=False)
class Conclusions:
    """An analysis with what it was made from, so that nobody has to compute that again.

    Attributes:
        analysis: what was concluded.
        drops_by_metric: every metric's drops as arrays, by name.
        scores: the score table, :func:`~degrade_bench.analysis.drops.coded`.
        table: its :func:`~degrade_bench.analysis.drops.drop_table`.
    """

    analysis: Analysis
    drops_by_metric: Mapping[str, MetricDrops]
    scores: pd.DataFrame
    table: pd.DataFrame

    def drops(self) -> Drops:
        """The paired drops as data frames."""
        return paired_drops(self.scores, self.table)


def analyse_folder(folder: Path, options: AnalysisOptions | None = None, steps: Steps = silent) -> Analysis:
    """Analyse the score table of a run directory, by the looks that its record tells of.

    Args:
        folder: the run directory.
        options: thresholds.
        steps: told how many metrics are done.

    Raises:
        RunFolderError: missing or unreadable.
    """
    scores = load_analysed(folder)
    return analyse(scores, options, looks_of(folder, scores), steps)


def looks_of(folder: Path, scores: pd.DataFrame) -> Looks:
    """The looks at the scores of a run directory; once where it has no record.

    Args:
        folder: the run directory.
        scores: its score table. A start that was stopped in the middle of a look tells of one look less than the
            table is of.

    Raises:
        RunFolderError: its record cannot be read.
    """
    if not (folder / RECORD).is_file():
        return ONCE
    record = read_record(folder)
    if record.looks is None:
        return Looks(unplanned=record.looked_at)
    names, plan = list(record.identity.clips), record.looks
    clips, there = [frozenset(names[:count]) for count in plan.clips], set(scores["clip_id"].astype(str))
    holding = [number for number, of_look in enumerate(clips, 1) if there <= of_look]
    return Looks(
        shares=tuple(count / plan.recordings[-1] for count in plan.recordings),
        clips=tuple(clips[: max(1, plan.taken, min(holding, default=0))]),
        unplanned=record.looked_at,
    )


def analyse(
    scores: pd.DataFrame, options: AnalysisOptions | None = None, looks: Looks = ONCE, steps: Steps = silent
) -> Analysis:
    """Conclude from a score table. The order of its rows does not matter.

    Args:
        scores: the table.
        options: thresholds.
        looks: at the scores, these the last.
        steps: told how many metrics are done.

    Raises:
        RunFolderError: the table is empty.
        UnknownNameError: the options name a metric or a damage that the table does not have.
    """
    return conclusions(scores, options, looks, steps).analysis


def conclusions(
    scores: pd.DataFrame, options: AnalysisOptions | None = None, looks: Looks = ONCE, steps: Steps = silent
) -> Conclusions:
    """Conclude from a score table, and keep what the conclusions were made from.

    Args:
        scores: the table.
        options: thresholds.
        looks: at the scores, these the last.
        steps: told how many metrics are done.

    Raises:
        RunFolderError: the table is empty.
        UnknownNameError: the options name a metric or a damage that the table does not have.
    """
    from threadpoolctl import threadpool_limits

    options = options or AnalysisOptions()
    if scores.empty:
        raise RunFolderError("the score table is empty")
    with threadpool_limits(limits=1):  # matrices are small: threads would wait for one another
        return _conclusions(scores, options, looks, steps)


def _conclusions(scores: pd.DataFrame, options: AnalysisOptions, looks: Looks, steps: Steps) -> Conclusions:
    """What :func:`conclusions` says, of a table that is not empty.

    Args:
        scores: the table.
        options: thresholds.
        looks: at the scores, these the last.
        steps: told how many metrics are done.
    """
    scores = coded(scores)
    rows_by_metric = _rows_by_metric(scores)
    _check_names(scores, rows_by_metric, options)
    table = drop_table(scores)
    by_metric = drops_by_metric(scores, table)
    resampler = Resampler(options.resamples, options.seed)
    parts: list[MetricAnalysis] = []
    for name, metric_drops in by_metric.items():
        steps(len(parts), len(by_metric))
        parts.append(analyse_metric(metric_drops, by_metric, rows_by_metric[name], resampler, options, looks))
    steps(len(parts), len(by_metric))
    of_the_run = {
        "human_curves": human_curves(next(iter(by_metric.values())).cells),
        "achieved": achieved_strengths(scores),
        "looks": LOOKS.rows(looks.rows(options, scores["clip_id"].nunique())),
    }
    of_metrics = {
        frame.name: frame.joined([getattr(part, frame.name) for part in parts])
        for frame in FRAMES
        if frame.name not in of_the_run
    }
    return Conclusions(Analysis(**of_the_run, **of_metrics, options=options), by_metric, scores, table)


def _check_names(scores: pd.DataFrame, metrics: Mapping[str, MetricRows], options: AnalysisOptions) -> None:
    """Refuse options that name a metric or a damage which the table does not have.

    Args:
        scores: the score table.
        metrics: its metrics by name.
        options: thresholds.
    """
    named_roles = scores["role"].astype(object).isin(["test", "control"]).to_numpy()
    damages = [str(name) for name in pd.unique(scores.loc[named_roles, "degradation"].astype(object))]
    for name in options.positive_controls:
        if name not in damages:
            raise UnknownNameError("degradation of this run", name, damages)
    named = list(options.margin) if isinstance(options.margin, Mapping) else []
    named += list(options.effects or {})
    if options.distance != AnalysisOptions.distance:  # the default may be missing, and the index says so
        named.append(options.distance)
    for name in named:
        if name not in metrics:
            raise UnknownNameError("metric of this run", name, metrics)


def _rows_by_metric(scores: pd.DataFrame) -> dict[str, MetricRows]:
    """What the table says of each metric, in its order."""
    infinite = is_infinite(scores["score"].to_numpy(dtype=float, na_value=np.nan))
    rows_by_metric = {}
    for name, rows in scores.assign(_infinite=infinite).groupby("metric", sort=False, observed=True):
        status = rows["status"].value_counts()
        rows_by_metric[str(name)] = MetricRows(
            higher_is_better=bool(rows["higher_is_better"].iloc[0]),
            needs_reference=bool(rows["needs_reference"].iloc[0]),
            rows_ok=int(status.get("ok", 0)),
            rows_not_applicable=int(status.get("not-applicable", 0)),
            rows_failed=int(status.get("failed", 0)),
            rows_infinite=int(rows["_infinite"].sum()),
        )
    return rows_by_metric
