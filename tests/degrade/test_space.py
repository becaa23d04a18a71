"""Space: rooms, echoes, combs, against measured decays, copies and notches."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.signal import butter, fftconvolve, sosfiltfilt

from degrade_bench.clip import Clip
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.dsp import delay
from degrade_bench.degrade.plan import Rendered
from degrade_bench.degrade.seeds import cell_seed, generator
from degrade_bench.degrade.signal import comb_filter, echo, reverb
from degrade_bench.errors import NotApplicableError
from tests.conftest import make_clip

LEVELS = (1, 2, 3, 4, 5)


def render(name: str, clip: Clip, level: int) -> Rendered:
    degradation = catalogue.get(name)
    return degradation.render(clip, level, generator(cell_seed(3, clip.hash, *degradation.seed_key)))


def impulse(rate: int, channels: int = 1, seconds: float = 8.0, at: int = 0) -> Clip:
    samples = torch.zeros(channels, round(seconds * rate))
    samples[:, at] = 1.0
    return Clip("impulse", samples, rate)


def response(name: str, clip: Clip, level: int) -> np.ndarray:
    degradation = catalogue.get(name)
    drawn = degradation.draw(clip, level, degradation.ladder.strength(level), generator(11))
    return degradation.damage(clip, drawn.params).double().numpy()


def snr_db(clean: Clip, degraded: torch.Tensor) -> float:
    return float(10 * torch.log10(clean.samples.square().sum() / (degraded - clean.samples).square().sum()))


def schroeder_rt60(tail: np.ndarray, rate: int, low: float, high: float) -> float:
    """RT60 in a band from the slope of the backward-integrated energy between −5 and −35 dB (T30)."""
    sections = butter(4, [low, high], btype="bandpass", fs=rate, output="sos")
    energy = np.cumsum(sosfiltfilt(sections, tail)[::-1] ** 2)[::-1]
    decay = 10 * np.log10(energy / energy[0] + 1e-30)
    part = (decay < -5) & (decay > -35)
    slope, _ = np.polyfit(np.flatnonzero(part) / rate, decay[part], 1)
    return -60 / slope


# -- reverb --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("rate", "channels"), [(16000, 3), (44100, 2)])
def test_the_room_decays_in_the_asked_time(rate, channels, level):
    asked = catalogue.get("reverb").ladder.strength(level)
    out = response("reverb", impulse(rate, channels), level)
    assert (out[:, 0] == 1.0).all(), "the direct sound stays at lag 0"
    gap = round(reverb.GAP_SECONDS * rate)
    assert (out[:, 1:gap] == 0.0).all()
    measured = np.mean([schroeder_rt60(tail, rate, 400, 1600) for tail in out[:, gap:]])
    assert measured == pytest.approx(asked, rel=0.12)


@pytest.mark.parametrize("rate", [44100, 192000])
def test_treble_dies_away_faster_than_bass(rate):
    out = response("reverb", impulse(rate, 1, 4.0), 4)[0, 300:]
    low, middle, high = (schroeder_rt60(out, rate, *band) for band in ((90, 180), (700, 1400), (6000, 11000)))
    assert low > 1.05 * middle
    assert high == pytest.approx(0.5 * middle, rel=0.2)


@pytest.mark.parametrize("level", LEVELS)
def test_direct_to_reverberant_ratio(level):
    out = response("reverb", impulse(22050, 2), level)
    ratio = -10 * np.log10(np.sum(out[:, 1:] ** 2, axis=1))
    seconds = catalogue.get("reverb").ladder.strength(level)
    assert ratio == pytest.approx(reverb.direct_to_reverberant_db(seconds), abs=0.01)


def test_all_levels_share_one_room_and_every_channel_has_its_own():
    outs = [response("reverb", impulse(16000, 2, 3.0), level)[:, 100:3000] for level in (3, 4)]
    assert np.corrcoef(outs[0][0], outs[1][0])[0, 1] > 0.9, "one noise, shaped"
    assert abs(np.corrcoef(outs[0])[0, 1]) < 0.1
    long = reverb.room_tails(5, 1.0, 16000, 1, 9000)[0]
    short = reverb.room_tails(5, 1.0, 16000, 1, 4000)[0]
    assert np.corrcoef(long[:4000], short)[0, 1] > 1 - 1e-9


def test_convolution_is_a_convolution():
    rng = np.random.default_rng(0)
    for size, length in ((1000, 1), (1000, 5000), (200_000, 1300), (200_000, 70_000)):
        signal = rng.standard_normal(size).astype(np.float32)
        own = rng.standard_normal(length).astype(np.float32)
        expected = fftconvolve(signal.astype(float), own.astype(float))[:size]
        assert np.abs(reverb.convolved(signal, own) - expected).max() < 1e-5 * np.abs(expected).max()


# -- echo, comb filter -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["echo", "comb_filter"])
@pytest.mark.parametrize(
    ("rate", "channels", "kind"), [(8000, 1, "noise"), (44100, 2, "music"), (48000, 6, "music")]
)
def test_a_single_copy_is_mixed_in_and_found_again(name, rate, channels, kind):
    clip = make_clip(2.0, rate, channels, kind=kind)
    degradation = catalogue.get(name)
    delays = set()
    for level in LEVELS:
        strength = degradation.ladder.strength(level)
        rendered = render(name, clip, level)
        lag, gain = rendered.plan.params["delay_samples"], rendered.plan.params["copy_gain"]
        delays.add(lag)
        x = clip.samples.double().numpy()
        expected = x + gain * np.pad(x, ((0, 0), (lag, 0)))[:, : x.shape[1]]
        assert np.abs(degradation.damage(clip, rendered.plan.params).numpy() - expected).max() < 1e-6
        assert degradation.achieved(clip, rendered) == pytest.approx(strength, abs=0.02)
    assert len(delays) == 1, "all levels share one delay"


def test_the_delay_lies_where_it_should():
    clip = make_clip(1.0, 8000, 1)
    for name, module in (("echo", echo), ("comb_filter", comb_filter)):
        drawn = [catalogue.get(name).draw(clip, 1, 2.0, generator(seed)).params for seed in range(100)]
        seconds = np.array([params["delay_samples"] for params in drawn]) / 8000
        assert module.SHORTEST_SECONDS <= seconds.min() < seconds.max() <= module.LONGEST_SECONDS
        assert len(set(seconds.tolist())) > 20


@pytest.mark.parametrize("level", LEVELS)
def test_notches_are_as_deep_as_asked(level):
    degradation = catalogue.get("comb_filter")
    out = response("comb_filter", impulse(44100, 1, 2.0), level)[0]
    gain = 20 * np.log10(np.abs(np.fft.rfft(out, 2**20)))
    assert gain.max() - gain.min() == pytest.approx(degradation.ladder.strength(level), abs=0.1)
    assert comb_filter.depth_db(comb_filter.copy_gain(7.0)) == pytest.approx(7.0)


def test_a_clip_shorter_than_the_delay_is_refused():
    with pytest.raises(NotApplicableError, match="shorter than a delay"):
        render("echo", make_clip(0.1, 8000, 1), 1)
    assert delay.fitted_copy(make_clip(1.0, 8000, 1, kind="silence"), make_clip(1.0, 8000, 1), 0.1, 0.2) is None


# -- placebos --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["reverb", "echo", "comb_filter"])
def test_the_placebo_is_far_fainter_than_level_one(name):
    clip = builtin_sources()[1].load()
    placebo = catalogue.get(name).placebo
    faint = placebo.render(clip, 1, generator(cell_seed(3, clip.hash, *placebo.seed_key)))
    assert snr_db(clip, faint.clip.samples) > 40 + snr_db(clip, render(name, clip, 1).clip.samples)
