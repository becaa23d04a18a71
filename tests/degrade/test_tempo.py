"""Damage to tempo: every event lands where the map says, at its own pitch; the placebo ends where it began."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import soxr
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from degrade_bench.clip import Annotations, Clip
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.dsp.stretch import along, at_rate, moved
from degrade_bench.degrade.dsp.vocoder import vocoded
from degrade_bench.degrade.seeds import cell_seed, generator
from degrade_bench.errors import NotApplicableError
from tests.conftest import make_clip
from tests.degrade.probes import RATE, cents, click_times, clicks, pitch_hz, render, sine, with_beats

WARPS = ["tempo_change", "tempo_jitter", "accelerando", "rubato", "swing_warp"]
NEAR = np.arange(0.25, 11.5, 0.5)


@pytest.mark.parametrize("name", WARPS)
@pytest.mark.parametrize("level", [1, 3, 5])
def test_every_event_lands_where_the_map_says(name, level):
    clip = with_beats(clicks(12.0))
    rendered = render(name, clip, level)
    assert rendered.plan.time_map is not None
    expected = rendered.plan.time_map(NEAR)
    times = click_times(rendered.clip.samples[0].numpy(), expected, reach=0.1)
    burst = 0.0025  # a click is measured at its middle
    assert np.abs(times - expected - burst).max() < 0.004
    assert np.allclose(rendered.clip.annotations.beats, rendered.plan.time_map(clip.annotations.beats))
    if name != "tempo_change":
        assert rendered.clip.num_samples == clip.num_samples


@pytest.mark.parametrize("name", ["tempo_change", "accelerando", "rubato"])
@pytest.mark.parametrize("level", [1, 5])
def test_the_pitch_stays(name, level):
    held = render(name, with_beats(sine(8.0)), level).clip.samples[0].numpy()
    assert abs(cents(pitch_hz(held[RATE : 6 * RATE]))) < 1


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_a_tempo_change_moves_the_tempo_by_the_asked_ratio(level):
    ratio = 1 - (3.0, 6.0, 12.0, 20.0, 30.0)[level - 1] / 100
    clip = with_beats(clicks(12.0))
    rendered = render("tempo_change", clip, level)
    assert rendered.clip.num_samples == round(clip.num_samples / ratio)
    times = click_times(rendered.clip.samples[0].numpy(), NEAR / ratio)
    tempo = np.polyfit(np.arange(len(times)), times, 1)[0]
    assert 0.5 / tempo == pytest.approx(ratio, rel=0.001)


@pytest.mark.parametrize("name", WARPS)
@pytest.mark.parametrize("level", [1, 5])
def test_placebos_of_the_warps_end_where_they_began(name, level):
    clip = with_beats(clicks(12.0))
    rendered = render(f"{name}_placebo", clip, level)
    assert rendered.clip.samples.shape == clip.samples.shape
    assert rendered.plan.time_map is None
    times = click_times(rendered.clip.samples[0].numpy(), NEAR)
    assert np.abs(times - click_times(clip.samples[0].numpy(), NEAR)).max() < 0.004
    held = render(f"{name}_placebo", with_beats(sine(8.0)), level).clip.samples[0].numpy()
    assert abs(cents(pitch_hz(held[RATE : 6 * RATE]))) < 1
    assert not torch.equal(rendered.clip.samples, clip.samples)


def test_tempo_jitter_is_as_strong_as_asked():
    clip = with_beats(clicks(12.0))
    for level, asked in enumerate((3.0, 6.0, 12.0, 20.0, 30.0), 1):
        rendered = render("tempo_jitter", clip, level)
        durations = np.diff(rendered.clip.annotations.beats) / 0.5 - 1
        assert 100 * np.sqrt(np.mean(durations**2)) == pytest.approx(asked, rel=0.15)
        assert rendered.plan.achieved == pytest.approx(100 * np.sqrt(np.mean(durations**2)), rel=0.01)


@pytest.mark.parametrize(("level", "faster"), enumerate((5.0, 10.0, 20.0, 40.0, 80.0), 1))
def test_an_accelerando_ends_as_much_faster_as_asked(level, faster):
    clip = with_beats(clicks(12.0))
    beats = np.diff(render("accelerando", clip, level).clip.annotations.beats)
    assert (np.diff(beats) < 0).all(), "every beat is shorter than the one before"
    line = np.polyfit(np.arange(len(beats)) + 0.5, 1 / beats, 1)
    first, last = np.polyval(line, [0, len(beats)])
    assert 100 * (last / first - 1) == pytest.approx(faster, rel=0.06)


def test_rubato_swells_and_ebbs_around_the_old_tempo():
    clip = with_beats(clicks(24.0))
    for level, asked in enumerate((3.0, 6.0, 12.0, 20.0, 30.0), 1):
        plan = render("rubato", clip, level).plan
        tempo = np.diff(plan.params["from"]) / np.diff(plan.params["to"])
        deviation = 100 * np.expm1(np.log(tempo).std())
        assert deviation == pytest.approx(asked, rel=0.01)
        assert plan.achieved == pytest.approx(deviation, rel=1e-6)
        turns = np.count_nonzero(np.diff(np.sign(np.diff(tempo))))
        assert 6 < turns < 40, "waves of some seconds, not a wobble"


@pytest.mark.parametrize(("level", "percent"), enumerate((53.0, 56.0, 60.0, 67.0, 75.0), 1))
def test_swing_moves_the_middle_of_the_beat_and_leaves_the_beat(level, percent):
    clip = with_beats(clicks(12.0))
    plan = render("swing_warp", clip, level).plan
    assert plan.time_map is not None
    beats = np.asarray(clip.annotations.beats[:-1])
    assert np.allclose(plan.time_map(beats), beats, atol=1e-4)
    assert np.allclose(plan.time_map(beats + 0.25), beats + 0.5 * percent / 100, atol=1e-4)


@pytest.mark.parametrize("rate", [8000, 16000, 96000])
def test_maps_are_kept_at_other_sample_rates(rate):
    samples = soxr.resample(clicks(12.0), RATE, rate)
    rendered = render("tempo_jitter", with_beats(samples, rate), 5)
    assert rendered.plan.time_map is not None
    expected = rendered.plan.time_map(NEAR)
    out = soxr.resample(rendered.clip.samples[0].double().numpy(), rate, RATE)
    assert np.abs(click_times(out, expected, reach=0.1) - expected).max() < 0.02


@pytest.mark.parametrize("name", ["tempo_jitter", "rubato"])
def test_levels_scale_one_pattern(name):
    clip = make_clip(14.0, 22050, 1)
    patterns = []
    for level in (1, 3, 5):
        degradation = catalogue.get(name)
        rng = generator(cell_seed(3, clip.hash, *degradation.seed_key))
        params = degradation.draw(clip, level, degradation.ladder.strength(level), rng).params
        stretch = np.diff(params["to"]) / np.diff(params["from"])
        patterns.append(np.log(stretch) if name == "rubato" else stretch)
    for stronger in patterns[1:]:
        assert np.corrcoef(patterns[0], stronger)[0, 1] > 0.999


def test_what_needs_beats_says_so():
    bare = replace(make_clip(9.0, 16000, 1), annotations=Annotations())
    for name in ("tempo_jitter", "swing_warp"):
        with pytest.raises(NotApplicableError, match="needs beats; the clip has 0"):
            render(name, bare, 1)
    for name in ("tempo_change", "accelerando", "rubato"):
        render(name, bare, 1)


# -- the vocoder itself ----------------------------------------------------------------------------------


def test_at_the_old_tempo_the_vocoder_changes_nothing():
    clip = builtin_sources()[0].load()
    samples = clip.samples[:, : 5 * RATE]
    out = moved(samples, RATE, at_rate(1.0), samples.shape[1])
    assert float((out - samples).abs().max()) < 1e-5
    later = moved(samples, RATE, along([0, RATE], [0, RATE]), samples.shape[1])
    assert torch.equal(out, later)


def test_the_stereo_image_stays():
    """One phase is turned for all channels: what is out of phase by a quarter stays so."""
    t = np.arange(4 * RATE) / RATE
    pair = 0.3 * np.stack([np.sin(2 * np.pi * 440 * t), 0.5 * np.cos(2 * np.pi * 440 * t)])
    out = vocoded(pair.astype(np.float32), RATE, at_rate(0.8), 5 * RATE)[:, RATE : 4 * RATE]
    spectra = np.fft.rfft(out * np.hanning(out.shape[1]), axis=1)
    k = int(np.argmax(np.abs(spectra[0])))
    assert np.degrees(np.angle(spectra[1, k] / spectra[0, k])) == pytest.approx(90, abs=1)
    assert abs(spectra[1, k] / spectra[0, k]) == pytest.approx(0.5, rel=0.01)


def test_a_steady_tone_stays_a_steady_tone():
    out = vocoded(sine(6.0).astype(np.float32)[None], RATE, at_rate(0.8), round(7.5 * RATE))[0, RATE : 6 * RATE]
    spectrum = np.abs(np.fft.rfft(out * np.blackman(len(out)))) ** 2
    k = int(np.argmax(spectrum))
    near = spectrum[k - 40 : k + 41].sum()
    assert 10 * np.log10(near / (spectrum.sum() - near)) > 60, "no side bands"
    assert np.sqrt(np.mean(out**2)) == pytest.approx(0.3 / np.sqrt(2), rel=0.01)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    count=st.integers(1, 4000),
    rate=st.sampled_from([8000, 44100, 192000]),
    channels=st.integers(1, 6),
    speed=st.floats(0.3, 3.0),
)
def test_any_length_is_filled_to_the_sample(count, rate, channels, speed):
    noise = np.random.default_rng(count).standard_normal((channels, count)).astype(np.float32)
    length = max(1, round(count / speed))
    out = vocoded(noise, rate, at_rate(speed), length)
    assert out.shape == (channels, length)
    assert out.dtype == np.float32
    assert np.isfinite(out).all()
    silent = moved(Clip("s", torch.zeros(channels, count), rate).samples, rate, at_rate(speed), length)
    assert not silent.any()
