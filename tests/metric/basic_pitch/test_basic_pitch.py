"""Basic Pitch against the package that its network comes from, and as a metric."""

from __future__ import annotations

import importlib.util
import math
import pickle
from collections.abc import Iterator
from pathlib import Path

import librosa
import numpy as np
import pytest
import torch

from degrade_bench.clip.clip import Clip
from degrade_bench.clip.conversion import librosa_mono
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.errors import ConfigError, MetricError, NotApplicableError
from degrade_bench.metric.basic_pitch import contract, embedder
from degrade_bench.metric.basic_pitch.embedder import BINS, BasicPitchEmbedder
from degrade_bench.metric.basic_pitch.metric import BasicPitch
from degrade_bench.metric.catalogue import default_metrics, describe_metrics, load_metric
from degrade_bench.metric.embedding import Embedder
from degrade_bench.sweep.hearing import listens
from degrade_bench.sweep.worker import single_threaded

RATE = contract.SAMPLE_RATE
SECONDS = {"piano_solo": 5.0, "reggae": 1.9}
KEPT = slice(None, None, 17)


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    with single_threaded():
        yield


@pytest.fixture(scope="module")
def golden() -> dict[str, np.ndarray]:
    """Written by ``scripts/basic_pitch_golden.py``, which says what is in it."""
    with np.load(Path(__file__).parent / "golden.npz") as file:
        return dict(file)


@pytest.fixture(scope="module")
def clips() -> dict[str, Clip]:
    return {source.id: source.load() for source in builtin_sources() if source.id in SECONDS}


@pytest.fixture(scope="module")
def metric() -> BasicPitch:
    return BasicPitch()


def tones(semitones: float = 0.0, seconds: float = 2.5, rate: int = RATE) -> torch.Tensor:
    """Notes of a third of a second, ``(1, time)``."""
    time = torch.arange(round(seconds * rate)) / rate
    step = torch.floor(3 * time)
    frequency = 220 * 2 ** ((2 * (step % 5) + semitones) / 12)
    return (0.3 * torch.sin(2 * math.pi * frequency * time) * torch.exp(-4 * (3 * time - step)))[None]


# -- the package's numbers -----------------------------------------------------------------------------


