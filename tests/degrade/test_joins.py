"""Cutting audio into pieces and joining them again, sample by sample."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from degrade_bench.degrade.dsp.joins import (
    fade_half,
    join_positions,
    merged,
    played,
    reassembled,
)
from tests.degrade.probes import discontinuities


def test_joins():
    samples = torch.arange(4000, dtype=torch.float32)[None] / 4000
    assert merged([(0, 10), (10, 20), (30, 30), (40, 50)]) == [(0, 20), (40, 50)]
    assert torch.equal(reassembled(samples, [(0, 1000), (1000, 4000)], 8000), samples), "no join, no change"
    out = reassembled(samples, [(2000, 4000), (0, 2000)], 8000)
    half = fade_half(8000)
    assert out.shape == samples.shape
    assert torch.equal(out[:, : 2000 - half], samples[:, 2000 : 4000 - half])
    assert torch.equal(out[:, 2000 + half :], samples[:, half:2000])
    assert discontinuities(samples, [(0, 2000), (2000, 4000)], 8000) == []
    noise = torch.from_numpy(np.random.default_rng(0).standard_normal((1, 80000)).astype(np.float32))
    assert discontinuities(noise, [(0, 30000), (50000, 80000)], 44100)[0] == pytest.approx(1.0, abs=0.15)


def test_pieces_play_backwards():
    samples = torch.arange(4000, dtype=torch.float32)[None] / 4000
    assert merged([(9, 5), (5, 2), (2, 4)]) == [(9, 2), (2, 4)]
    assert join_positions([(9, 5), (5, 2), (2, 4)]) == [7]
    assert torch.equal(reassembled(samples, [(4000, 2500), (2500, 0)], 8000), samples.flip(1)), "no join, no change"
    turned = reassembled(samples, [(0, 1000), (3000, 1000), (3000, 4000)], 8000)
    ahead, back = samples[:, 1000 - 40 : 1000 + 40], samples[:, 3000 - 40 : 3000 + 40].flip(1)
    angle = (torch.arange(80) + 0.5) / 80 * np.pi / 2
    assert torch.allclose(turned[:, 960:1040], ahead * torch.cos(angle) + back * torch.sin(angle))
    again = reassembled(turned, [(0, 1000), (3000, 1000), (3000, 4000)], 8000)
    half, same = fade_half(8000), torch.ones(4000, dtype=torch.bool)
    for join in (1000, 3000):
        same[join - half : join + half] = False
    assert torch.equal(again[:, same], samples[:, same])
    assert discontinuities(samples, [(0, 2000), (2000, 0)], 8000)[0] < 0.02, "a turn on the spot is smooth"


def test_beyond_the_clip_lies_silence():
    samples = torch.ones(2, 10)
    assert played(samples, -3, 4)[0].tolist() == [0, 0, 0, 1, 1, 1, 1]
    assert played(samples, 4, -3)[0].tolist() == [1, 1, 1, 1, 0, 0, 0]
    assert played(samples, 8, 13)[1].tolist() == [1, 1, 0, 0, 0]
    assert played(samples, -5, -2).tolist() == played(samples, 12, 15).tolist() == [[0, 0, 0]] * 2
    assert played(samples, -1, 12).shape == (2, 13)
