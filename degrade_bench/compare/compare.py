"""From run directories to a :class:`~degrade_bench.compare.result.Comparison`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from degrade_bench._support.numbers import counted, p_value
from degrade_bench.analysis import Analysis, AnalysisOptions, load_options
from degrade_bench.analysis.analyse import conclusions
from degrade_bench.analysis.resampling import Resampler
from degrade_bench.analysis.statistics import smallest_flip_p
from degrade_bench.analysis.verdicts import VERDICT_NAMES
from degrade_bench.compare.columns import one_column_each
from degrade_bench.compare.cover import cover
from degrade_bench.compare.cube import Cube, make_cube
from degrade_bench.compare.differences import differences
from degrade_bench.compare.leaderboard import leaderboard
from degrade_bench.compare.options import CompareOptions
from degrade_bench.compare.pairing import CELL, pair
from degrade_bench.compare.redundancy import redundancy
from degrade_bench.compare.result import Comparison
from degrade_bench.compare.runs import Run, load_runs, looks_notes, provenance_notes
from degrade_bench.compare.units import Units
from degrade_bench.compare.words import listed
from degrade_bench.errors import RunFolderError
from degrade_bench.runs.names import ANALYSIS, RECORD, SCORES
from degrade_bench.runs.stored import fetched_all


def compare(folders: Iterable[Path | str], options: CompareOptions | None = None) -> Comparison:
    """Compare the metrics of one or several run directories, on the cells that all of the runs hold.

    The order of the folders does not matter.

    Raises:
        ConfigError: no folder.
        RunFolderError: one is missing, damaged or unfinished, or they have no cell in common.
    """
    with fetched_all([Path(folder) for folder in folders], (RECORD, SCORES, ANALYSIS)) as places:
        return _compared(places, options or CompareOptions())


def _compared(paths: Sequence[Path], options: CompareOptions) -> Comparison:
    runs, notes = load_runs(paths)
    paired = pair(runs)
    rows, metrics, more = one_column_each(paired.rows, runs)
    concluded = conclusions(
        rows, AnalysisOptions(confidence=options.confidence, resamples=options.resamples, seed=options.seed)
    )
    analysis = concluded.analysis
    noticed_from = {
        str(row.metric): float(row.noticed_from) if math.isfinite(row.nuisance_floor) else math.nan
        for row in analysis.metrics.itertuples(index=False)
    }
    cube = make_cube(rows, [concluded.drops_by_metric[name] for name in metrics["metric"]], noticed_from)
    resampler = Resampler(options.resamples, options.seed)
    units = Units(cube.cells)
    board = leaderboard(cube, units, resampler, options, analysis.verdicts)
    apart = differences(cube, units, resampler, options)
    overall = board[board["scope"] == "overall"].set_index("metric")["miss_rate"]
    notes += [*provenance_notes(runs), *paired.notes, *more]
    notes += [*_limits(cube, apart, noticed_from, options), *_rules(paths, analysis.options), *looks_notes(runs)]
    return Comparison(
        runs=_runs(runs, paired.rows),
        metrics=_metrics(metrics, analysis, list(overall.index)),
        leaderboard=board,
        differences=apart,
        redundancy=redundancy(cube, resampler, options),
        cover=cover(analysis.verdicts, {name: _worst_if_unknown(rate) for name, rate in overall.items()}),
        notes=tuple(notes),
        options=options,
    )


def _worst_if_unknown(rate: float) -> float:
    return 2.0 if math.isnan(rate) else float(rate)


def _runs(runs: Sequence[Run], paired: pd.DataFrame) -> pd.DataFrame:
    def cells(table: pd.DataFrame) -> int:
        return len(table.loc[table["role"] == "test", list(CELL)].drop_duplicates())

    rows = [
        {
            "run": run.label,
            "package_version": run.record.package_version,
            "seed": run.seed,
            "clips": run.table["clip_hash"].nunique(),
            "clips_paired": paired["clip_hash"].nunique(),
            "cells": cells(run.table),
            "cells_paired": cells(paired),
        }
        for run in runs
    ]
    return pd.DataFrame.from_records(rows)


def _metrics(metrics: pd.DataFrame, analysis: Analysis, order: Sequence[str]) -> pd.DataFrame:
    """Facts of every metric, in the leaderboard's order."""
    facts = analysis.metrics[["metric", "higher_is_better", "needs_reference", "nuisance_floor", "margin"]]
    counts = analysis.verdicts.groupby("metric")["verdict"].value_counts().unstack(fill_value=0)
    counts = counts.reindex(columns=list(VERDICT_NAMES), fill_value=0)
    frame = metrics.merge(facts, on="metric").merge(counts, left_on="metric", right_index=True, how="left")
    return frame.set_index("metric").loc[list(order)].reset_index()


def _rules(folders: Sequence[Path], options: AnalysisOptions) -> list[str]:
    """By which rules the verdicts are, and what was concluded by others in the runs' own analyses."""
    notes = [f"verdicts are by rules {options.rules}"]
    for folder in folders:
        try:
            rules = load_options(folder).rules
        except RunFolderError:
            notes.append(f"the analysis in {folder.name} was written by another version or is damaged")
            continue
        if rules != options.rules:
            notes.append(f"the analysis in {folder.name} was made by rules {rules}: its verdicts may differ")
    return notes


def _limits(cube: Cube, apart: pd.DataFrame, noticed_from: dict[str, float], options: CompareOptions) -> list[str]:
    """What this table cannot show."""
    notes = []
    unknown = [metric for metric in cube.metrics if math.isnan(noticed_from[metric])]
    if unknown:
        notes.append(
            "no control in common was scored, so there is no nuisance floor and no miss rate: " + listed(unknown)
        )
    if cube.tracks < 2:
        return [*notes, "one recording: there are no intervals and no tests"]
    smallest, hopeless = smallest_flip_p(cube.tracks, options.flips), []
    for scope in ("overall", "group", "family", "degradation"):
        tests = int(apart.loc[apart["scope"] == scope, "p_value"].notna().sum())
        if tests and smallest * tests >= options.alpha:
            hopeless.append(f"{'overall' if scope == 'overall' else f'in a {scope}'} ({tests} tests)")
    if hopeless:
        notes.append(
            f"{counted(cube.tracks, 'recording')}: the smallest possible p is "
            f"{p_value(smallest).removeprefix('= ')}, so no "
            f"difference {' or '.join(hopeless)} can hold after Holm: look at the intervals"
        )
    return notes
