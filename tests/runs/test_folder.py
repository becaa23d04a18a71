"""The run directory: locks, records, shards, refusals, full disks."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from degrade_bench._support import files
from degrade_bench._support.files import replacing, write_text
from degrade_bench.errors import ConfigError, RunFolderError
from degrade_bench.runs.columns import SCHEMA
from degrade_bench.runs.folder import RunFolder
from degrade_bench.runs.ownership import claim
from tests.runs.records import clip_of, record_of


def test_a_directory_in_use_is_refused_and_is_free_afterwards(tmp_path):
    with RunFolder(tmp_path / "out"), pytest.raises(RunFolderError, match="in use by another run"):
        RunFolder(tmp_path / "out")
    with RunFolder(tmp_path / "out"):
        pass


def test_a_directory_with_other_files_is_refused_untouched(tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    for overwrite in (False, True):
        with pytest.raises(RunFolderError, match=r"it holds 'thesis.tex'"):
            RunFolder(tmp_path, overwrite)
    assert [each.name for each in tmp_path.iterdir()] == ["thesis.tex"]


def test_overwrite_removes_what_a_run_wrote_and_nothing_else(tmp_path):
    with RunFolder(tmp_path) as folder:
        folder.write_record(record_of())
        claim(tmp_path, ["figures/curves.svg", "scores.parquet"])
        (tmp_path / "figures" / "curves.svg").write_bytes(b"x")
        (tmp_path / "scores.parquet").write_bytes(b"x")
    (tmp_path / "notes.txt").write_text("mine")
    with RunFolder(tmp_path, overwrite=True) as folder:
        assert folder.read_record() is None
        assert sorted(each.name for each in tmp_path.iterdir()) == [
            ".lock",
            "files.json",
            "notes.txt",
            "shards",
        ]


def refused(path: Path, work: Callable[[RunFolder], object] = lambda folder: None) -> None:
    """A run that fails after it has done something in its directory."""
    with pytest.raises(ConfigError), RunFolder(path) as folder:
        raise ConfigError(f"no: {work(folder)}")


def test_a_run_that_was_refused_leaves_nothing(tmp_path):
    refused(tmp_path / "new")
    assert not (tmp_path / "new").exists()
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty")
    assert list((tmp_path / "empty").iterdir()) == []
    (tmp_path / "empty" / ".lock").touch()  # somebody's, perhaps
    refused(tmp_path / "empty")
    assert [path.name for path in (tmp_path / "empty").iterdir()] == [".lock"]


def test_a_run_that_was_refused_leaves_what_was_there_and_what_it_wrote(tmp_path):
    with RunFolder(tmp_path / "before") as folder:
        folder.write_record(record_of())
    refused(tmp_path / "before")
    with RunFolder(tmp_path / "before") as folder:
        assert folder.read_record() is not None
    refused(tmp_path / "begun", lambda folder: folder.add_clips([clip_of("a", "0")]))
    assert [path.suffix for path in (tmp_path / "begun" / "shards").iterdir()] == [".json"]
    refused(tmp_path / "shared", lambda folder: (folder.shards / "notes.txt").write_text("mine"))
    assert (tmp_path / "shared" / "shards" / "notes.txt").read_text() == "mine"


def test_a_file_in_place_of_the_directory(tmp_path):
    (tmp_path / "out").write_text("x")
    with pytest.raises(RunFolderError, match="is a file, expected a directory"):
        RunFolder(tmp_path / "out")
    with pytest.raises(RunFolderError):
        RunFolder(tmp_path / "out" / "below")


def test_no_permission(tmp_path, monkeypatch):
    def refuse(self, *args, **kwargs):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(RunFolderError, match="no permission to write"):
        RunFolder(tmp_path / "out")


def test_a_full_disk_keeps_the_old_file_and_says_what_to_do(tmp_path, monkeypatch):
    target = tmp_path / "run.json"
    write_text(target, "old")

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(RunFolderError, match=r"disk is full.*same command again"):
        write_text(target, "new")
    assert target.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["run.json"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_device_that_is_really_full():
    error = None
    try:
        with open("/dev/full", "w") as full:
            full.write("x" * 100000)
    except OSError as caught:
        error = caught
    assert error is not None
    assert "disk is full" in str(files.folder_error(Path("x"), error))


def test_a_failed_block_leaves_nothing(tmp_path):
    def write_half():
        with replacing(tmp_path / "a.txt") as temporary:
            temporary.write_text("half")
            raise ValueError("stopped")

    with pytest.raises(ValueError, match="stopped"):
        write_half()
    assert list(tmp_path.iterdir()) == []


def test_leftovers_of_a_killed_process_are_cleared(tmp_path):
    with RunFolder(tmp_path):
        pass
    (tmp_path / "shards" / ".partial-1-ab.parquet").write_bytes(b"x")
    with RunFolder(tmp_path):
        assert list((tmp_path / "shards").iterdir()) == []


def test_clips_survive_until_the_record_takes_them(tmp_path):
    old, new = clip_of("old", "1"), clip_of("<b>/ü\n", "2")
    with RunFolder(tmp_path) as folder:
        folder.write_record(record_of(clips=(old,)))
        folder.add_clips([new])
        (tmp_path / "shards" / f"{0:024x}.json").write_text("{")
        assert folder.read_clips() == {"old": old, "<b>/ü\n": new}
        folder.finish(SCHEMA.empty_table(), record_of())
    assert json.loads((tmp_path / "run.json").read_text())["clips"] == []
    assert not (tmp_path / "shards").exists()
