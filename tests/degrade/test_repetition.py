"""Oracles of the damages to variety and density, and of their placebos."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch

from degrade_bench.clip import Annotations, Clip
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.dsp.joins import fade_half
from degrade_bench.degrade.seeds import cell_seed, generator
from degrade_bench.degrade.structural.density_thinning import faded, muting_order
from degrade_bench.degrade.structural.segments import repeatable, unit_bounds, unit_levels
from degrade_bench.errors import NotApplicableError
from tests.conftest import make_clip

LEVELS = (1, 2, 3, 4, 5)


def drawn(name: str, clip: Clip, level: int, seed: int = 3):
    degradation = catalogue.get(name)
    rng = generator(cell_seed(seed, clip.hash, *degradation.seed_key))
    return degradation.draw(clip, level, degradation.ladder.strength(level), rng)


def raw(name: str, clip: Clip, level: int) -> tuple[dict, torch.Tensor]:
    params = drawn(name, clip, level).params
    return params, catalogue.get(name).damage(clip, params)


def noise_clip(lengths: list[float], per_bar: int = 1, rate: int = 8000, silent: tuple[int, ...] = ()) -> Clip:
    """Noise with beats of the given lengths (seconds), a tenth of a second before and after them; bars may rest."""
    beats = 0.1 + np.concatenate([[0.0], np.cumsum(lengths)])
    noise = 0.1 * np.random.default_rng(1).standard_normal((2, round((beats[-1] + 0.1) * rate)))
    known = Annotations(tuple(beats.tolist()), tuple(beats[::per_bar].tolist()), beat_source="annotated")
    for bar in silent:
        noise[:, round(known.downbeats[bar] * rate) : round(known.downbeats[bar + 1] * rate)] = 0.0
    return Clip("noise", torch.from_numpy(noise.astype(np.float32)), rate, known)


@pytest.fixture(scope="module")
def builtin() -> list[Clip]:
    return [source.load() for source in builtin_sources()]


# -- monotony --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
def test_one_bar_plays_in_the_places_of_others(level, builtin):
    for clip in builtin[::3]:
        params, out = raw("monotony", clip, level)
        bounds, half = unit_bounds(clip, "bar"), fade_half(clip.sample_rate)
        assert out.shape == clip.samples.shape
        looped = set(range(len(bounds) - 1)) - set(drawn("monotony", clip, 5).params["units"])
        assert len(looped) == 1, "at level 5 there is one bar left"
        first = int(bounds[looped.pop()])
        for bar, (start, end) in enumerate(itertools.pairwise(bounds.tolist())):
            source = first if bar in params["units"] else start
            heard = clip.samples[:, source + half : source + end - start - half]
            assert torch.equal(out[:, start + half : end - half], heard)


def test_the_bar_that_is_looped_sounds_and_fills_the_places():
    even = noise_clip([0.5] * 12, silent=(0, 2, 3, 5, 6, 8, 9, 11))
    bounds = unit_bounds(even, "bar")
    assert repeatable(even, bounds, np.arange(12), slice(0, 12)).tolist() == [1, 4, 7, 10]
    assert repeatable(even, bounds, np.arange(2, 4), slice(0, 12)).tolist() == [2], "better a rest than none"
    ritardando = noise_clip([0.5, 0.48, 0.5, 0.5, 0.45, 0.5, 0.5, 0.9])
    bounds = unit_bounds(ritardando, "bar")
    assert repeatable(ritardando, bounds, np.arange(8), slice(0, 8)).tolist() == [0, 2, 3, 5, 6, 7]
    late = replace(ritardando, samples=ritardando.samples[:, : bounds[-1]])
    assert 7 in repeatable(late, bounds, np.arange(8), slice(0, 8)), "the last bar ends where the clip ends"
    last_is_short = noise_clip([0.5, 0.6, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5])
    last_is_short = replace(last_is_short, samples=last_is_short.samples[:, : -round(0.1 * 8000)])
    bounds = unit_bounds(last_is_short, "bar")
    assert 7 not in repeatable(last_is_short, bounds, np.arange(8), slice(0, 8)), "the longest place would run dry"
    assert np.allclose(unit_levels(even, unit_bounds(even, "bar"))[[1, 0]], [0.1, 0.0], atol=0.005)


def test_bars_of_uneven_estimated_length_give_way_as_well():
    rng = np.random.default_rng(0)
    for _ in range(20):
        clip = noise_clip((0.5 + 0.012 * rng.integers(-1, 2, size=10)).tolist(), rate=1000)
        params, out = raw("monotony", clip, 5)
        assert out.shape == clip.samples.shape
        assert all(0 <= start < end <= clip.num_samples for start, end in params["pieces"])


# -- density thinning ------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
def test_muted_beats_are_quiet_and_all_other_beats_are_whole(level, builtin):
    for clip in (*builtin[::3], make_clip(14.0, 8000, 1)):
        params, out = raw("density_thinning", clip, level)
        bounds, rate = unit_bounds(clip, "beat"), clip.sample_rate
        muted, downs = set(params["beats"]), set(unit_bounds(clip, "bar").tolist())
        beats = range(len(bounds) - 1)
        assert not {k for k in beats if bounds[k] in downs} & muted
        if level == 5:
            assert {k for k in beats if bounds[k] not in downs} == muted, "the downbeats alone"
        for k in beats:
            start, end = int(bounds[k]), int(bounds[k + 1])
            ahead = round(0.01 * rate)
            if k in muted:
                opening = end - round(0.031 * rate)
                assert torch.equal(out[:, start:opening], clip.samples[:, start:opening] * 10**-2.0)
            else:
                sounding = slice(max(0, start - ahead if k else 0), start + int(0.55 * (end - start)))
                assert torch.equal(out[:, sounding], clip.samples[:, sounding]), "the onset and what follows it"
                if k + 1 not in muted:
                    assert torch.equal(out[:, start:end], clip.samples[:, start:end])
        assert torch.equal(out[:, bounds[-1] :], clip.samples[:, bounds[-1] :])


def test_thinning_is_nested_and_takes_every_second_beat_first(builtin):
    for clip in builtin:
        ladder = [drawn("density_thinning", clip, level) for level in LEVELS]
        for fewer, more in itertools.pairwise(ladder):
            assert more.params["beats"][: len(fewer.params["beats"])] == fewer.params["beats"]
            assert fewer.achieved < more.achieved
        bar = len(clip.annotations.beats) // (len(clip.annotations.downbeats) - 1)
        places = np.asarray(ladder[-1].params["beats"]) % bar
        odd = places % 2 == 1
        assert odd[: odd.sum()].all()
    order = muting_order(np.arange(12) * 10, np.asarray([20, 60, 100]), generator(1))
    assert set(order) == {0, 1, 3, 4, 5, 7, 8, 9}, "a pickup's beats are weak"
    assert set(order[:5]) == {1, 3, 5, 7, 9}


@pytest.mark.parametrize("weak", [*range(5, 40), 150])
def test_five_levels_differ_however_many_weak_beats_there_are(weak):
    clip = noise_clip([0.1] * (2 * weak), per_bar=2, rate=1000)
    achieved = [drawn("density_thinning", clip, level).achieved for level in LEVELS]
    assert (np.diff(achieved) > 0).all()
    assert achieved[-1] == 100


def test_the_gates_have_no_edges():
    clip = noise_clip([0.5] * 33, per_bar=4, rate=44100)
    clip = replace(clip, samples=torch.ones_like(clip.samples))
    for name, depth in (("density_thinning", 40.0), ("density_thinning_placebo", 0.5)):
        for level in (1, 5):
            params, out = raw(name, clip, level)
            floor = 10 ** (-depth / 20)
            assert float(out.min()) == pytest.approx(floor)
            assert float(out.max()) == 1.0
            steepest = np.pi / 2 * (1 - floor) / (0.02 * 44100)  # a raised cosine of 20 ms
            assert float(out.diff(dim=1).abs().max()) <= 1.01 * steepest
            for start, closed, opening, end in params["gates"]:
                assert start <= closed <= opening <= end
    slope = faded(100, 1.0, 0.1)
    assert (slope.diff() < 0).all()
    assert slope[0] == pytest.approx(1.0, abs=1e-3)
    assert slope[-1] == pytest.approx(0.1, abs=1e-3)
    assert faded(0, 1.0, 0.1).shape == (0,)


@pytest.mark.parametrize("level", [1, 5])
def test_the_placebo_fades_in_the_same_places_half_a_decibel_deep(level, builtin):
    for clip in builtin[::4]:
        damage, placebo = drawn("density_thinning", clip, level), drawn("density_thinning_placebo", clip, level)
        assert placebo.params == {**damage.params, "depth_db": 0.5}
        out = catalogue.get("density_thinning_placebo").damage(clip, placebo.params)
        loud = clip.samples.abs() > 1e-3
        change_db = 20 * torch.log10((out / clip.samples)[loud])
        assert float(change_db.min()) == pytest.approx(-0.5, abs=1e-3)
        assert float(change_db.max()) == pytest.approx(0.0, abs=1e-3)


def test_a_clip_with_nothing_between_the_downbeats_is_not_applicable():
    with pytest.raises(NotApplicableError, match="needs 5 beats that are not downbeats; the clip has 0"):
        drawn("density_thinning", noise_clip([0.5] * 20), 1)
    with pytest.raises(NotApplicableError, match="needs 5 beats that are not downbeats; the clip has 4"):
        drawn("density_thinning", noise_clip([0.5] * 8, per_bar=2), 1)
    bare = replace(make_clip(9.0, 16000, 1), annotations=Annotations())
    with pytest.raises(NotApplicableError, match="needs beats; the clip has 0"):
        catalogue.get("density_thinning").render(bare, 1, generator(1))
