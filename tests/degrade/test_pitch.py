"""Damage to pitch: moves a tone by the asked interval, keeps the time, and the placebo ends in the old key."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.dsp.joins import fade_half
from degrade_bench.degrade.dsp.stretch import shifted
from degrade_bench.degrade.seeds import cell_seed, generator
from tests.degrade.probes import RATE, cents, click_times, clicks, pitch_hz, render, sine, with_beats

NEAR = np.arange(0.25, 11.5, 0.5)


@pytest.mark.parametrize("hz", [82.4, 440.0, 3000.0])
@pytest.mark.parametrize("semitones", [-6.0, -1.0, -0.25, 0.25, 1.0, 4.0, 6.0])
def test_a_shift_moves_a_sine_by_the_asked_cents(hz, semitones):
    clip = with_beats(sine(6.0, hz))
    out = shifted(clip.samples, RATE, semitones)
    assert out.shape == clip.samples.shape
    assert cents(pitch_hz(out[0, RATE : 5 * RATE].numpy()), hz) == pytest.approx(100 * semitones, abs=1)


@pytest.mark.parametrize("name", ["pitch_shift", "detune_drift", "pitch_shift_placebo", "detune_drift_placebo"])
@pytest.mark.parametrize("level", [1, 5])
def test_time_stays(name, level):
    clip = with_beats(clicks(12.0))
    rendered = render(name, clip, level)
    assert rendered.clip.samples.shape == clip.samples.shape
    assert rendered.plan.time_map is None
    times = click_times(rendered.clip.samples[0].numpy(), NEAR)
    assert np.abs(times - click_times(clip.samples[0].numpy(), NEAR)).max() < 0.004


@pytest.mark.parametrize(("level", "semitones"), enumerate((0.25, 1.0, 2.0, 4.0, 6.0), 1))
def test_pitch_shift_goes_one_way_on_all_levels(level, semitones):
    clip = with_beats(sine(6.0))
    rendered, lowest = render("pitch_shift", clip, level), render("pitch_shift", clip, 1)
    sign = np.sign(lowest.plan.params["semitones"])
    moved = cents(pitch_hz(rendered.clip.samples[0, RATE : 5 * RATE].numpy()))
    assert moved == pytest.approx(sign * 100 * semitones, abs=5)


def test_the_drift_is_even_and_as_wide_as_asked():
    clip = with_beats(sine(12.0))
    for level, asked in enumerate((15.0, 30.0, 60.0, 120.0, 240.0), 1):
        rendered = render("detune_drift", clip, level)
        sign = np.sign(rendered.plan.params["cents"])
        out = rendered.clip.samples[0].double().numpy()
        for seconds in (1.0, 3.0, 6.0, 9.0, 11.0):
            first = round((seconds - 0.25) * RATE)
            there = cents(pitch_hz(out[first : first + RATE // 2]))
            assert there == pytest.approx(sign * asked * (seconds / 12 - 0.5), abs=2.0)


@pytest.mark.parametrize("name", ["pitch_shift_placebo", "detune_drift_placebo"])
@pytest.mark.parametrize("level", [1, 5])
def test_placebos_end_in_the_old_key(name, level):
    out = render(name, with_beats(sine(12.0)), level).clip.samples[0].double().numpy()
    for seconds in (1.0, 6.0, 11.0):
        first = round((seconds - 0.5) * RATE)
        assert abs(cents(pitch_hz(out[first : first + RATE]))) < 1


# -- key break -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [1, 5])
def test_key_break_transposes_the_chosen_bars_by_a_semitone_and_leaves_the_others(level):
    clip = with_beats(sine(20.0))
    rendered = render("key_break", clip, level)
    params = rendered.plan.params
    raw = catalogue.get("key_break").damage(clip, params)[0].numpy()
    half = fade_half(RATE)
    untouched = np.ones(clip.num_samples, dtype=bool)
    for start, end in params["spans"]:
        untouched[start - min(half, start) : end + half] = False
        inside = raw[start + 4000 : end - 4000]
        assert cents(pitch_hz(inside)) == pytest.approx(100 * params["semitones"], abs=5)
    assert np.array_equal(raw[untouched], clip.samples[0].numpy()[untouched])
    assert rendered.plan.achieved == pytest.approx(100 * len(params["bars"]) / 9)


@pytest.mark.parametrize("level", [1, 5])
def test_the_placebo_of_the_key_break_stays_in_key(level):
    clip = with_beats(sine(20.0))
    placebo, damage = render("key_break_placebo", clip, level), render("key_break", clip, level)
    assert placebo.plan.params == damage.plan.params, "the same bars, the same joins"
    for start, end in placebo.plan.params["spans"]:
        inside = placebo.clip.samples[0].numpy()[start + 4000 : end - 4000]
        assert abs(cents(pitch_hz(inside))) < 5


def test_key_break_takes_more_bars_at_every_level():
    degradation = catalogue.get("key_break")
    for source in builtin_sources()[:5]:
        clip = source.load()
        seed = cell_seed(3, clip.hash, *degradation.seed_key)
        ladder = degradation.ladder
        bars = [
            set(degradation.draw(clip, level, ladder.strength(level), generator(seed)).params["bars"])
            for level in ladder.levels
        ]
        assert all(fewer < more for fewer, more in itertools.pairwise(bars))
