"""What whole runs are told by embedders whose ears are known."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from degrade_bench.analysis import AnalysisOptions, analyse
from degrade_bench.metric.sets.jackknife import estimate
from degrade_bench.metric.sets.vectors import VectorSet
from degrade_bench.runs.columns import ANALYSED, CLEAN
from known_sets.vectors import METRICS, TRACKS, Damage, as_set, damaged, vectors

LEVELS = (1, 2, 3, 4, 5)
CONTROLS = 8
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
