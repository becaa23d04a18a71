"""DNSMOS against the package that it comes from, and what it is shown and refused as."""

from __future__ import annotations

import importlib.util
import math
import pickle
import subprocess
import sys
from collections.abc import Callable, Sequence

import numpy as np
import onnx
import pytest
import torch
from speechmos import dnsmos as package

from degrade_bench._support.registry import Registry
from degrade_bench.clip.audio import read_audio
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.errors import ConfigError, MetricError
from degrade_bench.metric import catalogue
from degrade_bench.metric.base import Metric
from degrade_bench.metric.catalogue import default_metrics, describe_metrics, load_metric
from degrade_bench.metric.dnsmos import network
from degrade_bench.metric.dnsmos.contract import SAMPLE_RATE, WINDOW_SAMPLES, preprocessed, repeated, window_starts
from degrade_bench.metric.dnsmos.metric import OUTPUTS, Dnsmos
from degrade_bench.metric.dnsmos.network import P808Network, P835Network, neighbours
from tests.conftest import make_clip

RATE = SAMPLE_RATE
GONE = ("speechmos", "onnxruntime")


@pytest.fixture(scope="module")
def metrics() -> dict[str, Dnsmos]:
    return {output: Dnsmos(output) for output in OUTPUTS}


def assert_as_the_package(metrics: dict[str, Dnsmos], samples: torch.Tensor, rate: int) -> dict[str, float]:
    """All four outputs of one clip; the package is given 16 kHz and one channel, within ±1."""
    mono = preprocessed(samples[None], rate)[0]
    peak = float(np.abs(mono).max())
    if peak > 1:
        samples = samples * (0.99 / peak)
        mono = preprocessed(samples[None], rate)[0]
    expected = package.run(mono, RATE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(P835Network, "answers", once(P835Network.answers))
        scores = {output: float(metric.score(samples[None], rate)) for output, metric in metrics.items()}
    for output, score in scores.items():
        assert score == pytest.approx(float(expected[f"{output}_mos"]), abs=1e-5), output
    return scores


def once(answers: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """The larger network's answers, computed once for the three outputs that are made of them."""
    given: dict[tuple[bytes, tuple[int, ...]], np.ndarray] = {}

    def answered(self: P835Network, audio: np.ndarray, seconds: Sequence[int]) -> np.ndarray:
        key = audio.tobytes(), tuple(seconds)
        if key not in given:
            given[key] = answers(self, audio, seconds)
        return given[key]

    return answered


def tone_and_noise(seconds: float, rate: int, channels: int = 1, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    time = torch.arange(round(seconds * rate)) / rate
    noise = torch.randn(channels, len(time), generator=generator)
    return 0.02 * noise + 0.3 * torch.sin(2 * math.pi * 220 * time) * (torch.sin(2 * math.pi * 0.7 * time) > 0)


# -- the package's scores ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "rate", "channels"),
    [(0.3, 16000, 1), (1.0, 44100, 2), (9.005, 16000, 1), (9.01, 16000, 2), (10.99, 44100, 1), (12.2, 8000, 2)],
)
def test_scores_of_short_and_long_audio_are_the_packages(metrics, seconds, rate, channels):
    assert_as_the_package(metrics, tone_and_noise(seconds, rate, channels), rate)


def test_scores_where_the_package_leaves_windows_out_are_the_packages(metrics):
    assert window_starts(34 * RATE) == [*range(7), 24]
    assert_as_the_package(metrics, tone_and_noise(34.0, RATE), RATE)


def test_scores_of_builtin_clips_are_the_packages_and_differ(metrics):
    scores = []
    for source in builtin_sources()[:3]:
        clip = source.load()
        some = clip.samples[:, : 11 * clip.sample_rate]  # two windows
        scores.append(assert_as_the_package(metrics, some, clip.sample_rate))
    for output in OUTPUTS:
        assert np.ptp([clip[output] for clip in scores]) > 1e-3, "a network that hears nothing would pass as well"


def test_scores_of_real_music_are_the_packages(metrics, music_folder):
    paths = sorted(music_folder.glob("*.ogg"))[:2]
    assert paths
    for path in paths:
        assert_as_the_package(metrics, *read_audio(path, duration=12.0))


def test_neighbouring_windows_share_frames_without_a_trace(metrics, monkeypatch):
    """However the windows are grouped and the frames cut in blocks, each window's answers stay the same."""
    audio = preprocessed(tone_and_noise(14.0, RATE)[None], RATE)[0]
    whole = P835Network(metrics["ovrl"].path)
    together = whole.answers(audio, range(5))
    alone = np.concatenate([whole.answers(audio, [second]) for second in range(5)])
    assert np.ptp(together, axis=0).min() > 1e-4
    np.testing.assert_allclose(together, alone, atol=1e-5)
    for most, block in ((2, 100), (3, 500)):
        monkeypatch.setattr(network, "MOST_WINDOWS", most)
        monkeypatch.setattr(network, "BLOCK_FRAMES", block)
        np.testing.assert_allclose(whole.answers(audio, range(5)), together, atol=1e-5)


def test_beyond_full_scale_a_signal_is_scored_as_it_is(metrics):
    """The package refuses it; its own network does not, and is asked here without the package's check."""
    loud = 4 * tone_and_noise(9.5, RATE)
    with pytest.raises(ValueError, match="between -1 and 1"):
        package.run(loud[0].numpy(), RATE)
    window = loud[:, :WINDOW_SAMPLES].numpy()
    raw = package.dnsmos.onnx_sess.run(None, {"input_1": window})[0][0]
    expected = package.dnsmos.get_polyfit_val(*raw, False)
    for output, value in zip(("sig", "bak", "ovrl"), expected, strict=True):
        assert float(metrics[output].score(loud[None], RATE)) == pytest.approx(value, abs=1e-5)
    clipped = float(metrics["ovrl"].score(loud[None].clamp(-1, 1), RATE))
    assert abs(clipped - expected[2]) > 1e-3


# -- windows -------------------------------------------------------------------------------------------


def windows_of_the_package(samples: int) -> list[int]:
    """The package's loop over windows, on numbers of samples instead of audio."""
    count = int(np.floor(samples / RATE) - 9.01) + 1
    ends = [min(samples, int((index + 9.01) * RATE)) for index in range(count)]
    return [index for index in range(count) if ends[index] - index * RATE >= int(9.01 * RATE)]


def test_windows_are_the_packages():
    assert WINDOW_SAMPLES == 144160
    for samples in [WINDOW_SAMPLES, 10 * RATE - 1, 10 * RATE, 11 * RATE, *range(15 * RATE, 400 * RATE, 99991)]:
        assert window_starts(samples) == windows_of_the_package(samples)
    assert window_starts(WINDOW_SAMPLES) == [0]
    assert window_starts(11 * RATE - 1) == [0]
    assert window_starts(11 * RATE) == [0, 1]


@pytest.mark.parametrize(("samples", "times"), [(1, 262144), (144159, 2), (72080, 2), (72079, 4), (144160, 1)])
def test_short_audio_is_doubled_until_it_fills_a_window(samples, times):
    audio = np.arange(samples, dtype=np.float32)
    assert np.array_equal(repeated(audio), np.concatenate([audio] * times))


def test_neighbours(monkeypatch):
    assert list(neighbours([0, 1, 2, 24, 25, 123])) == [(0, 3), (24, 2), (123, 1)]
    monkeypatch.setattr(network, "MOST_WINDOWS", 2)
    assert list(neighbours(range(5))) == [(0, 2), (2, 2), (4, 1)]


# -- batches, processes --------------------------------------------------------------------------------


@pytest.mark.parametrize("output", ["ovrl", "p808"])
def test_a_score_does_not_depend_on_its_batch_and_one_bad_signal_costs_only_itself(metrics, output):
    signal = tone_and_noise(10.0, RATE)
    broken, endless = signal.clone(), signal.clone()
    broken[0, 5000], endless[0, 7] = math.nan, math.inf
    noise = make_clip(10.0, RATE, 1, kind="noise").samples
    batch = torch.stack([signal, broken, noise, 0 * signal, 30 * noise, endless, signal])
    together = metrics[output].score(batch, RATE)
    assert together.shape == (7,)
    assert together.isfinite().tolist() == [True, False, True, True, True, False, True]
    assert float(together[0]) == float(together[6])
    for index in (0, 2, 3, 4):
        assert float(metrics[output].score(batch[index : index + 1], RATE)) == pytest.approx(
            float(together[index]), abs=1e-5
        )
    assert torch.equal(metrics[output].score(batch.flip(0), RATE).flip(0).nan_to_num(9), together.nan_to_num(9))


def test_an_empty_signal_gives_nan(metrics):
    assert metrics["ovrl"].score(torch.zeros(2, 1, 0), RATE).isnan().tolist() == [True, True]


def test_it_crosses_processes_without_its_network(metrics):
    metric = metrics["sig"]
    signal = tone_and_noise(9.1, RATE)[None]
    score = metric.score(signal, RATE)
    packed = pickle.dumps(metric)
    assert len(packed) < 2000
    other = pickle.loads(packed)
    assert other.fingerprint() == metric.fingerprint()
    assert torch.equal(other.score(signal, RATE), score)


def test_the_fingerprint_is_that_of_output_and_weights(metrics, tmp_path, monkeypatch):
    assert len({metric.fingerprint() for metric in metrics.values()}) == len(OUTPUTS)
    assert Dnsmos().fingerprint() == metrics["ovrl"].fingerprint()
    parts = metrics["ovrl"].fingerprint_parts()
    assert parts["speechmos"] == "0.0.1.1"
    assert len(parts["onnx_sha256"]) == 64
    for file in (network.P835_FILE, network.P808_FILE):
        (tmp_path / file).write_bytes((metrics["ovrl"].path.parent / file).read_bytes() + b"\0")
    monkeypatch.setattr("degrade_bench.metric.dnsmos.metric.networks_folder", lambda: tmp_path)
    assert Dnsmos().fingerprint() != metrics["ovrl"].fingerprint()


def test_loading_it_imports_nothing_heavy_and_scoring_never_the_package():
    code = """
import sys
import degrade_bench.metric.dnsmos.metric as module
heavy = ("onnx", "onnxruntime", "librosa", "speechmos", "torchaudio")
assert not set(heavy) & set(sys.modules), set(heavy) & set(sys.modules)
made = module.Dnsmos("p808")
assert not set(heavy) & set(sys.modules), set(heavy) & set(sys.modules)
import torch
made.score(torch.zeros(1, 1, 16000), 16000)
assert "onnxruntime" in sys.modules
assert "speechmos" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# -- what is refused -----------------------------------------------------------------------------------


def test_an_output_that_it_does_not_have():
    with pytest.raises(ConfigError, match=r"--set dnsmos.output=ovl: unknown output 'ovl'; did you mean 'ovrl'"):
        Dnsmos("ovl")


def test_without_the_extra_it_is_listed_as_not_available_with_the_command_that_mends_it(monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name in GONE else real(name, *rest)
    )
    reason = "speechmos and onnxruntime not installed; pip install 'degrade-bench[dnsmos]'"
    entry = next(entry for entry in describe_metrics() if entry["name"] == "dnsmos")
    assert (entry["available"], entry["reason"]) == (False, reason)
    with pytest.raises(MetricError, match="dnsmos is not available: speechmos and onnxruntime not installed; pip"):
        load_metric("dnsmos", {}, "cpu")


def test_files_that_are_missing_cut_off_or_another_network(metrics, tmp_path, monkeypatch):
    folder = metrics["ovrl"].path.parent
    monkeypatch.setattr("degrade_bench.metric.dnsmos.metric.networks_folder", lambda: tmp_path)
    with pytest.raises(MetricError, match=r"speechmos 0.0.1.1 holds no sig_bak_ovr.onnx"):
        Dnsmos()
    for file in (network.P835_FILE, network.P808_FILE):
        whole = (folder / file).read_bytes()
        for name, data in (
            ("cut.onnx", whole[: len(whole) // 2]),
            ("text.onnx", b"no network"),
            ("none.onnx", b""),
        ):
            (tmp_path / name).write_bytes(data)
            kind = P835Network if file == network.P835_FILE else P808Network
            with pytest.raises(MetricError, match=f"{name} is not the network that is expected"):
                kind(tmp_path / name)
    with pytest.raises(MetricError, match=r"model_v8.onnx is not the network"):
        P835Network(folder / network.P808_FILE)
    assert onnx.load(str(metrics["ovrl"].path)).graph.input[0].name == network.INPUT


# -- in the catalogue ----------------------------------------------------------------------------------


def test_it_is_listed_as_made_for_speech_and_is_no_default(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    entries = {entry["name"]: entry for entry in describe_metrics()}
    assert entries["dnsmos"]["available"] is True
    assert {name for name, entry in entries.items() if entry["domain"] == "speech"} == {"dnsmos"}
    assert "dnsmos" not in [metric.name for metric in default_metrics({}, "cpu")[0]]
    with pytest.raises(ConfigError, match="dnsmos does not run unless asked for with --metric dnsmos"):
        default_metrics({"dnsmos": {"output": "sig"}}, "cpu")


def test_any_metric_that_says_why_it_is_unavailable_is_listed_so(monkeypatch):
    class Absent(Metric):
        name = "absent"

        def score(self, batch, sample_rate, reference=None):
            return torch.zeros(len(batch))

        @classmethod
        def unavailable(cls, settings):
            return "its sensor is unplugged; plug it in"

    registry = Registry("metric")
    registry.register("absent", Absent)
    registry.register("loudness", catalogue.REGISTRY.get("loudness"))
    monkeypatch.setattr(catalogue, "REGISTRY", registry)
    entries = {entry["name"]: entry for entry in describe_metrics()}
    assert entries["absent"]["available"] is False
    assert entries["absent"]["reason"] == "its sensor is unplugged; plug it in"
    assert entries["loudness"]["available"] is True
