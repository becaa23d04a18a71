"""CLAP and MERT against transformers' own forward on the same small weights, and as metrics."""

from __future__ import annotations

import io
import json
import math
import pickle
from collections.abc import Iterator
from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile
import torch
import torchaudio
from huggingface_hub import errors
from torch import nn

from degrade_bench.errors import ConfigError, MetricError, NotApplicableError, UnknownNameError
from degrade_bench.metric import hub_client
from degrade_bench.metric.base import Metric
from degrade_bench.metric.catalogue import describe_metrics, load_metric
from degrade_bench.metric.embedding import Embedder, Embedding
from degrade_bench.metric.learned import places
from degrade_bench.metric.learned.fetching import fetch
from degrade_bench.sweep.hearing import listens
from degrade_bench.sweep.worker import single_threaded
from tests.conftest import make_clip
from tests.metric.learned import build

NAMES = ("clap", "mert")


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    with single_threaded():
        yield


@pytest.fixture(scope="module")
def networks() -> dict[str, nn.Module]:
    return {"clap": build.clap_network(), "mert": build.hubert()}


@pytest.fixture(scope="module")
def folders(networks, tmp_path_factory) -> dict[str, Path]:
    base = tmp_path_factory.mktemp("checkpoints")
    return {
        "clap": build.clap_in_laions_format(base / "laion", networks["clap"]),
        "clap-hf": build.clap_in_transformers_format(base / "clap", networks["clap"]),
        "mert": build.mert_as_published(base / "mert", networks["mert"]),
    }


@pytest.fixture(scope="module")
def metrics(folders) -> dict[str, Metric]:
    return {name: load_metric(name, {"checkpoint": folders[name]}, "cpu") for name in NAMES}


@pytest.fixture
def offline(tmp_path, monkeypatch) -> None:
    """No file in the hub's cache, and no way to it."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


def noisy(samples: torch.Tensor, seed: int = 0) -> torch.Tensor:
    return samples + 0.1 * torch.randn(samples.shape, generator=torch.Generator().manual_seed(seed))


# -- transformers' numbers -----------------------------------------------------------------------------


def clap_by_transformers(network: nn.Module, samples: torch.Tensor, sample_rate: int) -> torch.Tensor:
    """From a file, as ``laion_clap`` loads it, by transformers' own processor and network."""
    from transformers import ClapFeatureExtractor

    file = io.BytesIO()
    soundfile.write(file, samples.numpy().T, sample_rate, format="WAV", subtype="FLOAT")
    file.seek(0)
    audio, _ = librosa.load(file, sr=48000)
    audio = (np.clip(audio, -1, 1) * np.float32(32767)).astype(np.int16)
    processor = ClapFeatureExtractor(truncation="rand_trunc", frequency_min=50)
    middle = max(0, len(audio) - 480000) // 2
    heard = (audio[middle : middle + 480000] / 32767).astype(np.float32)
    features = processor(heard, sampling_rate=48000, return_tensors="pt")["input_features"]
    with torch.inference_mode():
        return nn.functional.normalize(network(features).audio_embeds, dim=-1)


@pytest.mark.parametrize("folder", ["clap", "clap-hf"])
@pytest.mark.parametrize(("seconds", "rate", "channels"), [(11, 44100, 2), (3.3, 48000, 1), (0.7, 22050, 3)])
def test_clap_is_transformers_from_any_rate_and_channels(networks, folders, folder, seconds, rate, channels):
    samples = 3 * make_clip(seconds, rate, channels).samples  # beyond full scale, where samples are clipped
    made = load_metric("clap", {"checkpoint": folders[folder]}, "cpu").embedder
    ours = made.embed(made.converted(samples[None], rate))
    assert ours.shape == (1, 1, 12)
    expected = clap_by_transformers(networks["clap"], samples, rate)
    np.testing.assert_allclose(ours[0], expected, rtol=0, atol=2e-5)


