"""Whenever sending is stopped, what lies in the storage is a run directory that another machine can go on from."""

from __future__ import annotations

import errno
import json
import shutil
import sys
from pathlib import Path

import pytest

from degrade_bench._support import objects
from degrade_bench._support.object_server import ObjectError
from degrade_bench._support.objects import Found
from degrade_bench.errors import ConfigError, RunFolderError, StorageError
from degrade_bench.runs import folder as folders
from degrade_bench.runs.folder import RunFolder
from degrade_bench.runs.ownership import list_of
from degrade_bench.runs.scores import block_sizes
from degrade_bench.runs.stored import mirror, working
from degrade_bench.runs.stored.lease import is_lease
from tests.runs.records import clip_of, record_of
from tests.runs.test_scores import row

ADDRESS = Path("s3://bucket/run")


class Memory:
    """Object storage in a dictionary, which remembers what it held after every change.

    ``most_changes`` are carried out, and it is away afterwards.
    """

    def __init__(self, monkeypatch, held=(), most_changes=10**6):
        self.held, self.states, self.left = dict(held), [], most_changes
        for name in ("look", "listed", "read", "write", "fetch", "delete"):
            monkeypatch.setattr(objects, name, getattr(self, name))

    def change(self, path, content=None):
        if is_lease(path.name):
            return
        if not self.left:
            raise ObjectError("cannot be reached", may_pass=True)
        self.left -= 1
        if content is None:
            self.held.pop(path, None)
        else:
            self.held[path] = content
        self.states.append(dict(self.held))

    def write(self, path, content):
        self.change(path, content.read_bytes() if isinstance(content, Path) else content)

    def delete(self, path):
        self.change(path)

    def look(self, path):
        return Found(path, len(self.held[path]), 0.0) if path in self.held else None

    def listed(self, folder, deep=False):
        there = {}
        for path, content in self.held.items():
            if folder in path.parents:
                inside = folder / path.relative_to(folder).parts[0]
                there[inside] = Found(inside, len(content) if inside == path else None, 0.0)
        return [there[path] for path in sorted(there)]

    def read(self, path, most_bytes):
        if path not in self.held:
            raise FileNotFoundError(path)
        return self.held[path]

    def fetch(self, path, target):
        target.write(self.read(path, 0))


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.setenv("DEGRADE_BENCH_WORK_DIR", str(tmp_path / "work"))
    monkeypatch.setenv("DEGRADE_BENCH_STORE_PATIENCE", "0")
    monkeypatch.setattr(mirror.Mirror, "start", lambda self: self._ended.set() or self._thread.start())


def work(steps=4):
    """Starts of a run: shards, very many shards that are merged, a table, another metric's shards, a table."""

    def finish(folder):
        finished = folder.read_finished()
        clips = tuple(folder.read_clips().values())
        folder.finish(finished.rows, record_of(state="done", clips=clips))

    with working(ADDRESS) as place, RunFolder(place) as folder:
        folder.write_record(record_of(state="running"))
        for block in "abc":
            folder.add_clips([clip_of(f"clip {block}", "0")])
            folder.add_shard([row(clip_id=f"clip {block}", metric="a")])
    if steps > 1:
        with working(ADDRESS) as place, RunFolder(place) as folder:
            folder.read_finished()
            folder.add_clips([clip_of("clip d", "0")])
            folder.add_shard([row(clip_id="clip d", metric="a")])
    if steps > 2:
        with working(ADDRESS) as place, RunFolder(place) as folder:
            finish(folder)
    if steps > 3:
        with working(ADDRESS) as place, RunFolder(place) as folder:
            folder.add_shard([row(clip_id="clip a", metric="b")])
            finish(folder)


def blocks_in(state, place):
    """The blocks that can be read of what lay in the storage."""
    for path, content in state.items():
        target = place / path.relative_to(ADDRESS)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    with RunFolder(place) as folder:
        blocks = set(block_sizes(folder.read_finished().rows))
        assert {clip for clip, _, _ in blocks} <= folder.read_clips().keys()
        return blocks


def without_list(held):
    return {path: content for path, content in held.items() if path.name != "files.json"}


def test_at_every_moment_it_can_be_gone_on_from_and_nothing_sent_is_lost(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "MOST_SHARDS", 2)
    memory = Memory(monkeypatch)
    work()
    before = set()
    for number, state in enumerate(memory.states):
        listed = set(json.loads(state[ADDRESS / "files.json"])["files"])
        names = {str(path.relative_to(ADDRESS)) for path in state} - {"files.json"}
        assert {"shards/" if name.startswith("shards/") else name for name in names} <= listed
        blocks = blocks_in(state, tmp_path / str(number))
        assert before <= blocks
        before = blocks
    assert len(before) == 5
    assert {path.name for path in memory.held} == {"files.json", "run.json", "scores.parquet"}


