"""Oracles of stereo damage: mid, side and balance against arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from degrade_bench.clip import Clip
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade import catalogue
from degrade_bench.errors import NotApplicableError
from tests.conftest import make_clip
from tests.degrade.probes import LEVELS, error, render, undone_gain


@pytest.fixture(scope="module")
def builtin() -> list[Clip]:
    clips = [source.load() for source in builtin_sources()[:3]]
    return [clip.with_samples(clip.samples[:, : 5 * clip.sample_rate].contiguous()) for clip in clips]


def test_collapse_scales_the_side_and_keeps_the_mid(builtin):
    for clip in builtin:
        x = clip.samples.double().numpy()
        for level, removed in zip(LEVELS, (20, 40, 60, 80, 100), strict=True):
            rendered = render("stereo_collapse", clip, level)
            y = undone_gain(rendered)
            assert np.allclose(y.sum(axis=0), x.sum(axis=0), atol=1e-6)
            assert np.allclose(y[0] - y[1], (1 - removed / 100) * (x[0] - x[1]), atol=1e-6)
            assert catalogue.get("stereo_collapse").achieved(clip, rendered) == pytest.approx(removed, abs=0.1)
        mono = render("stereo_collapse", clip, 5).clip.samples
        assert torch.equal(mono[0], mono[1])


def test_imbalance_turns_down_one_channel_the_same_at_every_level(builtin):
    chosen = set()
    for clip in builtin:
        channels = {render("channel_imbalance", clip, level).plan.params["channel"] for level in LEVELS}
        assert len(channels) == 1
        chosen |= channels
        for level, decibels in zip(LEVELS, (1.5, 3.0, 6.0, 12.0, 24.0), strict=True):
            rendered = render("channel_imbalance", clip, level)
            gains = undone_gain(rendered) / np.where(clip.samples == 0, 1, clip.samples.double())
            down = rendered.plan.params["channel"]
            loud = clip.samples.abs().numpy() > 0.01
            assert np.allclose(gains[1 - down][loud[1 - down]], 1, atol=1e-5)
            assert np.allclose(gains[down][loud[down]], 10 ** (-decibels / 20), atol=1e-5)
            assert catalogue.get("channel_imbalance").achieved(clip, rendered) == pytest.approx(decibels, abs=0.01)
    plans = [
        catalogue.get("channel_imbalance").draw(builtin[0], 1, 1.5, np.random.default_rng(seed))
        for seed in range(9)
    ]
    assert {plan.params["channel"] for plan in plans} == {0, 1}


@pytest.mark.parametrize("name", ["stereo_collapse", "channel_imbalance"])
def test_the_placebo_is_far_fainter(builtin, name):
    for clip in builtin:
        assert error(f"{name}_placebo", clip, 1) < error(name, clip, 1) / 500


@pytest.mark.parametrize("name", ["stereo_collapse", "channel_imbalance"])
@pytest.mark.parametrize("channels", [1, 3, 6])
def test_two_channels_are_needed(name, channels):
    with pytest.raises(NotApplicableError, match="needs two channels"):
        render(name, make_clip(1.0, 8000, channels), 1)


def test_what_has_no_image_is_refused():
    clip = make_clip(1.0, 8000, 2)
    left = clip.samples[:1]
    for samples, reason in (
        (torch.cat([left, left]), "alike"),
        (torch.cat([left, -left]), "cancel out"),
        (torch.zeros(2, 8000), "alike"),
    ):
        with pytest.raises(NotApplicableError, match=reason):
            render("stereo_collapse", clip.with_samples(samples), 1)
    for samples in (torch.cat([left, 0 * left]), torch.zeros(2, 8000)):
        with pytest.raises(NotApplicableError, match="silent"):
            render("channel_imbalance", clip.with_samples(samples), 1)
