"""Oracles of the harmonic–percussive separation."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.ndimage
import torch

from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade.dsp.separation import harmonic_percussive, running_median, separated
from tests.conftest import make_clip


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float((a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum()))


@pytest.mark.parametrize("width", [1, 3, 5, 7, 17, 23, 25, 31])
def test_the_running_median_is_scipys(width):
    values = np.random.default_rng(width).random((57, 70), dtype=np.float32)
    assert np.array_equal(running_median(values, width), scipy.ndimage.median_filter(values, size=(width, 1)))


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_the_running_median_of_fewer_rows_than_its_width(rows):
    values = np.random.default_rng(rows).random((rows, 3), dtype=np.float32)
    padded = np.pad(values, ((8, 8), (0, 0)), mode="symmetric")
    expected = [np.median(padded[i : i + 17], axis=0) for i in range(rows)]
    assert np.array_equal(running_median(values, 17), np.asarray(expected))


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 96000])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_a_sine_is_harmonic_and_a_click_percussive(rate, channels):
    time = np.arange(2 * rate) / rate
    sine = np.tile(0.3 * np.sin(2 * np.pi * 440 * time), (channels, 1)).astype(np.float32)
    clicks = np.zeros_like(sine)
    clicks[:, rate // 4 :: rate // 2] = 0.9
    harmonic, percussive = harmonic_percussive(torch.from_numpy(sine + clicks), rate)
    assert harmonic.dtype == percussive.dtype == torch.float32
    assert torch.allclose(harmonic + percussive, torch.from_numpy(sine + clicks), atol=1e-6)
    inside = np.s_[:, rate // 8 : -rate // 8]  # the sine's own beginning and end are strokes too
    harmonic, percussive = harmonic.numpy()[inside], percussive.numpy()[inside]
    assert correlation(harmonic, sine[inside]) > 0.999
    assert correlation(percussive, clicks[inside]) > 0.97
    assert ((percussive - clicks[inside]) ** 2).sum() < 0.04 * (clicks**2).sum()


def test_it_agrees_with_librosa():
    import librosa
    import scipy.signal

    clip = make_clip(2.0, 22050, 1)
    harmonic, percussive = harmonic_percussive(clip.samples, clip.sample_rate)
    transform = scipy.signal.ShortTimeFFT(np.hanning(1025)[:-1], hop=256, fs=clip.sample_rate)
    parts = librosa.decompose.hpss(transform.stft(clip.samples[0].numpy()), kernel_size=(17, 25), power=2.0)
    theirs = [transform.istft(part, k1=clip.num_samples) for part in parts]
    assert correlation(harmonic[0].numpy(), theirs[0]) > 0.99
    assert correlation(percussive[0].numpy(), theirs[1]) > 0.95


def test_the_drums_of_a_band_are_in_the_percussive_part():
    import soundfile

    clip = next(source for source in builtin_sources() if source.id == "rock_band").load()
    drums = soundfile.read(clip.stems["drums"], dtype="float32")[0].T
    harmonic, percussive = separated(clip)
    assert separated(clip)[0] is harmonic, "separated once"
    assert correlation(percussive.numpy(), drums) > 0.65
    assert correlation(harmonic.numpy(), drums) < 0.45
    assert correlation(harmonic.numpy(), clip.samples.numpy() - drums) > 0.85


def test_the_stereo_image_stays():
    clip = make_clip(3.0, 22050, 2)
    left_only = clip.samples * torch.tensor([[1.0], [0.0]])
    for part in harmonic_percussive(left_only, clip.sample_rate):
        assert float(part[1].abs().max()) == 0.0
    panned = clip.samples[:1] * torch.tensor([[0.8], [0.2]])
    for part in harmonic_percussive(panned, clip.sample_rate):
        assert torch.allclose(part[1], part[0] / 4, atol=1e-5)


@pytest.mark.parametrize("samples", [1, 2, 7, 100, 3000])
def test_any_length(samples):
    signal = torch.from_numpy(np.random.default_rng(0).standard_normal((2, samples)).astype(np.float32))
    harmonic, percussive = harmonic_percussive(signal, 44100)
    assert harmonic.shape == percussive.shape == signal.shape
    assert torch.allclose(harmonic + percussive, signal, atol=1e-5)


@pytest.mark.parametrize("level", [0.0, 1e-30, 1e-4, 40.0])
def test_any_level(level):
    signal = level * make_clip(1.0, 16000, 2).samples
    reference = harmonic_percussive(make_clip(1.0, 16000, 2).samples, 16000)
    for part, expected in zip(harmonic_percussive(signal, 16000), reference, strict=True):
        assert bool(torch.isfinite(part).all())
        assert torch.allclose(part, expected * level, atol=1e-5 * level, rtol=1e-4)
