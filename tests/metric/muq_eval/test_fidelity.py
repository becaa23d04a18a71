"""The fast path against ``muq``'s and peft's own forward: features, scores, embeddings, windows, batches."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
import torch
import torchaudio

from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.seeds import generator
from degrade_bench.errors import MetricError
from degrade_bench.metric.muq_eval.checkpoint import folded, lora_alpha, read_state
from degrade_bench.metric.muq_eval.metric import MuQEval, MuQEvalA3a
from degrade_bench.metric.muq_eval.winograd import winograd_conv
from tests.conftest import make_clip
from tests.metric.muq_eval.build import BINS, LORA, Reference, build_checkpoint

KINDS = {"a1": MuQEval, "a3a": MuQEvalA3a}


def relative_error(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    return float((ours.double() - theirs.double()).norm() / theirs.double().norm())


@pytest.fixture(scope="module", params=["a1", "a3a"])
def variant(request):
    return request.param


@pytest.fixture(scope="module")
def folders(variant, tmp_path_factory):
    return build_checkpoint(tmp_path_factory.mktemp(variant) / "files", variant)


@pytest.fixture(scope="module")
def reference(folders):
    return Reference(*folders)


@pytest.fixture(scope="module")
def metric(variant, folders):
    return make(variant, folders)


def make(variant, folders, **settings):
    return KINDS[variant](checkpoint=str(folders[0]), encoder=str(folders[1]), **settings)


def test_features_and_scores_are_those_of_the_original(metric, reference, music_folder):
    from degrade_bench.corpus.files import FileSource

    files = sorted(path for path in music_folder.rglob("*") if path.suffix in (".wav", ".mp3", ".ogg", ".flac"))
    sources = [*builtin_sources(), *(FileSource(id=path.stem, path=path) for path in files[:4])]
    scores = []
    for source in sources:
        clip = source.load()
        theirs = reference.frames(clip.samples, clip.sample_rate)
        ours = metric.embed(clip.samples[None], clip.sample_rate).frames[0, 0]
        assert relative_error(ours, theirs) < 1e-5, source.id
        scores.append(reference.score_of(theirs))
        assert float(metric.score(clip.samples[None], clip.sample_rate)) == pytest.approx(scores[-1], abs=1e-5)
    assert max(scores) - min(scores) > 1e-3, "a network that hears nothing would pass as well"


@pytest.mark.parametrize("kind", ["silence", "square", "noise"])
@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (48000, 6)])
def test_odd_audio_scores_as_in_the_original(metric, reference, kind, rate, channels):
    clip = make_clip(11.0, rate, channels, kind=kind)
    expected = reference.score(clip.samples, rate)
    assert float(metric.score(clip.samples[None], rate)) == pytest.approx(expected, abs=1e-5)


def test_gelu_in_the_configuration_is_heeded(tmp_path):
    folders = build_checkpoint(tmp_path / "gelu", hidden_act="gelu")
    clip = make_clip(10.0, 24000, 1)
    ours = make("a1", folders).embed(clip.samples[None], 24000).frames[0, 0]
    assert relative_error(ours, Reference(*folders).frames(clip.samples, 24000)) < 1e-5


def test_the_reference_backend_is_muqs_forward_and_says_so(metric, variant, folders, reference):
    original = make(variant, folders, backend="reference")
    clip = make_clip(12.0, 44100, 2)
    frames = original.embed(clip.samples[None], 44100).frames[0, 0]
    assert relative_error(frames, reference.frames(clip.samples, 44100)) < (1e-7 if variant == "a1" else 1e-5)
    assert original.fingerprint() != metric.fingerprint()
    with pytest.raises(MetricError, match="float32 only"):
        make(variant, folders, backend="reference", dtype="bfloat16")


def test_a_score_does_not_change_with_its_batch(metric):
    kinds = ("music", "noise", "silence", "square", "music", "noise")
    clips = [make_clip(11.0, 24000, 1, seed=seed, kind=kind).samples for seed, kind in enumerate(kinds)]
    batch = torch.stack(clips)
    together = metric.score(batch, 24000)
    for order in ([5, 4, 3, 2, 1, 0], [3, 0], [2], [1, 1, 1, 4]):
        metric.listener.remembered.clear()
        again = metric.score(batch[order], 24000)
        assert torch.allclose(again, together[order], rtol=0, atol=1e-5)


def test_bfloat16_is_close_and_in_order(variant, folders, metric):
    half = make(variant, folders, dtype="bfloat16")
    clips = [source.load() for source in builtin_sources()[:6]]
    exact = torch.cat([metric.score(clip.samples[None], clip.sample_rate) for clip in clips])
    rough = torch.cat([half.score(clip.samples[None], clip.sample_rate) for clip in clips])
    assert not torch.equal(exact, rough), "bfloat16 was not used"
    assert float((exact - rough).abs().max()) < 0.2 * float(exact.std())
    assert half.fingerprint() != metric.fingerprint()


def test_the_papers_cells_score_as_what_the_script_makes_and_their_placebo_as_the_clip(metric, reference):
    clip = make_clip(12.0, 44100, 2)
    loaded = torchaudio.functional.resample(clip.samples.mean(dim=0, keepdim=True), 44100, 24000)
    places = torch.linspace(0, loaded.shape[1] - 1, int(loaded.shape[1] / 0.7))
    left = places.floor().long()
    share = places - left
    slow = loaded[:, left] * (1 - share) + loaded[:, (left + 1).clamp(max=loaded.shape[1] - 1)] * share
    cell = catalogue.get("paper_varispeed_tempo").render(clip, 3, generator(0)).clip
    expected = reference.score(slow[:, : loaded.shape[1]], 24000)
    assert float(metric.score(cell.samples[None], cell.sample_rate)) == pytest.approx(expected, abs=1e-5)
    placebo = catalogue.get("paper_varispeed_tempo_placebo").render(clip, 1, generator(0)).clip
    clean = metric.prepared(clip.samples[None], 44100)[0]
    assert metric.prepared(placebo.samples[None], 24000)[0].key == clean.key, "the same windows, bit for bit"


# -- A3a -----------------------------------------------------------------------------------------------


def test_lora_is_folded_as_peft_merges_it(tmp_path):
    checkpoint, encoder = build_checkpoint(tmp_path / "a3a", "a3a")
    state = read_state(checkpoint / "model_state_dict.pt")
    plain = folded(state, LORA["alpha"], checkpoint)
    merged = Reference(checkpoint, encoder).encoder.merge_and_unload().state_dict()
    for name, value in merged.items():
        if "linear_" in name:
            assert torch.allclose(plain[f"encoder.encoder.{name}"], value, atol=1e-6), name
    assert not any("lora_" in name or "base_layer" in name for name in plain)


def test_alpha_comes_from_the_training_configuration_or_the_user(tmp_path):
    checkpoint, encoder = build_checkpoint(tmp_path / "a3a", "a3a")
    assert lora_alpha([checkpoint / "base.yaml"]) == 16
    assert lora_alpha([checkpoint / "base.yaml", checkpoint / "config.yaml"]) == LORA["alpha"]
    clip = make_clip(10.0, 24000, 1)
    by_file = make("a3a", (checkpoint, encoder)).score(clip.samples[None], 24000)
    for name in ("base.yaml", "config.yaml"):
        (checkpoint / name).unlink()
    with pytest.raises(MetricError, match=r"alpha is not known .*--set muq-eval-a3a.lora_alpha"):
        make("a3a", (checkpoint, encoder))
    by_hand = make("a3a", (checkpoint, encoder), lora_alpha=LORA["alpha"]).score(clip.samples[None], 24000)
    assert torch.equal(by_file, by_hand)
    assert not torch.equal(
        by_file, make("a3a", (checkpoint, encoder), lora_alpha=1).score(clip.samples[None], 24000)
    )


def test_neither_variant_takes_the_others_weights(tmp_path):
    a1, a3a = build_checkpoint(tmp_path / "a1"), build_checkpoint(tmp_path / "a3a", "a3a")
    with pytest.raises(MetricError, match="use muq-eval-a3a"):
        make("a1", a3a)
    with pytest.raises(MetricError, match="use muq-eval for A1"):
        make("a3a", a1, lora_alpha=32)


def test_a_trainers_checkpoint_of_a3a_is_the_same_and_runs_no_code(tmp_path):
    checkpoint, encoder = build_checkpoint(tmp_path / "a3a", "a3a")
    clip = make_clip(10.0, 24000, 1)
    expected = make("a3a", (checkpoint, encoder)).score(clip.samples[None], 24000)
    tensors = torch.load(checkpoint / "model_state_dict.pt", weights_only=True)
    (checkpoint / "model_state_dict.pt").unlink()
    whole = {"epoch": 3, "model_state": tensors, "optimizer_state": {"state": {}}, "config": {"seed": 42}}
    torch.save(whole, checkpoint / "best_model.pt")
    assert torch.equal(make("a3a", (checkpoint, encoder)).score(clip.samples[None], 24000), expected)
    torch.save({**whole, "config": SimpleNamespace(seed=42)}, checkpoint / "best_model.pt")
    with pytest.raises(MetricError, match=r"best_model\.pt is refused: .* could run code"):
        make("a3a", (checkpoint, encoder))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda state: state.pop(next(key for key in state if "lora_B" in key)), "is not whole"),
        (lambda state: state.update({"heads.MI.bin_centers": torch.linspace(0, 1, BINS)}), "is not linspace"),
        (lambda state: state.update({"encoder.encoder.base_model.model.odd": torch.zeros(1)}), "has unexpected"),
    ],
)
def test_a_broken_a3a_is_refused(tmp_path, change, said):
    checkpoint, encoder = build_checkpoint(tmp_path / "a3a", "a3a")
    path = checkpoint / "model_state_dict.pt"
    state = torch.load(path, weights_only=True)
    change(state)
    torch.save(state, path)
    with pytest.raises(MetricError, match=said):
        make("a3a", (checkpoint, encoder))


# -- windows and embeddings ----------------------------------------------------------------------------


def test_long_audio_is_heard_in_windows_and_its_score_is_their_mean(folders, variant, reference):
    metric = make(variant, folders, hop_seconds=5)
    clip = make_clip(27.0, 44100, 2)
    per_window = metric.score_windows(clip.samples[None], 44100)
    starts = [0.0, 5.0, 10.0, 15.0, 17.0]  # the last one ends with the clip
    assert per_window.shape == (1, len(starts))
    mono = reference.audio(clip.samples, 24000)  # only for its length
    assert mono.shape == (1, 240000)
    whole = torchaudio.functional.resample(clip.samples.mean(dim=0, keepdim=True), 44100, 24000)
    for start, score in zip(starts, per_window[0], strict=True):
        first = round(start * 24000)
        assert float(score) == pytest.approx(reference.score(whole[:, first : first + 240000], 24000), abs=1e-5)
    assert float(metric.score(clip.samples[None], 44100)) == pytest.approx(float(per_window.mean()), abs=1e-6)
    assert metric.window_seconds is None
    assert metric.fingerprint() != make(variant, folders).fingerprint()
    short = make_clip(6.0, 24000, 1)
    assert metric.score_windows(short.samples[None], 24000).shape == (1, 1)


def test_embeddings_cost_no_second_pass_here_or_in_another_metric(folders, variant):
    first, second = make(variant, folders), make(variant, folders)
    assert first.listener is second.listener
    batch = torch.stack([make_clip(10.0, 24000, 1, seed=seed).samples for seed in (100, 101, 100)])
    encoded = []
    hook = first.listener.network.encoder.register_forward_hook(lambda *call: encoded.extend(call[2]))
    first.score(batch, 24000)
    assert len(encoded) == 2, "the third clip is the first again"
    embeddings = second.embed(batch, 24000)
    second.embed(batch[:1], 24000)
    assert len(encoded) == 2
    hook.remove()
    assert embeddings.frames.shape == (3, 1, 250, 48)
    assert embeddings.pooled.shape == (3, 1, 48)
    assert torch.equal(embeddings.frames[0], embeddings.frames[2])
    assert make(variant, folders, dtype="bfloat16").listener is not first.listener


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(("height", "width"), [(64, 500), (7, 9), (4, 4), (1, 1), (5, 130)])
def test_winograd_is_a_convolution(dtype, height, width):
    generator = torch.Generator().manual_seed(height)
    x = torch.randn(2, 12, height, width, generator=generator)
    weight, bias = torch.randn(8, 12, 3, 3, generator=generator), torch.randn(8, generator=generator)
    expected = torch.nn.functional.conv2d(x.double(), weight.double(), bias.double(), padding=1)
    made = winograd_conv(weight, bias, (1, 1), dtype)(x.to(dtype, memory_format=torch.channels_last))
    assert made.shape == expected.shape
    assert relative_error(made, expected) < (5e-6 if dtype is torch.float32 else 1e-2)


def test_flops_are_those_that_the_design_counts():
    from degrade_bench.metric.muq_eval.architecture import Architecture
    from tests.metric.muq_eval.build import FULL, encoder_config

    flops = Architecture.from_config(encoder_config(FULL), "config.json").flops(240_000)
    assert math.isclose(flops, 421e9, rel_tol=0.01)  # 273 in the front end and 148 in the conformer
