"""Set metrics on vectors whose distributions are known; writes ``set_metrics.md``.

    python benchmarks/set_metrics.py [--trials 250] [--runs 20]
    python benchmarks/set_metrics.py --packages PYTHON

*Coverage*: how many of the nominal 95 % intervals of a drop, and of a drop beyond a placebo's, hold the true value.
Vectors are normal, 24 tracks of 8 each, half of their variance between tracks. Nothing of the estimate knows that.

*Verdicts*: embedders that hear a damage, do not hear it, hear its placebo as well, or take it for an improvement go
through the whole analysis.

*Beside the packages*, on its own: what `prdc` and `mauve-text` make of the same vectors, under an interpreter that
has them.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from degrade_bench.analysis import AnalysisOptions, analyse
from degrade_bench.analysis.means import Clustered
from degrade_bench.analysis.resampling import Resampler
from degrade_bench.metric.sets.base import SetMetric
from degrade_bench.metric.sets.frechet import Frechet
from degrade_bench.metric.sets.jackknife import SetEstimate, estimate
from degrade_bench.metric.sets.mauve import Mauve, clusters
from degrade_bench.metric.sets.mmd import Mmd, median_distance
from degrade_bench.metric.sets.neighbours import Coverage as Cover
from degrade_bench.metric.sets.neighbours import Density, Precision, Recall
from degrade_bench.metric.sets.vectors import VectorSet
from degrade_bench.runs.columns import ANALYSED, CLEAN

PAGE = Path(__file__).with_suffix(".md")
TRACKS, FRAMES = 24, 8
SHARED = 0.5
"""The share of the variance of vectors that the frames of a track have in common."""
DIMS = (8, 32)
METRICS: Mapping[str, type[SetMetric]] = {"frechet": Frechet, "mmd": Mmd}
LEVELS = (1, 2, 3, 4, 5)
CONTROLS = 8


@dataclass(frozen=True)
class Damage:
    """What becomes of a vector x: a weighted sum of x and of another such vector, moved along the first axis.

    Attributes:
        name: in words.
        keeps: the weight of x.
        noise: that of the other, which has nothing to do with x.
        shift: how far all are moved.
    """

    name: str
    keeps: float = 1.0
    noise: float = 0.0
    shift: float = 0.0

    @property
    def variance(self) -> float:
        """Of what comes out, in every dimension; that of x is 1."""
        return self.keeps**2 + self.noise**2


NOTHING = Damage("the same distribution, other vectors", math.sqrt(0.8), math.sqrt(0.2))
DAMAGES = (
    NOTHING,
    Damage("moved by a standard deviation", math.sqrt(0.95), math.sqrt(0.05), 1.0),
    Damage("smaller, 0.6 of it", 0.6),
    Damage("noise, 0.7 of it", 1.0, 0.7),
    Damage("far away and much smaller", 0.3, 0.0, 4.0),
)
PLACEBO = Damage("placebo", math.sqrt(0.95), math.sqrt(0.05), 0.4)


def vectors(rng: np.random.Generator, dim: int, tracks: int = TRACKS) -> np.ndarray:
    """Normal vectors of variance 1, ``(tracks * FRAMES, dim)``, some of it shared by the frames of a track."""
    of_tracks = np.repeat(rng.standard_normal((tracks, dim)), FRAMES, axis=0)
    return math.sqrt(SHARED) * of_tracks + math.sqrt(1 - SHARED) * rng.standard_normal((tracks * FRAMES, dim))


def damaged(rng: np.random.Generator, clean: np.ndarray, damage: Damage) -> np.ndarray:
    """What becomes of vectors."""
    moved = damage.keeps * clean + damage.noise * vectors(rng, clean.shape[1], len(clean) // FRAMES)
    moved[:, 0] += damage.shift
    return moved


def as_set(made: np.ndarray) -> VectorSet:
    """Vectors with their tracks."""
    return VectorSet(made, np.repeat(np.arange(len(made) // FRAMES), FRAMES))


def true_frechet(damage: Damage, dim: int) -> float:
    """Of the two normal distributions."""
    return damage.shift**2 + dim * (1 - math.sqrt(damage.variance)) ** 2


def true_mmd(damage: Damage, dim: int, width: float) -> float:
    """Of the two normal distributions, with a kernel of that width."""

    def mean(variance: float, apart: float) -> float:
        share = width**2 / (width**2 + variance)
        return float(share ** (dim / 2) * math.exp(-(apart**2) / (2 * (width**2 + variance))))

    within = mean(2.0, 0.0) + mean(2 * damage.variance, 0.0)
    return within - 2 * mean(1 + damage.variance, damage.shift)


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


# -- verdicts ------------------------------------------------------------------------------------------

EXPECTED = {
    "hears it": "sensitive",
    "does not hear it": "blind",
    "hears the placebo as well": "artefact",
    "prefers it": "inverted",
}
"""What an embedder does with the damage ``order_like``, and the right verdict. All hear ``noise_like``."""
REPEAT = 0.02
"""The share of variance that is new whenever a vector is made again, of a placebo or a control, too."""
FARTHEST = 1.5
"""Standard deviations by which the damage of level 5 moves vectors."""


def again(shift: float) -> Damage:
    """The same music heard again, moved."""
    return Damage("again", math.sqrt(1 - REPEAT), math.sqrt(REPEAT), shift)


def suite(embedder: str) -> list[tuple[dict[str, Any], Damage]]:
    """The cells of a run, each with what becomes of vectors in it."""
    cells = [(_cell(CLEAN, CLEAN, CLEAN, 0, "clean", None), Damage("clean"))]
    toward = {"hears it": 1.0, "hears the placebo as well": 1.0, "prefers it": -1.0}.get(embedder, 0.0)
    beside = toward if embedder == "hears the placebo as well" else 0.0
    for name, group, family in (("noise_like", "signal", "noise"), ("order_like", "structural", "order")):
        damage, placebo = (1.0, 0.0) if name == "noise_like" else (toward, beside)
        for level in LEVELS:
            by = FARTHEST * level / len(LEVELS)
            cells.append((_cell(name, group, family, level, "test", None), again(damage * by)))
            cells.append((_cell(f"{name}_placebo", "control", family, level, "placebo", name), again(placebo * by)))
    cells += [
        (_cell(f"control_{number}", "control", "level", 1, "control", None), again(0.0))
        for number in range(CONTROLS)
    ]
    return cells


def _cell(name: str, group: str, family: str, level: int, role: str, of: str | None) -> dict[str, Any]:
    """The columns of a cell.

    Args:
        name: of the degradation.
        group: of it.
        family: of it.
        level: of it.
        role: what the cell is for.
        of: of a placebo, its degradation.
    """
    strength = float(level) if level else None
    words = {"degradation": name, "group": group, "family": family, "level": level, "role": role, "placebo_of": of}
    return {**words, "strength": strength, "achieved": strength, "unit": "step" if level else None, "replicate": 0}


def run_of(name: str, embedder: str, dim: int, rng: np.random.Generator) -> pd.DataFrame:
    """The score table of a run of 24 clips.

    Args:
        name: of the metric.
        embedder: what it does, of :data:`EXPECTED`.
        dim: of the vectors.
        rng: where chance comes from.
    """
    metric = METRICS[name]()
    clean = as_set(vectors(rng, dim))
    reference = clean
    if embedder == "prefers it":  # other music, which the damage brings this music nearer to
        other = as_set(damaged(rng, vectors(rng, dim, 2 * TRACKS), again(-2 * FARTHEST)))
        reference = VectorSet(other.vectors, other.track + TRACKS)
    frames = []
    for cell, damage in suite(embedder):
        heard = clean if cell["role"] == "clean" else as_set(damaged(rng, clean.vectors, damage))
        found = estimate(metric, reference, heard, TRACKS)
        clips = [f"clip{number:02d}" for number in range(TRACKS)]
        words = {**cell, "metric": name, "higher_is_better": False, "needs_reference": True, "status": "ok"}
        words |= {"error": None, "clip_group": None, "nuisance": cell["role"] == "control"}
        frames.append(pd.DataFrame({**words, "clip_id": clips, "track": clips, "score": found.contributions}))
    return pd.concat(frames, ignore_index=True)[list(ANALYSED)]


def verdicts(name: str, embedder: str, runs: int, dim: int = 8, seed: int = 1) -> pd.DataFrame:
    """What many runs are told of both damages: a row each, with ``right``.

    Args:
        name: of the metric.
        embedder: what it does, of :data:`EXPECTED`.
        runs: how many.
        dim: of the vectors.
        seed: of chance.
    """
    rows = []
    for run in range(runs):
        rng = np.random.Generator(np.random.Philox(key=[seed, run]))
        table = run_of(name, embedder, dim, rng)
        analysis = analyse(table, AnalysisOptions(resamples=500, seed=run))
        of = analysis.verdicts.set_index("degradation")["verdict"]
        noise = "sensitive" if embedder != "prefers it" else None
        for degradation, right in (("noise_like", noise), ("order_like", EXPECTED[embedder])):
            if right is not None:
                rows.append({"run": run, "degradation": degradation, "verdict": of[degradation], "right": right})
    return pd.DataFrame(rows)


# -- the page ------------------------------------------------------------------------------------------


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


def verdict_table(runs: Mapping[str, int]) -> list[str]:
    """The lines of the table of verdicts.

    Args:
        runs: how many of each kind, by metric.
    """
    lines = [
        "| metric | the embedder | damage | right | other verdicts |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name in METRICS:
        for embedder in EXPECTED:
            found = verdicts(name, embedder, runs[name])
            for degradation, of in found.groupby("degradation"):
                right = of["verdict"] == of["right"]
                others = ", ".join(
                    f"{count} {word}" for word, count in of["verdict"][~right].value_counts().items()
                )
                words = f"| `{name}` | {embedder} | `{degradation}` | {of['right'].iloc[0]}: {right.mean():.0%} |"
                lines.append(f"{words} {others or '–'} |")
                print(lines[-1], flush=True)
    return lines


PACKAGES = "## Beside the packages\n"
THEIRS = """
import json, sys
from importlib.metadata import version
import numpy as np
from mauve.compute_mauve import compute_mauve, get_divergence_curve_for_multinomials
from prdc import compute_prdc
from sklearn.metrics import auc

