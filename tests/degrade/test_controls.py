"""Controls do what they say, and nothing more."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from degrade_bench.clip import Clip
from degrade_bench.clip.loudness import clip_lufs, integrated_lufs
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.dsp.spectrum import exact_bins
from degrade_bench.errors import NotApplicableError
from tests.conftest import make_clip
from tests.degrade.probes import LEVELS, harm_db, raw, render


@pytest.fixture(scope="module")
def clip() -> Clip:
    return builtin_sources()[2].load()


@pytest.mark.parametrize("level", LEVELS)
def test_gain(clip, level):
    asked = (1.0, 2.0, 3.0, 4.5, 6.0)[level - 1]
    rendered = render("gain", clip, level)
    sign = np.sign(rendered.plan.params["gain_db"])
    assert integrated_lufs(rendered.clip.samples, clip.sample_rate) - clip_lufs(clip) == pytest.approx(
        sign * asked, abs=0.01
    )
    assert rendered.plan.gain_db == 0.0, "loudness is the edit and is not matched away"
    assert catalogue.get("gain").achieved(clip, rendered) == pytest.approx(asked, abs=0.01)
    assert sign == np.sign(render("gain", clip, 1).plan.params["gain_db"]), "one direction for all levels"


def test_gain_goes_both_ways():
    directions = {
        np.sign(render("gain", make_clip(1, 8000, 1, seed=k), 1).plan.params["gain_db"]) for k in range(12)
    }
    assert directions == {-1.0, 1.0}


def test_polarity_ends_in_exact_negation(clip):
    assert torch.equal(render("polarity", clip, 5).clip.samples, -clip.samples)


@pytest.mark.parametrize("level", LEVELS)
def test_polarity_turns_every_phase_by_the_same_angle(clip, level):
    degrees = 36 * level
    rate = 44100
    t = np.arange(2 * rate) / rate
    tones = sum(np.cos(2 * np.pi * hz * t + hz) for hz in (41.3, 1000.7, 12345.6))
    turned = sum(np.cos(2 * np.pi * hz * t + hz + np.radians(degrees)) for hz in (41.3, 1000.7, 12345.6))
    out = raw("polarity", Clip("tones", torch.from_numpy(tones[None].astype(np.float32)), rate), level)
    middle = slice(rate // 2, 3 * rate // 2)
    assert np.abs(out[0] - turned)[middle].max() < 0.02
    rendered = render("polarity", clip, level)
    assert rendered.plan.gain_db == 0.0
    assert catalogue.get("polarity").achieved(clip, rendered) == pytest.approx(degrees, abs=0.1)
    energies = [float(each.double().square().sum()) for each in (clip.samples, rendered.clip.samples)]
    assert energies[1] == pytest.approx(energies[0], rel=0.01)


@pytest.mark.parametrize("level", LEVELS)
def test_a_resampling_round_trip_keeps_the_band_and_the_place(clip, level):
    out = render("resampling", clip, level).clip.samples
    assert out.shape == clip.samples.shape
    x, y = (np.fft.rfft(each.double().numpy().mean(axis=0)) for each in (clip.samples, out))
    top = int(0.4 * clip.num_samples)  # up to 0.8 of Nyquist
    error = np.sum(np.abs(x[:top] - y[:top]) ** 2) / np.sum(np.abs(x[:top]) ** 2)
    assert error < 1e-6


@pytest.mark.parametrize(("level", "ms"), [(1, 5), (5, 100)])
def test_crop_offset(clip, level, ms):
    out = render("crop_offset", clip, level).clip.samples
    offset = round(ms / 1000 * clip.sample_rate)
    assert torch.equal(out, clip.samples[:, offset:])
    with pytest.raises(NotApplicableError, match="too few to leave out"):
        render("crop_offset", make_clip(0.15, 8000, 1), 5)


@pytest.mark.parametrize(("level", "floor_db"), [(1, 35), (2, 30), (3, 27), (4, 25), (5, 20)])
def test_a_transparent_codec_changes_next_to_nothing(clip, level, floor_db):
    assert -80 < harm_db("mp3_transparent", clip, level) < -floor_db


# -- dither --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
def test_dither_quantises_and_its_error_is_a_steady_hiss(clip, level):
    bits = (24, 22, 20, 18, 16)[level - 1]
    x, out = clip.samples.double().numpy(), raw("dither", clip, level).astype(np.float64)
    step = np.abs(x).max() / (2 ** (bits - 1) - 1)
    if bits <= 20:  # float32 has no room for finer steps near the peak
        assert np.abs(out / step - np.rint(out / step)).max() < 0.1
    error = out - x
    assert error.std() == pytest.approx(step / 2, rel=0.05)
    assert abs(error.mean()) < 0.01 * step
    loud = np.abs(x) > np.quantile(np.abs(x), 0.7)
    assert error[loud].std() == pytest.approx(error[~loud].std(), rel=0.05), "whatever the music does"
    assert abs(np.corrcoef(error.ravel(), x.ravel())[0, 1]) < 0.01
    assert catalogue.get("dither").achieved(clip, render("dither", clip, level)) == pytest.approx(bits, abs=0.1)


def test_the_levels_share_one_dither_and_silence_has_no_peak(clip):
    seeds = {render("dither", clip, level).plan.params["noise_seed"] for level in LEVELS}
    assert len(seeds) == 1
    with pytest.raises(NotApplicableError, match="silent"):
        render("dither", make_clip(1.0, 8000, 1, kind="silence"), 1)


# -- those that multiply the spectrum ------------------------------------------------------------------


@pytest.mark.parametrize("rate", [8000, 44100, 192000])
@pytest.mark.parametrize("level", LEVELS)
def test_the_subsonic_filter_follows_its_design_and_leaves_the_audible_alone(rate, level):
    cutoff = (4.0, 8.0, 12.0, 16.0, 20.0)[level - 1]
    impulse = torch.zeros(1, 4 * rate)
    impulse[0, 2 * rate] = 1.0
    out = raw("subsonic_filter", Clip("impulse", impulse, rate), level)[0].astype(np.float64)
    spectrum = np.abs(np.fft.rfft(out))  # four bins per Hz
    for octave in (-1, 0, 1, 2, 3):
        hz = cutoff * 2.0**octave
        ratio = (hz / cutoff) ** 4
        design = 20 * np.log10(ratio / np.sqrt(1 + ratio**2))
        assert 20 * np.log10(spectrum[round(4 * hz)]) == pytest.approx(design, abs=1.0)
    assert np.abs(spectrum[4 * 200 :] - 1).max() < 1e-4
    assert np.abs(out - out[::-1][np.arange(-1, len(out) - 1)]).max() < 1e-4, "no delay: symmetric in time"


def test_the_subsonic_filter_removes_an_offset(clip):
    shifted = Clip("shifted", clip.samples + 0.1, clip.sample_rate)
    out = raw("subsonic_filter", shifted, 1)
    assert np.abs(out.mean(axis=1)).max() < 1e-3
    assert harm_db("subsonic_filter", clip, 5) < -25


@pytest.mark.parametrize("level", LEVELS)
def test_a_fractional_delay_is_that_of_a_tone(clip, level):
    delay, rate = level / 10, 16000
    t = np.arange(2 * rate) / rate
    tones = sum(np.sin(2 * np.pi * hz * t) for hz in (100.0, 3000.0, 7500.0))
    late = sum(np.sin(2 * np.pi * hz * (t - delay / rate)) for hz in (100.0, 3000.0, 7500.0))
    out = raw("fractional_delay", Clip("tones", torch.from_numpy(tones[None].astype(np.float32)), rate), level)
    middle = slice(rate // 2, 3 * rate // 2)
    assert np.abs(out[0] - late)[middle].max() < 1e-3
    rendered = render("fractional_delay", clip, level)
    assert catalogue.get("fractional_delay").achieved(clip, rendered) == pytest.approx(delay, abs=0.01)


def test_two_delays_by_half_a_sample_are_one_sample(clip):
    once = Clip("once", torch.from_numpy(raw("fractional_delay", clip, 5)), clip.sample_rate)
    twice = raw("fractional_delay", once, 5)
    middle = slice(clip.sample_rate, -clip.sample_rate)
    expected = np.roll(clip.samples.numpy(), 1, axis=1)
    assert np.abs(twice - expected)[:, middle].max() < 1e-3


def test_a_clip_of_one_sample_survives():
    one = Clip("one", torch.full((2, 1), 0.5), 8000)
    for name in ("polarity", "subsonic_filter", "fractional_delay", "dither"):
        assert np.isfinite(raw(name, one, 1)).all()


@pytest.mark.parametrize("name", ["low_pass", "mp3"])
def test_faint_placebos_are_far_below_level_one(clip, name):
    assert harm_db(f"{name}_placebo", clip, 1) < harm_db(name, clip, 1) - 6


@pytest.mark.parametrize(("channels", "count"), [(1, 512), (2, 997), (3, 2), (4, 500), (2, 1)])
def test_bins_are_the_discrete_fourier_transform_of_every_channel(channels, count):
    samples = torch.randn(channels, count, generator=torch.Generator().manual_seed(count))
    np.testing.assert_allclose(exact_bins(samples), np.fft.rfft(samples.double().numpy(), axis=1), atol=1e-11)
