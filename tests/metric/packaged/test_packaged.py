"""Metrics of other people's packages: what the bench does around them, and each against its package."""

from __future__ import annotations

import importlib.util
import math
import os
import pickle

import numpy as np
import pytest
import soxr
import torch

from degrade_bench.errors import ConfigError, MetricError, NotApplicableError
from degrade_bench.metric.catalogue import default_metrics, describe_metrics, load_metric
from degrade_bench.metric.hearing.heard import Heard
from degrade_bench.metric.packaged import package as package_module
from degrade_bench.metric.packaged.haaqi import Haaqi
from degrade_bench.metric.packaged.listener import PackagedMetric, Resampled
from degrade_bench.metric.packaged.package import Package
from degrade_bench.metric.packaged.visqol import Visqol
from degrade_bench.metric.packaged.zimtohrli import Zimtohrli
from degrade_bench.sweep.hearing import listens

METRICS = {kind.name: kind for kind in (Zimtohrli, Visqol, Haaqi)}
PACKAGES = {"zimtohrli": ["zimtohrli"], "visqol": ["visqol-python"], "haaqi": ["pyclarity"]}


def installed(*names: str) -> list[object]:
    """Metrics by name; those whose package is not installed are skipped and say so."""
    reasons = {name: METRICS[name].unavailable({}) for name in names}
    return [
        pytest.param(name, marks=pytest.mark.skipif(reason is not None, reason=str(reason)))
        for name, reason in reasons.items()
    ]


def only_with(name: str) -> pytest.MarkDecorator:
    reason = METRICS[name].unavailable({})
    return pytest.mark.skipif(reason is not None, reason=str(reason))


def music(seconds: float, rate: int, channels: int = 1) -> torch.Tensor:
    """Notes of a fifth of a second, other ones in each channel, ``(1, channels, time)``."""
    time = torch.arange(round(seconds * rate)) / rate
    step = torch.floor(5 * time)
    notes = [
        0.2 * torch.sin(2 * math.pi * 220 * 2 ** ((3 * (step % 4) + 5 * channel) / 12) * time)
        for channel in range(channels)
    ]
    return torch.stack(notes)[None] * torch.exp(step - 5 * time)


def noisy(clean: torch.Tensor, snr_db: float) -> torch.Tensor:
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    return clean + noise * clean.square().mean().sqrt() * 10 ** (-snr_db / 20)


class Counting(PackagedMetric):
    """Says how many samples it was given."""

    name = "counting"
    sample_rate = rate = 24000
    mono = False
    min_seconds = 0.5
    longest_seconds = 2.0
    package = Package("soxr", "soxr", "counting")

    def measured(self, clean, degraded):
        assert clean.dtype == degraded.dtype == np.float32
        return float(clean.size + degraded.size)


# -- around a package ----------------------------------------------------------------------------------


def test_signals_are_resampled_and_those_that_are_not_finite_or_too_short_or_too_long_never_reach_the_package():
    metric = Counting()
    signal = torch.full((1, 2, 48000), 0.5)
    broken, endless = signal.clone(), signal.clone()
    broken[0, 1, 9], endless[0, 0, 9] = math.nan, -math.inf
    batch = torch.cat([signal, broken, endless])
    scores = metric.score(batch, 48000, signal.expand_as(batch)).tolist()
    assert scores[0] == 4 * 24000
    assert np.isnan(scores[1:]).all()
    assert metric.score(signal, 48000, broken).isnan().all()
    with pytest.raises(NotApplicableError, match=r"counting hears 0.5 s at least, got 0.2500 s"):
        metric.score(signal[..., :12000], 48000, signal[..., :12000])
    with pytest.raises(NotApplicableError, match=r"counting hears 2 s at most, got 3.0 s; --max-seconds 2 cuts"):
        metric.score(signal, 16000, signal)


