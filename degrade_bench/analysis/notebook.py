"""A run directory as tidy data frames, for notebooks."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path

import pandas as pd

from degrade_bench.analysis.analyse import conclusions, looks_of
from degrade_bench.analysis.drops import DROPS, NET_DROPS
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.result import Analysis, load_options
from degrade_bench.runs.names import ANALYSIS, RECORD, SCORES
from degrade_bench.runs.scores import load_scores
from degrade_bench.runs.stored import fetched


@dataclass(frozen=True, eq=False)
class Loaded(Analysis):
    """A run's analysis, and what it was made from.

    Attributes:
        scores: the score table: one row per clip, cell, replicate and metric.
        drops: one row per metric, degradation, level and clip: its drop, replicates averaged.
        net_drops: one row per metric, tested degradation, level and clip: its drop beyond the placebo's, ``net``.
    """

    scores: pd.DataFrame = field(default_factory=pd.DataFrame)
    drops: pd.DataFrame = field(default_factory=DROPS.empty)
    net_drops: pd.DataFrame = field(default_factory=NET_DROPS.empty)


def load(folder: Path | str, options: AnalysisOptions | None = None) -> Loaded:
    """Read the scores of a run directory and analyse them; nothing is written.

    Args:
        folder: the run directory.
        options: thresholds; by default those of the folder's ``analysis.json``, or the defaults without one.

    Raises:
        RunFolderError: there are no scores, or they cannot be read; or the thresholds were asked of an
            ``analysis.json`` that is damaged or written by another version.
    """
    with fetched(Path(folder), (RECORD, SCORES, ANALYSIS)) as place:
        scores = load_scores(place)
        concluded = conclusions(scores, options or load_options(place), looks_of(place, scores))
    drops = concluded.drops()
    frames = {attribute.name: getattr(concluded.analysis, attribute.name) for attribute in fields(Analysis)}
    return Loaded(**frames, scores=scores, drops=drops.table, net_drops=drops.net)