@pytest.mark.parametrize(("rate", "channels", "layer"), [(24000, 1, 2), (44100, 2, 2), (16000, 3, 0)])
def test_mert_is_transformers_from_any_rate_and_channels(networks, folders, rate, channels, layer):
    from transformers import Wav2Vec2FeatureExtractor

    samples = make_clip(1.2, rate, channels).samples
    made = load_metric("mert", {"checkpoint": folders["mert"], "layer": layer}, "cpu").embedder
    ours = made.embed(made.converted(samples[None], rate))
    audio = torchaudio.transforms.Resample(rate, 24000)(samples.mean(dim=0)) if rate != 24000 else samples[0]
    processor = Wav2Vec2FeatureExtractor(sampling_rate=24000, do_normalize=True)
    heard = processor(audio.numpy(), sampling_rate=24000, return_tensors="pt")
    with torch.inference_mode():
        states = networks["mert"](heard["input_values"], output_hidden_states=True).hidden_states
    assert ours.shape == (1, 89, 16)
    np.testing.assert_allclose(ours, states[layer], rtol=0, atol=3e-4)  # up to 4: sums in another order


# -- the embedders and the metrics ---------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_it_follows_the_protocol_and_equal_ones_share_a_feature(metrics, folders, name):
    one: Embedder = metrics[name].embedder
    expected = {"clap": ("clap", 48000, 12, "1"), "mert": ("mert-layer-2", 24000, 16, "1")}
    assert (one.name, one.sample_rate, one.dim, one.version) == expected[name]
    again = load_metric(name, {"checkpoint": folders[name]}, "cpu").embedder
    assert Embedding(one) == Embedding(pickle.loads(pickle.dumps(again)))
    assert hash(one) == hash(again)


@pytest.mark.parametrize("name", NAMES)
def test_the_score_is_the_cosine_of_mean_vectors_alone_or_in_a_batch(metrics, name):
    metric = metrics[name]
    clean = make_clip(1, 44100, 2).samples
    broken = clean.clone()
    broken[0, 5] = math.nan
    batch = torch.stack([clean, noisy(clean), broken, 0 * clean, noisy(clean, 1)])
    together = metric.score(batch, 44100, clean.expand_as(batch))
    assert together.isfinite().tolist() == [True, True, False, True, True]
    assert together[0] == 1.0
    x, y = (
        metric.embedder.embed(metric.embedder.converted(samples[None], 44100))[0].double().mean(dim=0)
        for samples in (clean, noisy(clean))
    )
    assert float(together[1]) == pytest.approx(float(torch.cosine_similarity(x, y, dim=0)), abs=1e-9)
    for index in (1, 3, 4):
        assert float(metric.score(batch[index : index + 1], 44100, clean[None])) == float(together[index])
    silent = torch.zeros(1, 1, 9600)
    assert float(metric.score(silent, 44100, silent)) == 1.0
    shorter = metric.score(batch[:1, :, :30000], 44100, clean[None])
    assert 0.0 < float(shorter) < 1.0


@pytest.mark.parametrize(("name", "least"), [("clap", "0.1 s"), ("mert", "0.0167 s")])
def test_what_is_too_short_is_not_applicable(metrics, name, least):
    with pytest.raises(NotApplicableError, match=rf"{name} hears {least} at least, got 0\.01"):
        metrics[name].score(torch.ones(1, 1, 480), 48000, torch.ones(1, 1, 480))


@pytest.mark.parametrize("name", NAMES)
def test_workers_compute_it_and_it_crosses_processes_without_its_network(metrics, name):
    metric = metrics[name]
    assert metric.light
    assert listens(metric)
    clean = make_clip(1, 24000, 1).samples[None]
    packed = pickle.dumps(metric)
    assert len(packed) < 3000
    assert pickle.loads(packed).fingerprint() == metric.fingerprint()
    score = metric.score(noisy(clean), 24000, clean)
    assert torch.equal(pickle.loads(packed).score(noisy(clean), 24000, clean), score)


