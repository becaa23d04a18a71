"""What holds for all damage to notes: ladders, plans, placebos, controls and the suite."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from degrade_bench.clip import Annotations
from degrade_bench.clip.loudness import clip_lufs, integrated_lufs
from degrade_bench.clip.notes.notes import Note
from degrade_bench.corpus.builtin_notes import builtin_notes
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.plan import Plan, Rendered
from degrade_bench.degrade.seeds import generator
from degrade_bench.degrade.suites import resolve, suite
from degrade_bench.errors import NotApplicableError
from degrade_bench.metric.traits import Traits
from degrade_bench.sweep.block import clip_record, row_of
from degrade_bench.sweep.cells import Cell
from degrade_bench.sweep.scoring import Outcome
from tests.conftest import make_clip
from tests.degrade.symbolic.small import EVERY, RATE, TESTED, drawn, music, pairs, rng_of


def rendered(degradation: Degradation, level: int) -> Rendered:
    return degradation.render(music(), level, rng_of(degradation, music()))


def check(degradation: Degradation, level: int) -> None:
    """Something happened, loudness is kept, and the plan replays bit for bit."""
    result = rendered(degradation, level)
    samples = result.clip.samples
    assert not torch.equal(samples, music().samples)
    if not degradation.changes_duration:
        assert samples.shape == music().samples.shape
    assert integrated_lufs(samples, RATE) == pytest.approx(clip_lufs(music()), abs=0.05)
    if degradation.placebo_of is None:
        replayed = degradation.apply(music(), Plan.from_json(result.plan.to_json()))
        assert torch.equal(replayed.samples, samples)


@pytest.mark.parametrize("name", EVERY)
def test_what_holds_for_all(name):
    degradation = catalogue.get(name)
    assert degradation.name == name
    described = degradation.describe()
    assert json.loads(json.dumps(described)) == described
    assert all(described[key] for key in ("version", "family", "source", "summary"))
    levels = degradation.ladder.levels
    achieved = [drawn(name, level).achieved for level in levels]
    assert (np.diff(achieved) > 0).all(), achieved
    check(degradation, levels[-1])
    with pytest.raises(NotApplicableError, match="needs notes"):
        degradation.render(make_clip(9.0, 8000, 1), 1, generator(1))
    if degradation.group == "control":
        assert degradation.placebo is None
    else:
        assert len(levels) == 5
        assert degradation.placebo.placebo_of == name
        assert catalogue.get(f"{name}_placebo").describe() == degradation.placebo.describe()
        check(degradation.placebo, 1)


@pytest.mark.parametrize("name", TESTED)
def test_placebos_touch_as_many_notes_by_what_nobody_hears(name):
    """Damage may move a note to where it was; what it plays once more has its match among other notes."""
    placebo = catalogue.get(name).placebo
    theirs = drawn(name, 5).params
    ours = placebo.draw(music(), 1, placebo.ladder.strength(1), rng_of(placebo, music()))
    assert ours.time_map is None
    assert ours.annotations is None
    before = music().notes.notes
    many = len(theirs["changed"]) + len(theirs["removed"]) + len(theirs["added"])
    assert len(ours.params["changed"]) == min(many, len(before))
    assert not ours.params["removed"] + ours.params["added"]
    for place, values in ours.params["changed"].items():
        old, new = before[int(place)], Note(*values)
        assert abs(new.onset - old.onset) <= 0.002
        assert abs(new.velocity - old.velocity) == 1
        assert (new.pitch, new.part, new.length) == (old.pitch, old.part, old.length)


@pytest.mark.parametrize("name", ["wrong_notes", "octave_leaps", "missing_notes", "wrong_bass", "added_notes"])
def test_ladders_are_nested(name):
    def taken(level: int) -> set:
        params = drawn(name, level).params
        return {*params["changed"], *params["removed"], *map(tuple, params["added"])}

    for level in range(1, 5):
        assert taken(level) < taken(level + 1)


def test_the_clean_rendering_is_what_an_empty_plan_plays():
    empty = {"changed": {}, "removed": [], "added": [], "parts": [], "seconds": music().duration}
    assert torch.equal(catalogue.get("wrong_notes").damage(music(), empty), music().samples)


def test_controls():
    up = pairs("semitone_up", 1)
    assert {(new.pitch - old.pitch, old.part == 3) for old, new in up} == {(1, False), (0, True)}
    assert drawn("semitone_up", 1).annotations.key == "C# minor"
    early = [old.onset - new.onset for old, new in pairs("earlier_notes", 3)]
    assert early == pytest.approx([0.008] * len(early))
    take = pairs("another_take", 5)
    assert max(abs(new.onset - old.onset) for old, new in take) < 0.012
    others = drawn("other_instruments", 1).params["parts"]
    assert all(new[1] // 8 == part.program // 8 for new, part in zip(others, music().notes.parts, strict=True))
    assert [catalogue.get(name).in_floor for name in ("another_take", "other_instruments")] == [True, False]


def test_a_control_of_timbre_is_no_part_of_the_floor():
    def counts(name: str) -> bool:
        cell, silent = Cell(catalogue.get(name), 1, 0, "control"), Outcome(0.0, "ok", None, 0.0)
        return row_of(clip_record(music()), cell, Traits(name="toy", fingerprint="f"), 0, silent).nuisance

    assert counts("another_take")
    assert counts("gain")
    assert not counts("other_instruments")


def test_the_suite_and_its_controls():
    members = suite("symbolic").degradations
    assert len([one for one in members if one.group != "control"]) >= 22
    assert len([one for one in members if one.group == "control"]) >= 4
    names = [one.name for one in resolve(("structural",)).degradations]
    assert not set(names) & set(EVERY)
    along = [one.name for one in resolve((), ("wrong_notes",)).degradations]
    assert {"gain", "another_take", "semitone_up"} < set(along)
    assert not set(along) & set(TESTED) - {"wrong_notes"}


def test_plug_ins_that_change_notes_are_in_the_suite_and_in_no_group(monkeypatch):
    mine = catalogue.get("wrong_notes").varied(name="my_notes")
    made, broken = catalogue.usable()
    monkeypatch.setattr(catalogue, "usable", lambda: ([*made, mine], broken))
    assert mine in suite("symbolic").degradations
    assert mine not in suite("structural").degradations


def test_built_in_pieces_suit_nearly_all():
    """Only plans are drawn; nothing but the clean clips is played."""
    clips = [builtin_notes()[k].load() for k in (2, 13)]
    for name in (one for one in TESTED if "foreign" not in one):
        degradation, suited = catalogue.get(name), 0
        for clip in clips:
            try:
                levels = [
                    degradation.draw(clip, level, degradation.ladder.strength(level), rng_of(degradation, clip))
                    for level in (1, 5)
                ]
            except NotApplicableError:
                continue
            suited += 1
            assert levels[0].achieved < levels[1].achieved
        assert suited == len(clips), name


def test_notes_without_a_key_or_of_one_part_are_a_reason_or_a_result():
    bare = replace(music(), annotations=replace(music().annotations, key=None, sections=(), chords=()))
    alone = [note for note in music().notes.notes if note.part == 0][:8]
    few = replace(music(), notes=replace(music().notes, notes=tuple(alone)), annotations=Annotations())
    for name in EVERY:
        degradation = catalogue.get(name)
        for clip in (bare, few):
            try:
                plan = degradation.draw(clip, 1, degradation.ladder.strength(1), generator(2))
            except NotApplicableError:
                assert clip is few or name not in TESTED
                continue
            json.dumps(plan.params, allow_nan=False)
