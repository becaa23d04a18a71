"""What a windowed metric hears."""

from __future__ import annotations

import pytest
import torch

from degrade_bench.clip import Clip, TimeMap
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.corpus.source import MemorySource
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.seeds import cell_seed, generator
from degrade_bench.degrade.signal.speed import SampleRateDrift
from degrade_bench.degrade.structural.missing_beats import MissingBeats
from degrade_bench.degrade.structural.smooth_tempo import Accelerando
from degrade_bench.degrade.structural.tempo_jitter import TempoJitter
from degrade_bench.metric.base import Metric
from degrade_bench.metric.muq_eval.metric import MuQEval
from degrade_bench.sweep.cells import expand
from degrade_bench.sweep.window import matched_samples, shared_window, window_samples
from degrade_bench.sweep.worker import Task, Work, work_on
from tests.conftest import make_clip
from tests.sweep import toys


def ramp(seconds: float, rate: int = 1000) -> Clip:
    """A clip whose samples are their own times."""
    return Clip("ramp", torch.arange(round(seconds * rate)).float()[None] / rate, rate)


def blocks(*degradations):
    return expand(degradations, toys.LEVELS, 1)


def test_a_clip_that_keeps_its_time_is_given_whole():
    clip = ramp(12.0)
    assert matched_samples(clip, clip, None, 10.0, None) is clip.samples
    short = ramp(4.0)
    assert (
        matched_samples(short, short, None, 10.0, None) is short.samples
    )  # the metric's own padding, for all alike


