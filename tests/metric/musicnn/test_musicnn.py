"""musicnn in torch against what TensorFlow made of the same checkpoints, and as a metric."""

from __future__ import annotations

import math
import pickle
from collections.abc import Iterator
from pathlib import Path

import librosa
import numpy as np
import pytest
import torch

from degrade_bench.clip.clip import Clip
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.errors import ConfigError, MetricError, NotApplicableError
from degrade_bench.metric.base import Metric
from degrade_bench.metric.catalogue import default_metrics, describe_metrics, load_metric
from degrade_bench.metric.embedding import Embedder, Embedding
from degrade_bench.metric.hearing.heard import Heard
from degrade_bench.metric.musicnn import contract, embedder
from degrade_bench.metric.musicnn.embedder import MusicnnEmbedder, network_of
from degrade_bench.sweep.hearing import listens
from degrade_bench.sweep.worker import single_threaded
from tests.conftest import make_clip

RATE = contract.SAMPLE_RATE
TRAINED_ON = ("mtt", "msd")
NAMES = ("musicnn-mtt", "musicnn-msd")
CLIPS = {"piano_solo": 2, "reggae": 2, "chirp": 1}
POOLED, IN_TIME = ("mean_pool", "max_pool"), ("timbral", "temporal", "cnn1", "cnn2", "cnn3")
FRAMES = slice(None, None, 62)


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """As in a worker; beside other tests more threads mostly wait for each other."""
    with single_threaded():
        yield


@pytest.fixture(scope="module")
def golden() -> dict[str, np.ndarray]:
    """Written by ``scripts/musicnn_golden.py``, which says what is in it."""
    with np.load(Path(__file__).parent / "golden.npz") as file:
        return dict(file)


@pytest.fixture(scope="module")
def piano() -> Clip:
    return next(source.load() for source in builtin_sources() if source.id == "piano_solo")


def chirp() -> torch.Tensor:
    """The clip of ``scripts/musicnn_golden.py`` that is at 16 kHz already, ``(1, time)``."""
    time = np.arange(4 * 16000) / 16000
    sines = 0.3 * np.sin(2 * np.pi * 220 * time) + 0.3 * np.sin(2 * np.pi * 750 * time**2)
    return torch.from_numpy(sines.astype(np.float32))[None]


def with_noise(samples: torch.Tensor, snr_db: float) -> torch.Tensor:
    noise = torch.randn(samples.shape, generator=torch.Generator().manual_seed(0))
    return samples + noise * samples.square().mean().sqrt() * 10 ** (-snr_db / 20)


# -- TensorFlow's numbers ------------------------------------------------------------------------------


@pytest.mark.parametrize("trained_on", TRAINED_ON)
@pytest.mark.parametrize(("clip", "count"), CLIPS.items())
def test_every_layer_is_tensorflows_on_the_same_mel_spectrogram(golden, trained_on, clip, count):
    layers = network_of(trained_on, "cpu").layers(contract.compressed(torch.from_numpy(golden[f"{clip}.mel"])))
    expected = {layer: golden[f"{clip}.{trained_on}.{layer}"] for layer in vars(layers)}
    for layer in ("tags", "penultimate"):
        ours = getattr(layers, layer).numpy()
        np.testing.assert_allclose(ours, expected[layer][:count], rtol=0, atol=1e-4, err_msg=layer)
    for layer in (*POOLED, *IN_TIME):
        ours = getattr(layers, layer).numpy()
        ours = ours if layer in POOLED else ours[:1, FRAMES]
        within = 1e-5 * np.abs(expected[layer]).max()  # values go up to 111: 1e-4 is beyond what float32 sums hold
        np.testing.assert_allclose(ours, expected[layer], rtol=0, atol=within, err_msg=layer)


def test_from_samples_at_16_khz_the_whole_chain_is_musicnns(golden):
    mel = contract.mel_spectrogram(chirp()[0])[: contract.PATCH_FRAMES]
    assert mel.dtype == torch.float16
    assert (mel.numpy() == golden["chirp.mel"][0]).mean() > 0.999  # rounding to float16 may fall the other way
    for trained_on in TRAINED_ON:
        vectors = MusicnnEmbedder(trained_on).embed(chirp())[0].numpy()
        np.testing.assert_allclose(vectors, golden[f"chirp.{trained_on}.penultimate"], rtol=0, atol=1e-4)


