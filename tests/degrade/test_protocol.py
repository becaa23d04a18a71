"""What holds for every registered degradation, its placebo included: the oracles of the protocol."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import zlib
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from degrade_bench.clip import Annotations, Clip
from degrade_bench.clip.loudness import clip_lufs, integrated_lufs
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.corpus.inputs import sources_from
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.plan import Plan, Rendered
from degrade_bench.degrade.seeds import cell_seed, generator
from degrade_bench.errors import LevelError, NotApplicableError, PlanError
from tests.conftest import make_clip
from tests.support.test_guard import global_state

TESTED = [name for name in catalogue.names() if catalogue.get(name).group != "control"]
EVERY = [*catalogue.names(), *(f"{name}_placebo" for name in TESTED)]
STEMS = [name for name in TESTED if "stems" in catalogue.get(name).needs]
"""Only four of the fourteen built-in clips have what these need."""

generated = lru_cache(maxsize=24)(make_clip)
"""Clips cost as much as damaging them: made once in a process."""


def render(degradation: Degradation, clip: Clip, level: int, replicate: int = 0) -> Rendered:
    return degradation.render(clip, level, generator(cell_seed(7, clip.hash, *degradation.seed_key, replicate)))


@cache
def builtin() -> tuple[Clip, ...]:
    return tuple(source.load() for source in builtin_sources())


def stemmed() -> Clip:
    return next(clip for clip in builtin() if clip.stems)


def music_for(name: str) -> Clip:
    """A clip that has what a degradation needs: generated and mono where it can be, for speed."""
    needs = catalogue.get(name).needs
    if "stems" in needs:
        return stemmed()
    return generated(14.0, 44100, 2 if "stereo" in needs else 1)


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
    clip = generated(3.0, 16000, 2, kind=kind)
    degradation = catalogue.get(name)
    rendered = render(degradation, clip, 0)
    assert rendered.clip is clip
    assert degradation.apply(clip, rendered.plan) is clip
    assert Plan.from_json(rendered.plan.to_json()) == rendered.plan


@pytest.mark.parametrize("name", EVERY)
def test_a_level_outside_the_ladder_is_refused(name):
    degradation = catalogue.get(name)
    for level in (-1, len(degradation.ladder.levels) + 1):
        with pytest.raises(LevelError, match="level must be one of 0"):
            render(degradation, generated(3.0, 8000, 1), level)


@pytest.mark.parametrize("name", EVERY)
def test_what_an_application_keeps(name):
    degradation, music = catalogue.get(name), music_for(name)
    before = music.samples.clone()
    state = global_state()
    for level in (degradation.ladder.levels[0], degradation.ladder.levels[-1]):
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
        again = render(catalogue.get(name), music, level)
        assert again.plan == rendered.plan
        assert torch.equal(again.clip.samples, samples)
        replayed = catalogue.get(name).apply(music, Plan.from_json(rendered.plan.to_json()))
        assert torch.equal(replayed.samples, samples)
        assert replayed.annotations == rendered.clip.annotations
    assert not degradation.is_foreign
    state["warnings"] = []  # what is imported meanwhile may add filters
    assert {**global_state(), "warnings": []} == state, "nobody puts it back"


def test_plans_replay_in_another_process(tmp_path):
    """Bit for bit, with another number of threads; the built-in clip that has stems suits them all."""
    clip = stemmed()
    plans = {name: render(catalogue.get(name), clip, 2 if name in TESTED else 1) for name in EVERY}
    (tmp_path / "plans.json").write_text(json.dumps({name: each.plan.to_json() for name, each in plans.items()}))
    code = """
import hashlib, json, sys
import torch
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.plan import Plan
torch.set_num_threads(1 if torch.get_num_threads() > 1 else 2)
clip = next(source for source in builtin_sources() if source.id == sys.argv[2]).load()
for name, text in json.load(open(sys.argv[1])).items():
    samples = catalogue.get(name).apply(clip, Plan.from_json(text)).samples
    print(name, hashlib.sha256(samples.numpy().tobytes()).hexdigest())
