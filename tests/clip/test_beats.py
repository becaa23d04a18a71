"""Beat files in every form, and what is wrong with the wrong ones."""

from __future__ import annotations

import json

import pytest
import torch

from degrade_bench.clip import Annotations
from degrade_bench.clip.beats import annotations_for, read_beat_file, sidecar_of
from degrade_bench.errors import AnnotationError


@pytest.mark.parametrize(
    ("text", "beats", "downbeats"),
    [
        ("0.5\n1.0\n1.5\n", (0.5, 1.0, 1.5), ()),
        ("0.5\t1\n1.0\t2\n1.5\t1\n", (0.5, 1.0, 1.5), (0.5, 1.5)),
        ("0.5, 1\n1.0,2\n", (0.5, 1.0), (0.5,)),
        ("# by hand\n\n0.5 1 # the first\r\n1.0 2.0\n", (0.5, 1.0), (0.5,)),
        ("\ufeff0.5 1\n1e0 2\n", (0.5, 1.0), (0.5,)),
        ("0 1", (0.0,), (0.0,)),
    ],
)
def test_text_forms(tmp_path, text, beats, downbeats):
    path = tmp_path / "a.beats"
    path.write_text(text, encoding="utf-8")
    found = read_beat_file(path)
    assert (found.beats, found.downbeats) == (beats, downbeats)
    assert found.beat_source == "annotated"
    assert found.beat_confidence == 1.0
    assert found.downbeat_confidence == (1.0 if downbeats else 0.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0.5\nx\n", "line 2: 'x': expected a time in seconds"),
        ("0.5 1 2\n", "line 1"),
        ("0.5 one\n", "line 1"),
        ("-0.5\n", "line 1"),
        ("nan\n", "line 1"),
        ("1e400\n", "line 1"),
        ("0.5\n\n0.5\n", "line 3: 0.5 s does not come after 0.5 s"),
        ("", "holds no beats"),
        ("# nothing\n", "holds no beats"),
    ],
)
def test_mistakes_are_named_with_file_and_line(tmp_path, text, said):
    path = tmp_path / "a.beats"
    path.write_text(text)
    with pytest.raises(AnnotationError) as raised:
        read_beat_file(path)
    assert str(path) in str(raised.value)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(AnnotationError, match="no such beat file"):
        read_beat_file(tmp_path / "none.beats")
    (tmp_path / "b.beats").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(AnnotationError, match="cannot be read as text"):
        read_beat_file(tmp_path / "b.beats")


JAMS = {
    "annotations": [
        {
            "namespace": "beat",
            "data": [{"time": 0.5, "value": 1}, {"time": 1.0, "value": 2}, {"time": 1.5, "value": 1}],
        },
        {"namespace": "segment_open", "data": [{"time": 0.0, "value": "verse"}, {"time": 1.0, "value": "chorus"}]},
        {
            "namespace": "chord",
            "data": {"time": [0.0, 1.0], "duration": [1, 1], "value": ["C:maj", "G:maj"], "confidence": [1, 1]},
        },
        {"namespace": "tempo", "data": [{"time": 0, "value": 120.0}]},
        {"namespace": "key_mode", "data": [{"time": 0, "value": "C:major"}]},
    ]
}


def test_jams(tmp_path):
    path = tmp_path / "a.jams"
    path.write_text(json.dumps(JAMS))
    found = read_beat_file(path)
    assert found.beats == (0.5, 1.0, 1.5)
    assert found.downbeats == (0.5, 1.5)
    assert found.sections == ((0.0, "verse"), (1.0, "chorus"))
    assert found.chords == ((0.0, "C:maj"), (1.0, "G:maj"))
    assert (found.tempo_bpm, found.key) == (120.0, "C major")


def test_jams_with_beat_positions(tmp_path):
    data = [{"time": 0.5, "value": {"position": 1, "measure": 1}}, {"time": 1.0, "value": {"position": 2}}]
    path = tmp_path / "a.jams"
    path.write_text(json.dumps({"annotations": [{"namespace": "beat_position", "data": data}]}))
    assert read_beat_file(path).downbeats == (0.5,)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"annotations": [{"namespace": "beat", "data": [{"t": 1}]}]}', "null"]
)
def test_what_is_no_jams(tmp_path, text):
    path = tmp_path / "a.jams"
    path.write_text(text)
    with pytest.raises(AnnotationError, match="not a JAMS file"):
        read_beat_file(path)


def test_beats_beside_the_audio_are_found_in_order(tmp_path):
    audio = tmp_path / "song.one.wav"
    assert sidecar_of(audio) is None
    for suffix in (".jams", ".txt", ".beats.txt", ".beats"):
        (tmp_path / f"song.one{suffix}").write_text("0.5\n")
        assert sidecar_of(audio) == tmp_path / f"song.one{suffix}"


def test_the_users_beats_win_over_an_estimate(tmp_path):
    samples = torch.zeros(1, 16000)
    assert annotations_for(samples, 8000, tmp_path / "a.wav").beat_source == "none"
    (tmp_path / "a.beats").write_text("0.25 1\n0.75 2\n1.25 1\n5.0 1\n")
    beside = annotations_for(samples, 8000, tmp_path / "a.wav")
    assert beside.beats == (0.25, 0.75, 1.25), "what lies behind the end is left out"
    (tmp_path / "other.beats").write_text("1.0 1\n")
    given = annotations_for(samples, 8000, tmp_path / "a.wav", beat_file=tmp_path / "other.beats")
    assert given.beats == (1.0,)
    part = annotations_for(samples, 8000, tmp_path / "a.wav", start=0.5)
    assert part.beats == (0.25, 0.75)


def test_cutting_keeps_what_was_going_on():
    whole = Annotations(
        beats=(0.0, 1.0, 2.0, 3.0),
        downbeats=(0.0, 2.0),
        sections=((0.0, "A"), (1.5, "B"), (9.0, "C")),
        chords=((0.0, "C"), (2.0, "G")),
        key="C major",
        tempo_bpm=60.0,
        beat_source="annotated",
        beat_confidence=1.0,
    )
    part = whole.cut(1.0, 1.5)
    assert part.beats == (0.0, 1.0)
    assert part.downbeats == (1.0,)
    assert part.sections == ((0.0, "A"), (0.5, "B"))
    assert part.chords == ((0.0, "C"), (1.0, "G"))
    assert (part.key, part.tempo_bpm, part.beat_source) == ("C major", 60.0, "annotated")
