"""From the score table to an :class:`~degrade_bench.analysis.result.Analysis`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from degrade_bench.analysis.drops import coded, is_infinite
from degrade_bench.analysis.effects import placebo_effects
from degrade_bench.analysis.one_metric import OneMetric
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.people import agreement, human_curves
from degrade_bench.analysis.power import Design
from degrade_bench.analysis.resampling import Resampler
from degrade_bench.analysis.result import Analysis
from degrade_bench.analysis.wide import metric_drops
from degrade_bench.errors import RunFolderError, UnknownNameError
from degrade_bench.runs.scores import load_analysed


def analyse_folder(folder: Path, options: AnalysisOptions | None = None) -> Analysis:
    """Analyse the score table of a run directory.

    Raises:
        RunFolderError: missing or unreadable.
    """
    return analyse(load_analysed(folder), options)


def analyse(scores: pd.DataFrame, options: AnalysisOptions | None = None) -> Analysis:
    """Conclude from a score table. The order of its rows does not matter.

    Raises:
        RunFolderError: the table is empty.
        UnknownNameError: the options name a metric that the table does not have.
    """
    options = options or AnalysisOptions()
    if scores.empty:
        raise RunFolderError("the score table is empty")
    scores = coded(scores)
    resampler = Resampler(options.resamples, options.seed)
    parts = _parts(scores, resampler, options)
    return Analysis(
        metrics=pd.DataFrame.from_records([part.facts for part in parts]),
        levels=_together([part.levels for part in parts]),
        verdicts=pd.DataFrame.from_records([row for part in parts for row in part.verdicts]),
        families=_together([part.families for part in parts]),
        selectivity=pd.DataFrame.from_records([part.selectivity for part in parts]),
        genres=_together([part.genres for part in parts]),
        controls=_together([part.controls for part in parts]),
        placebos=_together([placebo_effects(part.own, resampler, options) for part in parts]),
        people=pd.DataFrame.from_records(
            [row for part in parts for row in agreement(part.own, resampler, options)]
        ),
        human_curves=human_curves(parts[0].own.cells),
        achieved=_achieved(scores),
        options=options,
    )


def designs(scores: pd.DataFrame, options: AnalysisOptions | None = None) -> list[tuple[str, str, int, Design]]:
    """What :mod:`~degrade_bench.analysis.power` needs of a score table, where there are tracks enough.

    Returns:
        metric, degradation, tracks at its top level, and the figures to plan with.

    Raises:
        RunFolderError: the table is empty.
        UnknownNameError: the options name a metric that the table does not have.
    """
    options = options or AnalysisOptions()
    if scores.empty:
        raise RunFolderError("the score table is empty")
    found = []
    for part in _parts(coded(scores), Resampler(options.resamples, options.seed), options):
        for (name, _), top in zip(part.own.ladders(), part.tops, strict=True):
            design = part.designs[name]
            if top is not None and design is not None:
                found.append((part.own.metric, name, int(part.levels["tracks"].iloc[top]), design))
    return found


def _parts(scores: pd.DataFrame, resampler: Resampler, options: AnalysisOptions) -> list[OneMetric]:
    facts = _metric_facts(scores)
    named = list(options.margin) if isinstance(options.margin, Mapping) else []
    if options.distance != AnalysisOptions.distance:  # the default may be missing, and the index says so
        named.append(options.distance)
    for name in named:
        if name not in facts:
            raise UnknownNameError("metric of this run", name, facts)
    every = {own.metric: own for own in metric_drops(scores)}
    return [OneMetric(own, every, facts[name], resampler, options) for name, own in every.items()]


def _together(frames: list[pd.DataFrame]) -> pd.DataFrame:
    some = [frame for frame in frames if len(frame)]
    if some:
        return pd.concat(some, ignore_index=True)
    return frames[0].reset_index(drop=True) if frames else pd.DataFrame()


def _metric_facts(scores: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Per metric, in the table's order: direction, kind, and rows by what became of them."""
    infinite = is_infinite(scores["score"].to_numpy(dtype=float, na_value=np.nan))
    facts = {}
    for name, own in scores.assign(_infinite=infinite).groupby("metric", sort=False, observed=True):
        status = own["status"].value_counts()
        facts[str(name)] = {
            "higher_is_better": bool(own["higher_is_better"].iloc[0]),
            "needs_reference": bool(own["needs_reference"].iloc[0]),
            "rows_ok": int(status.get("ok", 0)),
            "rows_not_applicable": int(status.get("not-applicable", 0)),
            "rows_failed": int(status.get("failed", 0)),
            "rows_infinite": int(own["_infinite"].sum()),
        }
    return facts


def _achieved(scores: pd.DataFrame) -> pd.DataFrame:
    """Strengths asked for and achieved, over clips and replicates, whatever the metric."""
    cells = scores[scores["role"].isin(["test", "control"])]
    cells = cells.drop_duplicates(["clip_id", "degradation", "level", "replicate"])
    keys = ["group", "family", "degradation", "level", "strength", "unit"]
    cells = cells.astype({name: object for name in ("group", "family", "degradation", "unit")})
    frame = cells.groupby(keys, sort=False, dropna=False)["achieved"].agg(["count", "mean", "min", "max"])
    return frame.reset_index().rename(columns={"count": "n"})
