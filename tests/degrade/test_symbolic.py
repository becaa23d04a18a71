"""Damage to notes: what holds for all of it, and what each does, read off the notes and heard in the audio."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch

from degrade_bench.clip import Annotations, Clip
from degrade_bench.clip.loudness import clip_lufs, integrated_lufs
from degrade_bench.clip.notes.notes import Note, Notes, Part
from degrade_bench.clip.notes.rendering import levelled, played
from degrade_bench.corpus.builtin_notes import builtin_notes
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.plan import Plan, Rendered
from degrade_bench.degrade.seeds import cell_seed, generator
from degrade_bench.degrade.suites import resolve, suite
from degrade_bench.degrade.symbolic.base import notes_after
from degrade_bench.degrade.symbolic.harmony import EARLY_SECONDS, step_in
from degrade_bench.degrade.symbolic.twins import Rearranged, Twin, Warped
from degrade_bench.errors import NotApplicableError
from degrade_bench.metric.traits import Traits
from degrade_bench.sweep.block import clip_record, row_of
from degrade_bench.sweep.cells import Cell
from degrade_bench.sweep.scoring import Outcome
from tests.conftest import make_clip

RATE, BEAT, BARS = 44100, 0.25, 7
FLUTE, BASS = 73, 33
EVERY = catalogue.SYMBOLIC.names()
TESTED = [name for name in EVERY if catalogue.get(name).group != "control"]
TWINS = [name for name in EVERY if isinstance(catalogue.get(name), Twin)]
MINOR = (0, 2, 3, 5, 7, 8, 10)


@cache
def music() -> Clip:
    """Seven bars of 4/4, a second each, in C minor: a melody, chords, a bass and drums, every bar another one."""
    rng = np.random.default_rng(1)
    scale = [60 + 12 * octave + step for octave in (0, 1) for step in MINOR]
    notes = []
    for bar in range(BARS):
        for beat in range(4):
            at = 0.1 + 4 * BEAT * bar + BEAT * beat
            notes.append(Note(at, 0.2, scale[int(rng.integers(len(scale)))] + 12, 60 + 12 * beat, 0))
            notes.append(Note(at, 0.1, (36, 42, 38, 42)[beat], 90 - 5 * beat, 3))
        at, root = 0.1 + 4 * BEAT * bar, int(rng.choice(MINOR))
        notes += [Note(at, 0.9, 48 + root + step, 70, 1) for step in (0, 3, 7)]
        notes += [Note(at + 2 * BEAT * half, 0.4, 36 + root, 90, 2) for half in (0, 1)]
    parts = (Part("melody", FLUTE), Part("chords", 80, volume=70), Part("bass", BASS), Part("drums", 0, True))
    seconds = 0.1 + 4 * BEAT * BARS + 0.5
    played_notes = levelled(Notes((), parts).with_notes(notes), seconds)
    beats = tuple((0.1 + BEAT * np.arange(4 * BARS + 1)).tolist())
    annotations = Annotations(
        beats=beats,
        downbeats=beats[::4],
        sections=((0.1, "A"), (0.1 + 16 * BEAT, "B")),
        key="C minor",
        tempo_bpm=240.0,
        time_signature="4/4",
        beat_source="annotated",
        beat_confidence=1.0,
        downbeat_confidence=1.0,
    )
    samples = played(played_notes, seconds)
    return Clip("small", samples, RATE, annotations, notes=played_notes)


def rng_of(degradation: Degradation, clip: Clip) -> np.random.Generator:
    return generator(cell_seed(3, clip.hash, *degradation.seed_key))


def drawn(name: str, level: int):
    degradation, clip = catalogue.get(name), music()
    return degradation.draw(clip, level, degradation.ladder.strength(level), rng_of(degradation, clip))


def after(name: str, level: int) -> list[Note]:
    return list(notes_after(music().notes, drawn(name, level).params).notes)


def pairs(name: str, level: int) -> list[tuple[Note, Note]]:
    """Each note and what became of it; of damage that leaves none out."""
    params = drawn(name, level).params
    assert not params["removed"]
    before = music().notes.notes
    return [(note, Note(*params["changed"].get(str(k), note))) for k, note in enumerate(before)]


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


def test_wrong_notes_are_a_semitone_off_and_wrong_scale_notes_in_the_key():
    moved = [(old, new) for old, new in pairs("wrong_notes", 5) if old != new]
    assert all(abs(new.pitch - old.pitch) == 1 and new.part != 3 for old, new in moved)
    assert all(old._replace(pitch=new.pitch) == new for old, new in moved)
    pitched = sum(note.part != 3 for note in music().notes.notes)
    assert len(moved) / pitched == pytest.approx(0.5, abs=0.01)
    for old, new in pairs("wrong_scale_notes", 5):
        assert new.part == 3 or new.pitch % 12 in MINOR or old.pitch % 12 not in MINOR
    assert [step_in((0, 2, 4, 5, 7, 9, 11), 60, steps) for steps in (1, 2, -1, -2)] == [2, 4, -1, -3]


def test_one_part_is_in_another_key_and_the_others_stay():
    for level, semitones in enumerate((5, 2, 3, 4, 1), 1):
        moved = {old.part: abs(new.pitch - old.pitch) for old, new in pairs("other_key_part", level) if old != new}
        assert list(moved.values()) == [semitones]


def test_the_wrong_bass_clashes_with_what_is_played_above_it():
    notes = after("wrong_bass", 5)
    above = [note for note in notes if note.part in (0, 1)]
    for low in (note for note in notes if note.part == 2):
        sounding = {note.pitch % 12 for note in above if note.onset < low.end and note.end > low.onset}
        assert low.pitch % 12 not in sounding
    chords = [(old, new) for old, new in pairs("wrong_chords", 5) if old != new]
    assert {old.part for old, _ in chords} == {1, 2}
    for bar in range(BARS):
        inside = [new.pitch - old.pitch for old, new in chords if 0 <= old.onset - 0.1 - bar < 0.99]
        assert len(set(inside)) == 1


def test_melodies_keep_their_rhythm():
    shuffled = pairs("melody_shuffle", 5)
    assert Counter(old.pitch for old, _ in shuffled) == Counter(new.pitch for _, new in shuffled)
    assert {old.part for old, new in shuffled if old != new} == {0}
    middle = round(float(np.median([old.pitch for old, _ in shuffled if old.part == 0])))
    scaled = [
        (old.pitch - middle, new.pitch - middle) for old, new in pairs("interval_scaling", 5) if old.part == 0
    ]
    assert all(new == 0 for _, new in scaled) or all(new == 2 * old for old, new in scaled)
    assert {abs(new.pitch - old.pitch) for old, new in pairs("octave_leaps", 3)} == {0, 12}
    for name in ("melody_shuffle", "interval_scaling", "octave_leaps"):
        assert all(old._replace(pitch=new.pitch) == new for old, new in pairs(name, 5))


def test_onsets_in_another_order_stay_in_their_bars_with_the_same_spans():
    changed = pairs("onset_shuffle", 5)
    for part in (0, 2, 3):
        for bar in range(BARS):
            start = 0.1 + bar
            old = sorted(
                one.onset for one, _ in changed if one.part == part and start <= one.onset + 0.03 < start + 1
            )
            new = sorted(
                one.onset for was, one in changed if was.part == part and start <= was.onset + 0.03 < start + 1
            )
            end = start + 1 - EARLY_SECONDS
            spans = [sorted(np.diff([*onsets, end]).round(6)) for onsets in (old, new)]
            assert spans[0] == pytest.approx(spans[1], abs=1e-5)


def test_parts_out_of_time_and_lengths():
    late = {old.part: new.onset - old.onset for old, new in pairs("part_offset", 5)}
    assert late == pytest.approx({0: 0, 1: 0, 2: 0, 3: 0.38 * BEAT})
    spread = [new.onset - old.onset for old, new in pairs("ensemble_spread", 3)]
    assert 1000 * np.sqrt(np.mean(np.square(spread))) == pytest.approx(40.0, rel=0.05)
    octaves = [np.log2(new.length / old.length) for old, new in pairs("length_scatter", 3)]
    assert np.sqrt(np.mean(np.square(octaves))) == pytest.approx(1.0, rel=0.05)


def test_dynamics_are_flattened_and_scrambled():
    flat = pairs("flat_dynamics", 5)
    assert len({(new.part, new.velocity) for _, new in flat}) == 4
    half = pairs("flat_dynamics", 3)
    assert np.std([new.velocity for _, new in half if new.part == 0]) == pytest.approx(
        0.4 * np.std([old.velocity for old, _ in half if old.part == 0]), rel=0.05
    )
    db = [40 * np.log10(new.velocity / old.velocity) for old, new in pairs("scrambled_dynamics", 2)]
    assert np.sqrt(np.mean(np.square(db))) == pytest.approx(3.0, rel=0.15)


@pytest.mark.parametrize("name", TWINS)
def test_twins_draw_what_their_audio_damage_draws(name):
    """From the same seed, at the same level."""
    twin = catalogue.get(name)
    assert twin.seed_key == twin.audio.seed_key
    audio = twin.audio.draw(music(), 4, twin.ladder.strength(4), rng_of(twin.audio, music()))
    ours = drawn(name, 4)
    assert ours.achieved == audio.achieved
    if isinstance(twin, Warped):
        assert ours.time_map == audio.time_map
        onsets = [note.onset for note in music().notes.notes]
        expected = np.sort(np.maximum(audio.time_map(onsets), 0))
        assert sorted(note.onset for note in after(name, 4)) == pytest.approx(expected, abs=1e-9)
    if isinstance(twin, Rearranged):
        seconds = sum(abs(end - start) for start, end in audio.params["pieces"]) / RATE
        assert ours.params["seconds"] == pytest.approx(seconds)


def bars_of(notes: list[Note], shift: float = 0.0) -> list[Counter]:
    """What is played in each bar, and when in it."""
    where = [int((note.onset - 0.1 + EARLY_SECONDS) // (4 * BEAT)) for note in notes]
    return [
        Counter(
            (round(note.onset - 0.1 - bar + shift, 3), note.pitch, note.part)
            for note, place in zip(notes, where, strict=True)
            if place == bar
        )
        for bar in range(BARS)
    ]


def test_a_bar_shuffle_is_a_permutation_of_bars_and_is_heard_as_one():
    twin = catalogue.get("symbolic_bar_shuffle")
    audio = twin.audio.draw(music(), 5, 100.0, rng_of(twin, music()))
    starts = [round(start / RATE - 0.1) for start, _ in audio.params["pieces"][1:-1]]
    order = [
        bar
        for (start, end), first in zip(audio.params["pieces"][1:-1], starts, strict=True)
        for bar in range(first, first + round((end - start) / RATE))
    ]
    clean, shuffled = bars_of(list(music().notes.notes)), bars_of(after("symbolic_bar_shuffle", 5))
    assert sorted(order) == list(range(BARS))
    assert all(place != bar for place, bar in enumerate(order))
    assert [clean[bar] for bar in order] == shuffled
    heard = twin.damage(music(), drawn("symbolic_bar_shuffle", 5).params).numpy().sum(0)
    source = music().samples.numpy().sum(0)

    def bar(signal: np.ndarray, place: int) -> np.ndarray:
        start = round((0.1 + place + 0.15) * RATE)  # after what rings over from the bar before
        return signal[start : start + round(0.8 * RATE)]

    for place, origin in enumerate(order[:-1]):
        likeness = [np.corrcoef(bar(heard, place), bar(source, other))[0, 1] for other in range(BARS)]
        assert int(np.argmax(likeness)) == origin
        assert likeness[origin] > 0.9


def test_reversed_bars_and_monotony():
    reversed_notes = [note for note in after("symbolic_reversed_bars", 5) if note.part == 0]
    melody = [note for note in music().notes.notes if note.part == 0]
    assert [n.pitch for n in reversed_notes[:4]] == [n.pitch for n in melody[:4]][::-1]
    bars = bars_of(after("symbolic_monotony", 5))
    assert all(bar == bars[0] for bar in bars)


def test_foreign_bars_are_played_by_strangers_or_by_the_piece_itself():
    strangers = drawn("symbolic_foreign_bars", 3).params
    assert strangers["added"]
    assert min(values[4] for values in strangers["added"]) >= len(music().notes.parts)
    ours = drawn("symbolic_foreign_bars_own_sound", 3).params
    assert ours["removed"] == strangers["removed"]
    assert not ours["parts"]
    assert {values[4] for values in ours["added"]} <= set(range(4))


def test_missing_parts_are_missing_for_whole_bars():
    gone = {music().notes.notes[k] for k in drawn("missing_parts", 4).params["removed"]}
    kept = {(note.part, round(note.onset // 1)) for note in music().notes.notes if note not in gone}
    assert not {(note.part, round(note.onset // 1)) for note in gone} & kept


def test_a_wrong_note_is_heard_at_its_new_pitch_and_not_at_the_old():
    notes = Notes(tuple(Note(0.1 + 0.5 * k, 0.45, 72, 100, 0) for k in range(8)), (Part("flute", FLUTE),))
    clip = Clip("flute", played(notes, 5.0), RATE, notes=notes)
    degradation = catalogue.get("wrong_notes")
    plan = degradation.draw(clip, 3, 16.0, generator(5))
    heard = degradation.damage(clip, plan.params).numpy().sum(0)

    def energy(place: int, pitch: int) -> float:
        start = round((0.1 + 0.5 * place + 0.15) * RATE)
        window = heard[start : start + round(0.25 * RATE)] * np.hanning(round(0.25 * RATE))
        tone = np.exp(-2j * np.pi * 440 * 2 ** ((pitch - 69) / 12) * np.arange(len(window)) / RATE)
        return float(abs(window @ tone)) ** 2

    wrong = {int(place): Note(*values).pitch for place, values in plan.params["changed"].items()}
    assert wrong
    for place in range(8):
        sounding = wrong.get(place, 72)
        others = [pitch for pitch in (71, 72, 73) if pitch != sounding]
        assert all(energy(place, sounding) > 100 * energy(place, other) for other in others)


def test_there_is_no_seam_at_bar_lines():
    """Steps between samples at bar lines, in units of those around them, are as the clean rendering's bars'."""

    def steps(samples: torch.Tensor) -> np.ndarray:
        second = np.abs(np.diff(samples.numpy(), n=2, axis=1)).max(0)
        lines = [round((0.1 + bar) * RATE) for bar in range(1, BARS)]
        return np.asarray([second[at - 20 : at].max() / (second[at - 2000 : at - 20].max() + 1e-9) for at in lines])

    clean = steps(music().samples)
    for name in ("symbolic_bar_shuffle", "symbolic_section_swap", "symbolic_monotony", "wrong_notes"):
        damaged = steps(catalogue.get(name).damage(music(), drawn(name, 5).params))
        assert np.median(damaged) <= clean.max()


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
