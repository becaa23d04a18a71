"""The panel: each metric against its formula written out another way, and against what it must hear or not."""

from __future__ import annotations

import math

import librosa
import numpy as np
import pyloudnorm
import pytest
import torch

from degrade_bench.clip import Clip
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.metric.base import Metric
from degrade_bench.metric.catalogue import PANEL, load_metric
from degrade_bench.metric.hearing import spectra
from degrade_bench.metric.panel import mr_spectral
from tests.conftest import make_clip

FULL_REFERENCE = ["si-sdr", "mr-spectral", "log-mel", "chroma-order-free", "chroma-aligned"]


def metric(name: str) -> Metric:
    return load_metric(name, {}, "cpu")


def score(name: str, signal: torch.Tensor, rate: int, clean: torch.Tensor | None = None) -> float:
    reference = None if clean is None else clean[None]
    return float(metric(name).score(signal[None], rate, reference))


@pytest.fixture(scope="module")
def signal() -> torch.Tensor:
    return make_clip(6.0, 22050, 2).samples


@pytest.fixture(scope="module")
def noise(signal) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(signal.shape, generator=generator)


@pytest.mark.parametrize("name", PANEL)
def test_a_score_does_not_depend_on_its_batch(name, signal, noise):
    scorer = metric(name)
    batch = torch.stack([signal, signal + 0.1 * noise, 0 * signal, noise, 30 * signal])
    reference = torch.stack([signal, signal, signal, noise, signal]) if scorer.needs_reference else None
    together = scorer.score(batch, 22050, reference)
    assert together.shape == (5,)
    for index in range(5):
        beside = None if reference is None else reference[index : index + 1]
        alone = scorer.score(batch[index : index + 1], 22050, beside)
        assert torch.equal(alone, together[index : index + 1]) or (alone.isnan() & together[index].isnan())
    order = torch.tensor([3, 0, 4, 2, 1])
    permuted = scorer.score(batch[order], 22050, None if reference is None else reference[order])
    assert torch.equal(permuted.nan_to_num(99), together[order].nan_to_num(99))


@pytest.mark.parametrize("name", PANEL)
@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (16000, 2), (44100, 1), (96000, 6), (192000, 2)])
def test_any_rate_and_channel_count(name, rate, channels):
    clip = make_clip(2.0, rate, channels)
    clean = clip.samples if metric(name).needs_reference else None
    assert math.isfinite(score(name, clip.samples, rate, clean))


@pytest.mark.parametrize("name", PANEL)
def test_shortest_signals_and_silence_give_a_number_or_nan_and_never_raise(name, signal):
    for samples in (torch.zeros(1, 8000), torch.zeros(2, 1), torch.ones(1, 1), signal[:, :100]):
        clean = samples if metric(name).needs_reference else None
        value = score(name, samples, 8000, clean)
        assert isinstance(value, float)


@pytest.mark.parametrize("name", FULL_REFERENCE)
def test_full_reference_metrics_know_identity_and_refuse_to_guess(name, signal, noise):
    best = score(name, signal, 22050, signal)
    worse = score(name, signal + 0.1 * noise, 22050, signal)
    assert (best > worse) == metric(name).higher_is_better
    expected = {"si-sdr": 120.0, "mr-spectral": 0.0, "log-mel": 0.0}.get(name, 1.0)
    assert best == pytest.approx(expected, abs=1e-9)
    wrong_shape = signal[None, :, :-1] if metric(name).aligned else signal[None, :1]
    for wrong in (None, wrong_shape):
        with pytest.raises(ValueError, match="needs a reference"):
            metric(name).score(signal[None], 22050, wrong)


def test_si_sdr_by_its_definition(signal, noise):
    degraded = 0.7 * signal + 0.05 * noise
    x, y = (samples.double().numpy() for samples in (signal, degraded))
    x, y = (samples - samples.mean(axis=1, keepdims=True) for samples in (x, y))
    alpha = np.sum(x * y) / np.sum(x * x)
    expected = 10 * np.log10(np.sum((alpha * x) ** 2) / np.sum((alpha * x - y) ** 2))
    assert score("si-sdr", degraded, 22050, signal) == pytest.approx(expected, abs=1e-6)
    assert score("si-sdr", 5 * degraded, 22050, signal) == pytest.approx(expected, abs=1e-3)
    assert score("si-sdr", -signal, 22050, signal) == 120.0
    assert score("si-sdr", signal + 0.2, 22050, signal) == pytest.approx(120, abs=15), "a constant is removed"


