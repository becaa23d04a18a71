"""Only what a directory's list says is ours is replaced or removed; a folder of the user's is left as it was."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from pathlib import Path

import pytest

from degrade_bench._support.files import PARTIAL
from degrade_bench.errors import RunFolderError
from degrade_bench.runs import ownership
from degrade_bench.runs.columns import SCHEMA
from degrade_bench.runs.folder import RunFolder
from degrade_bench.runs.names import COMPARISON_FILES, FILES, RUN_FILES, SELFTEST_FILES
from tests.runs.records import clip_of, record_of

MINE = {
    "summary.csv": b"my,table\n",
    "run.json": b'{"laps": 3}',
    "scores.parquet": b"mine",
    "audio/song.mp3": b"my song",
    "figures/thesis.pdf": b"my thesis",
    "figures/curves_noise.svg": b"<svg/>",
    "shards/broken_pot.json": b"{}",
    "shards/0123456789abcdef01234567.parquet": b"mine, by accident of its name",
    "files.json": b'["my", "files"]',
    ".lock": b"my lock",
    ".partial-notes": b"half a thought",
    "leaderboard.csv": b"chess",
    "selftest.json": b"{}",
}


def snapshot(folder: Path) -> dict[str, str]:
    """Every entry below a folder: the hash of a file, the target of a link, nothing for a directory."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            found[str(path.relative_to(folder))] = f"→ {os.readlink(path)}"
        elif path.is_file():
            found[str(path.relative_to(folder))] = hashlib.sha256(path.read_bytes()).hexdigest()
        else:
            found[str(path.relative_to(folder))] = ""
    return found


def put(folder: Path, name: str, content: bytes) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def refuse(act) -> str:
    with pytest.raises(RunFolderError) as refused:
        act()
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("name", [*MINE, "audio/"])
def test_a_folder_of_the_users_is_refused_and_left_as_it_was(tmp_path, name, overwrite):
    if name.endswith("/"):
        (tmp_path / name).mkdir()
    else:
        put(tmp_path, name, MINE[name])
    before = snapshot(tmp_path)
    said = refuse(lambda: RunFolder(tmp_path, overwrite))
    assert name.partition("/")[0] in said
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("names", [COMPARISON_FILES, SELFTEST_FILES, RUN_FILES])
@pytest.mark.parametrize("name", MINE)
def test_so_is_it_by_everything_else_that_writes_into_a_folder(tmp_path, name, names):
    put(tmp_path, name, MINE[name])
    before = snapshot(tmp_path)
    refuse(lambda: ownership.begin(tmp_path, names))
    assert snapshot(tmp_path) == before


def a_run(folder: Path, overwrite: bool = False) -> None:
    """What a run does with its directory, from start to end."""
    with RunFolder(folder, overwrite) as run:
        run.write_record(record_of())
        run.add_clips([clip_of("a", "1")])
        for name in ("audio/clean.mp3", "figures/curves_noise.svg", "summary.csv", "report.html"):
            ownership.claim(folder, [name])
            (folder / name).write_bytes(b"ours")
        run.finish(SCHEMA.empty_table(), record_of())


def test_what_is_not_listed_stays_whatever_its_name(tmp_path):
    a_run(tmp_path)
    mine = {
        "notes.txt": b"mine",
        "audio/song.mp3": b"my song",
        "figures/thesis.pdf": b"my thesis",
        "leaderboard.csv": b"chess",
        f"figures/{PARTIAL}mine.svg": b"half a figure",
    }
    for name, content in mine.items():
        put(tmp_path, name, content)
    a_run(tmp_path, overwrite=True)
    (tmp_path / "shards").mkdir()  # ours is gone at the end of a run: this is not it
    with pytest.raises(RunFolderError, match="shards is there already"):
        RunFolder(tmp_path)
    (tmp_path / "shards").rmdir()
    with RunFolder(tmp_path, overwrite=True):
        put(tmp_path, "shards/old_pot.json", b"{}")
    with RunFolder(tmp_path, overwrite=True) as run:
        left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
        assert left == {*mine, "shards/old_pot.json", ".lock", FILES}
        run.write_record(record_of())
        run.finish(SCHEMA.empty_table(), record_of())
    assert (tmp_path / "shards" / "old_pot.json").read_bytes() == b"{}"
    assert all((tmp_path / name).read_bytes() == content for name, content in mine.items())


@pytest.mark.parametrize("name", ["report.html", "summary.csv", "figures/curves_noise.svg", "audio/clean.mp3"])
def test_a_file_in_our_folder_that_is_not_listed_is_not_written_over(tmp_path, name):
    with RunFolder(tmp_path):
        pass
    put(tmp_path, name, b"mine")
    before = snapshot(tmp_path)
    assert name in refuse(lambda: ownership.claim(tmp_path, [name]))
    assert snapshot(tmp_path) == before
    if "/" not in name:
        assert name in refuse(lambda: RunFolder(tmp_path))
        assert snapshot(tmp_path) == before