def test_a_stretched_clip_is_given_around_the_same_music():
    clip = ramp(12.0)
    stretched = clip.with_samples(clip.samples.repeat_interleave(2, dim=1))
    given = matched_samples(clip, stretched, TimeMap(((0.0, 0.0), (1.0, 2.0))), 10.0, None)
    assert given.shape[1] == 24000
    assert given[0, given.shape[1] // 2] == pytest.approx(6.0, abs=0.002)


def test_an_uneven_time_map_moves_the_middle():
    clip = ramp(12.0)  # the first half runs at half speed
    samples = torch.cat([clip.samples[:, :6000].repeat_interleave(2, dim=1), clip.samples[:, 6000:]], dim=1)
    given = matched_samples(clip, clip.with_samples(samples), TimeMap(((0, 0), (6, 12), (12, 18))), 10.0, None)
    assert given.shape[1] == 12000
    assert given[0, 6000] == pytest.approx(6.0, abs=0.002)


def test_a_clip_under_the_window_is_not_filled_up_by_a_stretch():
    clip = ramp(4.0)
    stretched = clip.with_samples(clip.samples.repeat_interleave(2, dim=1))
    given = matched_samples(clip, stretched, TimeMap(((0.0, 0.0), (1.0, 2.0))), 10.0, None)
    assert given.shape[1] == 4000
    assert given[0, 2000] == pytest.approx(2.0, abs=0.002)


def test_where_a_damage_shortens_the_clip_the_window_shrinks_for_all():
    clip = ramp(12.0)
    assert shared_window(clip, blocks(toys.ToyStretch()), 0, 10.0) is None
    assert shared_window(clip, blocks(toys.ToyNoise()), 0, 10.0) is None
    shrunk = shared_window(clip, blocks(toys.ToyStretch(), toys.ToySqueeze()), 0, 10.0)
    assert shrunk == pytest.approx(1.2)
    assert shared_window(ramp(120.0), blocks(toys.ToySqueeze()), 0, 10.0) is None
    clean = matched_samples(clip, clip, None, 10.0, shrunk)
    assert clean.shape[1] == 1200
    assert clean[0, 600] == pytest.approx(6.0, abs=0.002)
    squeezed = clip.with_samples(clip.samples[:, ::10].clone())
    given = matched_samples(clip, squeezed, TimeMap(((0.0, 0.0), (10.0, 1.0))), 10.0, shrunk)
    assert given.shape[1] == 1200
    assert given[0, 600] == pytest.approx(6.0, abs=0.02)


def test_where_source_is_left_out_the_window_stays_on_the_same_music():
    clip = ramp(16.0)
    gaps = TimeMap(((0, 0), (2, 2), (3, 2), (5, 4), (6, 4), (16, 14)))
    cut = clip.with_samples(
        torch.cat([clip.samples[:, a:b] for a, b in ((0, 2000), (3000, 5000), (6000, 16000))], 1)
    )
    given = matched_samples(clip, cut, gaps, 10.0, None)
    assert given.shape[1] == 12000
    assert given[0, 6000] == pytest.approx(8.0, abs=0.002)
    at_the_middle = TimeMap(((0, 0), (7.5, 7.5), (8.5, 7.5), (16, 15)))
    cut = clip.with_samples(torch.cat([clip.samples[:, :7500], clip.samples[:, 8500:]], 1))
    given = matched_samples(clip, cut, at_the_middle, 10.0, None)
    assert given[0, given.shape[1] // 2] == pytest.approx(8.5, abs=0.002), "what follows the gap"
    assert given[0, given.shape[1] // 2 - 1] == pytest.approx(7.499, abs=0.002)


def test_missing_beats_shrink_the_window_only_where_they_must():
    music = make_clip(14.0, 8000, 1)
    assert shared_window(music, blocks(MissingBeats()), 0, 10.0) is None
    short = make_clip(11.0, 8000, 1)
    shrunk = shared_window(short, blocks(MissingBeats()), 0, 10.0)
    assert 7.0 < shrunk < 9.0
    for level in toys.LEVELS:
        seed = cell_seed(0, short.hash, "missing_beats", MissingBeats.version)
        rendered = MissingBeats().render(short, level, generator(seed))
        given = matched_samples(short, rendered.clip, rendered.plan.time_map, 10.0, shrunk)
        assert given.shape[1] == pytest.approx(shrunk * 8000, abs=2)


@pytest.mark.parametrize("seconds", [8.0, 10.0, 12.0])
@pytest.mark.parametrize("kind", [Accelerando, TempoJitter, SampleRateDrift])
def test_a_damage_that_moves_the_middle_and_keeps_the_length_shrinks_the_window_for_all(kind, seconds):
    clip = make_clip(seconds, 8000, 1)
    shrunk = shared_window(clip, blocks(kind()), 0, 10.0)
    full = 8000 * min(10.0, seconds if shrunk is None else shrunk)
    assert matched_samples(clip, clip, None, 10.0, shrunk).shape[1] >= full - 2
    for level in toys.LEVELS:
        rendered = kind().render(clip, level, generator(cell_seed(0, clip.hash, kind.name, kind.version)))
        given = matched_samples(clip, rendered.clip, rendered.plan.time_map, 10.0, shrunk)
        assert given.shape[1] >= full - 2, "as much as of the clean clip"


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100])
@pytest.mark.parametrize("window", [0.5, 2.0, 10.0])
def test_a_window_is_as_long_as_it_was_declared_around_the_middle(rate, window):
    for seconds in (window + 1 / rate, window + 0.3, 17.0):
        clip = ramp(seconds, rate)
        given = window_samples(clip, clip, None, window, None)
        assert given.shape[1] == round(window * rate)
        middle = (given[0, 0].double() + given[0, -1].double()) / 2
        assert float(middle) == pytest.approx((seconds - 1 / rate) / 2, abs=1 / rate)
    short = ramp(window / 2, rate)
    assert window_samples(short, short, None, window, None) is short.samples


@pytest.mark.parametrize("name", ["tempo_change", "accelerando", "sample_rate_drift", "missing_beats", "wow"])
def test_a_window_is_as_long_where_a_damage_moves_time_and_lies_where_the_music_went(name):
    degradation, clip, rate, count = catalogue.get(name), make_clip(8.0, 11025, 1), 11025, 33_075
    assert shared_window(clip, blocks(degradation), 0, 3.0) is None
    rendered = degradation.render(clip, 5, generator(cell_seed(0, clip.hash, *degradation.seed_key)))
    time_map = rendered.plan.time_map
    given = window_samples(clip, rendered.clip, time_map, 3.0, None)
    assert given.shape[1] == count
    middle = clip.duration / 2 if time_map is None else float(time_map(clip.duration / 2))
    first = round(middle * rate) - count // 2
    found = rendered.clip.samples[:, first - 1 :].unfold(1, count, 1)[:, :3] - given[:, None]
    assert found.abs().amax(dim=2).min() == 0, "to the sample, or beside it"


def test_a_window_that_just_fits_is_moved_by_a_sample_and_not_cut():
    clip = ramp(10.0)
    beside = TimeMap(((0.0, 0.0), (5.0, 5.001), (10.0, 10.0)))
    assert matched_samples(clip, clip, beside, 10.0, None).shape[1] == 9998
    given = window_samples(clip, clip, beside, 10.0, None)
    assert given.shape[1] == 10_000
    shrunk = window_samples(clip, clip, beside, 10.0, 4.0)
    assert shrunk.shape[1] == 4000


class Crops(toys.Length):
    name, crops = "crops", True


@pytest.mark.parametrize("kind", [toys.ToyStretch, toys.ToyNoise, toys.ToySqueeze])
def test_what_a_metric_is_given_is_its_window_unless_it_cuts_that_by_itself(kind):
    music = MemorySource("music", make_clip(11.0, 8000, 1))
    asked = Work(0, toys.LEVELS, 1, (kind(),), (toys.Length(), Crops()), ())
    todo = {block.name: frozenset({"length", "crops"}) for block in asked.blocks()}
    rows = [row for message in work_on(Task(music, todo), asked) for row in getattr(message, "rows", ())]
    lengths = {name: {row.score for row in rows if row.metric == name} for name in ("length", "crops")}
    least = {toys.ToySqueeze: 1.1}.get(kind, 2.0) * 8000
    assert [*lengths["length"]] == [pytest.approx(least, abs=2)]
    assert max(lengths["crops"]) == {toys.ToyStretch: 6 * 88_000, toys.ToyNoise: 88_000}.get(kind, least)


def test_muq_eval_cuts_by_its_own_contract():
    assert MuQEval.crops
    assert not Metric.crops


def stemmed() -> Clip:
    return next(source for source in builtin_sources() if source.stem_names).load()


@pytest.mark.parametrize("name", catalogue.names())
def test_what_has_a_time_map_says_so(name):
    degradation = catalogue.get(name)
    clip = stemmed() if "stems" in degradation.needs else make_clip(16.0, 8000, 2)
    drawn = degradation.draw(clip, 5, degradation.ladder.strength(5), generator(1))
    said = degradation.changes_duration or degradation.moves_time or degradation.moves_window
    assert said or drawn.time_map is None


def test_an_edit_that_is_meant_to_move_the_window_does_not_shrink_it():
    class Crop(toys.ToySqueeze):
        moves_window = True

    assert shared_window(ramp(12.0), blocks(Crop()), 0, 10.0) is None


def test_a_damage_that_does_not_apply_does_not_shrink_the_window():
    class Picky(toys.ToySqueeze):
        needs = frozenset({"stems"})

    assert shared_window(ramp(12.0), blocks(Picky()), 0, 10.0) is None
