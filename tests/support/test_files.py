"""Files are written whole or not at all, and what prevents it is said in one line."""

from __future__ import annotations

import errno
import os

import pytest

from degrade_bench._support import files
from degrade_bench._support.files import folder_error, replacing, write_text
from degrade_bench.errors import RunFolderError


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_whole(tmp_path):
    target = tmp_path / "table.csv"
    with replacing(target) as temporary:
        temporary.write_text("new")
        assert temporary.suffix == ".csv"
        assert not target.exists()
    assert target.read_text() == "new"
    write_text(target, "ü\n")
    assert target.read_bytes() == "ü\n".encode()
    assert names(tmp_path) == ["table.csv"]


def test_after_an_error_the_old_file_is_there_and_nothing_else(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")

    def fail():
        with replacing(target) as temporary:
            temporary.write_text("half")
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        fail()
    assert target.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_full_disk_is_said_to_be_one(tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_text("old")

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(RunFolderError, match=r"the disk is full.*same command again"):
        write_text(tmp_path / "a.txt", "new")
    assert (tmp_path / "a.txt").read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_missing_folder(tmp_path):
    with pytest.raises(RunFolderError, match=r"cannot write .*No such file"):
        write_text(tmp_path / "nowhere" / "a.txt", "x")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError(errno.EACCES, "Permission denied"), "no permission to write"),
        (OSError(errno.EROFS, "Read-only file system"), "no permission to write"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "the disk is full"),
        (OSError(errno.EIO, "Input/output error"), "Input/output error"),
    ],
)
def test_reasons(tmp_path, error, said):
    assert said in str(folder_error(tmp_path, error))
    assert str(tmp_path) in str(folder_error(tmp_path, error))


@pytest.mark.parametrize("kind", ["directory", "link", "pipe", "broken link"])
def test_only_a_plain_file_is_replaced(tmp_path, kind):
    other, target = tmp_path / "other.txt", tmp_path / "target.txt"
    other.write_text("another's")
    {
        "directory": lambda: target.mkdir(),
        "link": lambda: target.symlink_to(other),
        "pipe": lambda: os.mkfifo(target),
        "broken link": lambda: target.symlink_to("nowhere"),
    }[kind]()
    before = target.lstat()
    with pytest.raises(RunFolderError, match="expected a file or nothing") as refused:
        write_text(target, "new")
    assert "\n" not in str(refused.value)
    assert target.lstat() == before
    assert other.read_text() == "another's"
    assert names(tmp_path) == ["other.txt", "target.txt"]