def test_the_fingerprint_is_that_of_weights_layer_and_settings(metrics, folders, tmp_path, networks):
    mert, config = metrics["mert"], folders["mert"] / "preprocessor_config.json"
    first = load_metric("mert", {"checkpoint": folders["mert"], "layer": 1}, "cpu")
    assert first.fingerprint() != mert.fingerprint()
    folder = build.mert_as_published(tmp_path / "mert", networks["mert"])
    assert load_metric("mert", {"checkpoint": folder}, "cpu").fingerprint() == mert.fingerprint()
    (folder / config.name).write_text(json.dumps({"do_normalize": False}), encoding="utf-8")
    plain = load_metric("mert", {"checkpoint": folder}, "cpu")
    assert plain.fingerprint() != mert.fingerprint()
    clip = make_clip(0.5, 24000, 1).samples[None]
    vectors = [metric.embedder.embed(metric.embedder.converted(clip, 24000)) for metric in (plain, mert)]
    assert not torch.allclose(*vectors, atol=1e-3)
    clap = load_metric("clap", {"checkpoint": folders["clap-hf"]}, "cpu")
    assert clap.fingerprint() != metrics["clap"].fingerprint()


def test_making_one_draws_nothing_and_changes_nothing(folders):
    torch.manual_seed(1)
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    load_metric("mert", {"checkpoint": folders["mert"]}, "cpu")
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads
    assert torch.get_default_dtype() is torch.float32


# -- weights that are not there, or others -------------------------------------------------------------


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("name", NAMES)
def test_missing_weights_are_one_line_without_network(name):
    reason = next(entry["reason"] for entry in describe_metrics() if entry["name"] == name)
    assert reason.startswith("no weights: ")
    assert f"degrade-bench fetch {name}" in reason
    with pytest.raises(
        MetricError, match=rf"^{name}: weights are not available: .* and HF_HUB_OFFLINE is set"
    ) as e:
        load_metric(name, {}, "cpu")
    assert f"--set {name}.checkpoint=DIR" in str(e.value)
    assert "\n" not in str(e.value)


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_that_lacks_a_file_is_one_line(name, tmp_path):
    with pytest.raises(MetricError, match=rf"^{name}: --set {name}.checkpoint=.*nowhere: no such folder$"):
        load_metric(name, {"checkpoint": tmp_path / "nowhere"}, "cpu")
    with pytest.raises(MetricError, match=r"there is no .* in it$"):
        load_metric(name, {"checkpoint": tmp_path}, "cpu")
    torch.save({}, tmp_path / "pytorch_model.bin")
    with pytest.raises(MetricError, match=r"there is no config.json in it$"):
        load_metric(name, {"checkpoint": tmp_path}, "cpu")


