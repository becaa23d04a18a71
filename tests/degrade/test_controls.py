"""Controls do what they say, and nothing more."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from degrade_bench.clip import Clip
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.base import Rendered
from degrade_bench.degrade.seeds import cell_seed, generator
from degrade_bench.errors import NotApplicableError
from degrade_bench.loudness import clip_lufs, integrated_lufs
from tests.conftest import make_clip


def render(name: str, clip: Clip, level: int) -> Rendered:
    degradation = catalogue.get(name)
    return degradation.render(clip, level, generator(cell_seed(3, clip.hash, *degradation.seed_key)))


@pytest.fixture(scope="module")
def clip() -> Clip:
    return builtin_sources()[2].load()


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
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


def test_polarity(clip):
    assert torch.equal(render("polarity", clip, 1).clip.samples, -clip.samples)


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
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


@pytest.mark.parametrize("level", [1, 2])
def test_a_transparent_codec_changes_next_to_nothing(clip, level):
    out = render("mp3_transparent", clip, level).clip.samples
    error = float((out - clip.samples).square().mean() / clip.samples.square().mean())
    assert 0 < error < 10 ** (-25 / 10)


@pytest.mark.parametrize("name", ["white_noise", "hard_clipping", "low_pass", "mp3"])
def test_faint_placebos_are_far_below_level_one(clip, name):
    clean = clip.samples.double()

    def harm(which: str, level: int) -> float:
        rendered = render(which, clip, level)
        undone = rendered.clip.samples.double() * 10 ** (-rendered.plan.gain_db / 20)
        return float((undone - clean).square().mean() / clean.square().mean())

    assert harm(f"{name}_placebo", 1) < 0.25 * harm(name, 1)
