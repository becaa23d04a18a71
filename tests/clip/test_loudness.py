"""Integrated loudness against the standard and against pyloudnorm."""

from __future__ import annotations

import math

import numpy as np
import pyloudnorm
import pytest
import torch
from scipy.signal import sosfreqz

from degrade_bench.clip import Clip
from degrade_bench.clip.k_weighting import _one_by_one, k_weighting, step_energies
from degrade_bench.clip.loudness import (
    clip_lufs,
    integrated_lufs,
    loudness_at_any_level,
    matching_gain_db,
)
from degrade_bench.errors import NotApplicableError
from tests.conftest import make_clip


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
    assert loudness_at_any_level(silent, 48000) == -math.inf
    assert matching_gain_db(silent, Clip("a", silent, 48000)) == 0.0
    with pytest.raises(NotApplicableError, match="it is silent"):
        matching_gain_db(noise(2), Clip("a", silent, 48000))
    with pytest.raises(NotApplicableError, match="the damage leaves silence"):
        matching_gain_db(silent, Clip("a", noise(2), 48000))
    with pytest.raises(NotApplicableError, match="next to nothing"):
        matching_gain_db(1e-5 * noise(2), Clip("a", noise(2), 48000))
    assert integrated_lufs(1e-6 * noise(1), 48000) == -math.inf, "under the absolute gate"


def test_the_matching_gain_is_the_difference_of_what_the_standard_measures():
    samples, clip = noise(2, seed=1), Clip("a", 0.3 * noise(2), 48000)
    assert matching_gain_db(samples, clip) == clip_lufs(clip) - integrated_lufs(samples, 48000)


@pytest.mark.parametrize("level_db", [-120.0, -75.0, -60.0, -52.0, -50.0])
@pytest.mark.parametrize("seconds", [0.05, 0.3, 6.0])
def test_soft_music_is_matched_as_loud_music_is(level_db, seconds):
    """Steps between 0 and −40 dB, so that the absolute gate would leave this or that; damaged: steps of its own."""
    rng, count = np.random.default_rng(3), round(seconds * 48000)
    clean, damaged = (
        0.1 * rng.standard_normal((2, count)) * 10 ** (rng.uniform(-40, 0, 60)[np.arange(count) * 60 // count] / 20)
        for _ in range(2)
    )
    clean, damaged = (torch.from_numpy(audio).float() for audio in (clean, 0.2 * damaged))
    gain = 10 ** (level_db / 20)
    usual = matching_gain_db(damaged, Clip("a", clean, 48000))
    assert matching_gain_db(gain * damaged, Clip("a", gain * clean, 48000)) == pytest.approx(usual, abs=0.1)
    assert abs(usual) > 5


def test_a_sound_behind_the_last_whole_block_is_matched():
    samples = torch.zeros(1, 48000 + 3000)
    samples[0, -1000:] = 0.5
    clip = Clip("a", samples, 48000)
    assert integrated_lufs(samples, 48000) == -math.inf
    assert matching_gain_db(0.5 * samples, clip) == pytest.approx(20 * math.log10(2), abs=1e-6)


def test_a_clip_is_measured_once(monkeypatch):
    clip = Clip("a", noise(1), 48000)
    first = clip_lufs(clip)
    monkeypatch.setattr("degrade_bench.clip.loudness.integrated_lufs", None)
    assert clip_lufs(clip) == first


def test_a_constant_is_silence_and_cannot_be_matched():
    clip = make_clip(2.0, 16000, 2)
    with pytest.raises(NotApplicableError, match="nothing but a constant offset"):
        matching_gain_db(torch.full_like(clip.samples, 0.25), clip)


@pytest.mark.parametrize(
    ("rate", "channels", "seconds"), [(44100, 2, 14.5), (8000, 1, 0.45), (192000, 6, 1.3), (48000, 1, 61)]
)
def test_stretches_side_by_side_give_what_one_filter_gives(rate, channels, seconds):
    generator = np.random.Generator(np.random.Philox(key=3))
    audio = generator.standard_normal((channels, int(seconds * rate))).astype(np.float32)
    audio[:, : rate // 5] *= 1000  # what a filter that forgets too slowly would carry on
    block = round(0.4 * rate)
    edges = np.arange(audio.shape[1] * 4 // block + 1) * block // 4
    assert np.allclose(step_energies(audio, rate, block, 4), _one_by_one(audio, rate, edges), rtol=1e-9)


def test_a_gain_is_heard_whatever_was_measured_before_and_in_inference_mode_too():
    with torch.inference_mode():
        samples = torch.randn(2, 44100, generator=torch.Generator().manual_seed(1))
        before = integrated_lufs(samples, 44100)
        samples.numpy()[:] *= 0.5
        assert integrated_lufs(samples, 44100) == pytest.approx(before - 6.0206, abs=1e-3)