@pytest.mark.parametrize("name", ["clap", "clap-hf", "mert"])
def test_weights_that_are_cut_off_or_others_are_one_line(name, folders, tmp_path):
    metric, folder = name.removesuffix("-hf"), tmp_path / name
    folder.mkdir()
    for file in folders[name].iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    weights = places.in_folder(_repository(metric), folder).weights
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(
        MetricError, match=rf"^{metric}: .*{weights.name} (cannot be read \(cut off\?\)|is refused)"
    ):
        load_metric(metric, {"checkpoint": folder}, "cpu")
    weights.unlink()
    torch.save({"module.audio_branch.x": torch.ones(1)}, folder / weights.with_suffix(".bin").name)
    (folder / weights.with_suffix(".bin").name).rename(folder / "pytorch_model.bin")
    if not (folder / "config.json").exists():
        (folder / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(MetricError, match=rf"^{metric}: .*pytorch_model.bin (lacks|does not describe)") as error:
        load_metric(metric, {"checkpoint": folder}, "cpu")
    assert "\n" not in str(error.value)


def _repository(metric: str) -> places.Repository:
    from degrade_bench.metric.learned import clap, mert

    return {"clap": clap.REPOSITORY, "mert": mert.REPOSITORY}[metric]


def test_a_weight_too_many_or_of_another_shape_is_named(networks, tmp_path):
    folder = build.mert_as_published(tmp_path / "mert", networks["mert"])
    state = torch.load(folder / "pytorch_model.bin", weights_only=True)
    torch.save({**state, "lm_head.weight": torch.ones(2)}, folder / "pytorch_model.bin")
    with pytest.raises(MetricError, match=r"pytorch_model.bin has unexpected lm_head.weight$"):
        load_metric("mert", {"checkpoint": folder}, "cpu")
    torch.save({**state, "encoder.layer_norm.bias": torch.ones(2)}, folder / "pytorch_model.bin")
    with pytest.raises(MetricError, match=r"wrong shapes: encoder.layer_norm.bias \(2,\) instead of \(16,\)$"):
        load_metric("mert", {"checkpoint": folder}, "cpu")


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"feature_extractor_cqt": True}, "feature_extractor_cqt True is not supported, expected False"),
        ({"deepnorm": True}, "deepnorm True is not supported"),
        ({"sample_rate": 16000}, "sample_rate 16000 is not supported, expected 24000"),
        ({"num_attention_heads": 3}, "does not describe MERT's network"),
        ({"conv_kernel": [10, 3]}, "does not describe MERT's network"),
    ],
)
def test_another_architecture_than_hubert_is_refused_in_one_line(networks, tmp_path, config, said):
    folder = build.mert_as_published(tmp_path / "mert", networks["mert"], config)
    with pytest.raises(MetricError, match=said) as error:
        load_metric("mert", {"checkpoint": folder}, "cpu")
    assert "\n" not in str(error.value)


def test_a_layer_that_there_is_not_and_crops_at_random_are_refused(folders, networks, tmp_path):
    with pytest.raises(MetricError, match=r"mert: layer 3: .* has layers 0 to 2"):
        load_metric("mert", {"checkpoint": folders["mert"], "layer": 3}, "cpu")
    folder = build.clap_in_transformers_format(tmp_path / "clap", networks["clap"])
    (folder / "preprocessor_config.json").write_text('{"truncation": "fusion"}', encoding="utf-8")
    with pytest.raises(MetricError, match=r"truncation 'fusion' is not supported, expected 'rand_trunc'"):
        load_metric("clap", {"checkpoint": folder}, "cpu")


# -- fetching ------------------------------------------------------------------------------------------


def test_files_are_fetched_from_the_hub_with_size_and_licence_said_first(folders, tmp_path, monkeypatch):
    """A stand-in for the hub's client puts the files where the client does."""
    cache = tmp_path / "cache"
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr(hub_client, "unreachable", lambda: None)
    asked = []

    def download(repo: str, name: str, revision: str, etag_timeout: int) -> str:
        asked.append(name)
        if not (folders["mert"] / name).exists():
            raise errors.EntryNotFoundError("404")
        place = cache / f"models--{repo.replace('/', '--')}" / "snapshots" / revision
        place.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes((folders["mert"] / name).read_bytes())
        return str(place / name)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    commit = "a" * 40
    lines = list(fetch("mert", commit))
    assert asked == ["config.json", "preprocessor_config.json", "model.safetensors", "pytorch_model.bin"]
    assert lines[0].startswith("mert: 0.38 GB from m-a-p/MERT-v1-95M into ")
    assert lines[1] == "MERT's weights are licensed CC-BY-NC 4.0: no commercial use"
    assert lines[-1].endswith(f"--metric mert --set mert.revision={commit} --out out")
    made = load_metric("mert", {"revision": commit}, "cpu")
    assert made.fingerprint_parts()["revision"] == commit
    assert made.unavailable({"revision": commit}) is None
    with pytest.raises(UnknownNameError, match=r"did you mean 'mert'"):
        list(fetch("mort"))
    with pytest.raises(ConfigError, match=r"--encoder-revision x: mert: it has no encoder of its own"):
        list(fetch("mert", encoder_revision="x"))
    with pytest.raises(ConfigError, match=r"--revision x: songeval-clarity: its encoder is all that is fetched"):
        list(fetch("songeval-clarity", "x"))