@pytest.mark.parametrize("mono", [True, False])
def test_the_resampled_signal_is_libsoxrs_and_at_its_own_rate_it_is_itself(mono):
    samples = torch.rand(2, 4410, generator=torch.Generator().manual_seed(0)) - 0.5
    wanted = samples.mean(dim=0, keepdim=True) if mono else samples
    assert np.array_equal(Resampled(44100, mono).of(Heard(samples, 44100)), wanted.numpy())
    there = Resampled(48000, mono).of(Heard(samples, 44100))
    assert there.shape == (len(wanted), 4800)
    for channel, audio in zip(there, wanted.numpy(), strict=True):
        assert np.array_equal(channel, soxr.resample(audio, 44100, 48000, quality="VHQ"))


def test_the_fingerprint_holds_the_packages_version_and_files(monkeypatch):
    parts = Counting().fingerprint_parts()
    assert parts["package"] == f"soxr {importlib.metadata.version('soxr')}"
    assert Counting().fingerprint_parts() == parts
    real = package_module.importlib.metadata.files
    files = real("soxr")
    source = next(path for path in files if path.suffix == ".py")
    monkeypatch.setattr(importlib.metadata, "files", lambda _: [path for path in files if path != source])
    assert Counting().fingerprint_parts()["package_sha256"] != parts["package_sha256"]
    monkeypatch.setattr(importlib.metadata, "files", lambda _: None)
    with pytest.raises(MetricError, match="soxr: the list of its files is missing; install soxr again"):
        Counting()


@pytest.mark.parametrize("name", METRICS)
def test_without_its_extra_a_metric_is_listed_as_not_available_with_the_command(name, monkeypatch):
    gone = ("zimtohrli", "visqol", "clarity")
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda module, *rest: None if module in gone else real(module, *rest),
    )
    entry = next(entry for entry in describe_metrics() if entry["name"] == name)
    (distribution,) = PACKAGES[name]
    assert entry["available"] is False
    assert entry["reason"].startswith(distribution)
    assert f"not installed; pip install 'degrade-bench[{name}]'" in entry["reason"]
    with pytest.raises(MetricError, match=rf"{name} is not available: {distribution}"):
        load_metric(name, {}, "cpu")