@pytest.mark.parametrize("clip", ["piano_solo", "reggae"])
def test_from_a_file_at_44_khz_only_resamplers_differ(golden, clip):
    """resampy reads its filter from a table; with torchaudio's default filter the bounds would be broken."""
    loaded = next(source.load() for source in builtin_sources() if source.id == clip)
    audio = contract.mono_at_16_khz(loaded.samples[None], loaded.sample_rate)[0]
    patches = contract.patches_of(audio)
    for trained_on in TRAINED_ON:
        layers = network_of(trained_on, "cpu").layers(patches)
        tags, vectors = (golden[f"{clip}.{trained_on}.{layer}"] for layer in ("tags", "penultimate"))
        np.testing.assert_allclose(layers.tags.numpy(), tags, rtol=0, atol=0.01)
        ours, theirs = layers.penultimate.numpy().mean(axis=0), vectors.mean(axis=0)
        assert ours @ theirs / np.linalg.norm(ours) / np.linalg.norm(theirs) > 1 - 2e-4


def test_the_mel_spectrogram_is_librosas_with_mirrored_edges(piano):
    audio = contract.mono_at_16_khz(piano.samples[None, :, : 4 * piano.sample_rate], piano.sample_rate)[0]
    theirs = librosa.feature.melspectrogram(
        y=audio.numpy(), sr=16000, n_fft=512, hop_length=256, n_mels=96, pad_mode="reflect"
    )
    np.testing.assert_allclose(contract.mel_spectrogram(audio).float().numpy(), theirs.T, rtol=1e-3, atol=1e-6)


def test_loud_music_stays_finite_where_float16_products_would_not(piano):
    audio = contract.mono_at_16_khz(piano.samples[None], piano.sample_rate)[0]
    loud = contract.mel_spectrogram(audio * (1 / audio.abs().max()))
    assert bool(torch.isinf(10000 * loud).any()), "else nothing is shown"
    assert bool(torch.isfinite(contract.compressed(loud)).all())


# -- the embedder --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("samples", "patches"), [(47616, 1), (95487, 1), (95488, 2), (160000, 3)])
def test_frames_at_the_end_that_fill_no_patch_are_left_out(samples, patches):
    audio = make_clip(samples / RATE, RATE, 1).samples
    assert audio.shape[1] == samples
    assert MusicnnEmbedder("mtt").embed(audio).shape == (1, patches, 200)


def test_less_than_a_patch_is_refused_with_the_reason():
    with pytest.raises(NotApplicableError, match=r"musicnn-msd hears 2.976 s at least, got 2.9759 s"):
        MusicnnEmbedder("msd").embed(torch.zeros(1, 47615))


def test_it_follows_the_protocol_and_equal_ones_share_a_feature(piano):
    one: Embedder = MusicnnEmbedder("mtt")
    assert (one.name, one.sample_rate, one.dim, one.version) == ("musicnn-mtt", 16000, 200, "1")
    assert Embedding(one) == Embedding(pickle.loads(pickle.dumps(one)))
    assert Embedding(one) != Embedding(MusicnnEmbedder("msd"))
    heard = Heard(piano.samples[:, : 4 * piano.sample_rate], piano.sample_rate)
    assert heard.ask(Embedding(one)) is heard.ask(Embedding(MusicnnEmbedder("mtt")))
    assert heard.ask(Embedding(one)).shape == (1, one.dim)
    assert one.fingerprint_parts() != MusicnnEmbedder("msd").fingerprint_parts()


def test_an_embedding_does_not_depend_on_its_batch_and_one_bad_signal_costs_only_itself():
    made = MusicnnEmbedder("mtt")
    signals = torch.cat([make_clip(6.5, RATE, 1, seed=seed).samples for seed in range(2)])
    broken = signals[:1].clone()
    broken[0, -1] = math.inf  # in no patch
    batch = torch.cat([signals, broken, torch.zeros_like(broken)])
    together = made.embed(batch)
    assert together.isfinite().all(dim=(1, 2)).tolist() == [True, True, False, True]
    for index in (0, 1, 3):
        assert torch.equal(made.embed(batch[index : index + 1])[0], together[index])


