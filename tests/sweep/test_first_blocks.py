"""A metric that fails everywhere is told of after the first block that it scores."""

from __future__ import annotations

import pytest

from degrade_bench.metric.base import Metric
from degrade_bench.sweep.progress import Progress
from tests.sweep import toys
from tests.sweep.test_execute import make_sweep, sweep_in


class Fails(Metric):
    name = "fails"
    light = True

    def score(self, batch, sample_rate, reference=None):
        raise RuntimeError("no\nweights")


@pytest.mark.parametrize("light", [True, False])
def test_it_is_told_once_and_before_anything_else_is_scored(tmp_path, light):
    fails = Fails()
    fails.light = light
    told = []
    progress = Progress(advanced=lambda cells: told.append(cells), warned=told.append)
    sweep_in(tmp_path / "out", make_sweep(metrics=(fails, toys.Rms()), degradations=(toys.ToyGain(),)), progress)
    assert [text for text in told if isinstance(text, str)] == [
        "metric fails failed in every cell of its first block (clean of clip c0): RuntimeError: no weights"
    ]
    assert isinstance(told[0], str)


def test_a_metric_that_fails_in_some_cells_is_not_told_of(tmp_path):
    told = []
    sweep = make_sweep(metrics=(toys.Rms(), toys.Difference()), degradations=(toys.ToyPicky(),))
    assert sweep_in(tmp_path / "out", sweep, Progress(warned=told.append)).counts().failed
    assert not told
