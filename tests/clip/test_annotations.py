"""What becomes of annotations when the music is transposed, rearranged, cut, or no longer what it was."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from degrade_bench.clip import Annotations
from degrade_bench.clip.pitch_names import transposed_chord, transposed_key

SONG = Annotations(
    beats=(0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0),
    downbeats=(0.0, 4.0),
    sections=((0.0, "verse"), (4.0, "chorus")),
    key="C major",
    chords=((0.0, "C"), (2.0, "Am7"), (4.0, "F"), (6.0, "G/B")),
    tempo_bpm=60.0,
    time_signature="4/4",
    beat_source="annotated",
    beat_confidence=1.0,
    downbeat_confidence=1.0,
)


@pytest.mark.parametrize(
    ("key", "semitones", "expected"),
    [
        ("C major", 2, "D major"),
        ("C major", -1, "B major"),
        ("E minor", 1, "F minor"),
        ("B minor", 2, "C# minor"),
        ("Eb major", 5, "Ab major"),
        ("F# minor", 14, "G# minor"),
        ("Bb:min", 3, "C#:min"),
        ("Am", 1, "Bbm"),
        ("D dorian", 2, "E dorian"),
        ("Cb major", 0, "B major"),
        ("atonal", 1, None),
        ("N", 1, None),
    ],
)
def test_keys_by_whole_semitones(key, semitones, expected):
    assert transposed_key(key, semitones) == expected


@pytest.mark.parametrize(
    ("chord", "semitones", "expected"),
    [
        ("C", 2, "D"),
        ("Am7b5", 2, "Bm7b5"),
        ("D7/F#", 3, "F7/A"),
        ("Emaj9", 1, "Fmaj9"),
        ("Bdim7", 1, "Cdim7"),
        ("G:maj/3", -2, "F:maj/3"),
        ("C:min7/b7", 1, "C#:min7/b7"),
        ("Bbsus4", 12, "Bbsus4"),
        ("N", 5, "N"),
        ("N.C.", 5, "N.C."),
        ("X", 5, "X"),
        ("Dance", 1, None),
        ("", 1, None),
    ],
)
def test_chords_by_whole_semitones(chord, semitones, expected):
    assert transposed_chord(chord, semitones) == expected


def test_whole_semitones_transpose_and_others_clear():
    up = SONG.transposed(2.0)
    assert up.key == "D major"
    assert up.chords == ((0.0, "D"), (2.0, "Bm7"), (4.0, "G"), (6.0, "A/C#"))
    assert (up.beats, up.sections, up.tempo_bpm) == (SONG.beats, SONG.sections, 60.0)
    assert SONG.transposed(0.0) is SONG
    assert SONG.transposed(1.999).key == "D major", "a tenth of a cent off is not off"
    assert SONG.transposed(0.25) == SONG.without("key", "chords")
    assert SONG.transposed(12).key == "C major"


def test_a_chord_that_is_not_understood_leaves_no_chords():
    strange = Annotations(key="C major", chords=((0.0, "C"), (1.0, "the loud one")))
    assert strange.transposed(1).chords == ()
    assert strange.transposed(1).key == "Db major"
    assert Annotations(key="whatever").transposed(1).key is None


def test_what_is_cleared_is_gone_and_the_rest_stays():
    bare = SONG.without("key", "time_signature")
    assert (bare.key, bare.time_signature) == (None, None)
    assert (bare.beats, bare.chords, bare.beat_source) == (SONG.beats, SONG.chords, "annotated")
    no_beats = SONG.without("beats")
    assert (no_beats.beats, no_beats.downbeats, no_beats.beat_source) == ((), (), "none")
    assert (no_beats.beat_confidence, no_beats.downbeat_confidence) == (0.0, 0.0)
    no_bars = SONG.without("downbeats")
    assert (no_bars.beats, no_bars.downbeats, no_bars.beat_confidence) == (SONG.beats, (), 1.0)
    assert no_bars.downbeat_confidence == 0.0


def test_pieces_in_order_change_nothing():
    for pieces in ([(0.0, 8.0)], [(0.0, 4.0), (4.0, 8.0)], [(0.0, 1.5), (1.5, 6.0), (6.0, 8.0)]):
        assert SONG.rearranged(pieces) == SONG


def test_bars_that_change_places_take_everything_along():
    swapped = SONG.rearranged([(4.0, 8.0), (0.0, 4.0)])
    assert swapped.sections == ((0.0, "chorus"), (4.0, "verse"))
    assert swapped.chords == ((0.0, "F"), (2.0, "G/B"), (4.0, "C"), (6.0, "Am7"))
    assert (swapped.beats, swapped.downbeats) == (SONG.beats, SONG.downbeats)
    uneven = Annotations(beats=(0.0, 1.0, 2.0, 2.5, 3.0), downbeats=(0.0, 2.0)).rearranged([(2.0, 4.0), (0.0, 2.0)])
    assert uneven.beats == (0.0, 0.5, 1.0, 2.0, 3.0)
    assert uneven.downbeats == (0.0, 2.0)


def test_a_label_goes_on_over_a_join_and_comes_back_after_it():
    cut = SONG.rearranged([(0.0, 1.0), (5.0, 7.0), (1.0, 3.0)])
    assert cut.chords == ((0.0, "C"), (1.0, "F"), (2.0, "G/B"), (3.0, "C"), (4.0, "Am7"))
    assert SONG.rearranged([(0.0, 1.0), (0.0, 1.0)]).chords == ((0.0, "C"),)


def test_a_piece_that_is_heard_backwards_is_mirrored():
    turned = SONG.rearranged([(0.0, 4.0), (8.0, 4.0)])
    assert turned.beats == (0.0, 1.0, 2.0, 3.0, 5.0, 6.0, 7.0), "the clip ends without a beat at 8 s"
    assert turned.chords == ((0.0, "C"), (2.0, "Am7"), (4.0, "G/B"), (6.0, "F"))
    first = SONG.rearranged([(4.0, 0.0), (4.0, 8.0)])
    assert (first.beats, first.downbeats) == (SONG.beats, SONG.downbeats)
    assert first.chords == ((0.0, "Am7"), (2.0, "C"), (4.0, "F"), (6.0, "G/B"))


def test_a_record_in_json_gives_the_annotations_back():
    for known in (SONG, Annotations(), SONG.transposed(0.5)):
        assert Annotations.from_record(json.loads(json.dumps(asdict(known)))) == known
