"""A run directory that somebody sent: nothing outside it is read, nothing of the user's is touched."""

from __future__ import annotations

import base64
import json
import os
import shutil
from pathlib import Path

import pytest

from degrade_bench.conclude import conclude
from degrade_bench.errors import RunFolderError
from degrade_bench.reports import write_report
from degrade_bench.reports.inputs import load_run
from degrade_bench.reports.sections import kept, listen, recordings
from degrade_bench.runs.record import read_record
from tests.runs.test_ownership import refuse, snapshot

SECRET = b"the password is 12345, and nobody is to know it"


@pytest.fixture
def sent(finished, tmp_path) -> Path:
    """A copy of a run beside a secret file."""
    shutil.copytree(finished, tmp_path / "sent")
    (tmp_path / "secret.txt").write_bytes(SECRET)
    return tmp_path / "sent"


def with_example(folder: Path, file: str) -> None:
    record = json.loads((folder / "run.json").read_text())
    record["examples"][1]["file"] = file
    (folder / "run.json").write_text(json.dumps(record))


@pytest.mark.parametrize(
    "path",
    [
        *("../secret.txt", "audio/../../secret.txt", "/etc/hostname", "..", "", "C:\\secret.txt", "..\\secret.txt"),
        *("\\\\server\\secret", "a" * 2000, "audio/a\0b.mp3"),
    ],
)
def test_a_path_that_leaves_the_folder_is_refused_by_every_reader(sent, path):
    with_example(sent, path)
    said = refuse(lambda: read_record(sent))
    assert "examples.1.file" in said
    assert "run.json" in said


@pytest.mark.parametrize("kind", ["link", "linked folder", "pipe", "device", "gigabytes", "folder"])
def test_no_example_is_read_through_a_link_or_without_end(sent, kind):
    audio = sent / "audio" / "x.mp3"
    if kind == "linked folder":
        shutil.rmtree(sent / "audio")
        (sent / "audio").symlink_to(sent.parent)
        with_example(sent, "audio/secret.txt")
    else:
        {
            "link": lambda: audio.symlink_to(sent.parent / "secret.txt"),
            "pipe": lambda: os.mkfifo(audio),
            "device": lambda: audio.symlink_to("/dev/zero"),
            "gigabytes": lambda: (audio.touch(), os.truncate(audio, 10**11)),
            "folder": lambda: audio.mkdir(),
        }[kind]()
        with_example(sent, "audio/x.mp3")
    said = refuse(lambda: listen.rows(load_run(sent)))
    assert "audio" in said
    before = (sent / "report.html").read_bytes()
    refuse(lambda: write_report(sent))
    assert (sent / "report.html").read_bytes() == before
    for word in (SECRET, base64.b64encode(SECRET)[:40]):
        assert word not in before


def test_a_folder_without_its_audio_plays_and_shows_nothing(sent):
    there = load_run(sent)
    assert listen.rows(there)["cleans"]
    assert all(damage["picture"] for several in listen.rows(there)["families"].values() for damage in several)
    assert recordings.rows(there)["standing"]
    shutil.rmtree(sent / "audio")
    bare = load_run(sent)
    assert (listen.rows(bare)["cleans"], listen.rows(bare)["families"]) == ([], {})
    assert recordings.rows(bare)["standing"] == {}
    write_report(sent)
    assert "holds no examples" in (sent / "report.html").read_text()


@pytest.mark.parametrize("field", [("pictures", "file"), ("recordings", "file"), ("recordings", "clean_file")])
@pytest.mark.parametrize("path", ["../secret.txt", "audio/x.mp3"])
def test_no_picture_or_recording_is_read_outside_the_folder_or_through_a_link(sent, field, path):
    (sent / "audio" / "x.mp3").symlink_to(sent.parent / "secret.txt")
    record = json.loads((sent / "run.json").read_text())
    record[field[0]][0][field[1]] = path
    (sent / "run.json").write_text(json.dumps(record))
    refuse(lambda: write_report(sent))


def test_many_examples_do_not_make_a_page_of_gigabytes(sent, monkeypatch):
    monkeypatch.setattr(kept, "SECTION_BYTES", 200_000)
    assert "larger than" in refuse(lambda: listen.rows(load_run(sent)))


@pytest.mark.parametrize("name", ["run.json", "analysis.json", "scores.parquet"])
@pytest.mark.parametrize("kind", ["link", "pipe", "device", "gigabytes"])
def test_no_record_is_read_through_a_link_or_without_end(sent, name, kind):
    path = sent / name
    shutil.move(path, sent.parent / "moved")
    {
        "link": lambda: path.symlink_to(sent.parent / "moved"),
        "pipe": lambda: os.mkfifo(path),
        "device": lambda: path.symlink_to("/dev/zero"),
        "gigabytes": lambda: (path.touch(), os.truncate(path, 10**11)),
    }[kind]()
    read = conclude if name == "scores.parquet" else load_run
    before = snapshot(sent) if kind != "gigabytes" else None
    assert name in refuse(lambda: read(sent))
    assert before is None or snapshot(sent) == before


@pytest.mark.parametrize("name", ["figures", "audio"])
def test_a_linked_folder_keeps_its_files(sent, name):
    other = sent.parent / "other"
    shutil.move(sent / name, other)
    (other / "curves_mine.svg").write_text("another's")
    (sent / name).symlink_to(other)
    before = snapshot(other)
    with pytest.raises(RunFolderError, match=name):
        write_report(sent)
    assert snapshot(other) == before


def test_a_report_touches_nothing_of_the_users(sent):
    mine = {"notes.txt": b"mine", "figures/thesis.pdf": b"my thesis", "audio/song.mp3": b"my song"}
    for name, content in mine.items():
        (sent / name).write_bytes(content)
    conclude(sent)
    write_report(sent)
    assert all((sent / name).read_bytes() == content for name, content in mine.items())
    (sent / "files.json").unlink()  # now nothing says that anything here is ours
    before = snapshot(sent)
    assert "summary.csv" in refuse(lambda: conclude(sent)) or "analysis.json" in refuse(lambda: conclude(sent))
    assert "report.html" in refuse(lambda: write_report(sent))
    assert snapshot(sent) == before
