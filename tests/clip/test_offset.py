"""A constant offset is found and taken out, and nothing else is touched; channels that cancel are told."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from degrade_bench.clip.mixdown import cancels, one_channel
from degrade_bench.clip.offset import LEAST_OFFSET_DB, constant_offset, without_offset
from tests.conftest import make_clip


@pytest.fixture(scope="module")
def music() -> torch.Tensor:
    samples = make_clip(4.0, 22050, 2).samples
    return samples - samples.mean(dim=1, keepdim=True)


@pytest.mark.parametrize("offset", [0.5, -0.02, 3.0])
def test_an_offset_is_taken_out(music, offset):
    assert constant_offset(music + offset).ravel() == pytest.approx([offset, offset], abs=1e-6)
    assert torch.allclose(without_offset(music + offset), music, atol=1e-6)


def test_only_the_channel_that_has_one(music):
    shifted = music.clone()
    shifted[1] += 0.1
    centred = without_offset(shifted)
    assert torch.equal(centred[0], music[0])
    assert torch.allclose(centred[1], music[1], atol=1e-6)
    assert torch.equal(shifted[0], music[0]), "the input was written to"


def test_what_is_smaller_passes_through_bit_for_bit(music):
    rms = float(music[0].double().square().mean().sqrt())
    under = music + 0.9 * rms * 10 ** (LEAST_OFFSET_DB / 20)
    assert without_offset(under) is under
    silent = torch.zeros(1, 10)
    assert without_offset(silent) is silent


def test_a_channel_that_is_nothing_but_an_offset_is_silent():
    assert torch.equal(without_offset(torch.full((2, 100), 0.25)), torch.zeros(2, 100))


def test_channels_that_cancel(music):
    left, right = music.numpy()
    noise = np.random.default_rng(0).standard_normal(len(left))
    assert cancels(np.stack([left, -left]))
    assert cancels(np.stack([left, -1.1 * left]))
    assert cancels(np.stack([left, -left, 0 * left]))
    assert not cancels(np.stack([left, left]))
    assert not cancels(np.stack([left, 0 * left]))
    assert not cancels(np.stack([left, noise]))
    assert np.array_equal(one_channel(np.stack([left, -1.1 * left])), (-1.1 * left).astype(np.float64))
    assert np.array_equal(one_channel(np.stack([left, right])), np.stack([left, right]).mean(axis=0, dtype=float))
    assert np.array_equal(one_channel(left[None]), left.astype(np.float64))
    assert np.array_equal(one_channel(np.zeros((2, 5))), np.zeros(5))
