"""Speed: sines whose pitch is known at every moment, clicks whose place is known, and the interpolation's error."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
import torch
from scipy.signal import hilbert

from degrade_bench.clip import Clip
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.dsp import varispeed
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.plan import Rendered
from degrade_bench.degrade.seeds import cell_seed, generator
from degrade_bench.degrade.signal.speed import SampleRateDrift, SpeedChange
from degrade_bench.degrade.signal.wow_flutter import Flutter, Wow
from degrade_bench.errors import ConfigError, NotApplicableError
from tests.conftest import make_clip

LEVELS = (1, 2, 3, 4, 5)
KEEPING = ("wow", "flutter", "sample_rate_drift")
NAMES = (*KEEPING, "speed_change")


def render(name: str, clip: Clip, level: int) -> Rendered:
    degradation = catalogue.get(name)
    return degradation.render(clip, level, generator(cell_seed(3, clip.hash, *degradation.seed_key)))


def sine(frequency: float, seconds: float, rate: int, channels: int = 1) -> Clip:
    wave = 0.5 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)
    return Clip("sine", torch.from_numpy(np.tile(wave, (channels, 1)).astype(np.float32)), rate)


def speed_of(samples: torch.Tensor, frequency: float, rate: int) -> np.ndarray:
    """The speed at each moment at which a sine is heard, without its ends."""
    phase = np.unwrap(np.angle(hilbert(samples[0].double().numpy())))
    speed = np.diff(phase) * rate / (2 * np.pi * frequency)
    edge = len(speed) // 50
    return speed[edge:-edge]


# -- interpolation -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [8000, 44100, 96000])
@pytest.mark.parametrize(("share", "least_db"), [(0.02, 120), (0.2, 95), (0.35, 75), (0.45, 60)])
def test_the_error_between_the_samples(rate, share, least_db):
    """``share`` of the sample rate; 0.45 is 20 kHz at 44.1 kHz."""
    n = 20000
    clip = sine(share * rate, n / rate, rate)
    where = np.minimum(np.arange(n) * 0.9873 + 3.21, n - 1)
    error = varispeed.read_at(clip, where).double().numpy()[0] - 0.5 * np.sin(2 * np.pi * share * where)
    error = error[300:-800]
    assert -10 * np.log10(np.mean(error**2) / 0.125) > least_db


def test_whole_positions_give_the_samples_back():
    clip = sine(1000.0, 0.5, 16000, 3)
    same = varispeed.read_at(clip, np.arange(clip.num_samples, dtype=float))
    assert float((same - clip.samples)[:, 100:-100].abs().max()) < 1e-5


def test_positions_are_the_displacement_to_a_thousandth_of_a_sample():
    clip = make_clip(6.0, 44100, 1)
    for name in KEEPING:
        degradation = catalogue.get(name)
        params = degradation.draw(clip, 5, degradation.ladder.strength(5), generator(1)).params
        span = varispeed.span_seconds(clip)
        if name == "sample_rate_drift":
            from degrade_bench.degrade.signal.speed import _drifting as of
        else:
            from degrade_bench.degrade.signal.wow_flutter import _displacement as of
        displacement = of(params, span)
        where = varispeed.positions(displacement, clip.num_samples, 44100)
        times = np.arange(clip.num_samples) / 44100
        assert np.abs(where - (times + displacement(times)[0]) * 44100).max() < 1e-3
        assert where[0] == 0.0
        assert where[-1] == pytest.approx(clip.num_samples - 1, abs=1e-3)
        assert (np.diff(where) > 0).all()


# -- speeds ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", ["wow", "flutter"])
def test_the_speed_swings_by_the_asked_rms_at_the_asked_rate(name, level):
    rate, seconds = 16000, 10.0
    degradation = catalogue.get(name)
    clip = sine(2000.0, seconds, rate)
    rendered = render(name, clip, level)
    deviation = speed_of(rendered.clip.samples, 2000.0, rate) - 1
    strength = degradation.ladder.strength(level)
    assert 100 * np.sqrt(np.mean(deviation**2)) == pytest.approx(strength, rel=0.06)
    assert abs(100 * deviation.mean()) < 0.1 * strength
    assert degradation.achieved(clip, rendered) == strength
    spectrum = np.abs(np.fft.rfft(deviation * np.hanning(len(deviation)), 2**20)) ** 2
    low, high = degradation.rates_hz
    frequencies = np.fft.rfftfreq(2**20, 1 / rate)
    inside = (frequencies > low - 0.35) & (frequencies < high + 0.35)
    assert spectrum[inside].sum() > 0.95 * spectrum.sum()


@pytest.mark.parametrize("level", LEVELS)
def test_the_drift_is_linear_and_as_large_as_asked(level):
    rate = 16000
    clip = sine(1500.0, 8.0, rate)
    rendered = render("sample_rate_drift", clip, level)
    speed = 100 * (speed_of(rendered.clip.samples, 1500.0, rate) - 1)
    t = np.linspace(0.02, 0.98, len(speed))
    slope, offset = np.polyfit(t, speed, 1)
    assert abs(slope) == pytest.approx(catalogue.get("sample_rate_drift").ladder.strength(level), rel=0.02)
    assert np.abs(speed - slope * t - offset)[500:-500].max() < 0.02 * abs(slope) + 0.02


def test_some_clips_run_down_and_some_up():
    degradation = catalogue.get("sample_rate_drift")
    clip = make_clip(1.0, 8000, 1)
    signs = [np.sign(degradation.draw(clip, 1, 1.0, generator(seed)).params["deviation"]) for seed in range(40)]
    assert 10 < signs.count(1.0) < 30


@pytest.mark.parametrize("level", LEVELS)
def test_a_constant_speed_moves_pitch_and_duration_alike(level):
    rate = 16000
    clip = sine(1500.0, 4.0, rate, 2)
    rendered = render("speed_change", clip, level)
    asked = catalogue.get("speed_change").ladder.strength(level)
    speed = speed_of(rendered.clip.samples, 1500.0, rate)
    assert 100 * (1 - speed.mean()) == pytest.approx(asked, abs=0.01)
    assert 100 * (1 - clip.num_samples / rendered.clip.num_samples) == pytest.approx(asked, abs=0.01)
    faster = SpeedChange(Ladder((-1.0, -5.0), "% slower"))
    drawn = faster.draw(clip, 2, -5.0, generator(1))
    assert faster.damage(clip, drawn.params).shape[1] == pytest.approx(clip.num_samples / 1.05, abs=1)


# -- where events go ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seconds", [1.0, 12.0])
def test_annotations_follow_the_clicks(name, seconds):
    rate = 22050
    clip = make_clip(seconds, rate, 1, bpm=97.0)
    samples = torch.zeros(1, clip.num_samples)
    for beat in clip.annotations.beats:
        samples[0, min(clip.num_samples - 1, round(beat * rate))] = 1.0
    clip = Clip("clicks", samples, rate, clip.annotations)
    rendered = render(name, clip, 5)
    power = np.square(rendered.clip.samples[0].double().numpy())
    for beat in rendered.clip.annotations.beats:
        at = round(beat * rate)
        start = max(0, at - 600)
        found = start + int(np.argmax(power[start : at + 600]))
        assert abs(found / rate - beat) < 0.0015
    if name in KEEPING:
        assert rendered.clip.samples.shape == clip.samples.shape


@pytest.mark.parametrize("name", KEEPING)
def test_all_levels_share_one_pattern(name):
    clip = make_clip(6.0, 16000, 1)
    tone = Clip("tone", sine(2000.0, 6.0, 16000).samples, 16000, clip.annotations)
    low, high = (speed_of(render(name, tone, level).clip.samples, 2000.0, 16000) for level in (4, 5))
    assert np.corrcoef(low, high)[0, 1] > 0.98


@pytest.mark.parametrize("name", NAMES)
def test_the_placebo_reads_between_the_samples_and_moves_nothing(name):
    clip = builtin_sources()[0].load()
    placebo = catalogue.get(name).placebo
    out = placebo.render(clip, 1, generator(cell_seed(3, clip.hash, *placebo.seed_key))).clip.samples
    assert out.shape == clip.samples.shape
    assert not torch.equal(out, clip.samples)
    snr = 10 * torch.log10(clip.samples.square().sum() / (out - clip.samples).square().sum())
    assert float(snr) > 40


def test_what_cannot_be_is_refused():
    for name in NAMES:
        with pytest.raises(NotApplicableError, match="too short"):
            render(name, make_clip(0.3, 8000, 1), 1)
    for kind, strength in ((Wow, 70.0), (Flutter, 40.0), (SampleRateDrift, 190.0), (SpeedChange, 96.0)):
        with pytest.raises(ConfigError):
            kind(Ladder((1.0, strength), "%"))
    assert Wow(rates_hz=(0.55, 0.55)).rates_hz == (0.55, 0.55)


def test_only_the_last_clip_is_kept_at_four_times_its_rate():
    first, second = make_clip(1.0, 8000, 1), make_clip(1.0, 8000, 1, seed=1)
    kept = weakref.ref(varispeed.oversampled(first))
    assert varispeed.oversampled(first) is kept(), "asked again, it is the same"
    varispeed.oversampled(second)
    gc.collect()
    assert kept() is None, "the memory of the first clip's is free again"
