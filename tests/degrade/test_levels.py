"""Levels of signals that are not as music usually is: shifted from zero, in opposite phase, very soft."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from degrade_bench.clip import Clip
from degrade_bench.clip.loudness import integrated_lufs
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.dsp.amplitude import active_rms, signal_rms
from degrade_bench.degrade.seeds import generator
from degrade_bench.errors import NotApplicableError
from tests.conftest import make_clip

NOISES = ["white_noise", "pink_noise", "brown_noise", "hum", "crackle", "birdies"]
MATCHED = [name for name in catalogue.names() if catalogue.get(name).matches_loudness]


@pytest.fixture(scope="module")
def music() -> Clip:
    return make_clip(12.0, 22050, 2)


def changed(clip: Clip, samples: torch.Tensor) -> Clip:
    return clip.with_samples(samples)


def added(degradation: Degradation, clip: Clip, level: int) -> torch.Tensor:
    """What a degradation adds to a clip, before loudness is matched."""
    rng = generator(1)
    drawn = degradation.draw(clip, level, degradation.ladder.strength(level), rng)
    return degradation.damage(clip, drawn.params) - clip.samples


@pytest.mark.parametrize("name", [*NOISES, "noise_burst", "clicks", "pmqd_noise"])
def test_noise_is_as_loud_whatever_the_offset(name, music):
    degradation = catalogue.get(name)
    expected = added(degradation, music, 2)
    noise = added(degradation, changed(music, music.samples + 0.5), 2)
    assert signal_rms(noise) == pytest.approx(signal_rms(expected), rel=2e-3)


@pytest.mark.parametrize("name", NOISES)
def test_the_achieved_ratio_is_of_the_music_and_not_of_its_offset(name, music):
    degradation, clip = catalogue.get(name), changed(music, music.samples + 0.5)
    rendered = degradation.render(clip, 3, generator(1))
    assert degradation.achieved(clip, rendered) == pytest.approx(degradation.ladder.strength(3), abs=0.3)


def test_pauses_with_an_offset_are_pauses():
    samples = make_clip(4.0, 16000, 1).samples
    paused = torch.cat([samples, torch.zeros(1, 64000)], dim=1)
    shifted = Clip("a", paused + 0.3, 16000)
    assert active_rms(shifted) == pytest.approx(active_rms(Clip("b", paused, 16000)), rel=1e-2)


def test_a_lag_is_found_in_channels_that_cancel_and_beside_an_offset():
    from degrade_bench.degrade.signal.concealed_dropouts import ConcealedDropouts

    t = np.arange(16000) / 16000
    left = torch.from_numpy((0.4 * np.sin(2 * np.pi * 100 * t)).astype(np.float32))
    packets = {"packets": [10, 20, 30]}
    for clip in (Clip("opposite", torch.stack([left, -left]), 16000), Clip("shifted", left[None] + 0.5, 16000)):
        concealed = ConcealedDropouts().damage(clip, packets)
        middle = slice(10 * 320, 10 * 320 + 160)  # before the fade begins
        assert torch.allclose(concealed[:, middle], clip.samples[:, middle], atol=0.02)


@pytest.mark.parametrize("name", MATCHED)
def test_soft_music_is_damaged_at_its_loudness(name, music):
    """60 dB under the usual, where the standard's gate leaves nothing; measured 60 dB up again."""
    degradation, clip = catalogue.get(name), changed(music, 1e-3 * music.samples)
    try:
        rendered = degradation.render(clip, len(degradation.ladder.levels), generator(1))
    except NotApplicableError:
        return
    lufs = integrated_lufs(1e3 * rendered.clip.samples, clip.sample_rate)
    assert lufs == pytest.approx(integrated_lufs(1e3 * clip.samples, clip.sample_rate), abs=0.1)


def test_a_damage_that_leaves_silence_does_not_apply(music):
    class Mute(type(catalogue.get("white_noise"))):  # type: ignore[misc]
        def damage(self, clip, params):
            return 0 * clip.samples

    with pytest.raises(NotApplicableError, match="leaves silence"):
        Mute().render(music, 1, generator(0))
