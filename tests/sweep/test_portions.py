"""Large clips: a block is rendered and scored in parts, and the table is that of a block done at once."""

from __future__ import annotations

import pytest
import torch

from degrade_bench.metric.base import Oracle
from degrade_bench.sweep import block
from degrade_bench.sweep.scoring import MetricInput, score_cells
from tests.sweep import toys
from tests.sweep.test_execute import comparable, make_sweep, sweep_in


class Family(Oracle):
    """Hears what it is told: 1 for noise, of a placebo too."""

    name, light, higher_is_better = "family", True, True

    def score_treatment(self, treatment):
        return float(treatment.family == "noise")


def test_a_block_that_cannot_be_held_at_once_gives_the_same_rows(tmp_path, monkeypatch):
    metrics = (toys.Rms(), toys.Difference(), toys.Counting(), toys.Counting("heavy", light=False), Family())
    sweep = make_sweep(metrics=metrics)
    whole = sweep_in(tmp_path / "whole", sweep)
    at_once = []
    heard = block._heard

    def watched(metric, traits, clip, of_block, cells, *others):
        at_once.append(len(cells))
        return heard(metric, traits, clip, of_block, cells, *others)

    monkeypatch.setattr(block, "_heard", watched)
    monkeypatch.setattr(block, "MOST_BYTES_HELD", 2 * sweep.sources[0].load().samples.nbytes)
    parts = sweep_in(tmp_path / "parts", sweep)
    assert max(at_once) == 2
    assert comparable(parts.table).equals(comparable(whole.table))
    assert parts.metric_counts == whole.metric_counts


@pytest.mark.parametrize(("seconds", "batches"), [(20, [5]), (60, [3, 2]), (200, [1, 1, 1, 1, 1])])
def test_of_long_signals_fewer_are_scored_at_once(seconds, batches):
    class Sizes(toys.Rms):
        def score(self, batch, sample_rate, reference=None):
            sizes.append(len(batch))
            return batch[:, 0, 0]

    sizes: list[int] = []
    samples = torch.zeros(2, seconds * 44100)
    score_cells(Sizes(), [MetricInput(samples=samples)] * 5, 44100)
    assert sizes == batches


def test_who_asks_for_a_batch_size_is_given_it():
    sizes: list[int] = []

    class Sizes(toys.Rms):
        def score(self, batch, sample_rate, reference=None):
            sizes.append(len(batch))
            return batch[:, 0, 0]

    score_cells(Sizes(), [MetricInput(samples=torch.zeros(2, 60 * 44100))] * 5, 44100, batch_size=4)
    assert sizes == [4, 1]
