"""Oracles of the damages that rearrange a clip, and of their placebos."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch

from degrade_bench.clip import Annotations, Clip
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.dsp.joins import PLACEBO_OFFSETS_MS, fade_half
from degrade_bench.degrade.plan import Rendered
from degrade_bench.degrade.seeds import cell_seed, generator
from degrade_bench.degrade.structural.missing_beats import removal_order
from degrade_bench.degrade.structural.rearrangement import Rearrangement, offset_pieces
from degrade_bench.degrade.structural.section_swap import boundaries
from degrade_bench.degrade.structural.segments import unit_bounds
from degrade_bench.errors import NotApplicableError
from tests.conftest import make_clip
from tests.degrade.probes import discontinuities

LEVELS = (1, 2, 3, 4, 5)
REARRANGED = [name for name in catalogue.names() if isinstance(catalogue.get(name), Rearrangement)]
PERMUTED = {"bar_shuffle": "bar", "beat_shuffle": "beat", "section_swap": "bar"}


def drawn(name: str, clip: Clip, level: int, seed: int = 3):
    degradation = catalogue.get(name)
    rng = generator(cell_seed(seed, clip.hash, *degradation.seed_key))
    return degradation.draw(clip, level, degradation.ladder.strength(level), rng)


def raw(name: str, clip: Clip, level: int) -> tuple[dict, torch.Tensor]:
    params = drawn(name, clip, level).params
    return params, catalogue.get(name).damage(clip, params)


def render(name: str, clip: Clip, level: int) -> Rendered:
    degradation = catalogue.get(name)
    return degradation.render(clip, level, generator(cell_seed(3, clip.hash, *degradation.seed_key)))


def ramp_clip(bars: int, per_bar: int = 4, beat: int = 500, rate: int = 1000, lead: int = 130) -> Clip:
    """A clip whose samples are their own positions, with even bars, a pickup and a tail."""
    beats = (lead + beat * np.arange(bars * per_bar + 1)) / rate
    samples = torch.arange(lead + beat * bars * per_bar + 70, dtype=torch.float32)[None] / 1e5
    known = Annotations(tuple(beats.tolist()), tuple(beats[::per_bar].tolist()), beat_source="annotated")
    return Clip("ramp", samples, rate, known)


@pytest.fixture(scope="module")
def builtin() -> list[Clip]:
    return [source.load() for source in builtin_sources()]


# -- what holds for every rearrangement ------------------------------------------------------------------


def test_which_damages_rearrange():
    assert set(REARRANGED) >= {
        "bar_shuffle",
        "beat_shuffle",
        "section_swap",
        "phrase_jump",
        "stuck_loop",
        "missing_beats",
        "reversed_bars",
        "monotony",
    }
    for name in REARRANGED:
        assert catalogue.get(name).picture == catalogue.get(name).placebo.picture == "order"


@pytest.mark.parametrize("name", [*REARRANGED, *(f"{name}_placebo" for name in REARRANGED)])
@pytest.mark.parametrize("level", [1, 5])
def test_the_samples_are_those_of_the_pieces_outside_the_crossfades(name, level, builtin):
    for clip in builtin[::5]:
        params, out = raw(name, clip, level)
        source, expected = clip.samples.numpy(), []
        for start, end in params["pieces"]:
            assert 0 <= min(start, end) < max(start, end) <= clip.num_samples
            expected.append(source[:, start:end] if start < end else source[:, end:start][:, ::-1])
        expected = np.concatenate(expected, axis=1)
        assert out.shape == expected.shape
        ends = np.cumsum([abs(end - start) for start, end in params["pieces"]])
        assert params["joins"] == ends[:-1].tolist()
        half, same = fade_half(clip.sample_rate), np.ones(out.shape[1], dtype=bool)
        for join in params["joins"]:
            same[join - half : join + half] = False
        assert np.array_equal(out.numpy()[:, same], expected[:, same])


@pytest.mark.parametrize("name", REARRANGED)
def test_ladders_are_nested(name, builtin):
    for clip in builtin:
        ladder = [drawn(name, clip, level) for level in LEVELS]
        for fewer, more in itertools.pairwise(ladder):
            assert set(fewer.params["units"]) < set(more.params["units"])
            if name != "section_swap":  # its passages grow at both ends
                assert more.params["units"][: len(fewer.params["units"])] == fewer.params["units"]
            assert fewer.achieved < more.achieved


@pytest.mark.parametrize("name", REARRANGED)
def test_five_levels_differ_however_many_bars_there_are(name):
    for bars, per_bar in (*itertools.product((*range(6, 33), 57, 200), (4, 1)), (6, 3), (12, 2)):
        clip = ramp_clip(bars, per_bar, beat=50)
        try:
            achieved = [drawn(name, clip, level).achieved for level in LEVELS]
        except NotApplicableError:
            assert bars * per_bar < 20, "five bars are too few, twenty beats are not"
        else:
            assert (np.diff(achieved) > 0).all(), (bars, per_bar, achieved)


@pytest.mark.parametrize("name", REARRANGED)
def test_the_placebo_has_as_many_joins_of_the_same_size_and_keeps_the_order(name, builtin):
    ratios = []
    for clip in builtin:
        for level in (1, 3, 5):
            damage, placebo = drawn(name, clip, level), drawn(f"{name}_placebo", clip, level)
            pieces = placebo.params["pieces"]
            assert len(placebo.params["joins"]) == len(damage.params["joins"]) == len(pieces) - 1
            if not catalogue.get(name).changes_duration:
                assert placebo.params["joins"] == damage.params["joins"]
            assert placebo.time_map is None
            assert sum(end - start for start, end in pieces) == clip.num_samples
            low, high = (round(ms / 1000 * clip.sample_rate) for ms in PLACEBO_OFFSETS_MS)
            for (start, _), place in zip(pieces, [0, *placebo.params["joins"]], strict=True):
                assert abs(start - place) <= high, "everything stays in its place"
            for (_, end), (start, _) in itertools.pairwise(pieces):
                assert low <= abs(start - end) <= high, "a real cut"
            sizes = [
                np.median(discontinuities(clip.samples, each.params["pieces"], clip.sample_rate))
                for each in (placebo, damage)
            ]
            ratios.append(sizes[0] / sizes[1])
    assert 0.8 < np.median(ratios) < 1.25


@pytest.mark.parametrize("name", REARRANGED)
def test_a_placebo_keeps_the_annotations(name):
    clip = make_clip(14.0, 16000, 1)
    rendered = render(f"{name}_placebo", clip, 5)
    assert rendered.clip.annotations == clip.annotations
    assert rendered.clip.samples.shape == clip.samples.shape


@pytest.mark.parametrize(
    ("name", "seconds", "said"),
    [
        ("bar_shuffle", 9.0, "needs 6 whole bars; the clip has 4"),
        ("beat_shuffle", 3.0, "needs 6 whole beats; the clip has 5"),
        ("section_swap", 9.0, "needs 6 whole bars; the clip has 4"),
        ("stuck_loop", 9.0, "needs 6 whole bars; the clip has 4"),
        ("reversed_bars", 9.0, "needs 6 whole bars; the clip has 4"),
        ("monotony", 9.0, "needs 6 whole bars; the clip has 4"),
        ("phrase_jump", 9.0, "needs 20 whole beats; the clip has 17"),
        ("missing_beats", 5.0, "needs 5 beats to leave out, no two of them neighbours; of the clip's 9 beats"),
    ],
)
def test_a_clip_with_too_few_units_is_not_applicable(name, seconds, said):
    with pytest.raises(NotApplicableError, match=said):
        render(name, make_clip(seconds, 16000, 1), 1)
    with pytest.raises(NotApplicableError, match=r"needs b(ars|eats); the clip has 0"):
        render(name, replace(make_clip(14.0, 16000, 1), annotations=Annotations()), 1)


@pytest.mark.parametrize("name", PERMUTED)
@pytest.mark.parametrize("level", LEVELS)
def test_a_permutation_plays_every_whole_unit_once(name, level, builtin):
    for clip in builtin:
        params = drawn(name, clip, level).params
        bounds = unit_bounds(clip, PERMUTED[name])
        times = clip.annotations.downbeats if PERMUTED[name] == "bar" else clip.annotations.beats
        assert bounds.tolist() == np.round(np.asarray(times) * clip.sample_rate).astype(int).tolist()
        edges = {0, *bounds.tolist(), clip.num_samples}
        heard = []
        for start, end in params["pieces"]:
            assert {start, end} <= edges, "cut at the units' bounds only"
            heard += [bound for bound in sorted(edges) if start <= bound < end]
        assert sorted(heard) == sorted(edges - {clip.num_samples}), "the multiset of units is unchanged"
        inside = [int(np.searchsorted(bounds, bound)) for bound in heard if bound in set(bounds[:-1])]
        displaced = [place for place, unit in enumerate(inside) if place != unit]
        assert set(displaced) <= set(params["units"])
        if (
            name != "section_swap"
        ):  # passages of odd lengths may pass each other and leave the middle one in its place
            assert displaced == sorted(params["units"])


def test_a_placebo_reads_nothing_from_outside_the_clip():
    clip = ramp_clip(8, lead=1)  # the first cut is 1 ms after the beginning
    for seed, name in itertools.product(range(20), REARRANGED):
        pieces = drawn(f"{name}_placebo", clip, 5, seed).params["pieces"]
        assert all(0 <= start < end <= clip.num_samples for start, end in pieces)
    assert offset_pieces([10, 20], [3, 0], 30) == [(0, 10), (13, 23), (20, 30)]


# -- section swap ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
def test_two_passages_change_places(level, builtin):
    for clip in (*builtin, ramp_clip(6), ramp_clip(7), ramp_clip(30)):
        params, bounds = drawn("section_swap", clip, level).params, unit_bounds(clip, "bar")
        units = params["units"]
        assert units == list(range(units[0], units[-1] + 1)), "neighbours"
        first, last = int(bounds[units[0]]), int(bounds[units[-1] + 1])
        middle = next(start for start, _ in params["pieces"] if start > first)
        assert middle in bounds[boundaries(clip, bounds)]
        ends = [(0, first), (middle, last), (first, middle), (last, clip.num_samples)]
        assert params["pieces"] == [list(piece) for piece in ends if piece[0] < piece[1]]
        if level == 5:
            assert (first, last) == (bounds[0], bounds[-1])
        if len(bounds) > 8:
            assert len(units) >= 4


def test_where_sections_begin(builtin):
    known = {clip.id: boundaries(clip, unit_bounds(clip, "bar")).tolist() for clip in builtin}
    assert known["funk_band"] == [4, 6]
    assert known["choir"] == [2, 4, 6]
    assert known["minimal_five"] == [2, 8 - 2]
    clip = ramp_clip(8)
    assert boundaries(clip, unit_bounds(clip, "bar")).tolist() == [3, 4, 5], "near the middle"
    times = clip.annotations.downbeats
    sections = ((times[0], "A"), (times[1], "too short"), (times[5] + 0.02, "B"), (times[7], "too short"))
    clip = replace(clip, annotations=replace(clip.annotations, sections=sections))
    assert boundaries(clip, unit_bounds(clip, "bar")).tolist() == [5]


# -- stuck loop ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
def test_the_stuck_bar_takes_the_places_of_the_bars_after_it(level, builtin):
    for clip in builtin:
        params, out = raw("stuck_loop", clip, level)
        bounds, half = unit_bounds(clip, "bar"), fade_half(clip.sample_rate)
        taken = params["units"]
        stuck = taken[0] - 1
        assert taken == list(range(stuck + 1, stuck + 1 + level))
        assert out.shape == clip.samples.shape
        for place in taken:
            length = int(bounds[place + 1] - bounds[place])
            heard = out[:, bounds[place] + half : bounds[place + 1] - half]
            assert torch.equal(heard, clip.samples[:, bounds[stuck] + half : bounds[stuck] + length - half])
        before, after = int(bounds[stuck + 1]) - half, int(bounds[taken[-1] + 1]) + half
        assert torch.equal(out[:, :before], clip.samples[:, :before])
        assert torch.equal(out[:, after:], clip.samples[:, after:])
        assert len(params["joins"]) == level + 1
        latest = min((len(bounds) - 1) // 2, len(bounds) - 7)
        assert latest - 2 <= stuck <= latest, "as near to the middle as there is room"


# -- reversed bars ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [1, 3, 5])
def test_reversed_bars_run_backwards_in_their_places(level, builtin):
    for clip in builtin[:4]:
        params, out = raw("reversed_bars", clip, level)
        bounds, half = unit_bounds(clip, "bar"), fade_half(clip.sample_rate)
        for bar, (start, end) in enumerate(itertools.pairwise(bounds.tolist())):
            inside, source = out[:, start + half : end - half], clip.samples[:, start + half : end - half]
            assert torch.equal(inside, source.flip(1) if bar in params["units"] else source)
        placebo = drawn("reversed_bars_placebo", clip, level).params
        assert all(start < end for start, end in placebo["pieces"]), "nothing runs backwards"


# -- missing beats ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
def test_missing_beats_are_missing_and_nothing_else_is(level, builtin):
    for clip in builtin:
        degradation, each = catalogue.get("missing_beats"), drawn("missing_beats", clip, level)
        beats = np.asarray(clip.annotations.beats)
        gone = sorted(each.params["units"])
        assert min(np.diff([-1, *gone, len(beats) - 1])) > 1, "no two neighbours; the first and the last stay"
        assert each.achieved == pytest.approx(100 * len(gone) / (len(beats) - 1))
        samples = degradation.damage(clip, each.params)
        bounds = unit_bounds(clip, "beat")
        removed = sum(int(bounds[k + 1] - bounds[k]) for k in gone)
        assert samples.shape[1] == clip.num_samples - removed
        known = clip.annotations.warp(each.time_map)
        assert len(known.beats) == len(beats) - len(gone)
        lengths = np.delete(np.diff(beats), gone)
        assert np.allclose(np.diff(known.beats), lengths, atol=1e-4), "the beats that stay keep their durations"
        assert set(np.round(known.downbeats, 3)) <= set(np.round(known.beats, 3))
        assert len(known.downbeats) == len(clip.annotations.downbeats), (
            "a bar without its first beat is still a bar"
        )
        assert known.tempo_bpm == pytest.approx(clip.annotations.tempo_bpm), "no slower, no faster"
        assert [label for _, label in known.sections] == [label for _, label in clip.annotations.sections]
        assert float(each.time_map(clip.duration)) == pytest.approx(samples.shape[1] / clip.sample_rate)
        half = fade_half(clip.sample_rate)
        for beat in range(len(beats) - 1):
            if beat not in gone:
                start, length = int(bounds[beat]), int(bounds[beat + 1] - bounds[beat])
                new = round(float(each.time_map(start / clip.sample_rate)) * clip.sample_rate)
                assert torch.equal(
                    samples[:, new + half : new + length - half],
                    clip.samples[:, start + half : start + length - half],
                )
        cuts = drawn("missing_beats_placebo", clip, level).params["joins"]
        assert cuts == [int(bounds[k]) for k in gone], "the placebo cuts where beats are missing"


def test_beats_go_from_both_halves_alike():
    for count, seed in itertools.product((17, 32, 81), range(30)):
        order = removal_order(count, count // 2, generator(seed))
        for taken in range(2, round(0.24 * count) + 1):
            early = sum(beat < count // 2 for beat in order[:taken])
            assert abs(2 * early - taken) <= 1
        assert len(order) >= (count - 2) / 3
        assert min(np.diff([-1, *sorted(order), count])) > 1


# -- phrase jump -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
def test_jumps_leave_from_the_middle_of_beats_and_come_back(level, builtin):
    for clip in (*builtin, ramp_clip(5)):
        params = drawn("phrase_jump", clip, level).params
        bounds = unit_bounds(clip, "beat")
        middles = ((bounds[:-1] + bounds[1:]) // 2).tolist()
        joins, pieces = params["joins"], params["pieces"]
        assert len(joins) == 2 * len(params["units"])
        for join in joins:
            assert join in middles
        position = 0
        for index, (start, end) in enumerate(pieces):
            if index % 2 == 0:
                assert start == position, "back where the music would have been by now"
            else:
                leave = middles.index(position)
                assert 3 <= abs(middles.index(start) - leave) <= 8
                assert position + end - start == middles[leave + 2], "two beats away"
            position += end - start
        assert position == clip.num_samples
