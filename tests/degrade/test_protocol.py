"""What holds for every registered degradation, its placebo included: the oracles of the protocol."""

from __future__ import annotations

import json
import random
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from degrade_bench.clip import Clip
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.base import Degradation, Plan, Rendered
from degrade_bench.degrade.seeds import cell_seed, generator
from degrade_bench.errors import LevelError, NotApplicableError, PlanError
from degrade_bench.loudness import clip_lufs, integrated_lufs
from tests.conftest import make_clip

TESTED = [name for name in catalogue.names() if catalogue.get(name).group != "control"]
EVERY = [*catalogue.names(), *(f"{name}_placebo" for name in TESTED)]
STRETCHING = {"tempo_change", "tempo_jitter", "key_break"}
"""Slow: rendered on fewer clips."""


def render(degradation: Degradation, clip: Clip, level: int, replicate: int = 0) -> Rendered:
    return degradation.render(clip, level, generator(cell_seed(7, clip.hash, *degradation.seed_key, replicate)))


@pytest.fixture(scope="module")
def music() -> Clip:
    return make_clip(14.0, 44100, 1)


@pytest.fixture(scope="module")
def builtin() -> list[Clip]:
    return [source.load() for source in builtin_sources()]


@pytest.mark.parametrize("name", catalogue.names())
def test_description(name):
    degradation = catalogue.get(name)
    described = degradation.describe()
    assert json.loads(json.dumps(described)) == described
    assert described["name"] == name
    for key in ("version", "group", "family", "source", "summary"):
        assert described[key]
    assert isinstance(described["changes_duration"], bool)
    strengths = [step["strength"] for step in described["ladder"]]
    assert [step["level"] for step in described["ladder"]] == list(range(1, len(strengths) + 1))
    assert all(step["unit"] for step in described["ladder"])
    steps = np.diff(strengths)
    assert (steps > 0).all() or (steps < 0).all()
    if degradation.group == "control":
        assert degradation.placebo is None
        assert described["placebo"] is None
    else:
        assert len(strengths) == 5
        placebo = degradation.placebo
        assert placebo is not None
        assert placebo.placebo_of == name
        assert placebo.group == "control"
        assert described["placebo"] == placebo.name
        assert catalogue.get(placebo.name).describe() == placebo.describe()


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("kind", ["music", "silence", "square"])
def test_level_zero_is_the_identity(name, kind):
    clip = make_clip(3.0, 16000, 2, kind=kind)
    degradation = catalogue.get(name)
    rendered = render(degradation, clip, 0)
    assert rendered.clip is clip
    assert degradation.apply(clip, rendered.plan) is clip
    assert Plan.from_json(rendered.plan.to_json()) == rendered.plan


@pytest.mark.parametrize("name", EVERY)
def test_a_level_outside_the_ladder_is_refused(name, music):
    degradation = catalogue.get(name)
    for level in (-1, len(degradation.ladder.levels) + 1):
        with pytest.raises(LevelError, match="level must be one of 0"):
            render(degradation, music, level)


@pytest.mark.parametrize("name", EVERY)
def test_what_an_application_keeps(name, music):
    degradation = catalogue.get(name)
    before = music.samples.clone()
    states = random.getstate(), np.random.get_state()[1].copy(), torch.random.get_rng_state()
    for level in degradation.ladder.levels[:: 1 if name not in STRETCHING else 2]:
        rendered = render(degradation, music, level)
        samples = rendered.clip.samples
        assert torch.equal(music.samples, before), "the clip was written to"
        assert samples.dtype == torch.float32
        assert bool(torch.isfinite(samples).all())
        assert samples.shape[0] == music.channels
        assert rendered.clip.sample_rate == music.sample_rate
        assert not torch.equal(samples, music.samples), "nothing happened"
        if not degradation.changes_duration:
            assert samples.shape == music.samples.shape
        if degradation.matches_loudness:
            assert integrated_lufs(samples, music.sample_rate) == pytest.approx(clip_lufs(music), abs=0.05)
        again = render(degradation, music, level)
        assert again.plan == rendered.plan
        assert torch.equal(again.clip.samples, samples)
        replayed = degradation.apply(music, Plan.from_json(rendered.plan.to_json()))
        assert torch.equal(replayed.samples, samples)
        assert replayed.annotations == rendered.clip.annotations
    assert random.getstate() == states[0]
    assert np.array_equal(np.random.get_state()[1], states[1])
    assert torch.equal(torch.random.get_rng_state(), states[2])


