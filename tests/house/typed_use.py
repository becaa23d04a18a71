"""A user's script, for mypy: what it uses of the public API is typed. ``.ci/run`` checks it; nothing runs it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

import degrade_bench
from degrade_bench import (
    Annotations,
    Clip,
    Degradation,
    DegradeBenchError,
    GateOptions,
    Ladder,
    Metric,
    RunConfig,
    RunResult,
)
from degrade_bench.degrade.placebo import FaintPlacebo
from degrade_bench.degrade.plan import Drawn
from degrade_bench.expect import Bench, assert_blind, assert_sensitive


class Peak(Metric):
    """A metric of one's own."""

    name = "peak"
    higher_is_better = True
    score_range = (0.0, None)

    def __init__(self, factor: float = 1.0) -> None:
        self.factor = factor

    def score(self, batch: torch.Tensor, sample_rate: int, reference: torch.Tensor | None = None) -> torch.Tensor:
        return batch.abs().amax(dim=(1, 2)) * self.factor


class Offset(Degradation):
    """A degradation of one's own."""

    name = "offset"
    group = "signal"
    family = "offset"
    default_ladder = Ladder((0.01, 0.02, 0.05, 0.1, 0.2), "of full scale")
    source = "textbook"
    summary = "adds a constant"
    matches_loudness = False

    def draw(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Drawn:
        return Drawn({"offset": strength})

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        return clip.samples + float(params["offset"])

    def measure(self, clean: Clip, degraded: Clip) -> float | None:
        return float((degraded.samples - clean.samples).mean().abs())

    def make_placebo(self) -> FaintPlacebo:
        return FaintPlacebo(self, 1e-5, "an offset under the last bit of 16")


class Plain:
    """A metric without a base class."""

    name = "plain"
    higher_is_better = False

    def score(self, batch: torch.Tensor, sample_rate: int, reference: torch.Tensor | None = None) -> torch.Tensor:
        return batch.mean(dim=(1, 2))


def clip() -> Clip:
    beats = Annotations(beats=(0.0, 0.5, 1.0), downbeats=(0.0,))
    return Clip(id="mine", samples=torch.zeros(2, 44100), sample_rate=44100, annotations=beats)


def stress() -> RunResult:
    return degrade_bench.stress_test(
        [Peak(), Plain()],
        clips=[clip()],
        degradations=[Offset(), "white_noise", "mine.py:Offset"],
        levels=(1, 3, 5),
        out="out",
        progress=False,
    )


def read(result: RunResult) -> None:
    print(result, result.report, result.folder / "report.html", result.failed, result.record)
    print(result.analysis.summary.to_string(), result.scores["score"].mean())


def run() -> RunResult:
    config = RunConfig(out=Path("out"), suite=("quick",), metric=("loudness",), seed=3)
    try:
        return degrade_bench.run(config)
    except DegradeBenchError as error:
        raise SystemExit(str(error)) from error


def gates() -> None:
    found = degrade_bench.gate("out", GateOptions(miss=0.1), metrics=["peak"])
    print([(family.family, family.state, family.misses[-1].high) for family in found.families])


def expectations() -> None:
    outcome = assert_sensitive(Peak(), "white_noise", min_dz=0.5, bench=Bench(levels=(1, 5)))
    assert_blind("out", "bar_shuffle", max_dz=0.8, metric="peak")
    print(outcome.dz, outcome.dz_low, outcome.dz_high, outcome.recordings_needed)


def again() -> None:
    loaded = degrade_bench.load("out")
    print(loaded.summary, loaded.drops)
