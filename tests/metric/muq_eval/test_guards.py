"""What happens when memory runs out, half precision fails, audio is too short, or a setting is wrong."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from degrade_bench._support.precision import multiplying
from degrade_bench.errors import ConfigError, MetricError
from degrade_bench.metric.catalogue import load_metric
from degrade_bench.metric.memory import is_out_of_memory
from degrade_bench.metric.muq_eval.device import Batches, windows_at_once
from degrade_bench.metric.muq_eval.metric import MuQEval
from degrade_bench.sweep.scoring import MetricInput, score_cells
from tests.conftest import make_clip
from tests.metric.muq_eval.build import Reference, build_checkpoint
from tests.precisions import (
    PRECISIONS,
    SETTABLE,
    fresh_precisions,
    new_precisions,
    precision_owner,
    precisions,
    set_precision,
)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return build_checkpoint(tmp_path_factory.mktemp("muq-eval") / "files")


def make(built, **settings) -> MuQEval:
    return MuQEval(checkpoint=str(built[0]), encoder=str(built[1]), **settings)


@pytest.fixture
def batch() -> torch.Tensor:
    return torch.stack([make_clip(10.0, 24000, 1, seed=seed).samples for seed in range(5)])


class Small:
    """A memory that holds so many windows; remembers what was asked of it."""

    def __init__(self, room: int, error: BaseException) -> None:
        self.room, self.error, self.asked = room, error, []

    def __call__(self, windows: torch.Tensor) -> tuple[torch.Tensor]:
        self.asked.append(len(windows))
        if len(windows) > self.room:
            raise self.error
        return (windows.mean(dim=1),)


@pytest.mark.parametrize(
    "error",
    [
        torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
        MemoryError(),
    ],
)
def test_the_batch_is_halved_until_it_fits_and_stays_so(error):
    windows = torch.randn(11, 100)
    batches, memory = Batches(torch.device("cpu"), 8), Small(2, error)
    (mean,) = batches.run(memory, windows)
    assert torch.equal(mean, windows.mean(dim=1))
    assert memory.asked == [8, 4, 2, 2, 2, 2, 2, 1]
    memory.asked.clear()
    batches.run(memory, windows[:4])
    assert memory.asked == [2, 2]
    with pytest.raises(MetricError, match="too little memory for one window"):
        batches.run(Small(0, error), windows)
    assert is_out_of_memory(error)


def test_other_errors_pass_through():
    with pytest.raises(RuntimeError, match="something else"):
        Batches(torch.device("cpu"), 8).run(Small(0, RuntimeError("something else")), torch.zeros(2, 2))


def test_a_metric_out_of_memory_gives_the_same_scores(built, batch, monkeypatch):
    metric = make(built)
    expected = metric.score(batch, 24000)
    metric.listener.remembered.clear()
    whole = metric.listener.network.encoder.forward

    def cramped(audio):
        if len(audio) > 1:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")
        return whole(audio)

    monkeypatch.setattr(metric.listener.network.encoder, "forward", cramped)
    assert torch.allclose(metric.score(batch, 24000), expected, rtol=0, atol=1e-5)


def test_half_precision_that_fails_is_recomputed_in_float32_and_counted(built, batch, monkeypatch):
    exact, half = make(built).score(batch, 24000), make(built, dtype="bfloat16")
    whole = half.listener.network.encoder.forward
    assert half.counts() == {"recomputed in float32": 0}

    def failing(audio):
        frames = whole(audio).clone()
        for index, window in enumerate(audio):
            if any(torch.equal(window, batch[bad, 0]) for bad in (1, 4)):
                frames[index, 7, 3] = float("nan") if torch.equal(window, batch[1, 0]) else float("inf")
        return frames

    plain = half.score(batch, 24000)
    half.listener.remembered.clear()
    monkeypatch.setattr(half.listener.network.encoder, "forward", failing)
    scores = half.score(batch, 24000)
    assert half.counts() == {"recomputed in float32": 2}
    assert torch.allclose(scores[[1, 4]], exact[[1, 4]], rtol=0, atol=1e-5)
    assert torch.equal(scores[[0, 2, 3]], plain[[0, 2, 3]])


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_audio_that_is_no_number_is_one_clips_nan_and_not_its_neighbours(built, batch, dtype):
    metric = make(built, dtype=dtype)
    expected = metric.score(batch, 24000)
    batch = batch.clone()
    batch[2, 0, 5000] = float("nan")
    scores = metric.score(batch, 24000)
    assert torch.isnan(scores[2])
    others = [0, 1, 3, 4]
    assert torch.allclose(scores[others], expected[others], rtol=0, atol=1e-5 if dtype == "float32" else 1e-2)
    assert metric.counts() == {"recomputed in float32": 0}, "float32 cannot mend the audio"


@pytest.mark.parametrize(("samples", "rate"), [(1024, 24000), (341, 8000), (1, 44100)])
def test_audio_shorter_than_the_encoder_can_take_is_filled_up_first(built, samples, rate):
    short = make_clip(1.0, rate, 2).samples[:, 100 : 100 + samples]
    expected = Reference(*built).score(short, rate)
    assert float(make(built).score(short[None], rate)) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"dtype": "float16"}, "--set muq-eval.dtype=float16: unknown dtype 'float16'; did you mean 'bfloat16'"),
        ({"backend": "slow"}, "unknown backend 'slow'; known: fast, reference"),
        ({"hop_seconds": 0}, "hop_seconds 0.0: expected a number above 0"),
        ({"hop_seconds": "often"}, "--set muq-eval.hop_seconds=often: expected a number or null, got 'often'"),
        ({"device": "gpu"}, "expected cpu, cuda or cuda:N"),
        ({"dtype": "tf32"}, "dtype tf32 is for CUDA devices; on cpu use float32 or bfloat16"),
    ],
)
def test_a_wrong_setting_is_one_line(built, settings, said):
    given = {"checkpoint": str(built[0]), "encoder": str(built[1]), **settings}
    with pytest.raises((ConfigError, MetricError)) as raised:
        load_metric("muq-eval", given, "cpu")
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(("setting", "value"), [("dtype", "float16"), ("backend", "slow")])
def test_a_choice_that_there_is_not_is_refused_in_code_too(built, setting, value):
    with pytest.raises(ConfigError, match=f"unknown {setting} '{value}'"):
        make(built, **{setting: value})


def test_cuda_that_is_not_there_is_one_line(built, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(MetricError, match=r"cuda:0: torch .* finds no CUDA device; use cpu"):
        make(built, device="cuda:0")
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    with pytest.raises(MetricError, match="there are 1 CUDA devices"):
        make(built, device="cuda:3")


def test_the_batch_on_a_gpu_is_a_power_of_two_by_the_card_alone(monkeypatch):
    for free, total, expected in ((80e9, 80e9, 32), (1e9, 80e9, 32), (8e9, 8e9, 8), (1e8, 1e8, 1)):
        sizes = (int(free), int(total))
        monkeypatch.setattr("torch.cuda.mem_get_info", lambda device, sizes=sizes: sizes)
        assert windows_at_once(torch.device("cuda:0"), torch.float32) == expected
    assert windows_at_once(torch.device("cpu"), torch.float32) == windows_at_once(
        torch.device("cpu"), torch.bfloat16
    )


OF_THE_NETWORK = ("cudnn.conv", "cuda.matmul", "mkldnn.conv", "mkldnn.matmul")
SETTINGS = {
    "all": partial(set_precision, "", "tf32"),
    "cudnn": partial(set_precision, "cudnn", "ieee"),
    "cudnn.conv": partial(set_precision, "cudnn.conv", "ieee"),
    "mkldnn": partial(set_precision, "mkldnn", "bf16"),
    "mkldnn.conv": partial(set_precision, "mkldnn.conv", "bf16"),
    "mkldnn.matmul": partial(set_precision, "mkldnn.matmul", "bf16"),
    "products": partial(torch.set_float32_matmul_precision, "medium"),
    "benchmark": partial(setattr, torch.backends.cudnn, "benchmark", True),
}
"""What could change a score here or on a GPU, in either of torch's two ways."""


