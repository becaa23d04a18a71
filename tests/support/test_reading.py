"""Files of others: what is no regular file is never opened, what is too long is never read."""

from __future__ import annotations

import os
import pickle
import socket
import time
from pathlib import Path

import pytest

from degrade_bench._support.reading import (
    ReadingError,
    check_regular,
    open_regular,
    read_bytes_file,
    read_text_file,
)


@pytest.fixture
def special(tmp_path) -> dict[str, Path]:
    """What is no regular file, by what is said of it."""
    paths = {name: tmp_path / f"{name}.txt" for name in ("directory", "pipe", "socket", "device")}
    paths["directory"].mkdir()
    os.mkfifo(paths["pipe"])
    paths["device"].symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.open(".", os.O_RDONLY)
        os.chdir(tmp_path)  # the name of a socket is at most a hundred bytes long
        try:
            listener.bind(paths["socket"].name)
        finally:
            os.fchdir(here)
            os.close(here)
    return paths


@pytest.mark.parametrize("kind", ["directory", "pipe", "socket", "device"])
@pytest.mark.parametrize("reader", [check_regular, open_regular, read_text_file])
def test_what_is_no_regular_file_is_refused_at_once(special, kind, reader, monkeypatch):
    monkeypatch.setattr("os.open", lambda *arguments, **named: pytest.fail("opened it"))
    before = time.monotonic()
    with pytest.raises(ReadingError, match=kind) as caught:
        reader(special[kind])
    assert time.monotonic() - before < 1
    assert str(caught.value) == caught.value.strerror
    assert caught.value.strerror.endswith(", expected a regular file")
    assert caught.value.filename == str(special[kind])


def test_a_file_that_becomes_a_pipe_before_it_is_opened(special, tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_text("1")
    found = os.stat(tmp_path / "a.txt")
    monkeypatch.setattr("os.stat", lambda path: found)
    with pytest.raises(ReadingError, match="is a named pipe"):
        read_text_file(special["pipe"])


def test_a_text_as_it_is(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbf0.5\r\n1\xc3\xa9\n")
    assert read_text_file(tmp_path / "a.txt") == "0.5\r\n1é\n"
    (tmp_path / "b.txt").write_bytes(b"0.5\n\xff")
    with pytest.raises(ReadingError, match=r"is not UTF-8 text \(byte 0xff at position 4\)"):
        read_text_file(tmp_path / "b.txt")


def test_the_longest_file_is_read_and_one_byte_more_is_not(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"x" * 1000)
    assert read_bytes_file(path, 1000) == b"x" * 1000
    assert check_regular(path, 1000) == 1000
    for refused in (check_regular, open_regular, read_bytes_file, read_text_file):
        with pytest.raises(ReadingError, match="holds 1000 bytes; at most 999 bytes are read"):
            refused(path, 999)


def test_a_terabyte_that_takes_no_room_is_not_read(tmp_path):
    with open(tmp_path / "a.txt", "wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ReadingError, match="holds 1 TiB; at most 16 MiB are read"):
        read_text_file(tmp_path / "a.txt")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_a_file_that_gives_its_size_as_nothing_is_held_to_the_limit():
    path = Path("/proc/self/status")
    assert check_regular(path) == 0
    assert "Name:" in read_text_file(path)
    with pytest.raises(ReadingError, match="holds more than 8 bytes"):
        read_bytes_file(path, 8)


def test_paths_that_lead_nowhere(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_text_file(tmp_path / "missing.txt")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match="symbolic links"):
        read_text_file(tmp_path / "loop")
    for name in ("a\0b", "a\ud800b"):
        with pytest.raises(ReadingError, match="is not a path that a file can have"):
            read_text_file(tmp_path / name)
    with pytest.raises(OSError, match="too long"):
        read_text_file(tmp_path / ("x" * 300))


def test_the_error_passes_between_processes(tmp_path):
    error = pickle.loads(pickle.dumps(ReadingError("is a socket", tmp_path / "x.wav")))
    assert (str(error), error.strerror, error.filename) == ("is a socket", "is a socket", str(tmp_path / "x.wav"))