@pytest.mark.parametrize("clip", SECONDS)
@pytest.mark.parametrize("posteriors", BINS)
def test_posteriors_are_the_packages(golden, clips, clip, posteriors):
    samples = clips[clip].samples[None, :, : round(SECONDS[clip] * clips[clip].sample_rate)]
    made = BasicPitchEmbedder(posteriors)
    ours = made.embed(made.converted(samples, clips[clip].sample_rate))[0].numpy()
    assert ours.shape == (int(golden[f"{clip}.frames"]), made.dim)
    expected = golden[f"{clip}.{posteriors}"]
    assert expected.max() > 0.3
    np.testing.assert_allclose(ours[KEPT], expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize(("rate", "samples"), [(44100, 44101), (48000, 7001), (22050, 999), (16000, 16001)])
def test_audio_is_resampled_as_librosa_does(rate, samples):
    noise = torch.rand(2, 2, samples, generator=torch.Generator().manual_seed(1)) - 0.5
    ours = librosa_mono(noise, rate, contract.SAMPLE_RATE)
    for audio, heard in zip(noise, ours, strict=True):
        expected = librosa.resample(audio.mean(dim=0).numpy(), orig_sr=rate, target_sr=RATE)
        assert np.array_equal(heard.numpy(), expected)


def test_windows_cover_the_audio_and_their_middles_are_laid_end_to_end():
    hop, lead = 142 * 256 - 188, 15 * 256
    assert contract.WINDOW_SAMPLES == 43844
    assert hop == contract.WINDOW_HOP
    for samples in (257, hop - lead, hop - lead + 1, 5 * RATE):
        audio = np.arange(1, samples + 1, dtype=np.float32)
        windows = contract.windows_of(audio)
        assert len(windows) == math.ceil((samples + lead) / hop)
        assert np.array_equal(windows[0, : lead + 1, 0], [*np.zeros(lead), 1])
        joined = np.concatenate([window[:hop, 0] for window in windows])
        assert np.array_equal(joined[lead : lead + samples], audio)
        assert not joined[lead + samples :].any()
        answers = np.arange(len(windows) * 172, dtype=np.float32).reshape(len(windows), 172, 1)
        course = contract.unwrapped(answers, samples)[:, 0]
        assert len(course) == samples * 86 // RATE
        assert course[0] == 15
        assert set(np.diff(course)) <= {1, 31}


def test_the_embedder_follows_the_protocol_and_refuses_what_is_too_short():
    made: Embedder = BasicPitchEmbedder("note")
    shortest = math.ceil(RATE / 86)
    assert made.embed(torch.zeros(2, shortest)).shape == (2, 1, made.dim)
    with pytest.raises(NotApplicableError, match=r"basic-pitch hears 0.0117 s at least, got 0.0116 s"):
        made.embed(torch.zeros(2, shortest - 1))
    assert len({hash(BasicPitchEmbedder(posteriors)) for posteriors in BINS}) == len(BINS)
    assert made == BasicPitchEmbedder("note")


# -- as a metric ---------------------------------------------------------------------------------------


def test_it_hears_notes_and_little_else(metric):
    clean = tones()
    noise = 0.01 * torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    batch = torch.stack([clean, 0.5 * clean, clean + noise, tones(1.0), clean.roll(RATE // 2, dims=1)])
    same, quieter, noisy, semitone, late = metric.score(batch, RATE, clean.expand_as(batch)).tolist()
    assert same == 1.0
    assert quieter > 0.999
    assert noisy > 0.9
    assert semitone < noisy - 0.1
    assert late < noisy - 0.1


def test_the_score_is_the_cosine_of_all_frames_together(metric):
    batch = torch.stack([tones(), tones(0.5)])
    vectors = BasicPitchEmbedder("note").embed(batch[:, 0]).double().flatten(1)
    expected = float(torch.cosine_similarity(vectors[0], vectors[1], dim=0))
    assert float(metric.score(batch[1:], RATE, batch[:1])) == pytest.approx(expected, abs=1e-12)


def test_a_score_does_not_depend_on_its_batch_silence_is_scored_and_what_is_not_finite_is_not(metric):
    clean = tones(seconds=0.7)
    broken, endless = clean.clone(), clean.clone()
    broken[0, 5], endless[0, 5] = math.nan, math.inf
    batch = torch.stack([tones(1.0, 0.7), broken, 0 * clean, 30 * clean, endless])
    together = metric.score(batch, RATE, clean.expand_as(batch))
    assert together.isfinite().tolist() == [True, False, True, True, False]
    for index in (0, 2, 3):
        assert float(metric.score(batch[index : index + 1], RATE, clean[None])) == float(together[index])
    silent = torch.zeros(1, 2, 9000)
    assert float(metric.score(silent, RATE, silent)) == 1.0
    with pytest.raises(ValueError, match="needs a reference"):
        metric.score(batch, RATE)


def test_workers_compute_it_and_it_crosses_processes_without_its_network(metric):
    assert metric.light
    assert listens(metric)
    clean, other = tones(seconds=0.5)[None], tones(1.0, 0.5)[None]
    score = metric.score(other, RATE, clean)
    packed = pickle.dumps(metric)
    assert len(packed) < 2000
    assert pickle.loads(packed).fingerprint() == metric.fingerprint()
    assert torch.equal(pickle.loads(packed).score(other, RATE, clean), score)


def test_the_fingerprint_is_that_of_the_posteriors_and_the_network(metric, tmp_path, monkeypatch):
    assert len({BasicPitch(posteriors).fingerprint() for posteriors in BINS}) == len(BINS)
    assert load_metric("basic-pitch", {"posteriors": "note"}, "cpu").fingerprint() == metric.fingerprint()
    data = (Path(embedder.__file__).parent / "data" / "README.md").read_text(encoding="utf-8")
    assert metric.fingerprint_parts()["onnx_sha256"] in data
    file = tmp_path / "nmp.onnx"
    file.write_bytes(embedder.FILE.read_bytes()[:-1])
    monkeypatch.setattr(embedder, "FILE", file)
    embedder.network_sha256.cache_clear()
    embedder.session_of.cache_clear()
    try:
        assert BasicPitch().fingerprint() != metric.fingerprint()
        with pytest.raises(MetricError, match=r"nmp.onnx cannot be read; install degrade-bench again"):
            embedder.session_of("note")
    finally:
        embedder.network_sha256.cache_clear()
        embedder.session_of.cache_clear()


def test_without_the_extra_it_is_listed_as_not_available_and_other_posteriors_are_refused(monkeypatch):
    with pytest.raises(ConfigError, match=r"--set basic-pitch.posteriors=notes: .* did you mean 'note'"):
        load_metric("basic-pitch", {"posteriors": "notes"}, "cpu")
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "onnxruntime" else real(name, *rest)
    )
    entry = next(entry for entry in describe_metrics() if entry["name"] == "basic-pitch")
    reason = "onnxruntime not installed; pip install 'degrade-bench[basic-pitch]'"
    assert (entry["available"], entry["reason"]) == (False, reason)
    with pytest.raises(MetricError, match=r"basic-pitch is not available: onnxruntime not installed; pip"):
        load_metric("basic-pitch", {}, "cpu")


def test_it_is_no_default(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert "basic-pitch" not in [metric.name for metric in default_metrics({}, "cpu")[0]]
    with pytest.raises(ConfigError, match="basic-pitch does not run unless asked for with --metric basic-pitch"):
        default_metrics({"basic-pitch": {"posteriors": "note"}}, "cpu")