def test_a_file_of_weights_that_is_damaged_is_one_line(tmp_path, monkeypatch):
    whole = embedder.weights_path("mtt").read_bytes()
    monkeypatch.setattr(embedder, "FOLDER", tmp_path)
    network_of.cache_clear()
    embedder.weights_sha256.cache_clear()
    try:
        with pytest.raises(MetricError, match=r"mtt.npz cannot be read; install degrade-bench again"):
            load_metric("musicnn-mtt", {}, "cpu")
        for damaged in (whole[: len(whole) // 2], b"", b"no weights"):
            (tmp_path / "mtt.npz").write_bytes(damaged)
            with pytest.raises(MetricError, match=r"mtt.npz cannot be read; install degrade-bench again"):
                network_of("mtt", "cpu")
    finally:
        network_of.cache_clear()
        embedder.weights_sha256.cache_clear()


# -- the metrics ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def metrics() -> dict[str, Metric]:
    return {name: load_metric(name, {}, "cpu") for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_it_is_the_cosine_of_mean_embeddings_and_falls_with_noise(metrics, name, piano):
    clean = piano.samples[:, : 7 * piano.sample_rate]
    mild, gross = with_noise(clean, 20), with_noise(clean, 0)
    batch = torch.stack([clean, mild, gross])
    scores = metrics[name].score(batch, piano.sample_rate, clean.expand_as(batch)).tolist()
    assert scores[0] == 1.0
    assert 1.0 > scores[1] > scores[2] > -1.0
    made = MusicnnEmbedder(name.removeprefix("musicnn-"))
    x, y = made.embed(made.converted(batch[:2], piano.sample_rate)).double().mean(dim=1)
    assert scores[1] == pytest.approx(float(torch.cosine_similarity(x, y, dim=0)), abs=1e-9)


def test_the_reference_may_be_of_another_length(metrics, piano):
    rate, metric = piano.sample_rate, metrics["musicnn-mtt"]
    longer = metric.score(piano.samples[None, :, : 4 * rate], rate, piano.samples[None, :, : 7 * rate])
    assert 0.5 < float(longer) < 1.0
    with pytest.raises(NotApplicableError, match="at least"):
        metric.score(piano.samples[None, :, : 4 * rate], rate, piano.samples[None, :, : 2 * rate])


def test_a_score_does_not_depend_on_its_batch_silence_is_scored_and_what_is_not_finite_is_not(metrics):
    metric = metrics["musicnn-mtt"]
    clean = make_clip(3.1, 22050, 2).samples
    broken = clean.clone()
    broken[0, 5] = math.nan
    batch = torch.stack([with_noise(clean, 10), broken, 0 * clean, 30 * clean, clean])
    together = metric.score(batch, 22050, clean.expand_as(batch))
    assert together.isfinite().tolist() == [True, False, True, True, True]
    for index in (0, 2, 3, 4):
        alone = metric.score(batch[index : index + 1], 22050, clean[None])
        assert float(alone) == float(together[index])
    silent = torch.zeros(1, 2, 70000)
    assert float(metric.score(silent, 22050, silent)) == 1.0
    with pytest.raises(ValueError, match="needs a reference"):
        metric.score(batch, 22050)


def test_workers_compute_it_on_a_cpu_and_it_crosses_processes_without_its_network(metrics):
    clean = make_clip(3.1, RATE, 1).samples[None]
    noisy = with_noise(clean, 10)
    for metric in metrics.values():
        assert metric.light
        assert listens(metric)
        score = metric.score(noisy, RATE, clean)
        packed = pickle.dumps(metric)
        assert len(packed) < 2000
        assert pickle.loads(packed).fingerprint() == metric.fingerprint()
        assert torch.equal(pickle.loads(packed).score(noisy, RATE, clean), score)
    assert metrics["musicnn-mtt"].fingerprint() != metrics["musicnn-msd"].fingerprint()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("name", NAMES)
def test_on_a_gpu_scores_are_the_cpus_to_rounding(metrics, name, piano):
    metric = load_metric(name, {}, "cuda:0")
    assert not metric.light
    assert metric.fingerprint() == metrics[name].fingerprint()
    batch = torch.stack([with_noise(piano.samples, 20), piano.samples.flip(1)])
    clean = piano.samples.expand_as(batch)
    scores = metric.score(batch, piano.sample_rate, clean)
    np.testing.assert_allclose(scores, metrics[name].score(batch, piano.sample_rate, clean), rtol=0, atol=1e-4)
    assert torch.equal(metric.score(batch[1:], piano.sample_rate, clean[1:]), scores[1:])


def test_a_device_that_is_not_there_is_one_line():
    with pytest.raises(MetricError, match=r"musicnn-mtt: device 'gpu': expected cpu, cuda or cuda:N"):
        load_metric("musicnn-mtt", {"device": "gpu"}, "cpu")


def test_they_are_listed_with_no_reason_against_them_and_are_no_default(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    entries = {entry["name"]: entry for entry in describe_metrics()}
    assert all(entries[name]["available"] for name in NAMES)
    assert {metric.name for metric in default_metrics({}, "cpu")[0]}.isdisjoint(NAMES)
    with pytest.raises(ConfigError, match="musicnn-mtt does not run unless asked for with --metric musicnn-mtt"):
        default_metrics({"musicnn-mtt": {"device": "cpu"}}, "cpu")