@pytest.mark.parametrize("name", ["figures", "audio", "shards", "embeddings"])
def test_a_linked_directory_is_neither_emptied_nor_written_into(tmp_path, name):
    ours, other = tmp_path / "ours", tmp_path / "other"
    a_run(ours)
    files = {"figures": "curves_noise.svg", "audio": "clean.mp3", "shards": f"{0:024x}.json"}
    files["embeddings"] = f"{0:024x}.arrow"
    for inside in (*files.values(), f"{PARTIAL}1-ab.svg"):
        put(other, inside, b"another's")
    if (ours / name).exists():
        (ours / name / files[name]).unlink()
        (ours / name).rmdir()
    (ours / name).symlink_to(other)
    listing = json.loads((ours / FILES).read_text())
    listing["files"] = sorted({*listing["files"], "shards/", "embeddings/"})
    (ours / FILES).write_text(json.dumps(listing))
    before = snapshot(other)
    for overwrite in (False, True):
        assert "is a link" in refuse(lambda overwrite=overwrite: RunFolder(ours, overwrite))
    ownership.remove(ours, ownership.listed(ours))
    ownership.remove_leftovers(ours)
    claimed = f"{name}/{'' if name in ownership.OF_SHARDS else files[name]}"
    assert "is a link" in refuse(lambda: ownership.claim(ours, [claimed]))
    assert snapshot(other) == before
    assert (ours / name).is_symlink()


def test_a_linked_file_is_removed_itself_and_never_written_through(tmp_path):
    ours, secret = tmp_path / "ours", tmp_path / "diary.txt"
    a_run(ours)
    secret.write_text("dear diary")
    (ours / "report.html").unlink()
    (ours / "report.html").symlink_to(secret)
    assert "is a link" in refuse(lambda: ownership.claim(ours, ["report.html"]))
    ownership.remove(ours, ["report.html"])
    assert not os.path.lexists(ours / "report.html")
    assert secret.read_text() == "dear diary"


def test_a_directory_stays_for_what_is_to_be_written_into_it(tmp_path):
    names = ["figures/earlier.png", "figures/later.png"]
    ownership.claim(tmp_path, names)
    ownership.remove(tmp_path, names[:1])
    (tmp_path / "figures/later.png").write_bytes(b"drawn")
    ownership.remove(tmp_path, names[1:])
    assert not (tmp_path / "figures").exists()


@pytest.mark.parametrize("kind", ["link", "pipe", "directory", "full"])
def test_locking_cuts_nothing_off(tmp_path, kind):
    ours, secret = tmp_path / "ours", tmp_path / "diary.txt"
    secret.write_text("dear diary")
    with RunFolder(ours):
        pass
    (ours / ".lock").unlink(missing_ok=True)
    {
        "link": lambda lock: lock.symlink_to(secret),
        "pipe": lambda lock: os.mkfifo(lock),
        "directory": lambda lock: lock.mkdir(),
        "full": lambda lock: lock.write_text("mine"),
    }[kind](ours / ".lock")
    before = snapshot(ours)
    assert ".lock" in refuse(lambda: RunFolder(ours))
    assert secret.read_text() == "dear diary"
    assert snapshot(ours) == before


def test_a_run_that_was_killed_at_any_write_can_go_on_and_be_thrown_away(tmp_path, monkeypatch):
    """The list comes first: stopped before or after each replacement of a file, a folder is ours still."""

    class Killed(BaseException):
        pass

    real = os.replace
    for moment in range(40):
        folder, done = tmp_path / str(moment), []

        def stop(source, target, moment=moment, done=done):
            if len(done) == moment:
                raise Killed
            real(source, target)
            done.append(target)
            if len(done) == moment + 1:
                raise Killed

        ended = False
        for again in range(2):
            monkeypatch.setattr(os, "replace", stop)
            try:
                a_run(folder, overwrite=bool(again))
                ended = True
                break
            except Killed:
                done[:] = [None] * 1000
        monkeypatch.setattr(os, "replace", real)
        a_run(folder)
        a_run(folder, overwrite=True)
        left = {path.name for path in folder.iterdir()}
        assert left <= {".lock", FILES, *RUN_FILES, "audio", "figures"}, left
        if ended:
            break
    assert ended


@pytest.mark.parametrize(
    "listing",
    [
        "[" * 100_000,
        "{}",
        '{"program": "degrade-bench", "format": 2, "files": []}',
        *(
            json.dumps({"program": "degrade-bench", "format": 1, "files": files})
            for files in (
                ["../diary.txt"],
                ["/etc/hostname"],
                ["notes.txt"],
                ["audio/../../diary.txt"],
                ["audio/.."],
                ["figures/a/b.svg"],
                [".lock"],
                [7],
                {"run.json": 1},
                ["files.json"],
                ["audio/a\u0000.mp3"],
                ["audio/a.mp3\n"],
            )
        ),
    ],
)
def test_a_list_that_names_anything_else_is_refused(tmp_path, listing):
    folder = tmp_path / "ours"
    for name in ("diary.txt", "ours/notes.txt", "ours/.lock"):
        put(tmp_path, name, b"")
    (folder / FILES).write_text(listing)
    before = snapshot(tmp_path)
    assert FILES in refuse(lambda: RunFolder(folder, overwrite=True))
    assert FILES in refuse(lambda: ownership.claim(folder, ["report.html"]))
    assert snapshot(tmp_path) == before


def test_only_names_of_products_can_be_claimed(tmp_path):
    for name in ("../a.mp3", "audio/a/b.mp3", "thesis.tex", "figures", "shards/x.json", ".lock", FILES):
        refuse(lambda name=name: ownership.claim(tmp_path, [name]))
    assert snapshot(tmp_path) == {}


def test_permissions_of_what_stays_are_untouched(tmp_path):
    a_run(tmp_path)
    put(tmp_path, "audio/song.mp3", b"mine")
    os.chmod(tmp_path / "audio" / "song.mp3", 0o400)
    a_run(tmp_path, overwrite=True)
    assert stat.S_IMODE((tmp_path / "audio" / "song.mp3").stat().st_mode) == 0o400
