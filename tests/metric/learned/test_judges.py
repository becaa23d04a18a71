"""SongEval and Audiobox Aesthetics against their authors' forward on the same small weights, and as metrics."""

from __future__ import annotations

import importlib.util
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import librosa
import pytest
import torch
from safetensors.torch import load_file, save_file

from degrade_bench.errors import MetricError, NotApplicableError
from degrade_bench.metric.catalogue import describe_metrics, load_metric
from degrade_bench.sweep.worker import single_threaded
from tests.conftest import make_clip
from tests.metric.learned import build
from tests.metric.muq_eval.build import Size, encoder_config, muq

SONGEVAL = ("coherence", "musicality", "memorability", "clarity", "naturalness")
AXES = ("CE", "CU", "PC", "PQ")
MUQ = Size(dim=build.SONGEVAL_DIM, feed_forward=64, depth=8, heads=4, conv_dim=16, codebook=32)


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    with single_threaded():
        yield


@pytest.fixture(scope="module")
def encoder() -> torch.nn.Module:
    return muq(encoder_config(MUQ)).eval()


@pytest.fixture(scope="module")
def songeval(encoder, tmp_path_factory) -> dict[str, Path]:
    """The settings of the metrics: SongEval's part, and MuQ as it is on the hub."""
    base = tmp_path_factory.mktemp("songeval")
    (base / "muq").mkdir()
    (base / "muq" / "config.json").write_text(json.dumps(encoder_config(MUQ)), encoding="utf-8")
    save_file({name: value.clone() for name, value in encoder.state_dict().items()}, base / "muq/model.safetensors")
    return {"checkpoint": build.songeval_head(base / "ckpt"), "encoder": base / "muq"}


# -- SongEval ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "rate", "channels"), [(3, 24000, 1), (2.5, 44100, 2), (1.2, 16000, 3)])
def test_songeval_is_its_authors_on_muqs_own_forward(encoder, songeval, seconds, rate, channels):
    samples = make_clip(seconds, rate, channels).samples
    audio = librosa.resample(samples.mean(dim=0).numpy(), orig_sr=rate, target_sr=24000, res_type="soxr_hq")
    with torch.inference_mode():
        frames = encoder(torch.from_numpy(audio)[None], output_hidden_states=True)["hidden_states"][6][0]
    expected = build.songeval_marks(load_file(songeval["checkpoint"] / "model.safetensors"), frames)
    assert expected.std() > 0.05, "else nothing is shown"
    for mark, value in zip(SONGEVAL, expected.tolist(), strict=True):
        score = load_metric(f"songeval-{mark}", songeval, "cpu").score(samples[None], rate)
        assert float(score) == pytest.approx(value, abs=2e-4), mark


def test_the_metrics_of_one_network_share_it_and_what_it_gave(songeval, monkeypatch):
    metrics = [load_metric(f"songeval-{mark}", songeval, "cpu") for mark in SONGEVAL]
    assert len({id(metric.passes) for metric in metrics}) == 1
    assert len({metric.fingerprint() for metric in metrics}) == len(metrics)
    clip = make_clip(1.1, 24000, 1, seed=3).samples[None]
    asked = []
    given = metrics[0].passes._marks
    monkeypatch.setattr(metrics[0].passes, "_marks", lambda audio: asked.append(1) or given(audio))
    scores = [float(metric.score(clip, 24000)) for metric in metrics]
    assert len(set(scores)) == len(metrics)
    assert len(asked) == 1


def test_a_mark_depends_on_no_other_signal_and_is_none_for_what_is_not_finite_or_too_short(songeval):
    metric = load_metric("songeval-musicality", songeval, "cpu")
    signals = torch.stack([make_clip(1.1, 44100, 2, seed=seed).samples for seed in range(4)])
    signals[1, 0, 7], signals[2] = math.nan, 0.0
    together = metric.score(signals, 44100)
    assert together.isfinite().tolist() == [True, False, True, True]
    for index in (0, 2, 3):
        metric.passes._remembered.clear()
        assert float(metric.score(signals[index : index + 1], 44100)) == float(together[index])
    with pytest.raises(NotApplicableError, match=r"songeval-musicality hears 1 s at least, got 0.5000 s"):
        metric.score(signals[:, :, :22050], 44100)


