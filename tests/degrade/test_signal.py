"""Oracles of the signal damages: what came out, measured by other means than the code's own."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from degrade_bench.clip import Clip
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.base import Rendered
from degrade_bench.degrade.seeds import cell_seed, generator
from degrade_bench.errors import NotApplicableError
from tests.conftest import make_clip


def render(name: str, clip: Clip, level: int) -> Rendered:
    degradation = catalogue.get(name)
    return degradation.render(clip, level, generator(cell_seed(3, clip.hash, *degradation.seed_key)))


def undone_gain(rendered: Rendered) -> np.ndarray:
    return (rendered.clip.samples.double() * 10 ** (-rendered.plan.gain_db / 20)).numpy()


@pytest.fixture(scope="module")
def builtin() -> list[Clip]:
    return [source.load() for source in builtin_sources()[:3]]


# -- white noise ---------------------------------------------------------------------------------------


@settings(max_examples=20, deadline=None, derandomize=True)
@given(
    rate=st.sampled_from([8000, 22050, 44100, 192000]),
    channels=st.integers(1, 6),
    seconds=st.floats(1, 4),
    level=st.integers(1, 5),
)
def test_noise_has_the_asked_ratio_to_a_signal_that_never_pauses(rate, channels, seconds, level):
    clip = make_clip(seconds, rate, channels, kind="noise")
    rendered = render("white_noise", clip, level)
    noise = undone_gain(rendered) - clip.samples.double().numpy()
    snr = 10 * np.log10(np.mean(clip.samples.double().numpy() ** 2) / np.mean(noise**2))
    assert snr == pytest.approx((40.0, 30.0, 20.0, 10.0, 0.0)[level - 1], abs=0.1)
    assert catalogue.get("white_noise").achieved(clip, rendered) == pytest.approx(snr, abs=0.1)


def test_noise_is_measured_against_the_active_level():
    music = make_clip(4.0, 16000, 1, kind="noise")
    padded = Clip("padded", torch.nn.functional.pad(music.samples, (0, 12 * 16000)), 16000)
    noise = undone_gain(render("white_noise", padded, 3)) - padded.samples.double().numpy()
    power = float(music.samples.double().square().mean())
    assert 10 * np.log10(power / np.mean(noise**2)) == pytest.approx(20.0, abs=0.1)


def test_all_levels_share_one_white_noise(builtin):
    clip = builtin[0]
    noises = [undone_gain(render("white_noise", clip, level)) - clip.samples.double().numpy() for level in (2, 5)]
    for channel in range(clip.channels):
        assert np.corrcoef(noises[0][channel], noises[1][channel])[0, 1] > 0.999
    assert abs(np.corrcoef(noises[1])[0, 1]) < 0.01, "channels have noise of their own"
    spectrum = np.abs(np.fft.rfft(noises[1][0])) ** 2
    bands = [band.mean() for band in np.array_split(spectrum, 10)]
    assert max(bands) / min(bands) < 1.1, "white: the same power everywhere"


def test_another_replicate_and_another_run_seed_draw_other_noise(builtin):
    clip, degradation = builtin[0], catalogue.get("white_noise")
    keys = [(0, 0), (0, 1), (1, 0)]
    seeds = [cell_seed(seed, clip.hash, *degradation.seed_key, replicate) for seed, replicate in keys]
    drawn = {degradation.plan(clip, 1, generator(seed)).params["noise_seed"] for seed in seeds}
    assert len(drawn) == 3


# -- hard clipping -------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_clipping_is_numpy_clip_and_cuts_the_asked_share(builtin, level):
    asked = (0.5, 2.0, 5.0, 15.0, 40.0)[level - 1]
    for clip in builtin:
        rendered = render("hard_clipping", clip, level)
        threshold = rendered.plan.params["threshold"]
        expected = np.clip(clip.samples.numpy(), -threshold, threshold)
        raw = catalogue.get("hard_clipping").damage(clip, rendered.plan.params).numpy()
        assert np.array_equal(raw, expected)
        cut = 100 * np.mean(np.abs(clip.samples.numpy()) > threshold)
        assert cut == pytest.approx(asked, rel=0.02, abs=0.01)


def test_there_is_nothing_to_clip_in_a_square_wave():
    with pytest.raises(NotApplicableError, match="no threshold"):
        render("hard_clipping", make_clip(2.0, 8000, 1, kind="square"), 1)
