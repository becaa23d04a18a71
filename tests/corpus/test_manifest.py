"""Manifests as spreadsheets, scripts and careless people write them, and as nobody should."""

from __future__ import annotations

import csv
import json
import os

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from degrade_bench._support.plain_text import plain
from degrade_bench._support.reading import MOST_TEXT_BYTES
from degrade_bench.corpus.excerpts import MOST_SECONDS
from degrade_bench.corpus.files import FileSource
from degrade_bench.corpus.manifest import read_manifest
from degrade_bench.corpus.rows import COLUMNS
from degrade_bench.errors import CorpusError


def read(tmp_path, name: str, content: str | bytes) -> list[FileSource]:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return read_manifest(path)


def refused(tmp_path, name: str, content: str | bytes) -> str:
    with pytest.raises(CorpusError) as raised:
        read(tmp_path, name, content)
    message = str(raised.value)
    assert message.startswith(str(tmp_path / name))
    assert "\n" not in message
    assert len(message) < 400 + len(str(tmp_path))
    return message.removeprefix(str(tmp_path / name))


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_separators_line_ends_and_marks(tmp_path, separator, end, mark):
    rows = [("path", "id", "start"), ("a b.wav", "x", "0.5"), ("b.wav", "", ""), ("", "", "")]
    text = mark + end.join(separator.join(row) for row in rows) + end
    first, second = read(tmp_path, "m.csv", text)
    assert (first.path, first.id, first.start) == (tmp_path / "a b.wav", "x", 0.5)
    assert (second.id, second.start) == ("b", None)


def test_quoted_fields_hold_separators_quotes_and_line_breaks(tmp_path):
    sources = read(tmp_path, "m.csv", 'path,group,id\n"a, ""b"".wav","two\nlines",x\n"c.wav",,y\nd.wav\n')
    assert [source.path.name for source in sources] == ['a, "b".wav', "c.wav", "d.wav"]
    assert sources[0].group == r"two\nlines"
    said = refused(tmp_path, "n.csv", 'path,group,id\n"a.wav","two\nlines",x\nb.wav,,x\n')
    assert said == ", line 4: id 'x' is taken by line 2"


def test_json_lines_end_at_line_feeds_only(tmp_path):
    text = json.dumps({"path": "a\u2028b\x85c.wav", "group": "R\u2029B"}, ensure_ascii=False) + "\r\n"
    (source,) = read(tmp_path, "m.jsonl", text)
    assert source.path.name == "a\u2028b\x85c.wav"
    assert (source.id, source.group) == (r"a\u2028b\x85c", r"R\u2029B")


def test_numbers_are_ids(tmp_path):
    rows = [{"path": "a.wav", "id": number, "track": number, "group": 1} for number in (0, 7, 2.5, "0x")]
    sources = read(tmp_path, "m.jsonl", "\n".join(map(json.dumps, rows)))
    assert [source.id for source in sources] == ["0", "7", "2.5", "0x"] == [source.track for source in sources]
    assert [source.id for source in read(tmp_path, "m.csv", "path,id\na.wav,0\nb.wav,1\n")] == ["0", "1"]
    assert "id '0' is taken by line 1" in refused(
        tmp_path, "n.jsonl", '{"path": "a.wav", "id": 0}\n{"path": "b.wav", "id": "0"}\n'
    )


