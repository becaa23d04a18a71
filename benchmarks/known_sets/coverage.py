"""How many of the intervals of drops hold the true value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from degrade_bench.analysis import AnalysisOptions
from degrade_bench.analysis.means import Clustered
from degrade_bench.analysis.resampling import Resampler
from degrade_bench.metric.sets.jackknife import SetEstimate, estimate
from degrade_bench.metric.sets.mmd import median_distance
from known_sets.vectors import (
    DAMAGES,
    METRICS,
    PLACEBO,
    TRACKS,
    Damage,
    as_set,
    damaged,
    true_frechet,
    true_mmd,
    vectors,
)

DIMS = (8, 32)


@dataclass(frozen=True)
class Coverage:
    """What came of many sets of one kind.

    Attributes:
        metric: which.
        dim: of the vectors.
        damage: in words.
        true: the true value, on average; MMD's depends on the width, and that on the clean set.
        raw: the sets' values as they are, on average.
        corrected: likewise, as the jackknife corrects them.
        extrapolated: likewise, by a line to infinitely many tracks.
        drops: the share of intervals of the drop that hold the true value.
        nets: the share of those of the drop beyond the placebo's.
    """

    metric: str
    dim: int
    damage: str
    true: float
    raw: float
    corrected: float
    extrapolated: float
    drops: float
    nets: float


def coverage(name: str, dim: int, damage: Damage, trials: int, seed: int = 0) -> Coverage:
    """Simulate.

    Args:
        name: of the metric.
        dim: of the vectors.
        damage: of the set.
        trials: how many sets.
        seed: of chance.
    """
    rng = np.random.Generator(np.random.Philox(key=[seed, dim]))
    metric = METRICS[name]()
    found: list[tuple[SetEstimate, SetEstimate]] = []
    truths = []
    for _ in range(trials):
        clean = as_set(vectors(rng, dim))
        sets = [as_set(damaged(rng, clean.vectors, each)) for each in (damage, PLACEBO)]
        one, other = (estimate(metric, clean, heard, TRACKS) for heard in sets)
        found.append((one, other))
        if name == "mmd":
            truths.append([true_mmd(each, dim, median_distance(clean)) for each in (damage, PLACEBO)])
        else:
            truths.append([true_frechet(each, dim) for each in (damage, PLACEBO)])
    true = np.array(truths)
    drops = np.array([one.contributions for one, _ in found]).T
    nets = drops - np.array([other.contributions for _, other in found]).T
    return Coverage(
        metric=name,
        dim=dim,
        damage=damage.name,
        true=float(true[:, 0].mean()),
        raw=float(np.mean([one.value for one, _ in found])),
        corrected=float(np.mean([one.corrected for one, _ in found])),
        extrapolated=float(np.mean([one.extrapolated for one, _ in found])),
        drops=_share(drops, true[:, 0]),
        nets=_share(nets, true[:, 0] - true[:, 1]),
    )


def _share(contributions: np.ndarray, true: np.ndarray) -> float:
    """How many of the analysis's intervals, one for each column, hold the true value."""
    options = AnalysisOptions()
    by_track = Clustered.of(contributions, np.arange(len(contributions)), len(contributions))
    resampler = Resampler(options.resamples, options.seed)
    low, high = by_track.intervals(resampler, (options.confidence,))[0]
    return float(((low <= true) & (true <= high)).mean())


def coverage_table(trials: Mapping[str, int]) -> list[str]:
    """The lines of the table of coverage.

    Args:
        trials: how many sets of each kind, by metric.
    """
    lines = [
        "| metric | dimensions | damage | true | as it is | corrected | extrapolated | drop | beyond placebo |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name in METRICS:
        for dim in DIMS:
            for damage in DAMAGES:
                found = coverage(name, dim, damage, trials[name])
                figures = (found.true, found.raw, found.corrected, found.extrapolated)
                shown = " | ".join(f"{figure:.3g}" if abs(figure) > 5e-5 else "0" for figure in figures)
                words = f"| `{name}` | {dim} | {damage.name} | {shown} |"
                lines.append(f"{words} {found.drops:.1%} | {found.nets:.1%} |")
                print(lines[-1], flush=True)
    return lines
