"""Signals that are not as music usually is: the panel has a score for whatever sounds, clean or damaged."""

from __future__ import annotations

import math

import pytest
import torch

from degrade_bench.clip import Clip
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.seeds import generator
from degrade_bench.errors import NotApplicableError
from degrade_bench.metric.catalogue import PANEL, load_metric
from tests.conftest import make_clip

RATE = 22050
DAMAGES = ["white_noise", "bit_depth", "mp3", "reverb", "concealed_dropouts", "pitch_shift", "gain"]


def music() -> torch.Tensor:
    return make_clip(6.0, RATE, 1).samples


def noise() -> torch.Tensor:
    return torch.from_numpy(generator(0).standard_normal((1, 6 * RATE), dtype="float32"))


ODD = {
    "opposite phase": lambda: torch.cat([music(), -music()]),
    "one silent side": lambda: torch.cat([music(), 0 * music()]),
    "one side of faint noise": lambda: torch.cat([music(), 1e-5 * noise()]),
    "a large offset": lambda: torch.cat([music(), music()]) + 0.3,
    "offsets in opposite phase": lambda: torch.cat([music() + 0.3, -music() - 0.3]),
    "very soft": lambda: 1e-4 * torch.cat([music(), -music()]),
}


@pytest.mark.parametrize("kind", ODD)
def test_whatever_sounds_has_a_score(kind):
    clip = Clip(kind, ODD[kind](), RATE)
    for name in DAMAGES:
        degradation = catalogue.get(name)
        try:
            damaged = degradation.render(clip, len(degradation.ladder.levels), generator(0)).clip.samples
        except NotApplicableError:
            continue
        for metric in (load_metric(panel, {}, "cpu") for panel in PANEL):
            reference = clip.samples[None] if metric.needs_reference else None
            scores = metric.score(damaged[None], RATE, reference)
            assert math.isfinite(float(scores)), (name, metric.name)