@pytest.mark.parametrize("path", [".", "..", "/", "../x.wav", "a", ".wav", "a/b.c.wav"])
def test_odd_paths_have_ids(tmp_path, path):
    (source,) = read(tmp_path, "m.csv", f"path\n{path}\n")
    assert source.id


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (f"path,group\na.wav,{'x' * (csv.field_size_limit() + 1)}\n", ", line 2: a field of more than 131072"),
        ('path\n"a.wav\n' + "b.wav\n" * 30000, "is a quote missing?"),
        ('path\n"a.wav\nb.wav\n', ", line 3: not CSV: unexpected end of data"),
        ('path\n"a"x.wav\n', ", line 2: not CSV"),
        ("path,group\na.wav," + "x" * 1001, ", line 2: group"),
        ("path,group\na\0.wav,x\n", r", line 2: path 'a\x00.wav' is not a path"),
        ("path\n" + "x" * 300 + "\n", "is too long for a path"),
        ("path\n" + "x/" * 3000 + "\n", "is too long for a path"),
        ("path,beat_file\na.wav," + "x" * 300 + "\n", ", line 2: beat_file"),
        ("path,path\na.wav,b.wav\n", ", line 1: column 'path' is there twice"),
        ("\n\npath,x\n", ", line 3: unknown column 'x'"),
        ("path;start\na.wav;0,5\n", ", line 2: start '0,5' is not a number of seconds; expected a decimal point"),
        ("path,start\na.wav,inf\n", ", line 2: start 'inf' is not a number"),
        ("path,start\na.wav,1e300\n", ", line 2: start '1e300' is not a number"),
        ("path,duration\na.wav,-0.0\n", ", line 2: duration '-0.0' is not a number"),
        (
            "path\ncaf\u00e9.wav\n".encode("latin-1"),
            ", line 2: cannot be read as UTF-8 text (byte 0xe9): it is in an",
        ),
        ("path\na.wav\n".encode("utf-16"), ", line 1: cannot be read as UTF-8 text (byte 0xff): it is in UTF-16"),
        (b"\0" * 10, ", line 1: unknown column"),
    ],
)
def test_what_is_wrong_in_csv_is_said_with_its_line(tmp_path, content, said):
    assert said in refused(tmp_path, "m.csv", content)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[" * 100_000, ", line 1: nested too deeply"),
        ('{"path": "a.wav"}\n{"path": "b.wav", "id": ' + "[" * 100_000 + "}", ", line 2: nested too deeply"),
        ('{"path": "a.wav", "start": ' + "[" * 500 + "]" * 500 + "}", ", line 1: start a list or an object is not"),
        (r'{"path": "\ud800.wav"}', r", line 1: path '\ud800.wav' is not a path"),
        ('{"path": "a.wav", "path": "b.wav"}', ", line 1: column 'path' is there twice"),
        ('{"path": ["a.wav"]}', ", line 1: path a list or an object is not a path"),
        ('{"path": true}', ", line 1: path True is not a path"),
        ('{"path": "a.wav", "id": false}', ", line 1: id False is neither"),
        ('{"path": "a.wav", "group": {}}', ", line 1: group a list or an object is neither"),
        ('{"path": "a.wav", "start": Infinity}', ", line 1: start inf is not a number"),
        ('{"path": "a.wav", "start": NaN}', ", line 1: start nan is not a number"),
        ('{"path": "a.wav", "start": true}', ", line 1: start True is not a number"),
        ('{"path": "a.wav", "duration": 1' + "0" * 400 + "}", ", line 1: duration 1000"),
        ('{"path": "a.wav", "duration": 1' + "0" * 5000 + "}", ", line 1: not JSON"),
        ("null", ", line 1: expected an object, got null"),
        ('{"path": null}', ", line 1: no path"),
        ('{"path": "  "}', ", line 1: no path"),
    ],
)
def test_what_is_wrong_in_json_lines_is_said_with_its_line(tmp_path, content, said):
    assert said in refused(tmp_path, "m.jsonl", content)


def test_a_lone_surrogate_in_a_text_is_written_as_an_escape(tmp_path):
    (source,) = read(tmp_path, "m.jsonl", r'{"path": "a.wav", "id": "\ud83d", "group": "\udce9"}')
    assert (source.id, source.group) == (r"\ud83d", r"\xe9")


def test_a_manifest_of_gigabytes_is_not_read(tmp_path):
    path = tmp_path / "m.csv"
    with open(path, "wb") as file:
        file.truncate(MOST_TEXT_BYTES + 1)
    with pytest.raises(CorpusError, match=r"m\.csv: holds 16 MiB; at most 16 MiB are read; split a manifest"):
        read_manifest(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_manifest_that_is_no_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "m.csv")
    with pytest.raises(CorpusError, match=r"m\.csv: is a named pipe"):
        read_manifest(tmp_path / "m.csv")
    (tmp_path / "n.jsonl").symlink_to("/dev/zero")
    with pytest.raises(CorpusError, match=r"n\.jsonl: is a device"):
        read_manifest(tmp_path / "n.jsonl")


WORDS = st.sampled_from(
    [*COLUMNS, ",", ";", "\t", "\n", "\r", '"', "{", "}", ":", "0", "1e9", "a.wav", "\0", "nan"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(COLUMNS), inner, max_size=4),
    max_leaves=8,
)
ROWS = st.dictionaries(st.sampled_from(COLUMNS), JSON, max_size=5)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(
        st.binary(max_size=60),
        st.lists(WORDS, max_size=30).map(lambda words: b"path,id\n" + "".join(words).encode()),
        st.lists(ROWS, max_size=3).map(lambda rows: "\n".join(map(json.dumps, rows)).encode()),
    ),
    name=st.sampled_from(["m.csv", "m.jsonl"]),
)
@example(content=b'{"path": "\\ud800"}', name="m.jsonl")
def test_any_bytes_give_clips_or_one_line(tmp_path, content, name):
    try:
        sources = read(tmp_path, name, content)
    except CorpusError:
        refused(tmp_path, name, content)
        return
    for source in sources:
        for text in (source.id, source.group, source.track):
            assert text is None or text == plain(text.encode("utf-8").decode("utf-8"))
        os.path.exists(source.path)
        source.path.is_dir()
        assert source.start is None or 0 <= source.start <= MOST_SECONDS
        assert source.duration is None or 0 < source.duration <= MOST_SECONDS
        assert source.identity