@pytest.fixture(scope="module")
def as_scored(built):
    """A metric, a batch at another rate than the network's, and its scores."""
    metric = make(built)
    batch = make_clip(10.0, 44100, 2, seed=3).samples[None]
    return metric, batch, metric.score(batch, 44100)


@pytest.mark.parametrize("setting", SETTINGS)
@new_precisions
def test_no_precision_that_a_user_sets_changes_a_score(as_scored, setting):
    metric, batch, expected = as_scored
    metric.forget()
    with fresh_precisions():
        SETTINGS[setting]()
        before = precisions()
        assert torch.equal(metric.score(batch, 44100), expected)
        assert precisions() == before


@pytest.mark.parametrize(("path", "value"), SETTABLE)
@new_precisions
def test_every_precision_that_a_user_can_set_is_exact_meanwhile_and_back_afterwards(path, value):
    with fresh_precisions():
        set_precision(path, value)
        before = precisions()
        with multiplying(tf32=False):
            assert {precision_owner(one).fp32_precision for one in OF_THE_NETWORK} == {"ieee"}
        assert precisions() == before
        with multiplying(tf32=True):
            assert [precision_owner(one).fp32_precision for one in OF_THE_NETWORK] == [
                "tf32",
                "tf32",
                "ieee",
                "ieee",
            ]
        assert precisions() == before


