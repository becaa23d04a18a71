"""A score that depends on its batch is found by scoring one signal alone."""

from __future__ import annotations

import pytest
import torch

from degrade_bench.metric.adapter import check_metric
from degrade_bench.sweep.batch_check import batch_dependence
from degrade_bench.sweep.scoring import MetricInput, Outcome, score_cells
from tests.metric.plain import Plain


class Centred(Plain):
    def score(self, batch, sample_rate, reference=None):
        means = batch.abs().mean(dim=(1, 2))
        return means - means.mean()


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


def checked(kind, lengths=(64, 64, 64)):
    noise = torch.Generator().manual_seed(0)
    cells = [MetricInput(samples=torch.rand(1, length, generator=noise)) for length in lengths]
    metric = check_metric(kind())
    return batch_dependence(metric, cells, score_cells(metric, cells, 8000), 8000)


@pytest.mark.parametrize(("kind", "depends"), [(Plain, False), (Rounded, False), (Centred, True), (Alone, True)])
def test_it_is_found_and_rounding_is_none(kind, depends):
    assert checked(kind) is depends


def test_where_nothing_was_scored_together_nothing_is_said():
    assert checked(Centred, lengths=(64, 32, 16)) is None
    assert checked(Centred, lengths=(8, 64, 64)) is True
    cells = [MetricInput(outcome=Outcome.not_applicable("no")) for _ in range(2)]
    assert batch_dependence(check_metric(Plain()), cells, [cell.outcome for cell in cells], 8000) is None
