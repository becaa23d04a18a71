"""A score that depends on its batch is found by scoring one signal alone."""

from __future__ import annotations

import pytest
import torch

from degrade_bench.metric.adapter import check_metric
from degrade_bench.sweep.batch_check import DEPENDS, batch_dependence, checked_block
from degrade_bench.sweep.cells import Block, Cell
from degrade_bench.sweep.scoring import MetricInput, Outcome, score_cells
from tests.metric.plain import Plain
from tests.sweep import toys
from tests.sweep.test_execute import make_sweep, sweep_in


class Rounded(Plain):
    """A float32 metric whose last bit depends on how many signals there are."""

    def score(self, batch, sample_rate, reference=None):
        means = batch.abs().mean(dim=(1, 2))
        return torch.nextafter(means, means + 1) if len(batch) > 1 else means


class Alone(Plain):
    def score(self, batch, sample_rate, reference=None):
        if len(batch) == 1:
            raise ValueError("no statistics of one signal")
        return batch.abs().mean(dim=(1, 2))


def found(kind, lengths=(64, 64, 64)):
    noise = torch.Generator().manual_seed(0)
    cells = [MetricInput(samples=torch.rand(1, length, generator=noise)) for length in lengths]
    metric = check_metric(kind())
    return batch_dependence(metric, cells, score_cells(metric, cells, 8000), 8000)


@pytest.mark.parametrize(
    ("kind", "depends"), [(Plain, False), (Rounded, False), (toys.Centred, True), (Alone, True)]
)
def test_it_is_found_and_rounding_is_none(kind, depends):
    assert found(kind) == ({DEPENDS: 1} if depends else {})


def test_where_nothing_was_scored_together_nothing_is_said():
    assert found(toys.Centred, lengths=(64, 32, 16)) == {}
    assert found(toys.Centred, lengths=(8, 64, 64)) == {DEPENDS: 1}
    cells = [MetricInput(outcome=Outcome.not_applicable("no")) for _ in range(2)]
    assert batch_dependence(check_metric(Plain()), cells, [cell.outcome for cell in cells], 8000) == {}


def test_infinite_scores_are_equal_to_themselves():
    class Endless(Plain):
        def score(self, batch, sample_rate, reference=None):
            return torch.full((len(batch),), float("inf"))

    assert found(Endless) == {}


def block(name, role, cells):
    return Block(name, tuple(Cell(None, level, 0, role) for level in range(cells)))


def test_a_control_is_taken_where_one_has_several_cells():
    clean, damage, one, several = (
        block("clean", "clean", 1),
        block("noise", "test", 5),
        block("polarity", "control", 1),
        block("gain", "control", 4),
    )
    assert checked_block([clean, damage, one, several]) == "gain"
    assert checked_block([clean, damage, one]) == "noise"
    assert checked_block([clean, one]) is None


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_says_on_how_many_clips(tmp_path, workers):
    metrics = (toys.Centred("light"), toys.Centred("heavy", light=False), toys.Rms())
    result = sweep_in(tmp_path / "out", make_sweep(metrics=metrics, workers=workers))
    clips = len(result.clips)
    assert [result.metric_counts[name].get(DEPENDS, 0) for name in ("light", "heavy", "rms")] == [clips, clips, 0]
