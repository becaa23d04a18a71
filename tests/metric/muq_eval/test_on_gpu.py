"""What only a GPU can show; skipped where there is none."""

from __future__ import annotations

import gc

import pytest
import torch

from degrade_bench.metric.muq_eval.metric import MuQEval
from degrade_bench.metric.prepared import Prepared
from tests.conftest import make_clip
from tests.metric.muq_eval.build import build_checkpoint
from tests.sweep import toys
from tests.sweep.test_execute import comparable, interrupted_after, make_sweep, sweep_in

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]

GPU = "cuda:0"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return build_checkpoint(tmp_path_factory.mktemp("muq-eval") / "files")


def make(built, **settings) -> MuQEval:
    return MuQEval(checkpoint=str(built[0]), encoder=str(built[1]), **settings)


def signals(metric, count=70) -> list[Prepared]:
    kinds = ("music", "noise")
    clips = (make_clip(10.0, 24000, 1, seed=seed, kind=kinds[seed % 2]) for seed in range(count))
    return [Prepared.of(metric.preparation, clip.samples, 24000) for clip in clips]


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-4), ("tf32", 5e-3), ("bfloat16", 5e-2)])
def test_a_gpu_scores_as_a_cpu_does(built, dtype, tolerance):
    clip = make_clip(12.0, 44100, 2)
    expected = float(make(built).score(clip.samples[None], 44100))
    on_gpu = make(built, device=GPU, dtype=dtype)
    assert float(on_gpu.score(clip.samples[None], 44100)) == pytest.approx(expected, abs=tolerance)
    there = on_gpu.score(clip.samples[None].to(GPU), 44100)
    assert there.device.type == "cpu"
    assert float(there) == pytest.approx(expected, abs=tolerance), "audio that is on the device already"


@pytest.mark.parametrize("dtype", ["float32", "tf32", "bfloat16"])
def test_a_score_has_the_same_bits_in_any_batch(built, dtype):
    metric = make(built, device=GPU, dtype=dtype)
    heard = signals(metric)
    together = metric.begin(heard)().scores
    assert len(torch.unique(together)) > 60, "a network that hears nothing would pass as well"
    for size in (1, 5, 32, 33):
        metric.forget()
        apart = [metric.begin(heard[first : first + size]) for first in range(0, 66, size)]
        assert torch.equal(torch.cat([finish().scores for finish in apart])[:66], together[:66])
    metric.forget()
    assert torch.equal(metric.begin(heard[::-1])().scores.flip(0), together)
    del metric, apart
    gc.collect()
    anew = make(built, device=GPU, dtype=dtype)
    assert not anew.listener.remembered, "loaded anew"
    assert torch.equal(anew.begin(heard[:7])().scores, together[:7])


def test_several_batches_can_be_under_way(built):
    metric = make(built, device=GPU, dtype="bfloat16")
    heard = signals(metric)
    expected = metric.begin(heard)().scores
    metric.forget()
    finishes = [metric.begin(heard[first : first + 10]) for first in range(0, 70, 10)]
    latest_first = [finish().scores for finish in reversed(finishes)]
    assert torch.equal(torch.cat(latest_first[::-1]), expected)


def test_embeddings_are_those_that_the_scores_are_made_of(built):
    metric = make(built, device=GPU)
    batch = torch.stack([make_clip(11.0, 24000, 1, seed=seed).samples for seed in range(3)])
    embeddings = metric.embed(batch, 24000)
    assert embeddings.frames.shape[:2] == (3, 1)
    with torch.inference_mode():
        again = metric.listener.network.score(embeddings.pooled.flatten(0, 1)).cpu()
    assert torch.allclose(again, metric.score(batch, 24000), atol=1e-5)


def test_what_is_no_number_costs_its_neighbours_nothing(built):
    metric = make(built, device=GPU, dtype="bfloat16")
    heard = signals(metric, 6)
    expected = metric.begin(heard)().scores
    bad = torch.full((1, 240_000), float("nan"))
    scores = metric.begin([*heard[:3], Prepared(bad, b"bad"), *heard[3:]])().scores
    assert torch.isnan(scores[3]).all()
    assert torch.equal(scores[[0, 1, 2, 4, 5, 6]], expected)
    assert metric.counts() == {"recomputed in float32": 0}


def test_no_precision_that_a_user_sets_changes_a_score(built):
    metric = make(built, device=GPU)
    heard = signals(metric, 3)
    expected = metric.begin(heard)().scores
    before = torch.get_float32_matmul_precision()
    try:
        for value in ("high", "highest"):
            torch.set_float32_matmul_precision(value)
            metric.forget()
            metric.listener._batches._recorded.clear()  # else what was recorded before is replayed
            assert torch.equal(metric.begin(heard)().scores, expected)
            assert torch.get_float32_matmul_precision() == value
    finally:
        torch.set_float32_matmul_precision(before)


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="one CUDA device")
def test_a_card_that_is_not_the_current_one_is_heard(built):
    heard = signals(make(built), 3)
    first = make(built, device=GPU).begin(heard)().scores
    second = make(built, device="cuda:1").begin(heard)().scores
    assert len(torch.unique(second)) == 3
    assert torch.allclose(first, second, atol=1e-4)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_sweep_gives_the_same_table_after_interruptions(built, tmp_path, workers):
    def sweep():
        metric = make(built, device=GPU, dtype="bfloat16")
        metric.forget()
        return make_sweep(sources=toys.toy_sources(2, seconds=11.0), metrics=(metric, toys.Rms()), workers=workers)

    whole = sweep_in(tmp_path / "whole", sweep())
    assert set(whole.table["status"].to_pylist()) == {"ok"}
    for blocks in (1, 3):
        with pytest.raises(KeyboardInterrupt):
            sweep_in(tmp_path / "cut", sweep(), interrupted_after(blocks))
    assert comparable(sweep_in(tmp_path / "cut", sweep()).table).equals(comparable(whole.table))