def test_log_mel_by_librosa(signal, noise):
    rate, n_fft = 22050, 1024
    degraded = signal + 0.05 * noise
    filters = librosa.filters.mel(sr=rate, n_fft=n_fft, n_mels=80, fmin=20.0, norm=None)
    filters = filters / filters.sum(axis=1, keepdims=True).clip(1e-9)
    bands = []
    for samples in (signal, degraded):
        spectrum = librosa.stft(samples.numpy(), n_fft=n_fft, hop_length=n_fft // 2, center=False, window="hann")
        bands.append(np.einsum("mf,cft->cmt", filters, np.abs(spectrum) ** 2))
    floor = bands[0].max() * 1e-8
    expected = np.abs(10 * np.log10(np.maximum(bands[0], floor) / np.maximum(bands[1], floor))).mean()
    assert score("log-mel", degraded, rate, signal) == pytest.approx(expected, rel=1e-4)


def test_log_mel_of_a_gain_is_the_gain(noise):
    assert score("log-mel", 2 * noise, 22050, noise) == pytest.approx(20 * math.log10(2), abs=0.01)


def test_mr_spectral_of_a_gain(noise):
    assert score("mr-spectral", 2 * noise, 22050, noise) == pytest.approx(1 + math.log(2), abs=0.01)


def test_chroma_hears_pitch_class_and_not_octave_or_timbre():
    rate = 22050
    t = torch.arange(4 * rate) / rate

    def tone(semitones: float, octave: int = 4) -> torch.Tensor:
        return 0.3 * torch.sin(2 * math.pi * 261.63 * 2 ** (octave - 4 + semitones / 12) * t)[None]

    assert score("chroma-order-free", tone(0, 5), rate, tone(0)) > 0.95
    assert score("chroma-order-free", tone(6), rate, tone(0)) < 0.3


def test_of_the_two_chromas_only_the_aligned_one_hears_order():
    rate = 22050
    first, second = make_clip(4.0, rate, 1, seed=1).samples, make_clip(4.0, rate, 1, seed=2).samples
    forth, back = torch.cat([first, second], dim=1), torch.cat([second, first], dim=1)
    assert score("chroma-order-free", back, rate, forth) > 0.999
    assert score("chroma-aligned", back, rate, forth) < 0.9


def test_onset_rhythm_tells_a_pulse_from_noise():
    rate = 16000
    t = np.arange(8 * rate) / rate
    rng = np.random.default_rng(0)
    clicks = np.exp(-60 * (t % 0.5)) * rng.standard_normal(len(t))
    random_clicks = np.zeros_like(t)
    for start in rng.uniform(0, 7.5, size=16):
        k = round(start * rate)
        random_clicks[k : k + 1600] += np.exp(-60 * t[:1600]) * rng.standard_normal(1600)
    pulse, scatter = (
        score("onset-rhythm", torch.from_numpy(samples[None].astype(np.float32)), rate)
        for samples in (clicks, random_clicks)
    )
    assert pulse > 0.8
    assert scatter < 0.6
    assert math.isnan(score("onset-rhythm", torch.zeros(1, rate), rate))


@pytest.mark.parametrize("name", ["chroma-order-free", "chroma-aligned", "onset-rhythm"])
def test_channels_that_cancel_are_heard_as_channels_in_phase(name, signal, noise):
    clean, damaged = signal[:1], signal[:1] + 0.1 * noise[:1]

    def with_right(factor: float) -> float:
        reference = torch.cat([clean, factor * clean]) if metric(name).needs_reference else None
        return score(name, torch.cat([damaged, factor * damaged]), 22050, reference)

    assert with_right(-1.0) == with_right(1.0)
    assert with_right(0.0) == pytest.approx(with_right(1.0), abs=1e-5)
    assert math.isfinite(with_right(1.0))


SPECTRAL = ("mr-spectral", "log-mel", "chroma-order-free", "chroma-aligned", "onset-rhythm")
"""What they hear lies above 0 Hz."""


@pytest.mark.parametrize("name", [*SPECTRAL, "si-sdr", "loudness"])
@pytest.mark.parametrize("offset", [0.5, -2.0])
def test_an_offset_is_not_heard(name, offset, signal, noise):
    damaged = signal + 0.1 * noise
    clean, shifted = (signal, signal + offset) if metric(name).needs_reference else (None, None)
    expected = score(name, damaged, 22050, clean)
    tolerance = 0.3 if name == "loudness" else 1e-3 * max(1.0, abs(expected))  # the step at its start is heard
    assert score(name, damaged + offset, 22050, shifted) == pytest.approx(expected, abs=tolerance)


def test_loudness_is_pyloudnorms(signal):
    expected = pyloudnorm.Meter(22050).integrated_loudness(signal.double().numpy().T)
    assert score("loudness", signal, 22050) == pytest.approx(expected, abs=1e-6)
    assert score("loudness", 2 * signal, 22050) == pytest.approx(expected + 6.0206, abs=1e-3)
    assert score("loudness", 0 * signal, 22050) == -70.0


# -- what the panel must notice, on the built-in corpus ------------------------------------------------


@pytest.fixture(scope="module")
def builtin():
    return [source.load() for source in builtin_sources()]


def beginning(clip: Clip, seconds: float = 4.0) -> Clip:
    return clip.with_samples(clip.samples[:, : round(seconds * clip.sample_rate)].clone())


@pytest.mark.parametrize("name", ["white_noise", "hard_clipping", "low_pass", "mp3"])
def test_log_mel_distance_rises_from_level_to_level(name, builtin):
    from degrade_bench.degrade import catalogue
    from degrade_bench.degrade.seeds import cell_seed, generator

    degradation, log_mel = catalogue.get(name), metric("log-mel")
    means = np.zeros(5)
    for clip in map(beginning, builtin[::3]):
        seed = cell_seed(0, clip.hash, *degradation.seed_key)
        made = [degradation.render(clip, level, generator(seed)).clip.samples for level in (1, 2, 3, 4, 5)]
        batch = torch.stack(made)
        distances = log_mel.score(batch, clip.sample_rate, clip.samples.expand_as(batch)).numpy()
        means += distances
        assert (np.diff(distances) > 0).all(), (clip.id, distances)
    assert (np.diff(means) > 0).all()


def test_under_a_bar_shuffle_order_free_chroma_stays_and_the_aligned_one_falls(builtin):
    from degrade_bench.degrade import catalogue
    from degrade_bench.degrade.seeds import cell_seed, generator

    degradation = catalogue.get("bar_shuffle")
    free, aligned = metric("chroma-order-free"), metric("chroma-aligned")
    falls = []
    for clip in builtin:
        seed = cell_seed(0, clip.hash, *degradation.seed_key)
        made = [degradation.render(clip, level, generator(seed)).clip.samples for level in (1, 3, 5)]
        batch = torch.stack(made)
        clean = clip.samples.expand_as(batch)
        assert float(free.score(batch, clip.sample_rate, clean).min()) > 0.999, clip.id
        falls.append(1 - aligned.score(batch, clip.sample_rate, clean).numpy())
    mean = np.mean(falls, axis=0)
    assert (np.diff(mean) > 0).all()
    assert mean[-1] > 0.1


def test_mr_spectral_is_its_formula_in_float64(signal, noise):
    rate, degraded = 22050, signal + 0.05 * noise
    distances = []
    for n_fft in (256, 512, 1024):
        window = torch.hann_window(n_fft, dtype=torch.float64)
        x, y = (
            torch.stft(samples.double(), n_fft, 256, window=window, center=False, return_complex=True).abs()
            for samples in (signal, degraded)
        )
        floor = 1e-4 * float(x.max())
        logs = (x.clamp_min(floor).log() - y.clamp_min(floor).log()).abs().mean()
        distances.append(float((x - y).norm() / x.norm() + logs))
    assert score("mr-spectral", degraded, rate, signal) == pytest.approx(np.mean(distances), rel=1e-6)


def test_spectra_of_a_long_signal_are_not_kept_and_give_the_same(monkeypatch, signal, noise):
    expected = score("mr-spectral", signal + 0.1 * noise, 22050, signal)
    monkeypatch.setattr(mr_spectral, "MOST_BYTES_KEPT", 0)
    assert score("mr-spectral", signal + 0.1 * noise, 22050, signal) == expected


@pytest.mark.parametrize("name", ["chroma-order-free", "chroma-aligned"])
def test_rounding_takes_no_cosine_past_one(name, builtin):
    for clip in map(beginning, builtin):
        assert score(name, clip.samples, clip.sample_rate, clip.samples) <= 1.0
        assert score(name, 0.7 * clip.samples, clip.sample_rate, clip.samples) <= 1.0


@pytest.mark.parametrize("name", PANEL)
def test_not_a_number_is_no_perfect_score(name, signal):
    value = score(name, signal * math.nan, 22050, signal if metric(name).needs_reference else None)
    assert math.isnan(value) or (name == "loudness" and value == -70.0)


@pytest.mark.parametrize("name", PANEL)
def test_torchs_default_type_and_gradients_change_nothing(name, signal, noise):
    clean = signal if metric(name).needs_reference else None
    expected = score(name, signal + 0.1 * noise, 22050, clean)
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        spectra._window.cache_clear()
        assert score(name, (signal + 0.1 * noise).requires_grad_(), 22050, clean) == expected
    finally:
        torch.set_default_dtype(before)
    assert score(name, signal + 0.1 * noise, 22050, clean) == expected