def test_plans_replay_in_another_process(music, tmp_path):
    plans = {name: render(catalogue.get(name), music, 1) for name in EVERY}
    (tmp_path / "plans.json").write_text(json.dumps({name: each.plan.to_json() for name, each in plans.items()}))
    code = """
import hashlib, json, sys
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.base import Plan
from tests.conftest import make_clip
clip = make_clip(14.0, 44100, 1)
for name, text in json.load(open(sys.argv[1])).items():
    samples = catalogue.get(name).apply(clip, Plan.from_json(text)).samples
    print(name, hashlib.sha256(samples.numpy().tobytes()).hexdigest())
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "plans.json")], capture_output=True, text=True, check=True
    )
    import hashlib

    theirs = dict(line.split() for line in done.stdout.splitlines())
    ours = {
        name: hashlib.sha256(np.ascontiguousarray(each.clip.samples.numpy()).tobytes()).hexdigest()
        for name, each in plans.items()
    }
    assert theirs == ours


@pytest.mark.parametrize("name", TESTED)
def test_a_plan_is_refused_for_other_samples_or_another_degradation(name, music):
    degradation = catalogue.get(name)
    plan = render(degradation, music, 1).plan
    other = make_clip(14.0, 44100, 1, seed=5)
    with pytest.raises(PlanError, match="was drawn for samples"):
        degradation.apply(other, plan)
    assert degradation.placebo is not None
    with pytest.raises(PlanError, match="plan is for"):
        degradation.placebo.apply(music, plan)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"time_map": null}', '{"time_map": [[0, 0]]}', "null"])
def test_what_is_no_plan_is_refused(text):
    with pytest.raises(PlanError, match="not a plan"):
        Plan.from_json(text)


@pytest.mark.parametrize("name", TESTED)
def test_the_achieved_strength_is_strictly_monotone_on_every_builtin_clip(name, builtin):
    degradation = catalogue.get(name)
    direction = np.sign(degradation.ladder.strengths[1] - degradation.ladder.strengths[0])
    checked = 0
    for clip in builtin:
        achieved = []
        for level in degradation.ladder.levels:
            if degradation.group == "structural":  # by construction: no need to render
                rng = generator(cell_seed(7, clip.hash, *degradation.seed_key))
                try:
                    drawn = degradation.draw(clip, level, degradation.ladder.strength(level), rng)
                except NotApplicableError:
                    break
                strength = drawn.achieved
                if strength is None:
                    assert drawn.time_map is not None
                    strength = 100 * (1 - 1 / drawn.time_map.mean_stretch)
            else:
                strength = degradation.achieved(clip, render(degradation, clip, level))
            achieved.append(strength)
        if achieved:
            assert (np.diff(achieved) * direction > 0).all(), (clip.id, achieved)
            checked += 1
    assert checked >= 12, "the built-in corpus must suit nearly every degradation"


@pytest.mark.parametrize("name", TESTED)
def test_loudness_is_no_side_effect_on_the_builtin_corpus(name, builtin):
    degradation = catalogue.get(name)
    clips = builtin[::5] if name in STRETCHING else builtin
    for clip in clips:
        rendered = render(degradation, clip, 5)
        lufs = integrated_lufs(rendered.clip.samples, clip.sample_rate)
        assert lufs == pytest.approx(clip_lufs(clip), abs=0.5)
        undone = rendered.clip.samples * 10 ** (-rendered.plan.gain_db / 20)
        raw = integrated_lufs(undone, clip.sample_rate)
        assert raw + rendered.plan.gain_db == pytest.approx(lufs, abs=0.05)


RATES = [8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000, 192000]


@st.composite
def clips(draw: st.DrawFn) -> Clip:
    """1 to 60 s, 8 to 192 kHz, one to six channels, as far as a budget of samples allows."""
    rate = draw(st.sampled_from(RATES))
    channels = draw(st.integers(1, 6))
    longest = min(60.0, max(1.0, 1_500_000 / (rate * channels)))
    seconds = draw(st.floats(1.0, longest))
    kind = draw(st.sampled_from(["music", "music", "music", "noise", "square", "silence"]))
    bpm = draw(st.sampled_from([60.0, 97.0, 120.0, 180.0]))
    return make_clip(seconds, rate, channels, seed=draw(st.integers(0, 9)), bpm=bpm, kind=kind)


def check_on(degradation: Degradation, clip: Clip, level: int) -> None:
    try:
        rendered = render(degradation, clip, level)
    except NotApplicableError:
        return
    samples = rendered.clip.samples
    assert bool(torch.isfinite(samples).all())
    assert samples.shape[0] == clip.channels
    if not degradation.changes_duration:
        assert samples.shape == clip.samples.shape
    if degradation.matches_loudness and np.isfinite(clip_lufs(clip)):
        assert integrated_lufs(samples, clip.sample_rate) == pytest.approx(clip_lufs(clip), abs=0.5)
    assert torch.equal(degradation.apply(clip, Plan.from_json(rendered.plan.to_json())).samples, samples)
    if rendered.plan.time_map is not None:
        degradation.achieved(clip, rendered)
        assert len(rendered.clip.annotations.beats) == len(clip.annotations.beats)


@pytest.mark.parametrize("name", EVERY)
@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(clip=clips(), level=st.integers(1, 5))
def test_every_rate_channel_count_and_length(name, clip, level):
    degradation = catalogue.get(name)
    check_on(degradation, clip, min(level, len(degradation.ladder.levels)))


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize(
    ("seconds", "rate", "channels"), [(60.0, 8000, 1), (1.0, 192000, 6), (1.0, 8000, 1), (60.0, 22050, 2)]
)
def test_the_corners(name, seconds, rate, channels):
    degradation = catalogue.get(name)
    check_on(degradation, make_clip(seconds, rate, channels), len(degradation.ladder.levels))


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("kind", ["silence", "square"])
def test_silence_and_full_scale_squares(name, kind):
    degradation = catalogue.get(name)
    for level in degradation.ladder.levels[::4]:
        check_on(degradation, make_clip(6.0, 16000, 2, kind=kind), level)