def in_order(x, y):
    return x[np.argsort(x)], y[np.argsort(x)]


given = np.load(sys.argv[1])
clean, heard = given["clean"], given["heard"]
found = dict(compute_prdc(clean, heard, nearest_k=5))
p, q = (given[name] / given[name].sum() for name in ("of_clean", "of_heard"))
x, y = get_divergence_curve_for_multinomials(p, q, np.linspace(1e-6, 1 - 1e-6, 25), 5).T
found["mauve of the same histograms"] = (auc(*in_order(x, y)) + auc(*in_order(y, x))) / 2
found["mauve"] = compute_mauve(clean, heard, seed=0).mauve
packages = {name: version(name) for name in ("prdc", "mauve-text")}
print(json.dumps({"found": {name: float(value) for name, value in found.items()}, "packages": packages}))
"""
"""Run under the other interpreter, with the path of the vectors."""


def packages_lines(python: str) -> list[str]:
    """What the packages make of some sets, beside what is made here.

    Args:
        python: an interpreter that has them.
    """
    rows: list[str] = []
    apart: dict[str, float] = {}
    versions: dict[str, str] = {}
    for damage in DAMAGES[1:]:
        rng = np.random.Generator(np.random.Philox(key=[7, 8]))
        clean = vectors(rng, 8)
        sets = as_set(clean), as_set(damaged(rng, clean, damage))
        labels = clusters(*sets)
        counts = [np.bincount(part, minlength=1 + max(map(np.max, labels))) for part in labels]
        ours = {kind.name: kind(AnEmbedder()).compare(*sets) for kind in (Precision, Recall, Density, Cover, Mauve)}
        ours["mauve of the same histograms"] = ours["mauve"]
        with TemporaryDirectory() as folder:
            path = Path(folder) / "sets.npz"
            given = {
                "clean": sets[0].vectors,
                "heard": sets[1].vectors,
                "of_clean": counts[0],
                "of_heard": counts[1],
            }
            np.savez(path, **given)
            done = subprocess.run([python, "-c", THEIRS, str(path)], capture_output=True, text=True, check=True)
        said = json.loads(done.stdout.splitlines()[-1])
        versions = said["packages"]
        for name, theirs in said["found"].items():
            apart[name] = max(apart.get(name, 0.0), abs(theirs - ours[name]))
        cells = [f"{ours[name]:.4g} / {said['found'][name]:.4g}" for name in apart]
        rows.append(f"| {damage.name} | {' | '.join(cells)} |")
    which = " and ".join(map(" ".join, versions.items()))
    return [
        PACKAGES,
        f"`python benchmarks/set_metrics.py --packages PYTHON`, with {which}: sets of {TRACKS * FRAMES} vectors of "
        "8 dimensions, here / there. MAUVE's clusters are found by scikit-learn here and by faiss there; of the "
        "same clusters it is the same.\n",
        f"| damage | {' | '.join(apart)} |\n|{' --- |' * (1 + len(apart))}",
        *rows,
        f"| farthest apart | {' | '.join(f'{value:.1g}' for value in apart.values())} |\n",
    ]


class AnEmbedder:
    """What a set metric is named after."""

    name = "none"


def main(arguments: Sequence[str]) -> None:
    """Simulate, and write the page; or only what packages say."""
    parser = argparse.ArgumentParser(description="Set metrics on vectors whose distributions are known.")
    parser.add_argument("--trials", type=int, default=250, help="sets of each kind; of MMD four times as many")
    parser.add_argument("--runs", type=int, default=20, help="runs of each kind; of MMD twice as many")
    parser.add_argument("--packages", metavar="PYTHON", help="an interpreter with prdc and mauve-text: only these")
    given = parser.parse_args(arguments)
    before, _, beside = PAGE.read_text(encoding="utf-8").partition(PACKAGES)
    if given.packages:
        PAGE.write_text("\n".join([before.rstrip() + "\n", *packages_lines(given.packages)]), encoding="utf-8")
        return
    started = time.process_time()
    trials = {"frechet": given.trials, "mmd": 4 * given.trials}
    runs = {"frechet": given.runs, "mmd": 2 * given.runs}
    covered, told = coverage_table(trials), verdict_table(runs)
    seconds = time.process_time() - started
    options = f" --trials {given.trials} --runs {given.runs}"
    parts = [
        "# Set metrics on vectors whose distributions are known\n",
        f"Made by `python benchmarks/set_metrics.py{options}`, in {seconds:.0f} processor seconds.\n",
        "## Coverage of 95 % intervals\n",
        f"Sets of {TRACKS} tracks of {FRAMES} normal vectors of variance 1, half of it shared by the vectors of a "
        f"track. {trials['frechet']} pairs of sets of each kind for Fréchet, {trials['mmd']} for MMD: a share of "
        f"95 % has a standard error of {math.sqrt(0.95 * 0.05 / trials['frechet']):.1%} and "
        f"{math.sqrt(0.95 * 0.05 / trials['mmd']):.1%}. Values are means over the pairs. The true value of MMD is "
        "that with the width that the clean set has. The placebo moves vectors by 0.4 standard deviations.\n",
        "\n".join(covered) + "\n",
        "## Verdicts\n",
        f"Whole runs of {TRACKS} clips in 8 dimensions: `noise_like`, which every embedder hears, and "
        f"`order_like`, both with a placebo at each of five levels, and {CONTROLS} controls; {runs['frechet']} "
        f"runs of each kind for Fréchet, {runs['mmd']} for MMD. Whoever prefers the damage is compared with "
        f"another reference set, of {2 * TRACKS} tracks.\n",
        "\n".join(told) + "\n",
        *([PACKAGES + beside] if beside else []),
    ]
    PAGE.write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
