"""A run directory in object storage: the same table as in a local one, whatever happens to process and server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack

import pytest

from degrade_bench._support import objects
from degrade_bench.errors import RunFolderError, StorageError
from degrade_bench.runs.folder import RunFolder
from degrade_bench.runs.scores import read_table
from degrade_bench.runs.stored import fetched, working
from degrade_bench.runs.stored import lease as leases
from degrade_bench.sweep.execute import execute
from degrade_bench.sweep.progress import Progress
from degrade_bench.sweep.resume import check_same
from tests.runs.records import record_of
from tests.storage import contents, put
from tests.sweep import toys
from tests.sweep.test_execute import comparable, make_sweep

SWEEP = make_sweep(sources=toys.toy_sources(2, seconds=1.0), metrics=(toys.Rms(),))
FINISHED = {"files.json", "run.json", "scores.parquet"}


def sweep_in(address, advanced=lambda cells: None, overwrite=False, told=None):
    """A start of a run, as ``bench.run`` does it, without what is concluded."""
    warned = [].append if told is None else told.append
    with working(address, warned) as place, RunFolder(place, overwrite) as folder:
        previous = check_same(folder, SWEEP)
        record = previous or record_of(identity=SWEEP.identity())
        begin = lambda: folder.write_record(record.updated(state="running"))  # noqa: E731
        result = execute(SWEEP, folder, Progress(advanced=advanced), previous, begin)
        folder.finish(result.table, record.updated(clips=tuple(result.clips.values())))
    return result


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    return sweep_in(tmp_path_factory.mktemp("local") / "out").table


def test_what_a_run_removes_while_it_is_read_is_passed_over(bucket, monkeypatch):
    put(bucket / "run", run_json=b"{}", scores_parquet=b"rows")
    fetch = objects.fetch

    def removing(path, target):
        if path.name == "run.json":
            objects.delete(path)
        fetch(path, target)

    monkeypatch.setattr(objects, "fetch", removing)
    with fetched(bucket / "run") as place:
        assert {path.name for path in place.iterdir()} == {"scores.parquet"}


@pytest.mark.usefixtures("bucket")
def test_a_place_to_work_in_that_cannot_be_written_is_refused(bucket, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("DEGRADE_BENCH_WORK_DIR", str(tmp_path / "file"))
    with pytest.raises(RunFolderError, match="set DEGRADE_BENCH_WORK_DIR to"), working(bucket / "run"):
        pass
    monkeypatch.setattr("pathlib.Path.home", lambda: 1 / 0)  # not asked for
    monkeypatch.setenv("DEGRADE_BENCH_WORK_DIR", str(tmp_path / "work"))
    with working(bucket / "run"):
        pass


def test_what_is_read_never_leaves_its_temporary_directory(bucket):
    with pytest.raises(StorageError, match=r"'\.\.' leads nowhere"), fetched(bucket / ".." / ".." / "out"):
        pass


def stored_table(address):
    with fetched(address) as place:
        return read_table(place / "scores.parquet")


def until(condition):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def locks(address):
    return [name for name in contents(address) if name.startswith(".lock-")]


def test_the_table_is_that_of_a_local_run_and_nothing_else_is_left(bucket, local, tmp_path):
    address = bucket / "a" / "run"
    sweep_in(address)
    assert comparable(stored_table(address)).equals(comparable(local))
    assert set(contents(address)) == FINISHED
    assert set(json.loads(contents(address)["files.json"])["files"]) == FINISHED - {"files.json"}
    assert list((tmp_path / "work").iterdir()) == []
    assert sweep_in(address).cells_scored == 0


KILLED = """
import os, signal, sys, time
from pathlib import Path
from degrade_bench._support import objects
from degrade_bench.sweep import ledger
from tests.runs.stored import test_working

ledger.SECONDS_APART = 0.0
address, blocks = Path(sys.argv[1]), 0

def advanced(cells):
    global blocks
    blocks += 1
    if blocks == 4:
        while len([one for one in objects.listed(address / "shards") if one.path.suffix == ".arrow"]) < blocks - 1:
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGKILL)

