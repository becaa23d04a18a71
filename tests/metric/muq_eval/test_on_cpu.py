"""What makes the network fast on a CPU: Winograd with a stride, packed weights, bfloat16 in some products."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from weakref import WeakValueDictionary

import pytest
import torch
from torch import nn

from degrade_bench.errors import MetricError
from degrade_bench.metric.muq_eval import packed
from degrade_bench.metric.muq_eval.metric import MuQEval, MuQEvalA3a
from degrade_bench.metric.muq_eval.packed import PackedLinear
from degrade_bench.metric.muq_eval.winograd import winograd_conv
from tests.conftest import make_clip
from tests.metric.muq_eval.build import Reference, build_checkpoint

KINDS = {"a1": MuQEval, "a3a": MuQEvalA3a}

packs = pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="torch without oneDNN")


def relative_error(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    return float((ours.double() - theirs.double()).norm() / theirs.double().norm())


def randn(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)))


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return build_checkpoint(tmp_path_factory.mktemp("muq-eval") / "files")


def make(folders, kind="a1", **settings) -> MuQEval:
    return KINDS[kind](checkpoint=str(folders[0]), encoder=str(folders[1]), **settings)


# -- Winograd's convolutions with a stride -------------------------------------------------------------


@pytest.mark.parametrize("stride", [(2, 2), (2, 1), (1, 2)])
@pytest.mark.parametrize(("height", "width"), [(64, 500), (7, 9), (8, 8), (1, 1), (5, 130)])
def test_winograd_with_a_stride_is_a_convolution(stride, height, width):
    x, weight, bias = randn(2, 12, height, width), randn(8, 12, 3, 3), randn(8)
    expected = nn.functional.conv2d(x.double(), weight.double(), bias.double(), stride=stride, padding=1)
    made = winograd_conv(weight, bias, stride, torch.float32)(x.to(memory_format=torch.channels_last))
    assert made.shape == expected.shape
    assert relative_error(made, expected) < 5e-6


# -- packed weights ------------------------------------------------------------------------------------


@packs
@pytest.mark.parametrize("bias", [randn(96), None])
def test_a_packed_layer_is_the_linear_layer(bias):
    weight, x = randn(96, 48), randn(2, 250, 48)
    layer = PackedLinear(weight, bias)
    expected = nn.functional.linear(x.double(), weight.double(), None if bias is None else bias.double())
    assert relative_error(layer(x), expected) < 1e-6
    for again in (pickle.loads(pickle.dumps(layer)), copy.deepcopy(layer), layer.eval().to("cpu")):
        assert torch.equal(again(x), layer(x))
    with ThreadPoolExecutor(4) as threads:
        assert all(torch.equal(made, layer(x)) for made in threads.map(layer, [x] * 8))


@packs
def test_a_packed_layer_keeps_its_weights_once():
    layer = PackedLinear(randn(96, 48), randn(96))
    assert [tuple(tensor.shape) for tensor in (*layer.parameters(), *layer.buffers())] == [(96,)]
    held = [value for value in vars(layer).values() if isinstance(value, torch.Tensor)]
    assert len(held) == 1
    assert held[0].layout == torch._mkldnn


@packs
@pytest.mark.parametrize("kind", KINDS)
def test_a_packed_network_scores_as_the_original_and_lets_go_of_the_file(kind, tmp_path, monkeypatch):
    monkeypatch.setattr(packed, "packing_pays", lambda: True)
    monkeypatch.setattr("degrade_bench.metric.muq_eval.metric._listeners", WeakValueDictionary())
    folders = build_checkpoint(tmp_path / "files", kind)
    metric, clip = make(folders, kind), make_clip(12.0, 44100, 2)
    network = metric.listener.network
    assert sum(isinstance(module, PackedLinear) for module in network.modules()) == 1 + 2 * 9
    reference = Reference(*folders)
    theirs = reference.frames(clip.samples, 44100)
    assert relative_error(metric.embed(clip.samples[None], 44100).frames[0, 0], theirs) < 1e-5
    expected = reference.score_of(theirs)
    assert float(metric.score(clip.samples[None], 44100)) == pytest.approx(expected, abs=1e-5)
    maps = Path("/proc/self/maps")
    if maps.exists():
        assert str(folders[0]) not in maps.read_text()


@pytest.mark.parametrize(
    ("capability", "with_onednn", "pays"),
    [("AVX512", True, True), ("AVX2", True, False), ("AVX512", False, False), ("DEFAULT", True, False)],
)
def test_weights_are_packed_where_that_is_known_to_pay(capability, with_onednn, pays, monkeypatch):
    monkeypatch.setattr("torch.backends.cpu.get_cpu_capability", lambda: capability)
    monkeypatch.setattr("torch.backends.mkldnn.is_available", lambda: with_onednn)
    assert packed.packing_pays() == pays


# -- bfloat16 in the feed-forward parts ----------------------------------------------------------------


def test_mixed_is_bfloat16_in_the_feed_forward_parts_of_the_last_half_only(built):
    mixed = make(built, dtype="mixed")
    rough = {name for name, value in mixed.listener.network.named_parameters() if value.dtype is torch.bfloat16}
    parts = [
        f"encoder.layers.{at}.{part}.{which}"
        for at in (1,)
        for part in ("before", "after")
        for which in ("widen", "narrow")
    ]
    assert rough == {f"{part}.{of}" for part in parts for of in ("weight", "bias")}
    assert not [name for name, value in mixed.listener.network.named_buffers() if value.dtype is torch.bfloat16]


def test_mixed_is_what_rounded_factors_give(built):
    exact, mixed = make(built), make(built, dtype="mixed")
    network = copy.deepcopy(exact.listener.network)
    for layer in network.encoder.layers[1:]:
        layer.before, layer.after = (Rounded(part) for part in (layer.before, layer.after))
    batch = torch.stack([make_clip(10.0, 24000, 1, seed=seed).samples for seed in range(2)])
    with torch.inference_mode():
        expected = network(batch[:, 0])[2]
    scores, plain = mixed.score(batch, 24000), exact.score(batch, 24000)
    assert torch.allclose(scores, expected, rtol=0, atol=0.1 * float((plain - expected).abs().max()))
    assert 0 < float((scores - plain).abs().max()) < 0.02
    assert mixed.fingerprint() != exact.fingerprint()
    assert mixed.fingerprint_parts()["dtype"] == "mixed"


class Rounded(nn.Module):
    """A feed-forward part whose factors and sums are rounded to bfloat16, and multiplied in float64."""

    def __init__(self, part: nn.Module) -> None:
        super().__init__()
        self.part = part

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inner = nn.functional.silu(self.product(self.part.widen, self.part.norm(x)))
        return self.product(self.part.narrow, inner).float()

    def product(self, layer: nn.Linear | PackedLinear, x: torch.Tensor) -> torch.Tensor:
        plain = layer._packed.to_dense() if isinstance(layer, PackedLinear) else layer.weight  # by processor
        weight, bias = (value.bfloat16().double() for value in (plain, layer.bias))
        return nn.functional.linear(x.bfloat16().double(), weight, bias).bfloat16()


def test_what_mixed_makes_no_number_of_is_recomputed_in_float32(built, monkeypatch):
    exact, mixed = make(built), make(built, dtype="mixed")
    batch = torch.stack([make_clip(10.0, 24000, 1, seed=seed).samples for seed in range(2)])
    plain = mixed.score(batch, 24000)
    mixed.forget()
    whole = mixed.listener.network.encoder.forward

    def failing(audio):
        frames = whole(audio).clone()
        frames[1, 3] = float("inf")
        return frames

    monkeypatch.setattr(mixed.listener.network.encoder, "forward", failing)
    scores = mixed.score(batch, 24000)
    assert mixed.counts() == {"recomputed in float32": 1}
    assert torch.equal(scores[0], plain[0])
    assert torch.allclose(scores[1], exact.score(batch[1:], 24000)[0], rtol=0, atol=1e-5)


def test_mixed_is_refused_on_a_gpu_and_by_the_reference(built, monkeypatch):
    with pytest.raises(MetricError, match="float32 only"):
        make(built, dtype="mixed", backend="reference")
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    with pytest.raises(MetricError, match="dtype mixed is for CPUs; on cuda:0 use float32, tf32 or bfloat16"):
        make(built, dtype="mixed", device="cuda:0")
