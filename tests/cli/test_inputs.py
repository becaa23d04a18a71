"""What is given to the command line as music: that it is what is read, and that it is left alone."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from degrade_bench.cli.render import is_same_file
from tests.cli.requests import assert_refused
from tests.conftest import make_clip

RUN = ("run", "--degradation", "white_noise", "--levels", 5, "--metric", "loudness", "--workers", 1)


def write(path: Path, seed: int, seconds: float = 1.5) -> Path:
    soundfile.write(path, make_clip(seconds, 8000, 1, seed=seed).samples[0].numpy(), 8000)
    return path


def record_in(out: str) -> dict:
    return json.loads(Path(out, "run.json").read_text(encoding="utf-8"))


def test_audio_that_was_replaced_by_other_of_equal_size_is_told(call, tmp_path):
    (tmp_path / "m").mkdir()
    for seed in range(2):
        write(tmp_path / "m" / f"{seed}.wav", seed)
    command = (*RUN, "--input", "m", "--out", "out")
    assert call(*command)[0] == 0
    assert call(*command)[0] == 0, "nothing has changed"
    before = Path("m/1.wav").stat()
    write(tmp_path / "m" / "1.wav", 2)
    os.utime("m/1.wav", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert Path("m/1.wav").stat().st_size == before.st_size
    assert_refused(call(*command), "clip '1' has changed", "choose another directory")
    assert_refused(call(*command, "--metric", "log-mel"), "clip '1' has changed")


def test_a_run_directory_inside_the_input_is_not_input_the_next_time(call, tmp_path):
    (tmp_path / "m").mkdir()
    write(tmp_path / "m" / "song.wav", 0)
    for _ in range(2):
        code, _, err = call(*RUN, "--input", "m", "--out", "m/out")
        assert code == 0, err
    assert call(*RUN, "--input", "m", "--out", "m/out2")[0] == 0
    assert [clip["id"] for clip in record_in("m/out2")["clips"]] == ["song"]
    assert list(Path("m/out/audio").glob("*.mp3"))


@pytest.mark.parametrize("how", ["same", "dot", "link", "hard link"])
def test_render_does_not_write_over_what_it_reads(call, tmp_path, how):
    source = write(tmp_path / "a.wav", 0)
    before = source.read_bytes()
    target = "b.wav"
    if how == "link":
        Path(target).symlink_to("a.wav")
    elif how == "hard link":
        os.link("a.wav", target)
    else:
        target = {"same": "a.wav", "dot": "./x/../a.wav"}[how]
        Path("x").mkdir()
    assert_refused(call("render", "white_noise", "a.wav", target, "--level", 3), "is the file that is read")
    assert_refused(call("render", "white_noise", "a.wav", "c.wav", "--level", 3, "--plan", target), "--plan")
    assert_refused(call("render", "white_noise", "a.wav", "c.wav", "--level", 3, "--plan", "c.wav"), "--plan")
    assert source.read_bytes() == before
    assert not Path("c.wav").exists()
    assert call("render", "white_noise", "a.wav", "c.wav", "--level", 3)[0] == 0


def test_files_that_are_not_there_are_compared_by_name(tmp_path):
    assert is_same_file(tmp_path / "a" / ".." / "x", tmp_path / "x")
    assert not is_same_file(tmp_path / "x", tmp_path / "y")
    assert not is_same_file(tmp_path / "x", tmp_path / ("y" * 300))


ODD_NAMES = (
    "new\nline",
    "tab\t",
    "$\\frac{a$",
    "<b>x<b>",
    "-dash",
    "\u202ertl",
    "x" * 251,
    "a..b",
    "=cmd()",
    "\x1b[31mred",
    "e\u0301",
    "\u00e9",
    "q'\"`",
    " ",
    "a,b;c",
)


@pytest.mark.usefixtures("report")
def test_names_of_every_kind_go_through_a_run(call, tmp_path):
    (tmp_path / "m").mkdir()
    for seed, name in enumerate(ODD_NAMES):
        write(tmp_path / "m" / f"{name}.wav", seed)
    code, out, err = call(*RUN, "--input", "m", "--out", "out")
    assert code == 0, err
    record = record_in("out")
    assert len(record["clips"]) == len(ODD_NAMES)
    assert {"new\\nline", "\\u202ertl", "\\x1b[31mred", "$\\frac{a$"} <= {clip["id"] for clip in record["clips"]}
    page = Path("out/report.html").read_text(encoding="utf-8")
    for text in (page, out, err):
        assert not set(text) & set("\x1b\u202e")
    assert "<b>x<b>" not in page
    assert "&lt;b&gt;x&lt;b&gt;" in page


def test_bad_files_are_left_out_with_the_true_reason(call, tmp_path):
    folder = tmp_path / "m"
    folder.mkdir()
    good = [write(folder / f"good{seed}.wav", seed, 1.0) for seed in range(4)]
    whole = good[0].read_bytes()
    bad = {}
    for number in range(2):
        for name, content, reason in (
            (f"empty{number}", b"", "empty"),
            (f"words{number}", b"no music " * (20 + number), "not audio"),
            (f"header{number}", whole[: 20 + number], "not audio"),
        ):
            (folder / f"{name}.wav").write_bytes(content)
            bad[name] = reason
        soundfile.write(folder / f"short{number}.wav", np.full(100 + number, 0.1), 8000)
        soundfile.write(folder / f"silent{number}.wav", np.zeros(16000 + number), 8000)
        nan = np.full(16000 + number, np.nan)
        soundfile.write(folder / f"nan{number}.wav", nan, 8000, subtype="FLOAT")
        (folder / f"gone{number}.wav").symlink_to("nowhere")
        (folder / f"loop{number}.wav").symlink_to(f"loop{number}.wav")
        os.mkfifo(folder / f"pipe{number}.wav")
        shutil.copy(good[number], folder / f"twice{number}.wav")
        bad |= {
            f"short{number}": "too short",
            f"silent{number}": "silent",
            f"nan{number}": "NaN",
            f"gone{number}": "leads nowhere",
            f"loop{number}": "symbolic links",
            f"pipe{number}": "named pipe",
            f"twice{number}": "the same recording",
        }
    assert len(bad) == 20
    code, _, err = call(*RUN, "--input", "m", "--out", "out")
    assert code == 0, err
    record = record_in("out")
    assert [clip["id"] for clip in record["clips"]] == [path.stem for path in good]
    reasons = {clip["id"]: clip["reason"] for clip in record["clips_skipped"]}
    assert set(reasons) == set(bad)
    for name, reason in bad.items():
        assert reason in reasons[name]


def test_windows_of_a_recording_are_clips_of_one_track(call, tmp_path):
    write(tmp_path / "song.wav", 1, seconds=10.0)
    assert call(*RUN, "--input", "song.wav", "--max-seconds", 2, "--windows", 2, "--out", "out")[0] == 0
    record = record_in("out")
    assert [(clip["id"], clip["track"], clip["seconds"]) for clip in record["clips"]] == [
        ("song@1.5", "song.wav", 2.0),
        ("song@6.5", "song.wav", 2.0),
    ]
    assert record["request"]["max_seconds"] == 2.0
    other = (*RUN, "--input", "song.wav", "--max-seconds", 3, "--windows", 2, "--out", "out")
    assert_refused(call(*other), "holds the results of another run")
