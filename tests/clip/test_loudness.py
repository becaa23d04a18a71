"""Integrated loudness against the standard and against pyloudnorm."""

from __future__ import annotations

import math

import numpy as np
import pyloudnorm
import pytest
import torch
from scipy.signal import sosfreqz

from degrade_bench.clip import Clip
from degrade_bench.clip.loudness import clip_lufs, integrated_lufs, k_weighting, matching_gain_db


def noise(channels: int, seconds: float = 3.0, rate: int = 48000, seed: int = 0) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    return torch.from_numpy(0.1 * rng.standard_normal((channels, round(seconds * rate)))).float()


def test_the_standards_own_reference_tone():
    t = torch.arange(48000 * 5) / 48000
    tone = torch.sin(2 * math.pi * 997 * t)[None]
    assert integrated_lufs(tone, 48000) == pytest.approx(-3.01, abs=0.1)


def test_at_48_khz_the_filters_are_the_standards():
    shelf = [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585]
    high_pass = [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621]
    hz = np.geomspace(20, 20000, 200)
    expected, ours = (sosfreqz(sections, hz, fs=48000)[1] for sections in ([shelf, high_pass], k_weighting(48000)))
    assert np.abs(20 * np.log10(np.abs(ours / expected))).max() < 0.05


@pytest.mark.parametrize("channels", [1, 2, 3, 5])
@pytest.mark.parametrize("rate", [8000, 16000, 44100, 96000, 192000])
def test_up_to_five_channels_it_is_pyloudnorms(channels, rate):
    samples = noise(channels, rate=rate)
    expected = pyloudnorm.Meter(rate).integrated_loudness(samples.double().numpy().T)
    assert integrated_lufs(samples, rate) == pytest.approx(expected, abs=1e-9)


def test_of_six_channels_the_lfe_is_left_out():
    samples = noise(6)
    louder = samples.clone()
    louder[3] *= 10
    assert integrated_lufs(louder, 48000) == integrated_lufs(samples, 48000)
    louder[0] *= 2
    assert integrated_lufs(louder, 48000) > integrated_lufs(samples, 48000)


def test_beyond_six_every_channel_counts_once():
    one = noise(1)
    expected = integrated_lufs(one, 48000) + 10 * math.log10(7)
    assert integrated_lufs(one.repeat(7, 1), 48000) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("rate", [11025, 22050, 44100, 192000])
def test_music_with_pauses_is_gated_as_pyloudnorm_gates_it(rate):
    rng = np.random.default_rng(1)
    steps = 10 ** (rng.uniform(-60, 0, size=60)[np.arange(6 * rate) * 10 // rate] / 20)
    samples = torch.from_numpy(0.3 * steps * rng.standard_normal((2, len(steps)))).float()
    expected = pyloudnorm.Meter(rate).integrated_loudness(samples.double().numpy().T)
    assert integrated_lufs(samples, rate) == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("seconds", [0.001, 0.01, 0.39, 0.4, 0.41])
def test_short_signals_have_a_loudness(seconds):
    samples = noise(1, seconds)
    assert integrated_lufs(samples, 48000) == pytest.approx(integrated_lufs(noise(1, 5), 48000), abs=30)


def test_silence_has_none_and_matching_leaves_it_alone():
    silent = torch.zeros(2, 48000)
    assert integrated_lufs(silent, 48000) == -math.inf
    assert matching_gain_db(silent, 48000, -20.0) == 0.0
    assert matching_gain_db(noise(1), 48000, -math.inf) == 0.0
    assert integrated_lufs(1e-6 * noise(1), 48000) == -math.inf, "under the absolute gate"


def test_the_matching_gain_matches():
    samples = noise(2)
    gain = matching_gain_db(samples, 48000, -30.0)
    assert integrated_lufs(samples * 10 ** (gain / 20), 48000) == pytest.approx(-30.0, abs=1e-3)


def test_a_clip_is_measured_once(monkeypatch):
    clip = Clip("a", noise(1), 48000)
    first = clip_lufs(clip)
    monkeypatch.setattr("degrade_bench.clip.loudness.integrated_lufs", None)
    assert clip_lufs(clip) == first
