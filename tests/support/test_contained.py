"""What is read of a folder lies inside it, ends, and is plain JSON; what is not is one line."""

from __future__ import annotations

import json
import os
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from degrade_bench._support.contained import DEEPEST, check_file, parse_json, read_bytes
from degrade_bench.errors import RunFolderError


def refused(folder, name, most=100) -> str:
    with pytest.raises(RunFolderError) as raised:
        read_bytes(folder, folder / name, most)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_a_file_inside_is_read_also_over_a_link_that_stays_inside(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.txt").write_bytes(b"text")
    (tmp_path / "link").symlink_to("a/b.txt")
    assert read_bytes(tmp_path, tmp_path / "a" / "b.txt") == read_bytes(tmp_path, tmp_path / "link") == b"text"


def test_a_folder_that_is_a_link_itself_is_the_users_choice(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a").write_bytes(b"text")
    (tmp_path / "link").symlink_to("real")
    assert read_bytes(tmp_path / "link", tmp_path / "link" / "a") == b"text"


def test_nothing_outside_is_read(tmp_path):
    folder, secret = tmp_path / "folder", tmp_path / "secret"
    folder.mkdir()
    secret.write_bytes(b"secret")
    (folder / "link").symlink_to(secret)
    (folder / "up").symlink_to(tmp_path)
    (folder / "loop").symlink_to("loop")
    for name in ("link", "../secret", str(secret), "up/secret"):
        assert "leads out of" in refused(folder, name)
    for name in ("loop", "a\0b"):
        with pytest.raises((RunFolderError, OSError)):
            read_bytes(folder, folder / name)


def test_what_is_no_file_or_too_large_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "large").touch()
    os.truncate(tmp_path / "large", 10**12)
    assert "named pipe" in refused(tmp_path, "pipe")
    assert "directory" in refused(tmp_path, "folder")
    assert "leads out of" in refused(tmp_path, "zero")
    assert "too large" in refused(tmp_path, "large")
    with pytest.raises(FileNotFoundError):
        check_file(tmp_path, tmp_path / "nothing")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 100_000, "nested deeper"),
        ("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1), "nested deeper"),
        ('{"a":' * 100_000, "nested deeper"),
        ('{"a": NaN}', "NaN"),
        ("[-Infinity]", "Infinity"),
        ('{"a": [1, 1e999]}', "a.1: a number beyond"),
        ("9" * 30, "beyond 64 bits"),
        ("9" * 5000, "5000 digits, beyond 64 bits"),
        (r'{"a": "\ud800"}', "a: half of a surrogate pair"),
        (r'{"\udc00": 1}', "half of a surrogate pair"),
        ('{"a": "\ud800"}', "UTF-8"),
        ("{", "line 1"),
        ("", "line 1"),
    ],
)
def test_what_is_no_plain_json_is_said(text, said):
    with pytest.raises(ValueError, match=said) as refused:
        parse_json(text.encode("utf-8", "surrogatepass"))
    assert "\n" not in str(refused.value)
    str(refused.value).encode("utf-8")


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_plain_json_comes_back_as_it_was(value):
    assert parse_json(json.dumps(value).encode()) == value


@given(st.binary(max_size=60))
def test_any_bytes_are_json_or_a_value_error(content):
    with suppress(ValueError):
        parse_json(content)
