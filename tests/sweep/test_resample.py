"""A metric that says ``resample`` is given signals at the rate that it declares."""

from __future__ import annotations

import pytest
import torch

from degrade_bench.clip import Clip
from degrade_bench.errors import MetricError
from degrade_bench.metric.adapter import check_metric
from degrade_bench.metric.traits import Traits
from degrade_bench.sweep.cells import Cell
from degrade_bench.sweep.rendering import RenderedCell, metric_input
from degrade_bench.sweep.scoring import score_cells
from tests.metric.plain import Plain


class At8k(Plain):
    sample_rate, resample, needs_reference, window_seconds = 8000, True, True, 1.0

    def score(self, batch, sample_rate, reference=None):
        self.given = batch, sample_rate, reference
        return batch.abs().mean(dim=(1, 2))


def heard(metric):
    """What a metric is given of two seconds of a tone of 1 kHz at 44.1 kHz."""
    tone = torch.sin(2 * torch.pi * 1000 * torch.arange(88200, dtype=torch.float64) / 44100).float()
    cell = RenderedCell(Cell(None, 0, 0, "clean"), Clip("tone", tone[None], 44100), 0, None, None, None, 0.0)
    adapted = check_metric(metric)
    score_cells(adapted, [metric_input(cell, Traits.of(adapted), None)], 44100)
    return metric.given


def test_signal_and_reference_are_at_the_declared_rate():
    batch, sample_rate, reference = heard(At8k())
    assert sample_rate == 8000
    assert batch.shape == reference.shape == (1, 1, 8000)
    at_8k = torch.sin(2 * torch.pi * 1000 * (torch.arange(8000, dtype=torch.float64) / 8000 + 0.5)).float()
    assert float((batch[0, 0] - at_8k)[100:-100].abs().max()) < 1e-3
    assert torch.equal(batch, reference)


def test_by_default_it_is_given_the_clips_rate():
    batch, sample_rate, _ = heard(type("AsIs", (At8k,), {"resample": False})())
    assert (sample_rate, batch.shape[2]) == (44100, 44100)


def test_a_rate_must_be_declared():
    with pytest.raises(MetricError, match="its resample is True, but its sample_rate is None"):
        check_metric(type("Rateless", (At8k,), {"sample_rate": None})())
