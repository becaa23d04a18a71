"""A run directory as tidy data frames, for notebooks."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path

import pandas as pd

from degrade_bench.analysis.analyse import analyse
from degrade_bench.analysis.drops import paired_drops
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.analysis.result import Analysis, load_options
from degrade_bench.runs.scores import load_scores


@dataclass(frozen=True, eq=False)
class Loaded(Analysis):
    """Everything that is known of a run: the analysis's frames, and what they were made from.

    Attributes:
        scores: the score table: one row per clip, cell, replicate and metric.
        drops: one row per metric, degradation, level and clip: its drop, replicates averaged.
        net_drops: the same of tested degradations, beyond the placebo's: ``net``.
    """

    scores: pd.DataFrame = field(default_factory=pd.DataFrame)
    drops: pd.DataFrame = field(default_factory=pd.DataFrame)
    net_drops: pd.DataFrame = field(default_factory=pd.DataFrame)


def load(folder: Path | str, options: AnalysisOptions | None = None) -> Loaded:
    """Read the scores of a run directory and analyse them; nothing is written.

    Args:
        folder: the run directory.
        options: thresholds; by default those of the folder's ``analysis.json``, or the defaults without one.

    Raises:
        RunFolderError: there are no scores, or they cannot be read.
    """
    folder = Path(folder)
    scores = load_scores(folder)
    found = analyse(scores, options or load_options(folder))
    paired = paired_drops(scores)
    frames = {each.name: getattr(found, each.name) for each in fields(Analysis)}
    return Loaded(**frames, scores=scores, drops=paired.table, net_drops=paired.net)