def test_a_run_that_was_refused_leaves_nothing_there(monkeypatch):
    memory, made = Memory(monkeypatch), []
    start = mirror.Mirror.start
    monkeypatch.setattr(mirror.Mirror, "start", lambda self: made.append(self) or start(self))

    def refused():
        with working(ADDRESS) as place, RunFolder(place):
            made[0]._pass()  # as its thread would, meanwhile
            assert list(memory.held) == [ADDRESS / "files.json"]
            made.append(place)
            raise ConfigError("no")

    with pytest.raises(ConfigError):
        refused()
    assert memory.held == {}
    assert not made[1].exists()


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (ObjectError("cannot be reached", may_pass=True), StorageError, "--out s3://bucket/run: cannot be reached"),
        (OSError(errno.ENOSPC, "No space left on device"), RunFolderError, "the disk is full: cannot write"),
    ],
)
def test_what_fails_while_a_run_is_fetched_is_said_and_nothing_is_changed(monkeypatch, error, kind, said):
    memory = Memory(monkeypatch)
    work(1)
    before = dict(memory.held)

    def fails(path, target):
        raise error

    with monkeypatch.context() as failing:
        failing.setattr(objects, "fetch", fails)
        with pytest.raises(kind, match=said):
            work(2)
    assert memory.held == before
    work(3)  # what was there in part is fetched again
    assert len(memory.held) == 3


def test_wherever_the_storage_is_lost_the_next_start_sends_the_rest(tmp_path, monkeypatch):
    whole = Memory(monkeypatch)
    work(1)
    for most in range(len(whole.states)):
        monkeypatch.setenv("DEGRADE_BENCH_WORK_DIR", str(tmp_path / f"work {most}"))
        memory = Memory(monkeypatch, most_changes=most)
        with pytest.raises(StorageError, match="cannot be reached"):
            work(1)
        memory.left = 100
        with working(ADDRESS):
            pass
        assert without_list(memory.held) == without_list(whole.held)


def test_a_local_place_that_was_removed_in_part_counts_for_nothing(tmp_path, monkeypatch):
    memory = Memory(monkeypatch)
    with monkeypatch.context() as killed:
        killed.setattr("shutil.rmtree", lambda *arguments, **options: None)
        work(1)
    before = dict(memory.held)
    [place] = tmp_path.glob("work/*/run")
    next(place.glob("shards/*.arrow")).unlink()
    with working(ADDRESS):
        pass
    assert without_list(memory.held) == without_list(before)


@pytest.mark.parametrize("name", ["", "files.json", "scores.parquet"])
def test_what_a_cleaner_of_caches_removed_here_stays_there(tmp_path, monkeypatch, name):
    memory = Memory(monkeypatch)
    with monkeypatch.context() as killed:
        killed.setattr(sys.modules["degrade_bench.runs.stored.working"], "_remove", lambda home: None)
        work(3)
    before = dict(memory.held)
    [place] = tmp_path.glob("work/*/run")
    if name:
        (place / name).unlink()
    else:
        shutil.rmtree(place)
    with monkeypatch.context() as cut_short:

        def cut(path, target):
            target.write(b"in part")
            raise ObjectError("ended too early", may_pass=True)

        cut_short.setattr(objects, "fetch", cut)
        with pytest.raises(StorageError, match="ended too early"), working(ADDRESS):
            pass
    with working(ADDRESS) as place:
        assert (place / "scores.parquet").read_bytes() == before[ADDRESS / "scores.parquet"]
    assert without_list(memory.held) == without_list(before)


@pytest.mark.parametrize("name", ["scores.parquet", "shards/notes.txt"])
def test_what_stood_in_the_way_and_was_moved_is_forgotten(monkeypatch, name):
    memory = Memory(monkeypatch)
    listing = list_of(["run.json"]).encode()
    memory.held = {ADDRESS / "files.json": listing, ADDRESS / "run.json": b"{}", ADDRESS / name: b"mine"}
    with monkeypatch.context() as killed:
        killed.setattr(sys.modules["degrade_bench.runs.stored.working"], "_remove", lambda home: None)
        with pytest.raises(RunFolderError, match=rf"{name.partition('/')[0]}/? is there already"):
            work(1)
    assert memory.held.pop(ADDRESS / name) == b"mine"
    with working(ADDRESS) as place, RunFolder(place):
        pass


def test_what_was_removed_there_by_hand_is_not_sent_again(monkeypatch):
    memory = Memory(monkeypatch)
    with monkeypatch.context() as killed:
        killed.setattr(sys.modules["degrade_bench.runs.stored.working"], "_remove", lambda home: None)
        work(1)
    memory.held.clear()
    with working(ADDRESS):
        pass
    assert memory.held == {}


def test_what_is_removed_while_it_is_fetched_is_said(monkeypatch):
    memory = Memory(monkeypatch)
    work(3)

    def gone(path, target):
        raise FileNotFoundError(path)

    before = dict(memory.held)
    monkeypatch.setattr(objects, "fetch", gone)
    with pytest.raises(StorageError, match=r"s3://bucket/run/[\w.]+ was removed meanwhile"), working(ADDRESS):
        pass
    assert memory.held == before


def test_of_many_folders_of_somebodys_one_is_looked_into(monkeypatch):
    memory = Memory(monkeypatch)
    memory.held = {ADDRESS / str(number) / "song.wav": b"mine" for number in range(100)}
    looked = []
    listed = objects.listed
    monkeypatch.setattr(objects, "listed", lambda folder: looked.append(folder) or listed(folder))
    with pytest.raises(RunFolderError, match="is not empty"), working(ADDRESS):
        pass
    assert len(looked) <= 3