@pytest.mark.parametrize(("one", "other"), [("tf32", "ieee"), ("ieee", "tf32")])
@new_precisions
def test_a_precision_that_follows_a_global_one_goes_on_following_it(one, other):
    with fresh_precisions():
        for path in PRECISIONS:
            set_precision(path, "none")
        torch.backends.fp32_precision = one
        with multiplying(tf32=False):
            assert torch.backends.cudnn.conv.fp32_precision == "ieee"
        assert {precision_owner(path).fp32_precision for path in PRECISIONS} == {one}
        torch.backends.fp32_precision = other
        assert {precision_owner(path).fp32_precision for path in PRECISIONS} == {other}


def test_autocast_around_it_changes_no_score(built, batch):
    metric = make(built)
    expected = metric.score(batch, 24000)
    metric.forget()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(metric.score(batch, 24000), expected)


def test_a_rescue_that_fails_costs_its_window_and_not_its_neighbours(built, batch, monkeypatch):
    half = make(built, dtype="bfloat16")
    plain = half.score(batch, 24000)
    half.forget()
    whole = half.listener.network.encoder.forward

    def failing(audio):
        frames = whole(audio).clone()
        for index, window in enumerate(audio):
            if torch.equal(window, batch[1, 0]):
                frames[index] = float("nan")
        return frames

    def no_room(dtype):
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(half.listener.network.encoder, "forward", failing)
    monkeypatch.setattr(half.listener, "_make", no_room)
    half.listener._networks.pop(torch.float32, None)
    cells = [MetricInput(prepared=signal, given=(1, 240_000)) for signal in half.prepared(batch, 24000)]
    outcomes = score_cells(half, cells, 24000)
    assert [outcome.status for outcome in outcomes] == ["ok", "failed", "ok", "ok", "ok"]
    assert "does not fit into memory" in outcomes[1].error
    scores = [outcome.score for outcome in outcomes if outcome.score is not None]
    assert scores == pytest.approx([float(plain[index]) for index in (0, 2, 3, 4)], abs=1e-2)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_uploads_that_overlap_arrive_whole():
    batches = Batches(torch.device("cuda:0"), 3)
    windows = torch.randn(20, 240_000)
    (mean,) = batches.run(lambda part: (part.mean(dim=1),), windows)
    assert torch.allclose(mean.cpu(), windows.mean(dim=1), atol=1e-5)