"""
    command = [sys.executable, "-c", code, str(tmp_path / "plans.json"), clip.id]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    theirs = dict(line.split() for line in done.stdout.splitlines())
    ours = {
        name: hashlib.sha256(np.ascontiguousarray(each.clip.samples.numpy()).tobytes()).hexdigest()
        for name, each in plans.items()
    }
    assert theirs == ours


@pytest.mark.parametrize("name", TESTED)
def test_a_plan_is_refused_for_other_samples_or_another_degradation(name):
    degradation, music = catalogue.get(name), music_for(name)
    plan = render(degradation, music, 1).plan
    with pytest.raises(PlanError, match="was drawn for samples"):
        degradation.apply(generated(14.0, 22050, 1, seed=5), plan)
    assert degradation.placebo is not None
    with pytest.raises(PlanError, match="plan is for"):
        degradation.placebo.apply(music, plan)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"time_map": null}', '{"time_map": [[0, 0]]}', "null"])
def test_what_is_no_plan_is_refused(text):
    with pytest.raises(PlanError, match="not a plan"):
        Plan.from_json(text)


@pytest.mark.parametrize("name", TESTED)
def test_strength_and_loudness_on_every_builtin_clip(name):
    """The achieved strength is strictly monotone, or the page says where it is not; loudness is no side effect.

    Of damages that all clips suit, two of the fourteen clips, chosen by the damage's name. All of them are asked
    for with ``DEGRADE_BENCH_EVERY_CLIP=1``; what they come to stands on the damage's page.
    """
    degradation = catalogue.get(name)
    direction = np.sign(degradation.ladder.strengths[1] - degradation.ladder.strengths[0])
    checked, bent = 0, []
    few = name not in STEMS and not os.environ.get("DEGRADE_BENCH_EVERY_CLIP")
    clips = builtin()[zlib.crc32(name.encode()) % 7 :: 7] if few else builtin()
    for clip in clips:
        achieved = []
        for level in degradation.ladder.levels:
            try:
                rendered = render(degradation, clip, level)
            except NotApplicableError:
                break
            achieved.append(degradation.achieved(clip, rendered))
            if degradation.matches_loudness:
                lufs = integrated_lufs(rendered.clip.samples, clip.sample_rate)
                assert lufs == pytest.approx(clip_lufs(clip), abs=0.5), (clip.id, level)
        if len(achieved) == 5:
            assert None not in achieved, (clip.id, achieved)
            checked += 1
            if not (np.diff(achieved) * direction > 0).all():
                bent.append((clip.id, achieved))
    least = 4 if name in STEMS else 1 if few else len(clips) - 2
    assert checked >= least, "the built-in corpus must suit nearly every degradation"
    assert all(clip_id in degradation.caveat for clip_id, _ in bent), bent


@pytest.mark.parametrize("name", TESTED)
def test_real_music(name, music_folder):
    """Every degradation on every file at its gross end, where most can go wrong."""
    degradation = catalogue.get(name)
    for clip in real_music(music_folder):
        check_on(degradation, clip, 5)


@cache
def real_music(folder: Path) -> tuple[Clip, ...]:
    sources, _ = sources_from([folder])
    clips = tuple(source.load() for source in sources)
    return tuple(excerpt(clip, 9.0) for clip in clips)


def excerpt(clip: Clip, seconds: float) -> Clip:
    known = clip.annotations
    kept = Annotations(
        beats=tuple(t for t in known.beats if t < seconds),
        downbeats=tuple(t for t in known.downbeats if t < seconds),
        beat_source=known.beat_source,
    )
    return clip.with_samples(clip.samples[:, : round(seconds * clip.sample_rate)].contiguous(), kept)


RATES = [8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000, 192000]


@st.composite
def clips(draw: st.DrawFn) -> Clip:
    """1 to 60 s, 8 to 192 kHz, one to six channels, as far as a budget of samples allows."""
    rate = draw(st.sampled_from(RATES))
    channels = draw(st.integers(1, 6))
    longest = min(60.0, max(1.0, 800_000 / (rate * channels)))
    seconds = draw(st.floats(1.0, longest))
    kind = draw(st.sampled_from(["music", "music", "music", "noise", "square", "silence"]))
    bpm = draw(st.sampled_from([60.0, 97.0, 120.0, 180.0]))
    return generated(seconds, rate, channels, seed=draw(st.integers(0, 9)), bpm=bpm, kind=kind)


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
        assert len(rendered.clip.annotations.beats) <= len(clip.annotations.beats)


@pytest.mark.parametrize("name", EVERY)
@settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(clip=clips(), level=st.integers(1, 5))
def test_every_rate_channel_count_and_length(name, clip, level):
    degradation = catalogue.get(name)
    check_on(degradation, clip, min(level, len(degradation.ladder.levels)))


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize(
    ("seconds", "rate", "channels"), [(60.0, 8000, 1), (1.0, 192000, 6), (1.0, 8000, 1), (14.0, 48000, 2)]
)
def test_the_corners(name, seconds, rate, channels):
    degradation = catalogue.get(name)
    check_on(degradation, generated(seconds, rate, channels), len(degradation.ladder.levels))


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("kind", ["silence", "square"])
def test_silence_and_full_scale_squares(name, kind):
    degradation = catalogue.get(name)
    for level in degradation.ladder.levels[::4]:
        check_on(degradation, generated(6.0, 16000, 2, kind=kind), level)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("count", [1, 2, 100])
def test_a_handful_of_samples(name, count):
    """Nobody's clip, but no excuse for anything but a result or a reason."""
    clip = Clip("tiny", generated(1.0, 8000, 2).samples[:, 400 : 400 + count].contiguous(), 8000)
    degradation = catalogue.get(name)
    try:
        rendered = render(degradation, clip, len(degradation.ladder.levels))
    except NotApplicableError:
        return
    assert bool(torch.isfinite(rendered.clip.samples).all())
    degradation.achieved(clip, rendered)
