"""Oracles of bars that come from another piece: in the whole mix, and in one stem."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch

from degrade_bench.clip import Annotations, Clip
from degrade_bench.clip.loudness import clip_lufs, integrated_lufs
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.dsp.joins import PLACEBO_OFFSETS_MS, fade_half, join_positions
from degrade_bench.degrade.plan import Drawn, Plan
from degrade_bench.degrade.seeds import cell_seed, generator
from degrade_bench.degrade.structural import donors
from degrade_bench.degrade.structural.foreign_bars import OwnBars, Substitution
from degrade_bench.degrade.structural.layers import layers
from degrade_bench.errors import NotApplicableError, PlanError
from tests.conftest import make_clip
from tests.degrade.probes import discontinuities


def drawn(name: str, clip: Clip, level: int, replicate: int = 0) -> Drawn:
    degradation = catalogue.get(name)
    rng = generator(cell_seed(3, clip.hash, *degradation.seed_key, replicate))
    return degradation.draw(clip, level, degradation.ladder.strength(level), rng)


@pytest.fixture(scope="module")
def builtin() -> dict[str, Clip]:
    return {source.id: source.load() for source in builtin_sources()}


def test_ladders_are_nested_and_strictly_monotone(builtin):
    for clip in builtin.values():
        plans = [drawn("foreign_bars", clip, level) for level in (1, 2, 3, 4, 5)]
        for fewer, more in itertools.pairwise(plans):
            few, many = (dict(zip(p.params["bars"], p.params["places"], strict=True)) for p in (fewer, more))
            assert few.items() < many.items(), "the same bars of the same donor, and more"
        assert all(plan.params["donor"] == plans[0].params["donor"] for plan in plans)
        assert (np.diff([plan.achieved for plan in plans]) > 0).all()


def test_donors_are_other_pieces_of_a_near_tempo(builtin):
    for clip in builtin.values():
        found = set()
        for replicate in range(5):
            params = drawn("foreign_bars", clip, 1, replicate).params["donor"]
            found.add(params["id"])
            assert params["hash"] == builtin[params["id"]].hash != clip.hash
            assert builtin[params["id"]].group != clip.group
            beats = [np.median(np.diff(each.annotations.beats)) for each in (builtin[params["id"]], clip)]
            assert params["rate"] in [pytest.approx(beats[0] / beats[1] * step, rel=0.01) for step in (0.5, 1, 2)]
            assert 0.7 < params["rate"] < 1.5
        four = clip.annotations.time_signature == "4/4"
        assert all(builtin[each].annotations.time_signature == "4/4" for each in found) or not four
    again = replace(builtin["jazz_trio"], id="mine", track="mine", group=None)
    assert again.hash == builtin["jazz_trio"].hash
    donor_ids = {drawn("foreign_bars", again, 1, replicate).params["donor"]["id"] for replicate in range(5)}
    assert "jazz_trio" not in donor_ids, "the same samples under another name"


def test_the_pulse_of_a_piece():
    clip = make_clip(12.0, 8000, 1, bpm=90.0, beats_per_bar=3)
    assert donors.Pulse.of(clip.annotations) == donors.Pulse(pytest.approx(2 / 3), 3)
    bars_only = Annotations(downbeats=(0.0, 2.0, 4.0))
    assert donors.Pulse.of(bars_only) == donors.Pulse(2.0, 1)


@pytest.mark.parametrize("rate", [16000, 44100])
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_a_donor_takes_the_clips_format_tempo_and_level(rate, channels):
    clip = make_clip(14.0, rate, channels)
    params = drawn("foreign_bars", clip, 3).params["donor"]
    track = donors.donor_track(clip, params)
    donor = donors.loaded(params["id"])
    assert track.shape == (channels, round(round(donor.duration * rate) / params["rate"]))
    assert integrated_lufs(track, rate) == pytest.approx(clip_lufs(clip), abs=0.7)


@pytest.mark.parametrize("level", [1, 5])
def test_foreign_bars_are_the_donors_and_the_others_the_clips(level, builtin):
    degradation = catalogue.get("foreign_bars")
    assert isinstance(degradation, Substitution)
    clip = builtin["brass_quintet"]
    params = drawn("foreign_bars", clip, level).params
    out = degradation.damage(clip, params)
    assert out.shape == clip.samples.shape
    half, own = fade_half(clip.sample_rate), np.ones(clip.num_samples, dtype=bool)
    track = donors.donor_track(clip, params["donor"])
    for (start, end), place in zip(params["spans"], params["places"], strict=True):
        own[max(0, start - half) : end + half] = False
        assert torch.equal(out[:, start + half : end - half], track[:, place + half : place + end - start - half])
    assert torch.equal(out[:, own], clip.samples[:, own])
    downbeats = np.asarray(builtin[params["donor"]["id"]].annotations.downbeats) / params["donor"]["rate"]
    for place in params["places"]:
        assert np.abs(downbeats - place / clip.sample_rate).min() < 0.001, "a bar begins with a downbeat"


@pytest.mark.parametrize("name", ["foreign_bars", "stem_swap"])
def test_the_placebo_has_the_same_joins_and_its_own_bars(name, builtin):
    degradation = catalogue.get(name)
    assert isinstance(degradation, Substitution)
    placebo = degradation.placebo
    assert isinstance(placebo, OwnBars)
    ratios = []
    keys = ("rock_band", "electronic") if name == "stem_swap" else ("rock_band", "waltz", "choir", "minimal_five")
    for clip in (builtin[key] for key in keys):
        for level in (1, 3, 5):
            damage, control = drawn(name, clip, level).params, drawn(placebo.name, clip, level).params
            assert control["spans"] == damage["spans"]
            for (start, end), place in zip(control["spans"], control["places"], strict=True):
                low, high = (ms / 1000 * clip.sample_rate for ms in PLACEBO_OFFSETS_MS)
                assert low - 1 <= abs(place - start) <= high + 1
                assert place >= 0
                assert place + end - start <= clip.num_samples
            theirs, ours = degradation.signal_and_pieces(clip, damage), placebo.signal_and_pieces(clip, control)
            assert join_positions(theirs[1]) == join_positions(ours[1])
            found = [discontinuities(*each, clip.sample_rate) for each in (theirs, ours)]
            ratios.append(np.median(found[1]) / np.median(found[0]))
    assert 0.8 < np.median(ratios) < 1.25


def test_neighbouring_bars_never_follow_one_another_in_the_donor():
    for count in (3, 4, 9):
        places = list(range(0, 1000 * count, 1000))
        for seed in range(30):
            taken = donors.drawn_bars(places, 20, generator(seed))
            assert len(taken) == 20
            assert all(second - first != 1000 for first, second in itertools.pairwise(taken))


def test_a_swapped_stem_leaves_the_others_alone(builtin):
    degradation = catalogue.get("stem_swap")
    clip = builtin["rock_band"]
    for level in (1, 5):
        params = drawn("stem_swap", clip, level).params
        assert params["donor"]["stem"] == params["stems"][0]
        out = degradation.damage(clip, params)
        own, rest = layers(clip, params)
        track = donors.donor_track(clip, params["donor"])
        half = fade_half(clip.sample_rate)
        for (start, end), place in zip(params["spans"], params["places"], strict=True):
            inside = slice(start + half, end - half)
            assert torch.allclose(
                (out - rest)[:, inside], track[:, place + half : place + end - start - half], atol=1e-5
            )
        first = params["spans"][0][0] - half
        assert torch.allclose(out[:, : max(0, first)], (own + rest)[:, : max(0, first)], atol=1e-5)


def test_a_plan_with_another_donor_is_refused(builtin):
    clip = builtin["choir"]
    params = drawn("foreign_bars", clip, 1).params
    degradation = catalogue.get("foreign_bars")
    with pytest.raises(PlanError, match="other samples of the built-in clip"):
        degradation.damage(clip, {**params, "donor": {**params["donor"], "hash": "0" * 64}})
    with pytest.raises(PlanError, match="'gone' is not in the built-in corpus"):
        degradation.damage(clip, {**params, "donor": {**params["donor"], "id": "gone"}})
    assert Plan.from_json(Plan("n", "1", 1, 1.0, "%", clip.hash, 44100, params).to_json()).params["donor"]


def test_what_no_donor_fits_is_not_applicable():
    clip = make_clip(8.0, 8000, 1)
    slow = replace(clip, annotations=Annotations(beats=tuple(range(8)), downbeats=tuple(range(8))))
    drawn("foreign_bars", slow, 1)
    long_bars = make_clip(200.0, 8000, 1, bpm=60.0, beats_per_bar=25)
    with pytest.raises(NotApplicableError, match=r"has 0 bars of 25\.0 s, needs 3"):
        drawn("foreign_bars", long_bars, 1)
    fast = Annotations(beats=tuple(np.arange(0, 8, 0.05)), downbeats=tuple(np.arange(0, 8, 0.2)))
    with pytest.raises(NotApplicableError, match=r"no other built-in clip can be brought to beats of 0\.05 s"):
        drawn("foreign_bars", replace(clip, annotations=fast), 1)