test_working.sweep_in(address, advanced)
"""


def test_another_machine_goes_on_where_a_killed_run_was(bucket, local, tmp_path, monkeypatch):
    address = bucket / "run"
    killed = subprocess.run([sys.executable, "-c", KILLED, str(address)], timeout=120, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert "scores.parquet" not in contents(address)
    assert len(locks(address)) == 1
    monkeypatch.setenv("DEGRADE_BENCH_WORK_DIR", str(tmp_path / "elsewhere"))
    result = sweep_in(address)  # the process that held the lock is gone, and was of this machine
    assert 0 < result.cells_scored < len(local) - 5
    assert comparable(stored_table(address)).equals(comparable(local))
    assert set(contents(address)) == FINISHED


def test_a_server_that_is_lost_and_back_changes_nothing(server, bucket, local):
    address, told, blocks = bucket / "run", [], []

    def advanced(cells):
        blocks.append(cells)
        if len(blocks) == 2:
            server.stop()
            until(lambda: told)
        if len(blocks) == 4:
            server.start()

    sweep_in(address, advanced, told=told)
    assert comparable(stored_table(address)).equals(comparable(local))
    assert set(contents(address)) == FINISHED
    assert "cannot be reached" in told[0]
    assert "the run goes on" in told[0]
    assert len(told) <= 2  # said once, and once that it is back


def test_what_could_not_be_sent_lies_on_this_machine_and_is_sent_by_the_next_start(
    server,
    bucket,
    local,
    tmp_path,
    monkeypatch,
):
    address, stopped = bucket / "run", []
    monkeypatch.setenv("DEGRADE_BENCH_STORE_PATIENCE", "0")

    def advanced(cells):
        if not stopped:
            stopped.append(True)
            server.stop()

    with pytest.raises(StorageError, match="the same command, given again on this machine, sends it") as lost:
        sweep_in(address, advanced)
    assert str(tmp_path / "work") in str(lost.value)
    with pytest.raises(StorageError, match="cannot be reached"):
        sweep_in(address)
    server.start()
    assert sweep_in(address).cells_scored == 0
    assert comparable(stored_table(address)).equals(comparable(local))
    assert list((tmp_path / "work").iterdir()) == []


def test_what_was_done_elsewhere_meanwhile_counts(server, bucket, local, tmp_path, monkeypatch):
    address = bucket / "run"
    monkeypatch.setenv("DEGRADE_BENCH_STORE_PATIENCE", "0")
    with ExitStack() as stack:
        stack.enter_context(pytest.raises(StorageError, match="cannot be reached"))
        folder = stack.enter_context(RunFolder(stack.enter_context(working(address))))
        folder.write_record(record_of(identity=SWEEP.identity(), state="running"))
        until(lambda: "run.json" in contents(address))
        server.stop()
        folder.add_shard([])  # not sent, and given up later: what lies there counts
    server.start()
    monkeypatch.setenv("DEGRADE_BENCH_WORK_DIR", str(tmp_path / "elsewhere"))
    sweep_in(address)
    monkeypatch.setenv("DEGRADE_BENCH_WORK_DIR", str(tmp_path / "work"))
    told = []
    assert sweep_in(address, told=told).cells_scored == 0
    assert "written to from elsewhere" in told[0]
    assert comparable(stored_table(address)).equals(comparable(local))


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_prefix_that_holds_anything_else_is_refused_and_left_as_it_was(bucket, overwrite):
    put(bucket / "mine", thesis_txt=b"mine", shards__note_txt=b"mine", run_json=b"{}")
    before = contents(bucket)
    with pytest.raises(RunFolderError, match=r"--out s3://.*/mine is not empty, and no list of ours"):
        sweep_in(bucket / "mine", overwrite=overwrite)
    assert contents(bucket) == before


def test_what_is_somebody_elses_beside_a_run_stays(bucket):
    address = bucket / "run"
    sweep_in(address)
    put(address, notes_txt=b"mine", figures__curves_png=b"mine", audio__song_mp3=b"mine", deep__er__x_txt=b"mine")
    foreign = {name: content for name, content in contents(address).items() if name not in FINISHED}
    sweep_in(address, overwrite=True)
    after = contents(address)
    assert {name: after[name] for name in foreign} == foreign
    assert set(after) == FINISHED | set(foreign)


def test_a_file_of_somebodys_where_one_of_ours_is_to_be_is_refused(bucket):
    address = bucket / "run"
    sweep_in(address)
    put(address, report_html=b"mine")
    with pytest.raises(RunFolderError, match=r"s3://.*/run/report\.html is there already"):
        sweep_in(address)
    assert contents(address)["report.html"] == b"mine"
    objects.delete(address / "report.html")
    assert sweep_in(address).cells_scored == 0


def test_who_changes_the_environment_sends_nothing_elsewhere(bucket, monkeypatch):
    with monkeypatch.context() as changed, working(bucket / "run") as place, RunFolder(place) as folder:
        changed.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        folder.write_record(record_of())
    assert "run.json" in contents(bucket / "run")


def test_two_runs_at_a_time_are_refused(bucket):
    with working(bucket / "run"):
        with pytest.raises(RunFolderError, match=rf"in use by another run \(process {os.getpid()} on "):
            sweep_in(bucket / "run")
        assert len(locks(bucket / "run")) == 1
        with working(bucket / "other"):
            pass
    assert locks(bucket / "run") == []


def test_a_run_of_another_machine_has_its_lock_until_it_is_silent_for_long(bucket, monkeypatch):
    address = bucket / "run"
    other = {"program": "degrade-bench", "machine": "another", "host": "far", "pid": 1, "created": 0.0}
    objects.write(address / ".lock-0123456789abcdef", json.dumps(other).encode())
    with pytest.raises(RunFolderError, match=r"process 1 on far, heard of \d+ s ago"):
        sweep_in(address)
    monkeypatch.setattr(leases, "LEASE_SECONDS", -1.0)
    with working(address):
        assert ".lock-0123456789abcdef" not in contents(address)


def test_a_run_whose_lock_was_taken_sends_nothing_more(bucket, monkeypatch):
    address, told = bucket / "run", []
    monkeypatch.setattr(leases, "RENEWED_SECONDS", 0.05)
    with ExitStack() as stack:
        stack.enter_context(pytest.raises(StorageError, match="another run has taken over"))
        place = stack.enter_context(working(address, told.append))
        folder = stack.enter_context(RunFolder(place))
        [lock] = locks(address)
        until(lambda: objects.delete(address / lock) or any("has taken over" in text for text in told))
        folder.write_record(record_of())
    assert "run.json" not in contents(address)


def test_a_run_that_was_cut_off_writes_nothing_over_the_one_that_took_over(bucket, monkeypatch, tmp_path):
    address, clock = bucket / "run", leases._clock
    with ExitStack() as stack:
        stack.enter_context(pytest.raises(StorageError, match="another run has taken over"))
        folder = stack.enter_context(RunFolder(stack.enter_context(working(address))))
        folder.write_record(record_of())
        until(lambda: "run.json" in contents(address))
        other = {"program": "degrade-bench", "machine": "another", "host": "far", "pid": 1, "created": 0.0}
        put(address, run_json=b"of the other")
        objects.write(address / ".lock-0123456789abcdef", json.dumps(other).encode())
        monkeypatch.setattr(leases, "_clock", lambda: clock() + 60)  # as if nothing had been heard for a minute
        folder.write_record(record_of(state="running"))
    assert contents(address)["run.json"] == b"of the other"
    assert locks(address) == [".lock-0123456789abcdef"]


@pytest.mark.parametrize(
    ("owner", "silent", "lives"),
    [
        ({"pid": os.getppid(), "created": -1.0}, 10.0, True),  # as after the clock was set
        ({"pid": os.getppid(), "created": -1.0}, 100.0, False),
        ({"pid": 2**30, "created": 0.0}, 1.0, False),
        ({"pid": os.getpid(), "created": -1.0}, 1.0, False),
        ({"machine": "another", "pid": 2**30}, 1.0, True),
    ],
)
def test_which_runs_are_taken_for_dead(owner, silent, lives):
    assert leases._lives({**leases._this_process(), **owner}, ".lock-0", silent) is lives
