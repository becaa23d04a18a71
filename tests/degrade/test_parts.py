"""Ladders, seeds, suites, the catalogue, levels, memory: the parts that degradations share."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from degrade_bench.clip import Clip
from degrade_bench.degrade import catalogue, suites
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.dsp.amplitude import active_rms, fitted_gain, rms
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import FaintPlacebo
from degrade_bench.degrade.plan import Drawn
from degrade_bench.degrade.seeds import cell_seed, generator
from degrade_bench.degrade.structural.segments import moved_count
from degrade_bench.errors import AudioError, ConfigError, LevelError, NotApplicableError, UnknownNameError
from tests.conftest import make_clip


def test_ladders_rise_or_fall_strictly():
    ladder = Ladder((3.0, 2.0, 1.0), "dB")
    assert ladder.levels == (1, 2, 3)
    assert ladder.strength(3) == 1.0
    for level in (0, 4, -1):
        with pytest.raises(LevelError, match=f"got {level}"):
            ladder.strength(level)
    for wrong in ((), (1.0, 1.0), (1.0, 2.0, 1.5), (1.0, float("nan"))):
        with pytest.raises(ConfigError, match="ladder"):
            Ladder(wrong, "dB")


def test_seeds_depend_on_what_a_cell_is_and_on_nothing_else():
    base = (1, "hash", "name", "1", 0)
    assert cell_seed(*base) == 3710893466051689845, "another seed would change every published table"
    changed = [
        (2, *base[1:]),
        (1, "other", "name", "1", 0),
        (1, "hash", "nam", "e1", 0),
        (1, "hash", "name", "2", 0),
    ]
    seeds = {cell_seed(*each) for each in [base, *changed, (*base[:4], 1)]}
    assert len(seeds) == 6
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert np.array_equal(generator(5).random(4), generator(5).random(4))
    assert generator(5).random() != generator(6).random()


def test_suites():
    groups = {
        name: {each.group for each in suites.suite(name).degradations}
        for name in ("signal", "structural", "control")
    }
    assert groups == {name: {name} for name in groups}
    chosen = [each.name for each in suites.resolve(("structural", "signal"), ("mp3", "gain")).degradations]
    assert len(chosen) == len(set(chosen)) == len(catalogue.names())
    kinds = [catalogue.get(name).group for name in chosen]
    assert kinds == sorted(kinds, key=["signal", "structural", "control"].index)
    only = [each.name for each in suites.resolve((), ("mp3",)).degradations]
    assert only[0] == "mp3"
    controls = {"gain", "polarity", "resampling", "crop_offset", "mp3_transparent"}
    assert controls | {"dither", "subsonic_filter", "fractional_delay"} == set(only[1:])
    with pytest.raises(UnknownNameError, match="did you mean 'structural'"):
        suites.resolve(("strctural",))
    with pytest.raises(UnknownNameError, match="did you mean 'white_noise'"):
        suites.resolve(("signal",), ("withe_noise",))


def test_the_catalogue_gives_placebos_by_name():
    placebo = catalogue.get("mp3_placebo")
    assert placebo.placebo_of == "mp3"
    with pytest.raises(UnknownNameError, match="a control has no placebo"):
        catalogue.get("gain_placebo")
    with pytest.raises(UnknownNameError, match="unknown degradation 'nonsense_placebo'"):
        catalogue.get("nonsense_placebo")


def test_the_active_level_leaves_pauses_out():
    clip = make_clip(2.0, 8000, 2, kind="noise")
    paused = Clip("paused", torch.cat([clip.samples, torch.zeros(2, 80000)], dim=1), 8000)
    assert active_rms(paused) == pytest.approx(rms(clip.samples), rel=1e-6)
    assert active_rms(make_clip(1.0, 8000, 1, kind="silence")) == 0.0
    assert fitted_gain(clip.samples, -0.5 * clip.samples) == pytest.approx(-0.5)
    assert fitted_gain(0 * clip.samples, clip.samples) == 0.0


def test_every_level_moves_more_units_than_the_one_below():
    for count in range(6, 40):
        moved = [moved_count(count, percent, level, 2) for level, percent in enumerate((10, 25, 50, 75, 100), 1)]
        assert (np.diff(moved) > 0).all()
        assert 2 <= moved[0] <= moved[-1] == count


class Counting(Degradation):
    """Counts how often it works."""

    name, group, family, source, summary = "counting", "signal", "test", "tests", "counts"
    default_ladder = Ladder((1.0, 2.0), "x")

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def draw(self, clip, level, strength, rng):
        return Drawn({"x": strength})

    def damage(self, clip, params):
        self.calls += 1
        return clip.samples * params["x"]


class Rude(Counting):
    """Gives back something that is no signal."""

    answer: torch.Tensor

    def damage(self, clip, params):
        return self.answer


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (torch.zeros(8), "expected shape"),
        (torch.zeros(1, 0), "empty"),
        (torch.full((1, 8), float("nan")), "NaN"),
        (torch.zeros(1, 8, dtype=torch.float64), "expected float32"),
    ],
)
def test_a_damage_that_gives_no_signal_is_found_out(answer, said):
    rude = Rude()
    rude.answer = answer
    with pytest.raises(AudioError, match=f"output of counting.*{said}"):
        rude.render(make_clip(1.0, 8000, 1), 1, generator(0))


def test_needs_are_checked_at_the_door():
    bare = Clip("bare", torch.ones(1, 8000), 8000)
    for need, said in (
        ("beats", "0"),
        ("downbeats", "0 downbeats"),
        ("stereo", "two channels"),
        ("stems", "stems"),
    ):
        own = Counting()
        own.needs = frozenset({need})
        with pytest.raises(NotApplicableError, match=said):
            own.render(bare, 1, generator(0))


def test_a_faint_placebo_is_its_degradation_at_one_inaudible_strength():
    placebo = FaintPlacebo(Counting(), 1.5, "counts softly")
    assert placebo.ladder.strengths == (1.5,)
    assert placebo.seed_key == ("counting", "1")
    clip = make_clip(1.0, 8000, 1)
    plan = placebo.render(clip, 1, generator(0)).plan
    assert plan.params == {"x": 1.5}
