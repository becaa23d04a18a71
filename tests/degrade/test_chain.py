"""Chains: steps in order, each on what the last one left; and the real-world chains' parameters."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from degrade_bench.clip import Clip, TimeMap
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.chain import AdHocChain, Chain, Step
from degrade_bench.degrade.control.gain import Gain
from degrade_bench.degrade.control.polarity import Polarity
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import FaintPlacebo
from degrade_bench.degrade.plan import Drawn, Plan
from degrade_bench.degrade.seeds import cell_seed, generator
from degrade_bench.degrade.signal.low_pass import LowPass
from degrade_bench.degrade.signal.reverb import Reverb
from degrade_bench.degrade.signal.speed import SpeedChange
from degrade_bench.degrade.signal.white_noise import WhiteNoise
from degrade_bench.degrade.signal.wow_flutter import Wow
from degrade_bench.degrade.structural.shuffle import BarShuffle
from degrade_bench.degrade.structural.tempo_change import TempoChange
from degrade_bench.errors import ConfigError, NotApplicableError
from tests.conftest import make_clip

LADDER = Ladder((1.0, 2.0, 3.0, 4.0, 5.0), "steps")
REAL_WORLD = ("live_recording", "radio_broadcast", "smartphone_recording", "vinyl", "strong_mp3")


def chain(*steps: Step, ladder: Ladder = LADDER, **more: str) -> AdHocChain:
    return AdHocChain("own_chain", steps, ladder, **more)


class Scaled(Degradation):
    """Multiplies by its strength times a random number; adds, so that the order of two is heard."""

    name, group, family, source, summary = "scaled", "signal", "test", "tests", "scales"
    default_ladder = Ladder((1.0, 2.0), "x")

    def __init__(self, add: float = 0.0, need: str | None = None) -> None:
        super().__init__()
        self.add = add
        self.needs = frozenset({need} if need else ())
        self.calls = 0

    def draw(self, clip, level, strength, rng):
        return Drawn({"factor": strength, "random": float(rng.random()), "peak": float(clip.samples.max())})

    def damage(self, clip, params):
        self.calls += 1
        return clip.samples * params["factor"] + self.add

    def make_placebo(self):
        return FaintPlacebo(self, 1.0, "scales by one")


# -- composition -------------------------------------------------------------------------------------------


def test_steps_run_in_order_each_on_what_the_last_one_left():
    clip = make_clip(1.0, 8000, 1)
    own = chain(Step(Scaled(add=1.0), (2.0,)), Step(Scaled(), (3.0, 4.0, 5.0, 6.0, 7.0)))
    drawn = own.draw(clip, 2, 2.0, generator(1))
    assert torch.allclose(own.damage(clip, drawn.params), (2 * clip.samples + 1) * 4)
    first, second = drawn.params["steps"]
    assert (first["factor"], second["factor"]) == (2.0, 4.0)
    assert second["peak"] == pytest.approx(2 * first["peak"] + 1), "drawn on what the first step left"
    assert first["random"] != second["random"], "each step has a seed of its own"
    assert drawn.achieved == 2.0


def test_levels_share_their_steps_seeds():
    clip = make_clip(1.0, 8000, 1)
    own = chain(Step(WhiteNoise(), (50.0, 40.0, 30.0, 20.0, 10.0)), Step(Reverb(), (0.1, 0.2, 0.3, 0.4, 0.5)))
    seeds = [
        [params["noise_seed"] for params in own.draw(clip, level, float(level), generator(4)).params["steps"]]
        for level in (1, 5)
    ]
    assert seeds[0] == seeds[1]
    assert seeds[0][0] != seeds[0][1]


def test_no_step_is_done_twice_in_one_render():
    clip = make_clip(1.0, 8000, 1)
    parts = [Scaled(), Scaled(), Scaled()]
    chain(*(Step(part, (2.0,)) for part in parts)).render(clip, 1, generator(1))
    assert [part.calls for part in parts] == [1, 1, 1]


def test_loudness_is_matched_once_at_the_end_unless_a_step_is_about_loudness():
    clip = make_clip(2.0, 16000, 1)
    own = chain(Step(Scaled(), (0.1,)), Step(Scaled(), (0.5,)))
    rendered = own.render(clip, 1, generator(1))
    assert rendered.plan.gain_db == pytest.approx(-20 * np.log10(0.05), abs=0.01)
    assert float((rendered.clip.samples - clip.samples).abs().max()) < 1e-3
    quiet = chain(Step(Scaled(), (0.1,)), Step(Gain(), (6.0,)))
    assert not quiet.matches_loudness
    assert quiet.render(clip, 1, generator(1)).plan.gain_db == 0.0


@pytest.mark.parametrize("level", [1, 3, 5])
@pytest.mark.parametrize("name", REAL_WORLD)
def test_a_plan_replays_bit_for_bit_on_a_new_object(name, level):
    clip = make_clip(2.0, 22050, 2)
    own = catalogue.get(name)
    rendered = own.render(clip, level, generator(cell_seed(1, clip.hash, *own.seed_key)))
    plan = Plan.from_json(rendered.plan.to_json())
    again = catalogue.get(name).apply(Clip(clip.id, clip.samples.clone(), 22050, clip.annotations), plan)
    assert torch.equal(again.samples, rendered.clip.samples)
    assert again.annotations == rendered.clip.annotations


# -- time --------------------------------------------------------------------------------------------------


def test_time_maps_follow_one_another():
    clip = make_clip(6.0, 16000, 1)
    own = chain(Step(SpeedChange(), (20.0,)), Step(Scaled(), (1.0,)), Step(SpeedChange(), (-25.0,)))
    drawn = own.draw(clip, 1, 1.0, generator(1))
    assert own.changes_duration
    assert drawn.time_map(np.array([0.0, 3.0])) == pytest.approx([0.0, 3.0 / 0.8 / 1.25], abs=1e-9)
    rendered = own.render(clip, 1, generator(1))
    assert rendered.clip.num_samples == pytest.approx(clip.num_samples, abs=3)
    assert rendered.clip.annotations.beats == pytest.approx(clip.annotations.beats, abs=1e-9)
    assert rendered.clip.annotations.tempo_bpm == pytest.approx(clip.annotations.tempo_bpm)


def test_a_later_step_sees_the_beats_where_they_went():
    seen = []

    class Looks(Scaled):
        def draw(self, clip, level, strength, rng):
            seen.append(clip.annotations.beats)
            return super().draw(clip, level, strength, rng)

    clip = make_clip(4.0, 16000, 1)
    chain(Step(Looks(), (1.0,)), Step(SpeedChange(), (20.0,)), Step(Looks(), (1.0,))).render(clip, 1, generator(1))
    assert seen[0] == clip.annotations.beats
    assert seen[1] == pytest.approx([beat / 0.8 for beat in clip.annotations.beats])


def test_a_click_goes_where_the_nested_maps_say():
    rate = 22050
    samples = torch.zeros(1, 6 * rate)
    clip = make_clip(6.0, rate, 1)
    for beat in clip.annotations.beats:
        samples[0, round(beat * rate)] = 1.0
    clip = Clip("clicks", samples, rate, clip.annotations)
    inner = chain(Step(Wow(), (4.0,)), Step(SpeedChange(), (5.0,)))
    own = chain(Step(inner, (1.0,)), Step(Wow(), (3.0,)))  # a chain of chains
    rendered = own.render(clip, 5, generator(3))
    power = rendered.clip.samples[0].double().numpy() ** 2
    for beat in rendered.clip.annotations.beats[1:]:
        at = round(beat * rate)
        assert abs(int(np.argmax(power[at - 500 : at + 500])) - 500) < 0.0015 * rate


def test_maps_with_breaks_of_their_own_are_joined_exactly():
    first = TimeMap(((0.0, 0.0), (1.0, 2.0), (3.0, 3.0)))
    second = TimeMap(((0.0, 0.0), (2.5, 1.0), (3.0, 4.0)))
    times = np.linspace(-0.5, 4.0, 200)
    assert first.then(second)(times) == pytest.approx(second(first(times)))


# -- what a chain is made of ---------------------------------------------------------------------------------


def test_wrong_numbers_of_strengths_and_no_steps_are_refused():
    with pytest.raises(ConfigError, match="has no steps"):
        chain()
    for count in (2, 4, 6):
        with pytest.raises(ConfigError, match=f"white_noise needs 1 or 5 strengths, got {count}"):
            chain(Step(WhiteNoise(), tuple(range(count))))
    with pytest.raises(TypeError, match=r"abstract.*make_steps"):
        type("Empty", (Chain,), {"name": "empty", "default_ladder": LADDER})()


def test_what_the_steps_need_and_do_the_chain_needs_and_does():
    beats, stereo = Scaled(need="beats"), Scaled(need="stereo")
    own = chain(Step(beats, (1.0,)), Step(stereo, (1.0,)))
    assert own.needs == {"beats", "stereo"}
    assert not own.changes_duration
    assert chain(Step(TempoChange(), (5.0,))).changes_duration
    with pytest.raises(NotApplicableError, match="two channels"):
        own.render(make_clip(1.0, 8000, 1), 1, generator(1))
    assert own.version == "1.1.1"


def test_an_optional_step_is_left_out_where_it_does_not_apply():
    own = chain(Step(LowPass(), (16000.0,), optional=True), Step(Scaled(need="stereo"), (1.0,), optional=True))
    assert own.needs == frozenset()
    wide, narrow = make_clip(1.0, 44100, 1), make_clip(1.0, 16000, 2)
    steps = [own.draw(clip, 1, 1.0, generator(1)).params["steps"] for clip in (wide, narrow)]
    assert [step is None for step in steps[0]] == [False, True]
    assert [step is None for step in steps[1]] == [True, False]
    rendered = own.render(narrow, 1, generator(1))
    replayed = own.apply(narrow, Plan.from_json(rendered.plan.to_json()))
    assert torch.equal(replayed.samples, rendered.clip.samples)
    with pytest.raises(NotApplicableError, match="no step of the chain"):
        own.render(make_clip(1.0, 16000, 1), 1, generator(1))
    with pytest.raises(NotApplicableError, match="white_noise: the clip is silent"):
        chain(Step(WhiteNoise(), (10.0,))).render(make_clip(1.0, 8000, 1, kind="silence"), 1, generator(1))


def test_the_placebo_is_the_chain_of_the_steps_placebos():
    own = chain(
        Step(Scaled(add=0.0), (5.0,)), Step(Polarity(), (1.0,)), Step(TempoChange(), (5.0, 6.0, 7.0, 8.0, 9.0))
    )
    placebo = own.placebo
    assert placebo.name == "own_chain_placebo"
    assert placebo.placebo_of == "own_chain"
    assert placebo.group == "control"
    assert placebo.placebo is None
    assert placebo.seed_key == own.seed_key
    assert placebo.version == own.version
    names = [step.degradation.name for step in placebo.steps]
    assert names == ["scaled_placebo", "polarity", "tempo_change_placebo"]
    assert len(placebo.ladder.levels) == 5, "one of the placebos has levels"
    single = chain(Step(Scaled(), (5.0,)), Step(WhiteNoise(), (10.0,))).placebo
    assert len(single.ladder.levels) == 1
    assert chain(Step(Polarity(), (1.0,))).placebo is None, "controls alone are no damage"


def test_a_chain_with_a_step_that_has_no_placebo_has_none():
    class Bare(Scaled):
        name = "bare"

        def make_placebo(self):
            return None

    assert chain(Step(Scaled(), (5.0,)), Step(Bare(), (2.0,))).placebo is None, "it would hold the damage itself"


def test_one_strength_for_all_levels_is_one_damage_for_all_levels():
    clip = make_clip(16.0, 8000, 1)
    own = chain(Step(BarShuffle(), (25.0,)), Step(LowPass(), (3000.0, 2500.0, 2000.0, 1500.0, 1000.0)))
    shuffles = [own.draw(clip, level, float(level), generator(1)).params["steps"][0] for level in (1, 3, 5)]
    assert shuffles[0] == shuffles[1] == shuffles[2]


def test_a_chain_in_a_chain_is_as_strong_as_asked():
    clip = make_clip(1.0, 8000, 1)
    inner = AdHocChain("inner", [Step(Scaled(), (2.0, 3.0, 4.0, 5.0, 6.0))], LADDER)
    own = chain(Step(inner, (4.0,)), Step(Scaled(), (1.0, 1.1, 1.2, 1.3, 1.4)))
    for level in (1, 5):
        drawn = own.draw(clip, level, float(level), generator(1))
        assert drawn.params["steps"][0]["steps"][0]["factor"] == 5.0
    with pytest.raises(ConfigError, match="has the strengths 1, 2, 3, 4, 5 steps only"):
        chain(Step(inner, (2.5,)))


# -- the toolbox's chains --------------------------------------------------------------------------------------


def test_level_three_has_the_toolboxs_parameters():
    expected = {
        "live_recording": {"reverb": 2.0, "pink_noise": 40.0},
        "radio_broadcast": {"compression": 1.75, "speed_change": -2.0},
        "smartphone_recording": {
            "reverb": 0.3,
            "low_pass": 8000.0,
            "compression": 1.45,
            "percentile_clipping": 0.3,
            "pink_noise": 35.0,
        },
        "vinyl": {"low_pass": 12000.0, "crackle": 40.0, "wow": 1.3 / 2**0.5, "pink_noise": 40.0},
    }
    for name, steps in expected.items():
        own = catalogue.get(name)
        assert own.ladder.strengths == (25.0, 50.0, 100.0, 150.0, 200.0)
        assert {step.degradation.name: step.strength(3) for step in own.steps} == pytest.approx(steps)
        for step in own.steps:
            assert (np.diff(np.abs(step.strengths)) != 0).all(), "every step grows along the ladder"
    assert [step.strength(5) for step in catalogue.get("strong_mp3").steps] == [32.0] * 3


def test_the_record_turns_at_33_rpm():
    clip = make_clip(20.0, 8000, 1)
    drawn = catalogue.get("vinyl").draw(clip, 3, 100.0, generator(1))
    wow = drawn.params["steps"][2]
    assert wow["cycles"] == [11]  # 20 s · 33/60
    assert wow["peak"] == pytest.approx(0.013)
    assert json.loads(json.dumps(drawn.params)) == drawn.params


@pytest.mark.parametrize("name", ["live_recording", "smartphone_recording", "strong_mp3"])
def test_every_level_strays_further_from_the_clean_clip(name):
    clip = builtin_sources()[2].load()
    own = catalogue.get(name)
    power = float(clip.samples.square().sum())
    errors = []
    for chosen, levels in ((own, own.ladder.levels), (own.placebo, (1,))):
        for level in levels:
            out = chosen.render(clip, level, generator(cell_seed(1, clip.hash, *own.seed_key))).clip.samples
            errors.append(10 * np.log10(float((out - clip.samples).square().sum()) / power))
    *damage, placebo = errors
    assert (np.diff(damage) > 0).all()
    assert placebo < damage[0] - 15
