"""One metric on the cells of a block: windows, bad signals, too little memory."""

from __future__ import annotations

import math

import pytest
import torch

from degrade_bench.errors import MetricError, NotApplicableError
from degrade_bench.metric.memory import is_out_of_memory
from degrade_bench.sweep.scoring import MOST_AT_ONCE, MetricInput, score_cells
from tests.sweep import toys


def cells(*levels: float, count: int = 800) -> list[MetricInput]:
    """Constant signals, so that a cell's RMS is its level."""
    return [MetricInput(torch.full((1, count), float(level))) for level in levels]


class Recording(toys.Rms):
    """Says what it was given at once; ``most`` signals fit into its memory, and no signal of level 9."""

    def __init__(self, most=10**9, error=None):
        self.most, self.error, self.sizes = most, error, []

    def score(self, batch, sample_rate, reference=None):
        self.sizes.append(batch.shape[0])
        if batch.shape[0] > self.most or bool((batch == 9).any()):
            raise self.error
        return super().score(batch, sample_rate)


def chained():
    error = MetricError("too little memory for 8 clips")
    error.__cause__ = torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
    return error


OUT_OF_MEMORY = [
    torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError("MPS backend out of memory"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    MemoryError(),
    chained(),
]


@pytest.mark.parametrize("error", OUT_OF_MEMORY, ids=lambda error: type(error).__name__)
def test_a_batch_that_does_not_fit_is_halved_until_it_does(error):
    metric = Recording(most=3, error=error)
    outcomes = score_cells(metric, cells(*range(1, 9)), 8000)
    assert [outcome.score for outcome in outcomes] == pytest.approx(range(1, 9))
    assert metric.sizes == [8, 4, 2, 2, 4, 2, 2]


@pytest.mark.parametrize("error", OUT_OF_MEMORY, ids=lambda error: type(error).__name__)
def test_a_single_signal_that_does_not_fit_is_a_failed_row_that_says_so(error):
    outcomes = score_cells(Recording(error=error), cells(1, 2, 9, 4, 5), 8000)
    assert [outcome.status for outcome in outcomes] == ["ok", "ok", "failed", "ok", "ok"]
    assert outcomes[2].error.startswith("interrupted: a single signal does not fit into memory: ")
    assert type(error).__name__ in outcomes[2].error


def test_what_does_not_fit_is_let_go_before_the_halves_are_tried():
    import weakref

    held = []

    class Hungry(toys.Rms):
        def score(self, batch, sample_rate, reference=None):
            assert all(each() is None for each in held), "the failed batch is still in memory"
            if batch.shape[0] > 1:
                held.append(weakref.ref(batch))
                raise MemoryError
            return super().score(batch, sample_rate)

    assert {outcome.status for outcome in score_cells(Hungry(), cells(1, 2, 3, 4), 8000)} == {"ok"}
    assert len(held) == 3


def test_other_errors_are_not_taken_for_it():
    for error in (RuntimeError("shape mismatch"), ValueError("out of memory"), MetricError("too short")):
        assert not is_out_of_memory(error)
    outcome = score_cells(Recording(error=ValueError("too loud")), cells(9), 8000)[0]
    assert outcome.error == "ValueError: too loud"


def test_a_bad_signal_costs_its_own_row_however_many_are_beside_it():
    levels = [1.0] * 30
    levels[17] = 9.0
    metric = Recording(error=MetricError("too short for the encoder"))
    outcomes = score_cells(metric, cells(*levels), 8000)
    assert [index for index, outcome in enumerate(outcomes) if outcome.status == "failed"] == [17]
    assert outcomes[17].error == "MetricError: too short for the encoder"
    assert len(metric.sizes) <= 11, "halved, not one by one"
    inapplicable = score_cells(Recording(error=NotApplicableError("no beats")), cells(*levels), 8000)
    assert [index for index, each in enumerate(inapplicable) if each.status == "not-applicable"] == [17]


def test_a_metric_that_raises_for_short_signals_costs_those_rows_only():
    class Picky(toys.Rms):
        def score(self, batch, sample_rate, reference=None):
            if batch.shape[2] < 400:
                raise MetricError(f"{batch.shape[2]} samples, expected at least 400")
            return super().score(batch, sample_rate)

    outcomes = score_cells(Picky(), [*cells(1, 2), *cells(3, count=399), *cells(4, count=400)], 8000)
    assert [outcome.score for outcome in outcomes] == [1.0, 2.0, None, 4.0]
    assert outcomes[2].error == "MetricError: 399 samples, expected at least 400"


def test_a_block_is_given_whole_up_to_a_bound():
    for count, asked, sizes in (
        (10, None, [10]),
        (10, 4, [4, 4, 2]),
        (150, None, [MOST_AT_ONCE, MOST_AT_ONCE, 22]),
        (150, 100, [100, 50]),
    ):
        metric = Recording()
        score_cells(metric, cells(*[1.0] * count), 8000, asked)
        assert metric.sizes == sizes


def seconds(*levels: float, rate: int = 800) -> MetricInput:
    return MetricInput(torch.cat([torch.full((1, rate), float(level)) for level in levels], dim=1))


def test_windows_are_kept_and_their_mean_is_the_score():
    metric = toys.Hopping()
    cells = [seconds(1, 2, 3), seconds(4, 4, 4), seconds(1, 2)]
    outcomes = score_cells(metric, cells, 800)
    assert [outcome.windows for outcome in outcomes] == [(1.0, 2.0, 3.0), (4.0, 4.0, 4.0), (1.0, 2.0)]
    for outcome, cell in zip(outcomes, cells, strict=True):
        assert outcome.score == sum(outcome.windows) / len(outcome.windows)
        assert outcome.score == pytest.approx(float(metric.score(cell.samples[None], 800)[0]), rel=1e-6)
    assert [outcome.windows for outcome in score_cells(toys.Rms(), cells, 800)] == [None] * 3


def test_a_window_without_a_score_fails_the_cell_and_is_named():
    class Gappy(toys.Hopping):
        def score_windows(self, batch, sample_rate, reference=None):
            scores = super().score_windows(batch, sample_rate)
            scores[scores == 2] = float("nan")
            scores[scores == 7] = float("inf")
            scores[scores == 8] = -float("inf")
            return scores

    outcomes = score_cells(Gappy(), [seconds(1, 2, 3), seconds(2, 1, 2), seconds(1, 1, 7), seconds(7, 1, 8)], 800)
    assert [outcome.error for outcome in outcomes] == [
        "the metric returned NaN for window 2 of 3",
        "the metric returned NaN for windows 1, 3 of 3",
        None,
        "the windows have no mean: infinities of both signs",
    ]
    assert [outcome.windows for outcome in outcomes] == [None, None, (1.0, 1.0, math.inf), None]
    assert outcomes[2].score == math.inf


@pytest.mark.parametrize("shape", [(2,), (2, 0), (3, 4), (2, 1, 4)])
def test_windows_of_another_shape_fail_the_row(shape):
    class Wrong(toys.Hopping):
        def score_windows(self, batch, sample_rate, reference=None):
            return torch.zeros(shape)

    for outcome in score_cells(Wrong(), [seconds(1), seconds(2)], 800):
        assert outcome.status == "failed"
        assert "expected (1, windows)" in outcome.error


def test_a_metric_without_windows_of_its_own_says_so():
    with pytest.raises(MetricError, match="'rms' does not score windows"):
        toys.Rms().score_windows(torch.zeros(1, 1, 8), 8000)
