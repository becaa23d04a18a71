"""What degradations remember goes when the next one begins; what is known of a clip stays, unless it is large."""

from __future__ import annotations

import pytest

from degrade_bench._support import caching
from degrade_bench.clip import Clip
from degrade_bench.clip.loudness import clip_lufs
from degrade_bench.corpus.source import MemorySource
from degrade_bench.degrade import catalogue, memory
from degrade_bench.degrade.seeds import generator
from degrade_bench.runs.columns import CLEAN
from degrade_bench.sweep.block import block_result
from degrade_bench.sweep.cells import Block, Cell
from degrade_bench.sweep.examples import Playing, excerpts
from tests.conftest import make_clip


def owners():
    return {type(owner) for answers in caching._kept.values() for owner in answers}


@pytest.fixture
def clip():
    caching.forget(lambda owner: False)
    return make_clip(4.0, 16000, 2)


NAMES = ("white_noise", "layer_mistuning", "polarity", "wow")


@pytest.mark.parametrize("most", [memory.LARGE_BYTES, 1000])
def test_after_a_block_nothing_of_the_degradations_is_left(clip, monkeypatch, most):
    monkeypatch.setattr(memory, "LARGE_BYTES", most)
    loudness = clip_lufs(clip)
    for name in NAMES:
        damage = catalogue.get(name)
        cells = [
            Cell(None, 0, 0, CLEAN),
            Cell(damage, 1, 0, "test"),
            Cell(damage.placebo or damage, 1, 0, "placebo"),
        ]
        result = block_result(clip, Block(name, tuple(cells)), 0, (), (), {}, None)
        assert result.block == name
        assert owners() == ({Clip} if most > clip.samples.nbytes else set())
    assert clip_lufs(clip) == loudness


def test_after_the_excerpts_too(clip):
    degradations = tuple(catalogue.get(name) for name in NAMES)
    excerpts(clip, Playing(MemorySource(clip.id, clip), degradations, (1, 5), 0))
    assert owners() <= {Clip}


def test_what_is_rendered_again_is_the_same(clip):
    damage = catalogue.get("layer_mistuning")
    first = damage.render(clip, 3, generator(1)).clip.hash
    assert damage.render(clip, 3, generator(1)).clip.hash == first
    caching.forget(lambda owner: False)
    assert damage.render(clip, 3, generator(1)).clip.hash == first