def test_songevals_missing_weights_are_one_line_without_network(songeval, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    entry = next(entry for entry in describe_metrics() if entry["name"] == "songeval-clarity")
    assert "git clone https://github.com/ASLP-lab/SongEval" in entry["reason"]
    with pytest.raises(MetricError, match=r"^songeval-clarity: SongEval's weights are in its repository") as error:
        load_metric("songeval-clarity", {}, "cpu")
    assert "\n" not in str(error.value)
    with pytest.raises(MetricError, match=r"there is no model.safetensors in it; git clone"):
        load_metric("songeval-clarity", {"checkpoint": tmp_path}, "cpu")
    with pytest.raises(MetricError, match=r"^songeval-clarity: weights are not available: OpenMuQ.*OFFLINE is set"):
        load_metric("songeval-clarity", {"checkpoint": songeval["checkpoint"]}, "cpu")


@pytest.mark.parametrize("part", ["checkpoint", "encoder"])
def test_songevals_weights_that_are_cut_off_or_others_are_one_line(songeval, tmp_path, part):
    folder = tmp_path / part
    folder.mkdir()
    for file in songeval[part].iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    weights, settings = folder / "model.safetensors", {**songeval, part: folder}
    whole = weights.read_bytes()
    state = load_file(songeval[part] / "model.safetensors")
    name = {"checkpoint": "attn.0.in_proj_bias", "encoder": "model.conv.linear.bias"}[part]
    cases = {
        "cannot be read": lambda: weights.write_bytes(whole[: len(whole) // 2]),
        "(lacks|has wrong shapes|has unexpected)": lambda: save_file({"fc.weight": torch.ones(2)}, weights),
        "has unexpected stranger": lambda: save_file({**state, "stranger": torch.ones(1)}, weights),
        f"(lacks|wrong shapes).*{name}": lambda: save_file({**state, name: torch.ones(1)}, weights),
    }
    for said, damage in cases.items():
        weights.unlink()  # it may be mapped
        damage()
        with pytest.raises(MetricError, match=rf"^songeval-musicality: .*model.safetensors.*{said}") as error:
            load_metric("songeval-musicality", settings, "cpu")
        assert "\n" not in str(error.value)


# -- Audiobox Aesthetics -------------------------------------------------------------------------------


@pytest.fixture
def small_wavlm(monkeypatch) -> None:
    """The package's network with a smaller encoder: its size stands in the package, and not in the checkpoint."""
    aes = pytest.importorskip("audiobox_aesthetics.model.aes")
    settings = {
        "encoder_layers": 2,
        "encoder_embed_dim": 24,
        "encoder_ffn_embed_dim": 32,
        "encoder_attention_heads": 3,
        "conv_feature_layers": "[(16,10,5)] + [(16,3,2)] * 4 + [(16,2,2)] * 2",
        "conv_pos": 16,
        "conv_pos_groups": 4,
    }
    config = type(aes.DEFAULT_AUDIO_CFG)({**vars(aes.DEFAULT_AUDIO_CFG), **settings})
    monkeypatch.setattr(aes, "DEFAULT_AUDIO_CFG", config)


@pytest.fixture
def audiobox(small_wavlm, tmp_path) -> Path:
    """As the package pushes its network to the hub."""
    from audiobox_aesthetics.model.aes import AesMultiOutput

    targets = {axis: {"mean": 5 + index, "std": 1.5 + index} for index, axis in enumerate(AXES)}
    with torch.random.fork_rng(devices=[]):
        network = AesMultiOutput(proj_num_layer=2, proj_ln=True, nth_layer=3, target_transform=targets)
        build.scattered(network).save_pretrained(tmp_path / "aes")
    return tmp_path / "aes"


def audiobox_predictor(folder: Path) -> Any:
    """The package's own predictor, on the CPU, with the weights of a folder."""
    from audiobox_aesthetics.infer import AesPredictor
    from audiobox_aesthetics.model.aes import AesMultiOutput, Normalize

    predictor = AesPredictor.__new__(AesPredictor)
    predictor.data_col, predictor.sample_rate, predictor.device = "path", 16000, torch.device("cpu")
    predictor.model = AesMultiOutput.from_pretrained(folder).eval()
    predictor.target_transform = {
        axis: Normalize(**values) for axis, values in predictor.model.target_transform.items()
    }
    return predictor


@pytest.mark.parametrize(("seconds", "rate", "channels"), [(12.5, 16000, 1), (10, 44100, 2), (0.3, 22050, 3)])
def test_audiobox_is_the_packages_predictor_from_any_rate_and_channels(audiobox, seconds, rate, channels):
    samples = make_clip(seconds, rate, channels).samples
    expected = audiobox_predictor(audiobox).forward([{"path": samples, "sample_rate": rate}])[0]
    assert len(set(expected.values())) == len(AXES), "else nothing is shown"
    for axis in AXES:
        metric = load_metric(f"audiobox-{axis.lower()}", {"checkpoint": audiobox}, "cpu")
        assert float(metric.score(samples[None], rate)) == pytest.approx(expected[axis], abs=1e-3), axis


def test_audiobox_scores_what_is_finite_and_long_enough(audiobox):
    metric = load_metric("audiobox-pq", {"checkpoint": audiobox}, "cpu")
    signals = torch.stack([make_clip(0.5, 16000, 1, seed=seed).samples for seed in range(3)])
    signals[1, 0, 7], signals[2] = math.inf, 0.0
    together = metric.score(signals, 16000)
    assert together.isfinite().tolist() == [True, False, True]
    metric.passes._remembered.clear()
    assert float(metric.score(signals[2:], 16000)) == float(together[2])
    with pytest.raises(NotApplicableError, match=r"audiobox-pq hears 0.1 s at least, got 0.0500 s"):
        metric.score(signals[:, :, :800], 16000)
    assert load_metric("audiobox-ce", {"checkpoint": audiobox}, "cpu").passes is metric.passes


def test_audioboxs_weights_that_are_not_there_cut_off_or_others_are_one_line(audiobox, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    entry = next(entry for entry in describe_metrics() if entry["name"] == "audiobox-ce")
    assert entry["reason"].startswith("no weights: facebook/audiobox-aesthetics's ")
    with pytest.raises(MetricError, match=r"^audiobox-ce: weights are not available: .*OFFLINE is set"):
        load_metric("audiobox-ce", {}, "cpu")
    weights, config = audiobox / "model.safetensors", audiobox / "config.json"
    whole = weights.read_bytes()
    cases = {
        "model.safetensors cannot be read": lambda: weights.write_bytes(whole[: len(whole) // 2]),
        "model.safetensors lacks ": lambda: save_file({"x": torch.ones(1)}, weights),
        "config.json does not describe its network: KeyError: 'target": lambda: config.write_text("{}"),
        "config.json cannot be read": lambda: config.write_text("{"),
    }
    for said, damage in cases.items():
        weights.unlink()
        weights.write_bytes(whole)
        damage()
        with pytest.raises(MetricError, match=rf"^audiobox-pq: .*{said}") as error:
            load_metric("audiobox-pq", {"checkpoint": audiobox}, "cpu")
        assert "\n" not in str(error.value)


def test_without_the_package_audiobox_is_said_not_to_be_installed(monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name.startswith("audiobox") else real(name, *rest)
    )
    with pytest.raises(MetricError, match=r"audiobox-pq is not available: audiobox_aesthetics not installed; pip"):
        load_metric("audiobox-pq", {}, "cpu")
