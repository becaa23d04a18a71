"""Oracles of the clippers: numpy.clip, pedalboard, the formula of a waveshaper."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pedalboard import Clipping

from degrade_bench.clip import Clip
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade import catalogue
from degrade_bench.errors import NotApplicableError
from tests.conftest import make_clip
from tests.degrade.probes import LEVELS, harm_db, raw, render

CLIPPERS = ("hard_clipping", "soft_clipping", "percentile_clipping")


@pytest.fixture(scope="module")
def builtin() -> list[Clip]:
    return [source.load() for source in builtin_sources()[:3]]


# -- by share ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
def test_percentile_clipping_is_numpy_clip_and_cuts_the_asked_share(builtin, level):
    asked = (0.5, 2.0, 5.0, 15.0, 40.0)[level - 1]
    for clip in builtin:
        threshold = render("percentile_clipping", clip, level).plan.params["threshold"]
        expected = np.clip(clip.samples.numpy(), -threshold, threshold)
        assert np.array_equal(raw("percentile_clipping", clip, level), expected)
        cut = 100 * np.mean(np.abs(clip.samples.numpy()) > threshold)
        assert cut == pytest.approx(asked, rel=0.02, abs=0.01)


def test_no_share_of_a_square_wave_can_be_cut_off():
    with pytest.raises(NotApplicableError, match="no threshold"):
        render("percentile_clipping", make_clip(2.0, 8000, 1, kind="square"), 1)


# -- by level ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
def test_hard_clipping_is_numpy_clip_so_many_db_under_the_peak(builtin, level):
    overdrive = catalogue.get("hard_clipping").ladder.strength(level)
    for clip in builtin:
        samples = clip.samples.numpy()
        threshold = float(np.abs(samples).max()) * 10 ** (-overdrive / 20)
        out = raw("hard_clipping", clip, level)
        assert np.array_equal(out, np.clip(samples, -threshold, threshold))
        theirs = Clipping(threshold_db=float(20 * np.log10(threshold)))(samples, clip.sample_rate)
        assert np.abs(out - theirs).max() < 1e-5
        rendered = render("hard_clipping", clip, level)
        assert catalogue.get("hard_clipping").achieved(clip, rendered) == pytest.approx(overdrive, abs=0.01)


def test_channels_share_a_threshold():
    loud = make_clip(2.0, 16000, 1)
    clip = Clip("unequal", torch.cat([loud.samples, 0.1 * loud.samples]), 16000)
    out = raw("hard_clipping", clip, 3)
    assert np.array_equal(out[1], clip.samples[1].numpy())
    assert not np.array_equal(out[0], clip.samples[0].numpy())


# -- by curve ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
def test_soft_clipping_is_a_hyperbolic_tangent(builtin, level):
    drive_db = catalogue.get("soft_clipping").ladder.strength(level)
    for clip in builtin:
        x = clip.samples.double().numpy()
        scale = 10 ** (drive_db / 20) / np.abs(x).max()
        assert np.abs(raw("soft_clipping", clip, level) - np.tanh(scale * x) / scale).max() < 1e-6
        rendered = render("soft_clipping", clip, level)
        assert catalogue.get("soft_clipping").achieved(clip, rendered) == pytest.approx(drive_db, abs=0.05)


def test_soft_clipping_of_a_sine_adds_odd_harmonics_and_leaves_soft_passages_alone():
    t = np.arange(8000) / 8000
    sine = Clip("sine", torch.from_numpy((0.5 * np.sin(2 * np.pi * 100 * t))[None].astype(np.float32)), 8000)
    spectrum = np.abs(np.fft.rfft(raw("soft_clipping", sine, 3)[0].astype(np.float64)))
    odd, even = spectrum[[300, 500, 700]], spectrum[[0, 200, 400, 600]]
    assert (odd > 0.05 * spectrum[100]).all()
    assert (even < 1e-5 * spectrum[100]).all()
    music = make_clip(2.0, 16000, 1)
    quiet = music.samples.abs() < 1e-3 * music.samples.abs().max()
    out = torch.from_numpy(raw("soft_clipping", music, 3))
    assert torch.allclose(out[quiet], music.samples[quiet], rtol=1e-3, atol=0)


# -- all -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CLIPPERS)
def test_a_level_means_the_same_for_quiet_and_loud_files(name, builtin):
    clip = builtin[0]
    for gain in (1e-3, 8.0):
        scaled = Clip("scaled", clip.samples * gain, clip.sample_rate)
        out, expected = raw(name, scaled, 3), raw(name, clip, 3) * gain
        assert np.abs(out - expected).max() < 1e-5 * np.abs(expected).max()


@pytest.mark.parametrize("name", CLIPPERS)
def test_more_drive_does_more_harm_and_the_placebo_hardly_any(name, builtin):
    for clip in builtin:
        harms = [harm_db(name, clip, level) for level in LEVELS]
        assert (np.diff(harms) > 0).all()
        assert harm_db(f"{name}_placebo", clip, 1) < harms[0] - 25


@pytest.mark.parametrize("name", ["hard_clipping", "soft_clipping"])
@pytest.mark.parametrize(("kind", "said"), [("silence", "silent"), ("square", "square wave")])
def test_there_is_nothing_to_clip_in_silence_or_a_square_wave(name, kind, said):
    with pytest.raises(NotApplicableError, match=said):
        render(name, make_clip(2.0, 8000, 1, kind=kind), 1)
