"""What each damage does to the notes, read off them and heard in the audio."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from degrade_bench.clip import Clip
from degrade_bench.clip.notes.notes import Note, Notes, Part
from degrade_bench.clip.notes.rendering import played
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.seeds import generator
from degrade_bench.degrade.symbolic.harmony import EARLY_SECONDS, step_in
from tests.degrade.symbolic.small import BARS, BEAT, FLUTE, MINOR, RATE, after, drawn, music, pairs


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
