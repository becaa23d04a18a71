"""What a run's own figures give to plan with, from its analysis alone; nothing is computed again."""

from __future__ import annotations

from dataclasses import dataclass

from degrade_bench.analysis.planning import design_of, margin_facts
from degrade_bench.analysis.power import Design
from degrade_bench.analysis.result import Analysis


@dataclass(frozen=True)
class RunDesign:
    """The figures to plan with for one metric and degradation of a run.

    Attributes:
        metric, degradation: which.
        tracks: how many the degradation's top level has.
        design: the figures.
    """

    metric: str
    degradation: str
    tracks: int
    design: Design


def designs(analysis: Analysis) -> list[RunDesign]:
    """The figures of every metric and degradation of which there are recordings enough."""
    metrics = analysis.metrics.set_index("metric")
    damages = analysis.levels.groupby("metric")["degradation"].nunique()
    run_designs = []
    for (metric, degradation), levels in analysis.levels.groupby(["metric", "degradation"], sort=False):
        row = metrics.loc[metric]
        facts = margin_facts(row, damages[metric], analysis.options)
        design = design_of(levels, facts, analysis.options)
        tracks = levels.loc[levels["n"] > 0, "tracks"]
        if design is not None and len(tracks):
            run_designs.append(RunDesign(str(metric), str(degradation), int(tracks.iloc[-1]), design))
    return run_designs
