"""Dynamics: what the gain does, against slow loops, analytic answers and the threshold."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from degrade_bench.clip import Clip
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.dsp import gain_curve
from degrade_bench.degrade.plan import Rendered
from degrade_bench.degrade.seeds import cell_seed, generator
from degrade_bench.degrade.signal import compression, limiter
from degrade_bench.errors import NotApplicableError
from tests.conftest import make_clip

LEVELS = (1, 2, 3, 4, 5)
NAMES = ("compression", "limiter", "level_wobble")


def render(name: str, clip: Clip, level: int) -> Rendered:
    degradation = catalogue.get(name)
    return degradation.render(clip, level, generator(cell_seed(3, clip.hash, *degradation.seed_key)))


def damaged(name: str, clip: Clip, level: int) -> np.ndarray:
    return catalogue.get(name).damage(clip, render(name, clip, level).plan.params).double().numpy()


@pytest.fixture(scope="module")
def builtin() -> list[Clip]:
    return [source.load() for source in builtin_sources()[:3]]


def steps(levels_db: list[float], seconds: float = 1.0, rate: int = 16000) -> Clip:
    """A tone of 500 Hz that steps from level to level."""
    n = round(seconds * rate)
    gain = np.repeat(10 ** (np.asarray(levels_db) / 20), n)
    tone = np.sin(2 * np.pi * 500 * np.arange(len(gain)) / rate)
    return Clip("steps", torch.from_numpy((gain * tone).astype(np.float32))[None], rate)


# -- the gain curve ----------------------------------------------------------------------------------------


def test_falling_is_the_loop_that_it_replaces():
    values = np.random.default_rng(1).normal(0, 10, 500)
    expected = [values[0]]
    for value in values[1:]:
        expected.append(max(value, expected[-1] - 0.7))
    assert gain_curve.falling(values, 0.7) == pytest.approx(expected)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(count=st.integers(1, 700), length=st.integers(1, 80), channels=st.integers(1, 3))
def test_a_gain_is_interpolated_between_the_bounds_of_blocks(count, length, channels):
    blocks = -(-count // length)
    bounds_db = np.random.default_rng(count).uniform(-20, 20, blocks + 1)
    out = gain_curve.with_gain(torch.ones(channels, count), bounds_db, length).numpy()
    expected = np.interp(np.arange(count) / length, np.arange(blocks + 1), 10 ** (bounds_db / 20))
    assert out == pytest.approx(np.tile(expected, (channels, 1)), rel=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_the_gain_is_the_same_in_every_channel_and_has_no_steps(name, builtin):
    clip = builtin[2]
    x, y = clip.samples.double().numpy(), damaged(name, clip, 5)
    sounding = (np.abs(x) > 1e-3).all(axis=0)
    gain = y[:, sounding] / x[:, sounding]
    assert np.allclose(gain[0], gain[1], rtol=1e-4)
    neighbours = np.diff(np.flatnonzero(sounding)) == 1
    jump_db = np.abs(np.diff(20 * np.log10(gain[0])))[neighbours]
    assert jump_db.max() < 0.5


@pytest.mark.parametrize("name", NAMES)
def test_silence_is_refused(name):
    with pytest.raises(NotApplicableError, match=r"silent|sounds for"):
        render(name, make_clip(2.0, 8000, 2, kind="silence"), 1)


@pytest.mark.parametrize("name", NAMES)
def test_the_placebo_is_far_fainter_than_level_one(name, builtin):
    def snr_db(clip: Clip, out: torch.Tensor) -> float:
        return float(10 * torch.log10(clip.samples.square().sum() / (out - clip.samples).square().sum()))

    placebo = catalogue.get(name).placebo
    for clip in builtin:
        faint = placebo.render(clip, 1, generator(cell_seed(3, clip.hash, *placebo.seed_key)))
        assert snr_db(clip, faint.clip.samples) > 38 + snr_db(clip, render(name, clip, 1).clip.samples)


# -- compression -------------------------------------------------------------------------------------------


def test_compression_follows_its_slope_on_steps_of_level():
    levels_db = [-30.0, -20.0, -10.0, -25.0, -15.0]
    clip = steps(levels_db)
    degradation = catalogue.get("compression")
    params = {"threshold_db": -33.0, "slope": 0.75}  # 4:1, under everything
    out = degradation.damage(clip, params).double().numpy()[0]
    for i, level_db in enumerate(levels_db):
        settled = slice(round((i + 0.6) * 16000), round((i + 0.95) * 16000))
        gain = 10 * np.log10(np.mean(out[settled] ** 2) / np.mean(clip.samples[0, settled].double().numpy() ** 2))
        assert gain == pytest.approx(-0.75 * (level_db - 3.01 + 33.0), abs=0.3)


def test_compression_attacks_fast_and_lets_go_at_its_rate():
    clip = steps([-40.0, -10.0, -40.0])
    envelope = compression.envelope_db(clip)
    at = np.arange(len(envelope)) * gain_curve.block_length(16000) / 16000
    assert envelope[at < 0.99].max() < -42
    assert envelope[np.searchsorted(at, 1.02)] == pytest.approx(-13, abs=1.0), "up within 20 ms"
    two = envelope[np.searchsorted(at, [2.1, 2.3])]
    assert two[0] - two[1] == pytest.approx(0.2 * compression.RELEASE_DB_PER_SECOND, rel=0.05)


@pytest.mark.parametrize("name", ["compression", "level_wobble"])
def test_the_gain_moves_by_the_asked_rms_and_all_levels_share_its_curve(name, builtin):
    degradation = catalogue.get(name)
    for clip in builtin:
        x = clip.samples.double().numpy()
        sounding = np.abs(x[0]) > 0.02
        curves = []
        for level in LEVELS:
            rendered = render(name, clip, level)
            strength = degradation.ladder.strength(level)
            assert degradation.achieved(clip, rendered) == pytest.approx(strength, rel=0.01)
            raw = degradation.damage(clip, rendered.plan.params).double().numpy()
            curves.append(20 * np.log10(raw[0, sounding] / x[0, sounding]))
        assert np.corrcoef(curves)[0].min() > 0.99


def test_what_has_no_dynamics_is_not_compressed():
    with pytest.raises(NotApplicableError, match="no dynamics"):
        render("compression", make_clip(3.0, 16000, 1, kind="square"), 1)


# -- limiter -----------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    rate=st.sampled_from([8000, 22050, 44100, 192000]),
    channels=st.integers(1, 6),
    kind=st.sampled_from(["music", "noise", "square"]),
    level=st.integers(1, 5),
    scale=st.sampled_from([1e-4, 1.0, 7.0]),
)
def test_no_sample_exceeds_the_limiters_threshold_and_the_peak_meets_it(rate, channels, kind, level, scale):
    clip = make_clip(1.0, rate, channels, kind=kind)
    clip = Clip("scaled", clip.samples * scale, rate)
    threshold = render("limiter", clip, level).plan.params["threshold"]
    asked = catalogue.get("limiter").ladder.strength(level)
    assert 20 * np.log10(float(clip.samples.abs().max()) / threshold) == pytest.approx(asked, abs=1e-3)
    peak = np.abs(damaged("limiter", clip, level)).max()
    assert peak <= threshold
    assert peak == pytest.approx(threshold, rel=1e-5)


def test_the_limiter_leaves_alone_what_is_under_its_threshold():
    clip = steps([-30.0, -6.0, -30.0])
    out = damaged("limiter", clip, 1)[0]
    x = clip.samples.double().numpy()[0]
    far_before, far_after = slice(0, round(0.98 * 16000)), slice(round(2.2 * 16000), None)
    assert np.array_equal(out[far_before], x[far_before])
    assert np.array_equal(out[far_after], x[far_after])
    middle = slice(round(1.2 * 16000), round(1.8 * 16000))
    assert 20 * np.log10(np.abs(out[middle]).max()) == pytest.approx(-12.0, abs=0.01)


def test_the_limiter_looks_ahead():
    samples = torch.full((1, 16000), 0.01)
    samples[0, 8000] = 1.0
    bounds = limiter.reduction_db(gain_curve.peaks(Clip("click", samples, 16000)), 0.1, 16000)
    at_ms = 1000 * (np.arange(len(bounds)) * gain_curve.block_length(16000) - 8000) / 16000
    assert bounds[at_ms < -15].max() == 0.0
    assert 0 < bounds[np.searchsorted(at_ms, -6.0)] < 20
    assert bounds.max() == pytest.approx(20.0, abs=1e-3)
    later = bounds[np.searchsorted(at_ms, [30.0, 60.0])]
    assert later[0] - later[1] == pytest.approx(0.03 * limiter.RELEASE_DB_PER_SECOND, rel=0.1)