def test_none_is_a_default(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert METRICS.keys().isdisjoint(metric.name for metric in default_metrics({}, "cpu")[0])
    with pytest.raises(ConfigError, match="visqol does not run unless asked for with --metric visqol"):
        default_metrics({"visqol": {}}, "cpu")


# -- the packages --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", installed(*METRICS))
def test_noise_costs_something_a_batch_does_not_matter_and_it_crosses_processes(name):
    """More noise need not cost more: to ViSQOL, 30 dB under these notes are worse than 5."""
    metric = load_metric(name, {}, "cpu")
    assert metric.light
    assert listens(metric)
    clean = music(1.1, 48000)
    batch = torch.cat([clean, noisy(clean, 30), noisy(clean, 5)])
    scores = metric.score(batch, 48000, clean.expand_as(batch)).tolist()
    assert scores[0] == (max(scores) if metric.higher_is_better else min(scores))
    assert len(set(scores)) == 3
    packed = pickle.dumps(metric)
    assert len(packed) < 2000
    other = pickle.loads(packed)
    assert other.fingerprint() == metric.fingerprint()
    assert float(other.score(batch[1:2], 48000, clean)) == scores[1]


@pytest.mark.parametrize("name", installed("visqol", "haaqi"))
def test_silence_gives_nan(name):
    metric = load_metric(name, {}, "cpu")
    clean = music(1.1, 48000)
    assert metric.score(clean, 48000, 0 * clean).isnan().all()
    assert metric.score(0 * clean, 48000, clean).isnan().all()


@only_with("zimtohrli")
def test_zimtohrli_is_the_packages_distance_over_channels_and_its_map_to_opinions():
    import zimtohrli

    clean = music(1.0, 48000, channels=2)
    damaged = clean.clone()
    damaged[:, 1] = noisy(clean, 10)[:, 1]
    metric = load_metric("zimtohrli", {}, "cpu")
    model = zimtohrli.Pyohrli()
    expected = model.distance(clean[0, 1].numpy(), damaged[0, 1].numpy()) / math.sqrt(2)  # the other channel: 0
    assert expected > 1e-3
    assert float(metric.score(damaged, 48000, clean)) == pytest.approx(expected, abs=1e-9)
    opinion = load_metric("zimtohrli", {"output": "mos"}, "cpu")
    assert float(opinion.score(damaged, 48000, clean)) == zimtohrli.mos_from_zimtohrli(
        float(metric.score(damaged, 48000, clean))
    )
    assert (metric.higher_is_better, opinion.higher_is_better) == (False, True)
    assert (float(metric.score(clean, 48000, clean)), float(opinion.score(clean, 48000, clean))) == (0.0, 5.0)
    assert metric.fingerprint() != opinion.fingerprint()
    with pytest.raises(ConfigError, match=r"--set zimtohrli.output=moss: .* did you mean 'mos'"):
        load_metric("zimtohrli", {"output": "moss"}, "cpu")


@only_with("zimtohrli")
def test_the_shortest_signal_that_zimtohrli_is_given_does_not_end_the_process():
    metric = load_metric("zimtohrli", {}, "cpu")
    clean = music(0.1, 48000)
    assert 0 < float(metric.score(noisy(clean, 10), 48000, clean)) < 1
    silent = torch.zeros(1, 1, 9600)
    assert float(metric.score(silent, 48000, silent)) == 0.0
    with pytest.raises(NotApplicableError, match="at least"):
        metric.score(clean[..., 1:], 48000, clean[..., 1:])


@only_with("visqol")
def test_visqol_is_the_packages_score_of_the_mean_of_the_channels_on_one_thread():
    import numba

    threads, layer = numba.get_num_threads(), os.environ.get("NUMBA_THREADING_LAYER")
    clean = music(1.1, 48000, channels=2)
    damaged = noisy(clean, 15)
    score = float(load_metric("visqol", {}, "cpu").score(damaged, 48000, clean))
    assert numba.get_num_threads() == threads
    assert os.environ.get("NUMBA_THREADING_LAYER") == layer
    from visqol import VisqolApi

    api = VisqolApi()
    api.create(mode="audio")
    x, y = (signal[0].mean(dim=0).numpy() for signal in (clean, damaged))
    assert score == api.measure_from_arrays(x, y, 48000).moslqo
    assert 1 < score < 4.7


@only_with("haaqi")
def test_haaqi_is_the_packages_index_at_65_db_and_leaves_the_global_generator_alone():
    clean = music(1.0, 24000, channels=2)
    damaged = noisy(clean, 15)
    np.random.seed(7)
    expected_draw = np.random.standard_normal()
    np.random.seed(7)
    metric = load_metric("haaqi", {}, "cpu")
    score = float(metric.score(damaged, 24000, clean))
    assert np.random.standard_normal() == expected_draw
    assert float(metric.score(damaged, 24000, clean)) == score
    from clarity.evaluator.haaqi import compute_haaqi
    from clarity.utils.audiogram import Audiogram

    x, y = (signal[0].mean(dim=0).double().numpy() for signal in (clean, damaged))
    calibrated = x / np.sqrt(np.mean(x**2)), y / np.sqrt(np.mean(x**2))
    ear = Audiogram(levels=np.zeros(6), frequencies=np.array([250, 500, 1000, 2000, 4000, 6000]))
    theirs = compute_haaqi(calibrated[1], calibrated[0], 24000, 24000, ear, 2, 65.0)
    assert score == pytest.approx(theirs, abs=0.01)  # its noise at the threshold is drawn anew
    assert float(metric.score(clean, 24000, clean)) > 0.99
