"""Oracles of the noises: level, spectrum and statistics, measured by other means than the code's own."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import welch

from degrade_bench.clip import Clip
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.dsp.amplitude import active_rms
from degrade_bench.degrade.dsp.impulses import ImpulseKind, impulses
from degrade_bench.degrade.seeds import cell_seed, generator
from degrade_bench.degrade.signal.coloured_noise import coloured_noise
from degrade_bench.degrade.signal.hum import hum
from degrade_bench.degrade.signal.white_noise import WhiteNoise
from degrade_bench.errors import NotApplicableError
from tests.conftest import make_clip
from tests.degrade.probes import LEVELS, added, harm_db, render

BY_SNR = ("white_noise", "pink_noise", "brown_noise", "hum", "crackle")


@pytest.fixture(scope="module")
def clip() -> Clip:
    return builtin_sources()[0].load()


# -- all that have a signal-to-noise ratio -------------------------------------------------------------


@pytest.mark.parametrize("name", BY_SNR)
@settings(max_examples=8, deadline=None, derandomize=True)
@given(
    rate=st.sampled_from([8000, 22050, 44100, 192000]),
    channels=st.integers(1, 6),
    seconds=st.floats(1, 3),
    level=st.integers(1, 5),
)
def test_noise_has_the_asked_ratio_to_a_signal_that_never_pauses(name, rate, channels, seconds, level):
    clip = make_clip(seconds, rate, channels, kind="noise")
    snr = 10 * np.log10(np.mean(clip.samples.double().numpy() ** 2) / np.mean(added(name, clip, level) ** 2))
    assert snr == pytest.approx(catalogue.get(name).ladder.strength(level), abs=0.1)
    assert catalogue.get(name).achieved(clip, render(name, clip, level)) == pytest.approx(snr, abs=0.1)


@pytest.mark.parametrize("name", BY_SNR)
def test_noise_is_measured_against_the_active_level(name):
    music = make_clip(4.0, 16000, 1, kind="noise")
    padded = Clip("padded", torch.nn.functional.pad(music.samples, (0, 12 * 16000)), 16000)
    power = float(music.samples.double().square().mean())
    snr = 10 * np.log10(power / np.mean(added(name, padded, 3) ** 2))
    assert snr == pytest.approx(catalogue.get(name).ladder.strength(3), abs=0.1)


@pytest.mark.parametrize("name", BY_SNR)
def test_the_levels_scale_one_noise(name, clip):
    soft, loud = added(name, clip, 2), added(name, clip, 5)
    ratio_db = catalogue.get(name).ladder.strength(2) - catalogue.get(name).ladder.strength(5)
    assert np.abs(soft * 10 ** (ratio_db / 20) - loud).max() < 1e-4 * np.abs(loud).max()


@pytest.mark.parametrize("name", [*BY_SNR, "clicks"])
def test_silence_gets_no_noise_and_the_placebo_is_far_fainter_than_level_one(name, clip):
    with pytest.raises(NotApplicableError, match="silent"):
        render(name, make_clip(1.0, 8000, 1, kind="silence"), 1)
    assert harm_db(f"{name}_placebo", clip, 1) < harm_db(name, clip, 1) - 45


def test_another_replicate_and_another_run_seed_draw_other_noise(clip):
    degradation = catalogue.get("white_noise")
    keys = [(0, 0), (0, 1), (1, 0)]
    seeds = [cell_seed(seed, clip.hash, *degradation.seed_key, replicate) for seed, replicate in keys]
    drawn = {degradation.plan(clip, 1, generator(seed)).params["noise_seed"] for seed in seeds}
    assert len(drawn) == 3


def test_a_noise_is_made_once_for_all_levels_and_the_placebo(clip):
    class Counting(WhiteNoise):
        made = 0

        def make_noise(self, clip, params):
            self.made += 1
            return super().make_noise(clip, params)

    counting = Counting()
    assert counting.placebo is not None
    for each, levels in ((counting, LEVELS), (counting.placebo, (1,))):
        for level in levels:
            each.render(clip, level, generator(cell_seed(0, clip.hash, *each.seed_key)))
    assert counting.made == 1
    counting.render(clip, 1, generator(1))
    assert counting.made == 2


# -- colours -------------------------------------------------------------------------------------------


def test_white_noise_is_white_and_independent_in_every_channel(clip):
    noise = added("white_noise", clip, 5)
    assert abs(np.corrcoef(noise)[0, 1]) < 0.01, "channels have noise of their own"
    spectrum = np.abs(np.fft.rfft(noise[0])) ** 2
    bands = [band.mean() for band in np.array_split(spectrum, 10)]
    assert max(bands) / min(bands) < 1.1, "white: the same power everywhere"
    assert np.mean(noise**4) / np.mean(noise**2) ** 2 == pytest.approx(3.0, abs=0.05), "Gaussian"


@pytest.mark.parametrize(("exponent", "slope_db"), [(0.0, 0.0), (1.0, -3.0103), (2.0, -6.0206)])
@pytest.mark.parametrize(("rate", "seconds"), [(8000, 61.3), (44100, 20.0), (192000, 10.01)])
def test_the_slope_of_a_coloured_noise(exponent, slope_db, rate, seconds):
    noise = coloured_noise((2, round(seconds * rate)), rate, exponent, seed=5)
    frequencies, power = welch(noise, rate, nperseg=round(rate / 4), axis=1)  # 4 Hz apart
    octaves = 80.0 * 2.0 ** np.arange(int(np.log2(rate / 2 / 80.0)) + 1)
    levels = []
    for low, high in pairwise(octaves):
        inside = (frequencies >= low) & (frequencies < high)
        levels.append(10 * np.log10((power[:, inside] * frequencies[inside] ** exponent).mean()))
    assert np.abs(np.asarray(levels) - np.mean(levels)).max() < 0.6, "flat when the slope is taken out"
    fitted = np.polyfit(np.arange(len(levels)), levels, 1)[0] - 10 * np.log10(2) * exponent
    assert fitted == pytest.approx(slope_db, abs=0.15)
    assert abs(np.corrcoef(noise)[0, 1]) < 0.1


def test_a_coloured_noise_has_nothing_that_nobody_hears():
    noise = coloured_noise((1, 44100 * 4), 44100, 2.0, seed=1)
    power = np.abs(np.fft.rfft(noise[0] * np.hanning(noise.shape[1]))) ** 2
    frequencies = np.fft.rfftfreq(noise.shape[1], 1 / 44100)
    assert power[frequencies < 19].sum() < 1e-4 * power.sum()


# -- hum -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 44101, 192000])
@pytest.mark.parametrize("mains", [50, 60])
def test_hum_is_the_sum_of_its_partials_to_the_end(rate, mains):
    phases = [0.1 * k for k in range(10)]
    length = round(2.7 * rate)
    seconds = np.arange(length) / rate
    expected = sum(np.sin(2 * np.pi * k * mains * seconds + 0.1 * (k - 1)) / k for k in range(1, 11))
    assert np.abs(hum(mains, phases, rate, length) - expected).max() < 1e-6


def test_hum_is_of_one_mains_frequency_in_every_channel_alike(clip):
    noise = added("hum", clip, 5)
    assert np.abs(noise[0] - noise[1]).max() < 1e-6
    drawn = {render("hum", make_clip(1, 8000, 1, seed=k), 1).plan.params["mains_hz"] for k in range(12)}
    assert drawn == {50, 60}
    mains = render("hum", clip, 1).plan.params["mains_hz"]
    assert mains == render("hum", clip, 5).plan.params["mains_hz"]
    seconds = clip.num_samples // clip.sample_rate
    spectrum = np.abs(np.fft.rfft(noise[0, : seconds * clip.sample_rate])) ** 2
    partials = mains * seconds * np.arange(1, 11)
    assert spectrum[partials].sum() > 0.999 * spectrum.sum()
    amplitudes = np.sqrt(spectrum[partials] / spectrum[partials[0]])
    assert amplitudes == pytest.approx(1 / np.arange(1, 11), abs=0.01)


def test_a_bass_note_at_the_mains_frequency_does_not_mislead_the_measure():
    t = np.arange(3 * 16000) / 16000
    bass = 0.3 * np.sin(2 * np.pi * 50.3 * t) + 0.05 * np.random.default_rng(0).standard_normal(t.size)
    clip = Clip("bass", torch.from_numpy(bass[None].astype(np.float32)), 16000)
    assert catalogue.get("hum").achieved(clip, render("hum", clip, 5)) == pytest.approx(0.0, abs=0.3)


# -- crackle and clicks --------------------------------------------------------------------------------

TICK = ImpulseKind(hz=(2000.0, 2000.0), decay_seconds=(1e-4, 1e-4), peak_db=(-6.0, 0.0), spread=0.5)


@pytest.mark.parametrize("rate", [8000, 44100, 192000])
def test_impulses_are_nested_and_have_the_asked_peaks(rate):
    few, more = (impulses(TICK, count, 3, 2, 20 * rate, rate) for count in (4, 9))
    table = generator(3).random((9, 7))
    starts = (table[:, 0] * 20 * rate).astype(int)
    reach = round(0.001 * rate) + 1
    for k, start in enumerate(starts):
        own = slice(start, start + reach)
        assert np.abs(more[:, own]).max() == pytest.approx(10 ** (-0.3 * (1 - table[k, 3])), rel=0.5)
        if k < 4:
            assert np.array_equal(few[:, own], more[:, own])
        else:
            assert not few[:, own].any()
    assert np.count_nonzero(np.abs(more).max(axis=0)) <= 9 * reach


def test_impulses_at_the_very_end_are_cut_off():
    for seed in range(20):
        made = impulses(TICK, 5, seed, 1, 40, 8000)
        assert made.shape == (1, 40)
        assert np.isfinite(made).all()


def test_crackle_is_sparse_impulsive_and_bright(clip):
    noise = added("crackle", clip, 5)
    kurtosis = np.mean(noise**4) / np.mean(noise**2) ** 2
    assert kurtosis > 50, "Gaussian noise has 3"
    assert np.mean(np.abs(noise) < 1e-6) > 0.6
    spectrum = np.abs(np.fft.rfft(noise[0])) ** 2
    frequencies = np.fft.rfftfreq(noise.shape[1], 1 / clip.sample_rate)
    assert spectrum[frequencies > 1000].sum() > 0.9 * spectrum.sum()


@pytest.mark.parametrize("level", LEVELS)
def test_clicks_are_as_many_as_asked_loud_and_those_of_the_level_below(clip, level):
    noise = added("clicks", clip, level)
    count = render("clicks", clip, level).plan.params["count"]
    asked = catalogue.get("clicks").ladder.strength(level)
    assert count == max(level, round(asked * clip.duration))
    touched = np.flatnonzero(np.abs(noise).max(axis=0) > 1e-6)
    events = 1 + np.count_nonzero(np.diff(touched) > 2)
    assert events <= count
    if level <= 3:
        assert events == count, "so few do not overlap"
    peak_db = 20 * np.log10(np.abs(noise).max() / active_rms(clip))
    assert 0 < peak_db < 18.1 + 6 * (level > 3)  # two may fall together
    if level > 1:
        below = np.abs(added("clicks", clip, level - 1)).max(axis=0) > 1e-3 * active_rms(clip)
        assert np.abs(noise).max(axis=0)[below].min() > 0
