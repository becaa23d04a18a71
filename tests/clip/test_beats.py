"""Beat files in every form, and what is wrong with the wrong ones."""

from __future__ import annotations

import json
import re
from contextlib import suppress

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from degrade_bench.clip import Annotations
from degrade_bench.clip.audio import write_audio
from degrade_bench.clip.beats import annotations_for, read_beat_file, sidecar_of
from degrade_bench.clip.jams import annotations_from_jams
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
    for content in (b"\xff\xfe\x00", b"0.5 \xe4\n", "0.5 1\n".encode("utf-32"), "0.5 1\n".encode("utf-16-le")):
        (tmp_path / "b.beats").write_bytes(content)
        with pytest.raises(AnnotationError, match="cannot be read as text"):
            read_beat_file(tmp_path / "b.beats")
    (tmp_path / "folder.beats").mkdir()
    with pytest.raises(AnnotationError, match="is a directory"):
        read_beat_file(tmp_path / "folder.beats")


def test_a_beat_file_of_any_length_costs_no_memory(tmp_path):
    path = tmp_path / "a.beats"
    with open(path, "wb") as file:
        file.truncate(1 << 30)  # sparse: takes no room
    with pytest.raises(AnnotationError, match="holds 1 GiB; at most 16 MiB are read"):
        read_beat_file(path)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_texts_with_a_byte_order_mark(tmp_path, encoding):
    path = tmp_path / "a.beats"
    path.write_bytes("0.5 1\r\n1.0 2\r\n".encode(encoding))
    assert read_beat_file(path).beats == (0.5, 1.0)


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


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ('{"time": Infinity, "value": 1}', "holds Infinity"),
        ('{"time": NaN, "value": 1}', "holds NaN"),
        ('{"time": 1e400, "value": 1}', "holds inf"),
        ('{"time": -0.5, "value": 1}', "a time of -0.5 s"),
        ('{"time": 0.5, "value": 1}, {"time": 0.5, "value": 2}', "0.5 s follows 0.5 s"),
        ('{"time": 500, "value": 1}, {"time": 1000, "value": 2}', "500 s apart"),
        ('{"time": 0.5, "value": "NaN"}', "holds nan"),
        ('{"time": [0.5], "value": 1}', "not a JAMS file"),
        ("0.5", "not a JAMS file"),
    ],
)
def test_what_jams_cannot_say_of_beats(tmp_path, data, said):
    path = tmp_path / "a.jams"
    path.write_text('{"annotations": [{"namespace": "beat", "data": [' + data + "]}]}")
    with pytest.raises(AnnotationError, match=re.escape(said)) as raised:
        read_beat_file(path)
    assert str(raised.value).startswith(str(path))


@pytest.mark.parametrize(
    ("annotation", "said"),
    [
        ({"namespace": "beat", "data": {"time": [0.5, 1.0], "value": [1]}}, "not a JAMS file"),
        ({"namespace": "tempo", "data": [{"time": 0, "value": -120}]}, "a tempo of -120"),
        ({"namespace": "chord", "data": [{"time": 0, "value": {"C": 1}}]}, "a label that is no text"),
        ({"namespace": "chord", "data": [{"time": 0, "value": "\ud800"}]}, "half a character"),
        (
            {"namespace": "segment_open", "data": [{"time": 2, "value": "b"}, {"time": 1, "value": "a"}]},
            "'a' at 1 s stands behind what begins at 2 s",
        ),
        ({"namespace": ["beat"], "data": []}, "not a JAMS file"),
    ],
)
def test_what_jams_cannot_say_of_the_rest(tmp_path, annotation, said):
    path = tmp_path / "a.jams"
    path.write_text(json.dumps({"annotations": [annotation]}))
    with pytest.raises(AnnotationError, match=re.escape(said)):
        read_beat_file(path)


def test_jams_that_is_nested_without_end(tmp_path):
    path = tmp_path / "a.jams"
    path.write_text('{"annotations": ' + 100_000 * "[" + 100_000 * "]" + "}")
    with pytest.raises(AnnotationError, match="nested too deeply"):
        read_beat_file(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["time", "value"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(name=st.sampled_from(["beat", "chord", "segment_open", "tempo", "key_mode"]), data=JSON)
def test_any_jams_gives_annotations_or_a_reason(name, data):
    text = json.dumps({"annotations": [{"namespace": name, "data": data}]})
    with suppress(AnnotationError):
        assert isinstance(annotations_from_jams(text), Annotations)


@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=st.binary(max_size=60), suffix=st.sampled_from([".beats", ".jams", ".txt"]))
def test_any_bytes_give_annotations_or_a_reason(tmp_path, content, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    sidecar_of(tmp_path / "a.wav")
    with suppress(AnnotationError):
        assert isinstance(read_beat_file(path), Annotations)


def test_lyrics_beside_the_audio_are_no_beats(tmp_path):
    audio = tmp_path / "song.wav"
    for encoding in ("utf-8", "latin-1", "utf-16"):
        (tmp_path / "song.txt").write_bytes("Schön ist die Welt\n99 Luftballons\nauf ihrem Weg\n".encode(encoding))
        assert sidecar_of(audio) is None
        assert annotations_for(torch.zeros(1, 16000), 8000, audio).beat_source == "none"
    (tmp_path / "song.jams").write_text(json.dumps(JAMS))
    assert sidecar_of(audio) == tmp_path / "song.jams"
    (tmp_path / "song.txt").write_text("0.5 1\n1.0 2\n1.5 x\n")
    with pytest.raises(AnnotationError, match=r"song\.txt, line 3"):
        annotations_for(torch.zeros(1, 16000), 8000, audio)
    (tmp_path / "lyrics.txt").write_text("Hello\n")
    with pytest.raises(AnnotationError, match="line 1"):
        annotations_for(torch.zeros(1, 16000), 8000, audio, beat_file=tmp_path / "lyrics.txt")


def test_beats_that_all_lie_behind_the_end_are_refused(tmp_path):
    samples = torch.zeros(1, 16000)
    (tmp_path / "a.beats").write_text("500 1\n")
    with pytest.raises(AnnotationError, match=re.escape("its 1 beats begin at 500 s, behind the end")):
        annotations_for(samples, 8000, tmp_path / "a.wav")
    (tmp_path / "a.beats").write_text("3.0 1\n3.5 2\n")
    assert annotations_for(samples, 8000, tmp_path / "a.wav", start=2.0).beats == (1.0, 1.5)
    write_audio(tmp_path / "a.wav", torch.full((1, 80000), 0.1), 8000)
    assert annotations_for(samples, 8000, tmp_path / "a.wav").beats == (), "they are of another part of the file"


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
