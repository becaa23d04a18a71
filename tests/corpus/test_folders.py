"""Folders as they come: links and loops, copies, odd names, run directories, files that are none."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from degrade_bench.corpus.inputs import sources_from
from degrade_bench.errors import CorpusError
from degrade_bench.runs.record import write_record
from tests.runs.records import record_of


def write(path: Path, number: int) -> Path:
    """Two seconds of a tone; equal numbers give equal bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.1 * np.sin(np.arange(16000) / (10 + number)), 8000)
    return path


def listed(*inputs: Path, **options) -> tuple[dict[str, str], dict[str, str]]:
    """Track by id, and reason by id of what is left out."""
    sources, skipped = sources_from(inputs, **options)
    assert len({source.id for source in sources}) == len(sources)
    return {source.id: source.track for source in sources}, {clip.id: clip.reason for clip in skipped}


def test_a_recording_is_taken_once_however_often_it_is_there(tmp_path):
    write(tmp_path / "b.wav", 1)
    (tmp_path / "a.wav").symlink_to("b.wav")
    os.link(tmp_path / "b.wav", tmp_path / "c.wav")
    shutil.copy(tmp_path / "b.wav", tmp_path / "d.wav")
    write(tmp_path / "e.wav", 2)
    shutil.copy(tmp_path / "b.wav", tmp_path / "f.flac")
    taken, left_out = listed(tmp_path)
    assert taken == {"b": "b.wav", "e": "e.wav"}, "the file itself and not the link before it"
    assert left_out == dict.fromkeys("acdf", "the same recording as 'b', byte for byte")
    again, left_out = listed(tmp_path, tmp_path / "a.wav", tmp_path / "b.wav")
    assert again == taken
    assert set(left_out) == {"a", "b", "c", "d", "f"}


def test_folders_are_entered_once_and_links_last(tmp_path):
    write(tmp_path / "music" / "z" / "one.wav", 1)
    (tmp_path / "music" / "a").symlink_to("z")
    (tmp_path / "music" / "z" / "loop").symlink_to("..")
    write(tmp_path / "elsewhere" / "two.wav", 2)
    (tmp_path / "music" / "other").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "music")
    taken, left_out = listed(tmp_path / "music")
    assert set(taken) == {"other/two", "z/one"}
    assert left_out == dict.fromkeys(("a", "z/loop", "other/back"), "a link to a folder that is searched already")


def test_a_manifest_may_name_a_recording_twice_as_one_track(tmp_path):
    write(tmp_path / "a.wav", 1)
    shutil.copy(tmp_path / "a.wav", tmp_path / "b.wav")
    (tmp_path / "sub").mkdir()
    write(tmp_path / "sub" / "a.wav", 2)
    table = tmp_path / "m.csv"
    table.write_text("path,track,start\na.wav,,\nb.wav,,\nb.wav,,1\nsub/a.wav,,\n")
    assert listed(table)[0] == {"a": "a.wav", "b": "a.wav", "b@1": "a.wav", "sub/a": "a.wav#2"}
    table.write_text("path,track,start\na.wav,first,\nb.wav,second,\nsub/a.wav,second,\n")
    assert set(listed(table)[0].values()) == {"first"}, "two names for one recording are one track"
    taken, left_out = listed(tmp_path, table)
    assert set(taken) == {"a", "b", "sub/a"}
    assert set(left_out) == {"a", "b", "sub/a"}, "the manifest says more than the folder"


def test_tracks_do_not_take_names_that_were_given(tmp_path):
    write(tmp_path / "a.wav", 1)
    write(tmp_path / "b.wav", 2)
    (tmp_path / "m.csv").write_text("path,track\na.wav,b.wav\nb.wav,\n")
    assert listed(tmp_path / "m.csv")[0] == {"a": "b.wav", "b": "b.wav#2"}


def test_files_of_no_bytes_are_not_one_recording(tmp_path):
    for name in ("a.wav", "b.wav"):
        (tmp_path / name).touch()
    assert len(listed(tmp_path)[0]) == 2, "each is left out for being empty, later"


def test_ids_stay_apart_whatever_files_are_named(tmp_path):
    for number, name in enumerate(("a.wav", "a.flac", "a.wav.wav", "a.wav#2.wav", "x/a.wav", "a#2.wav")):
        write(tmp_path / name, number)
    taken, _ = listed(tmp_path, write(tmp_path / "other" / "a.wav", 9), write(tmp_path / "third" / "a.wav", 10))
    assert len(taken) == 8


@pytest.mark.parametrize("out_holds_a_run", [False, True])
def test_a_run_directory_below_the_input_is_passed_over(tmp_path, out_holds_a_run):
    write(tmp_path / "song.wav", 1)
    out = write(tmp_path / "out" / "audio" / "clean.wav", 2).parents[1]
    assert set(listed(tmp_path)[0]) == {"song", "out/audio/clean"}, "it is no run yet"
    if out_holds_a_run:
        write_record(out, record_of())
        assert listed(tmp_path) == ({"song": "song.wav"}, {})
        with pytest.raises(CorpusError, match="out is a run directory, expected music"):
            sources_from([out])
        assert set(listed(out / "audio")[0]) == {"clean"}, "asked for by name"
    else:
        assert listed(tmp_path, out=out) == ({"song": "song.wav"}, {})
    (tmp_path / "out" / "run.json").write_text('{"format": 1}')
    assert set(listed(tmp_path)[0]) == {"song", "out/audio/clean"}, "somebody else's run.json"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_what_is_no_file_is_left_out_unread(tmp_path):
    write(tmp_path / "song.wav", 1)
    os.mkfifo(tmp_path / "pipe.wav")
    (tmp_path / "zero.wav").symlink_to("/dev/zero")
    (tmp_path / "self.wav").symlink_to("self.wav")
    (tmp_path / "folder.wav").mkdir()
    taken, left_out = listed(tmp_path)
    assert set(taken) == {"song"}
    assert left_out == {
        "pipe": "is a named pipe, expected a regular file",
        "zero": "is a device, expected a regular file",
        "self": "Too many levels of symbolic links",
    }


def test_names_that_are_not_utf_8_are_ids_that_are(tmp_path):
    song = write(tmp_path / "song.wav", 1).read_bytes()
    for number, name in enumerate((b"caf\xe9.wav", b"caf\\xe9.wav", b"a\nb.wav", b"\xff/\xfe.wav")):
        path = os.path.join(os.fsencode(tmp_path), name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(song + bytes([number]))
    taken, _ = listed(tmp_path)
    assert set(taken) == {"song", r"caf\xe9.wav", r"caf\xe9.wav#2", r"a\nb", r"\xff/\xfe"}
    assert all(track.encode() for track in taken.values())
    assert len(set(taken.values())) == 5


def test_a_name_that_leaves_no_room_for_a_suffix_of_ours(tmp_path):
    write(tmp_path / ("x" * 251 + ".wav"), 1)
    (source,) = sources_from([tmp_path])[0]
    assert source.identity
    assert source.load().annotations.beat_source in ("estimated", "none")
