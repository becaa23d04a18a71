"""Oracles of the damages to tempo and key, and of their placebos."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import soxr
import torch

from degrade_bench.clip import Annotations, Clip
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.base import Rendered
from degrade_bench.degrade.seeds import cell_seed, generator
from degrade_bench.degrade.structural.joins import fade_half
from degrade_bench.errors import NotApplicableError
from tests.conftest import make_clip

RATE = 44100


def render(name: str, clip: Clip, level: int) -> Rendered:
    degradation = catalogue.get(name)
    return degradation.render(clip, level, generator(cell_seed(3, clip.hash, *degradation.seed_key)))


def with_beats(samples: np.ndarray, rate: int = RATE, period: float = 0.5) -> Clip:
    beats = np.arange(0.0, samples.shape[-1] / rate, period)
    annotations = Annotations(beats=tuple(beats), downbeats=tuple(beats[::4]), beat_source="annotated")
    return Clip("made", torch.from_numpy(np.atleast_2d(samples).astype(np.float32)), rate, annotations)


def sine(seconds: float, hz: float = 440.0) -> np.ndarray:
    return 0.3 * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE)


def clicks(seconds: float, period: float = 0.5) -> np.ndarray:
    """Short bursts at every period, over a quiet chord, so that a stretcher has something to hold on to."""
    out = 0.01 * sine(seconds, 220.0)
    burst = 0.8 * np.hanning(220) * np.sin(2 * np.pi * 1500 * np.arange(220) / RATE)
    for start in np.arange(0.25, seconds - 0.1, period):
        first = round(start * RATE)
        out[first : first + len(burst)] += burst
    return out


def click_times(samples: np.ndarray, near: np.ndarray, reach: float = 0.15) -> np.ndarray:
    """The middle of the energy of each click near the expected times (seconds)."""
    energy = np.convolve(samples**2, np.ones(64) / 64, mode="same")
    found = []
    for time in near:
        first, last = max(0, round((time - reach) * RATE)), round((time + reach) * RATE)
        part = energy[first:last]
        part = np.where(part > 0.25 * part.max(), part, 0.0)
        found.append((first + np.average(np.arange(len(part)), weights=part)) / RATE)
    return np.asarray(found)


def pitch_hz(samples: np.ndarray) -> float:
    """Frequency of the largest spectral peak, interpolated on a log parabola."""
    windowed = samples * np.blackman(len(samples))
    spectrum = np.log(np.abs(np.fft.rfft(windowed, 4 * len(samples))) + 1e-12)
    k = int(np.argmax(spectrum))
    a, b, c = spectrum[k - 1 : k + 2]
    return (k + 0.5 * (a - c) / (a - 2 * b + c)) * RATE / (4 * len(samples))


def cents(hz: float, reference: float = 440.0) -> float:
    return 1200 * np.log2(hz / reference)


@pytest.fixture(scope="module")
def builtin() -> list[Clip]:
    return [source.load() for source in builtin_sources()]


def test_a_clip_without_beats_has_no_tempo_to_jitter():
    bare = replace(make_clip(9.0, 16000, 1), annotations=Annotations())
    with pytest.raises(NotApplicableError, match="needs beats; the clip has 0"):
        render("tempo_jitter", bare, 1)


# -- tempo ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [1, 3, 5])
def test_a_tempo_change_moves_the_tempo_and_leaves_the_pitch(level):
    ratio = 1 - (3.0, 6.0, 12.0, 20.0, 30.0)[level - 1] / 100
    clip = with_beats(clicks(12.0))
    rendered = render("tempo_change", clip, level)
    assert rendered.clip.num_samples == round(clip.num_samples / ratio)
    expected = np.arange(0.25, 11.5, 0.5) / ratio
    times = click_times(rendered.clip.samples[0].numpy(), expected)
    tempo = np.polyfit(np.arange(len(times)), times, 1)[0]
    assert 0.5 / tempo == pytest.approx(ratio, rel=0.01)
    assert np.abs(times - expected).max() < 0.03
    held = render("tempo_change", with_beats(sine(8.0)), level).clip.samples[0].numpy()
    assert abs(cents(pitch_hz(held[RATE : 6 * RATE]))) < 5
    beats = rendered.clip.annotations.beats
    assert np.allclose(beats, np.asarray(clip.annotations.beats) / ratio)
    assert rendered.plan.time_map is not None
    assert float(rendered.plan.time_map(6.0)) == pytest.approx(6.0 / ratio)


@pytest.mark.parametrize("name", ["tempo_change_placebo", "tempo_jitter_placebo"])
@pytest.mark.parametrize("level", [1, 5])
def test_placebos_of_the_stretches_end_where_they_began(name, level):
    clip = with_beats(clicks(12.0))
    rendered = render(name, clip, level)
    assert rendered.clip.samples.shape == clip.samples.shape
    assert rendered.plan.time_map is None
    near = np.arange(0.25, 11.5, 0.5)
    times = click_times(rendered.clip.samples[0].numpy(), near)
    assert np.abs(times - click_times(clip.samples[0].numpy(), near)).max() < 0.04
    tempo = np.polyfit(np.arange(len(times)), times, 1)[0]
    assert tempo == pytest.approx(0.5, rel=0.005)
    held = render(name, with_beats(sine(8.0)), level).clip.samples[0].numpy()
    assert abs(cents(pitch_hz(held[RATE : 6 * RATE]))) < 5
    assert not torch.equal(rendered.clip.samples, clip.samples)


@pytest.mark.parametrize("level", [1, 3, 5])
def test_tempo_jitter_moves_every_beat_as_its_map_says(level):
    clip = with_beats(clicks(12.0))
    rendered = render("tempo_jitter", clip, level)
    assert rendered.clip.num_samples == clip.num_samples
    assert rendered.plan.time_map is not None
    expected = rendered.plan.time_map(np.arange(0.25, 11.5, 0.5))
    times = click_times(rendered.clip.samples[0].numpy(), expected, reach=0.1)
    assert np.abs(times - expected).max() < 0.02
    durations = np.diff(rendered.clip.annotations.beats) / 0.5 - 1
    asked = (3.0, 6.0, 12.0, 20.0, 30.0)[level - 1]
    assert 100 * np.sqrt(np.mean(durations**2)) == pytest.approx(asked, rel=0.15)
    assert rendered.plan.achieved == pytest.approx(100 * np.sqrt(np.mean(durations**2)), rel=0.01)


@pytest.mark.parametrize("rate", [8000, 16000, 96000])
def test_tempo_jitter_keeps_its_map_at_other_sample_rates(rate):
    samples = soxr.resample(clicks(12.0), RATE, rate)
    rendered = render("tempo_jitter", with_beats(samples, rate), 5)
    assert rendered.plan.time_map is not None
    expected = rendered.plan.time_map(np.arange(0.25, 11.5, 0.5))
    out = soxr.resample(rendered.clip.samples[0].double().numpy(), rate, RATE)
    assert np.abs(click_times(out, expected, reach=0.1) - expected).max() < 0.03


def test_tempo_jitter_scales_one_pattern(builtin):
    for clip in builtin[:5]:
        patterns = []
        for level in (1, 3):
            params = render("tempo_jitter", clip, level).plan.params
            patterns.append(np.diff(params["to"]) / np.diff(params["from"]) - 1)
        assert np.corrcoef(*patterns)[0, 1] > 0.999


# -- key break -----------------------------------------------------------------------------------------


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
    placebo = render("key_break_placebo", clip, level)
    damage = render("key_break", clip, level)
    assert placebo.plan.params == damage.plan.params, "the same bars, the same joins"
    for start, end in placebo.plan.params["spans"]:
        inside = placebo.clip.samples[0].numpy()[start + 4000 : end - 4000]
        assert abs(cents(pitch_hz(inside))) < 5


def test_key_break_takes_more_bars_at_every_level(builtin):
    for clip in builtin:
        bars = [set(render("key_break", clip, level).plan.params["bars"]) for level in (1, 2)]
        drawn = [
            catalogue.get("key_break").draw(clip, level, 0.0 + step, generator(1)).params["bars"]
            for level, step in ((3, 37.0), (4, 50.0), (5, 62.0))
        ]
        assert bars[0] < bars[1]
        assert set(drawn[0]) < set(drawn[1]) < set(drawn[2])
        break  # rendering is slow; drawing is the same code for all
