"""What the command line writes, it writes over plain files that were named, and into folders of its own."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from tests.cli.requests import assert_refused


def state(folder):
    """Every file below a folder, by its path, with the hash of its bytes."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_render_writes_over_plain_files_only(call, music, tmp_path):
    source = next(Path(music).glob("*.wav"))
    render = ("render", "white_noise", source, "--level", "3")
    plain = tmp_path / "plain.wav"
    plain.write_bytes(b"an older rendering")
    assert call(*render[:3], plain, *render[3:])[0] == 0
    assert plain.read_bytes()[:4] == b"RIFF"

    kept = tmp_path / "kept.wav"
    kept.write_bytes(b"somebody's")
    link, folder, pipe = tmp_path / "link.wav", tmp_path / "folder.wav", tmp_path / "pipe.wav"
    link.symlink_to(kept)
    folder.mkdir()
    os.mkfifo(pipe)
    for target in (link, folder, pipe):
        assert_refused(call(*render[:3], target, *render[3:]), target.name)
        assert_refused(call(*render[:3], plain, *render[3:], "--plan", target), target.name)
    assert kept.read_bytes() == b"somebody's"
    assert link.is_symlink()
    assert folder.is_dir()
    assert pipe.is_fifo()


@pytest.mark.parametrize(
    "command",
    [
        ("selftest", "--runs", "2", "--clips", "8", "--workers", "1", "--out"),
        ("run", "--degradation", "white_noise", "--metric", "loudness", "--out"),
        ("run", "--degradation", "white_noise", "--metric", "loudness", "--overwrite", "--out"),
        ("report",),
        ("analysis",),
    ],
    ids=" ".join,
)
def test_what_writes_into_a_folder_of_the_users_is_refused(command, call, tmp_path):
    mine = tmp_path / "mine"
    for name in ("audio/take.wav", "figures/plot.png", "summary.csv", "run.json", "selftest.json", "confusion.svg"):
        (mine / name).parent.mkdir(parents=True, exist_ok=True)
        (mine / name).write_bytes(f"the user's {name}".encode())
    before = state(mine)
    assert_refused(call(*command, mine), "mine")
    assert state(mine) == before
