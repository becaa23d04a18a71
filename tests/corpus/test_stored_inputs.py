"""Clips in object storage are those of the same files in a folder, and are fetched when they are read."""

from __future__ import annotations

import itertools
import pickle
import tempfile
import threading
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from degrade_bench._support import object_server, objects
from degrade_bench.clip.stems import stems_of
from degrade_bench.corpus.excerpts import Excerpt
from degrade_bench.corpus.inputs import sources_from
from degrade_bench.corpus.source import identities
from degrade_bench.errors import AudioError, CorpusError, StorageError
from degrade_bench.sweep.worker import ClipLost, Task, Work, work_on
from tests.storage import put

RATE = 8000


@pytest.fixture
def music(tmp_path):
    """A folder with all that may lie beside music."""
    folder = tmp_path / "music"
    for number, name in enumerate(("a.wav", "pop/b.flac", "pop/twice.wav", "twice.wav", "pop/.hidden.wav")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        tone = 0.1 * np.sin(
            np.arange((2 if "twice" in name else 3) * RATE) / (10 if "twice" in name else 11 + number)
        )
        soundfile.write(folder / name, tone, RATE)
        if name == "a.wav":
            (folder / "a.stems").mkdir()
            soundfile.write(folder / "a.stems" / "drums.wav", 0.25 * tone, RATE, subtype="FLOAT")
            soundfile.write(folder / "a.stems" / "bass.wav", 0.75 * tone, RATE, subtype="FLOAT")
    for name in ("a.beats", "pop/b.txt", "twice.beats", "pop/twice.beats.txt"):
        (folder / name).write_text("0.5 1\n1.0 2\n1.5 3\n")
    (folder / "pop" / "broken.wav").write_bytes(b"RIFF, but no more")
    (folder / "pop" / "broken.txt").write_text("la la la\n")
    (folder / "old" / "audio").mkdir(parents=True)
    soundfile.write(folder / "old" / "audio" / "clean.wav", tone, RATE)
    (folder / "old" / "run.json").write_text('{"format": 2, "identity": {}, "package_version": "1"}')
    (folder / "list.csv").write_text("path,group,start,duration\npop/b.flac,pop,0.5,1\na.wav,,,\n")
    return folder


@pytest.fixture
def far(music, bucket):
    """The same in object storage."""
    for path in music.rglob("*"):
        if path.is_file():
            objects.write(bucket / "music" / path.relative_to(music), path)
    return bucket / "music"


@pytest.fixture
def requests(monkeypatch):
    """How often each object was fetched whole."""
    counted = Counter()
    fetch = objects.fetch

    def counting(path, target):
        counted[path.name] += 1
        fetch(path, target)

    monkeypatch.setattr(objects, "fetch", counting)
    return counted


@pytest.mark.parametrize("name", ["", "list.csv", "pop/b.flac"])
def test_clips_are_those_of_the_folder(music, far, name):
    here, left_out_here = sources_from([music / name])
    there, left_out_there = sources_from([far / name])
    assert [source.id for source in there] == [source.id for source in here]
    assert left_out_there == left_out_here
    assert identities(there) == identities(here)
    for one, other in zip(there, here, strict=True):
        assert one.seconds_hint == other.seconds_hint
        if other.id.endswith("broken"):
            with pytest.raises(AudioError, match=r"s3://.*/music/pop/broken\.wav: "):
                one.load()
            continue
        clip, expected = one.load(), other.load()
        assert (clip.hash, clip.annotations, clip.group, clip.track, clip.source) == (
            *(expected.hash, expected.annotations, expected.group, expected.track, expected.source),
        )
        assert clip.stems.keys() == expected.stems.keys()
        if clip.stems:
            samples = stems_of(clip)
            assert all(samples[stem].equal(stems_of(expected)[stem]) for stem in samples)


def test_a_listing_fetches_little_and_nothing_is_kept(far, requests, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    Path(tempfile.tempdir).mkdir()
    sources, _ = sources_from([far])
    assert set(requests) == {"twice.wav"}  # two of one size
    requests.clear()
    identities(sources)
    identities(sources)  # asked for once
    beats = {"a.beats": 1, "b.txt": 2, "twice.beats.txt": 1, "broken.txt": 1}  # a .txt is looked at first
    assert requests == {"a.wav": 1, "b.flac": 1, "broken.wav": 1, "drums.wav": 1, "bass.wav": 1, **beats}
    sources[0].load()
    assert list(Path(tempfile.tempdir).iterdir()) == []


def test_windows_need_the_headers_only(far, requests):
    sources, _ = sources_from([far / "pop" / "b.flac"], excerpt=Excerpt(1.0, windows=2))
    assert [source.id for source in sources] == ["b@0.25", "b@1.75"]
    assert not requests


def test_a_source_travels_with_its_address_and_nothing_else(far):
    [source] = sources_from([far / "a.wav"])[0]
    travelled = pickle.dumps(source)
    assert len(travelled) < 1000
    assert pickle.loads(travelled).load().hash == source.load().hash


def test_a_manifest_here_may_name_objects(far, tmp_path):
    (tmp_path / "list.csv").write_text(f"path\ns3://{far.parts[1]}/music/a.wav\n")
    [source] = sources_from([tmp_path / "list.csv"])[0]
    assert source.load().annotations.beats == (0.5, 1.0, 1.5)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            "s3://key:secret@bucket/a.wav",
            "line 2: path s3://…: expected s3://BUCKET/PREFIX; credentials and settings",
        ),
        ("https://key:secret@bucket/a.wav", "line 2: path https://…: expected a path"),
        ("s3://", "names no bucket"),
        ("s3://bucket/../a.wav", "'..' leads nowhere"),
    ],
)
def test_an_address_of_a_manifest_is_looked_at_as_any_other(tmp_path, row, said):
    (tmp_path / "list.csv").write_text(f"path\n{row}\n")
    with pytest.raises(CorpusError) as refused:
        sources_from([tmp_path / "list.csv"])
    assert said in str(refused.value)
    assert "secret" not in str(refused.value)


def test_the_objects_of_a_manifest_are_asked_about_many_at_a_time(far, tmp_path, monkeypatch):
    (tmp_path / "list.csv").write_text(
        "path\n" + "".join(f"s3://{far.parts[1]}/music/{name}.wav\n" for name in ("a", "twice"))
    )
    both, look = threading.Barrier(2, timeout=10), objects.look

    def together(path):
        both.wait()
        return look(path)

    monkeypatch.setattr(objects, "look", together)
    assert len(sources_from([tmp_path / "list.csv"])[0]) == 2


def test_a_manifest_there_may_lead_out_of_its_folder(far):
    put(far, lists__other_csv=b"path\n../a.wav\n")
    [source] = sources_from([far / "lists" / "other.csv"])[0]
    assert source.path == far / "a.wav"


def test_a_server_that_is_away_is_waited_for_where_a_clip_is_read(server, far, monkeypatch):
    [source] = sources_from([far / "a.wav"])[0]
    expected = source.load().hash
    server.stop()
    monkeypatch.setattr(object_server, "pauses_between", lambda: itertools.repeat(0.05))
    back = threading.Timer(0.3, server.start)
    back.start()
    try:
        assert source.load().hash == expected
    finally:
        back.join()


@pytest.fixture
def unreachable(monkeypatch):
    """Lets requests of a kind fail as where the server is away, so many times."""

    def failing(place, name, times):
        request, left = getattr(place, name), [times]

        def fails(*arguments):
            if left[0]:
                left[0] -= 1
                raise object_server.ObjectError("cannot be reached", may_pass=True)
            return request(*arguments)

        monkeypatch.setattr(place, name, fails)

    monkeypatch.setattr(object_server, "pauses_between", lambda: itertools.repeat(0.01))
    monkeypatch.setenv("DEGRADE_BENCH_STORE_PATIENCE", "0.2")
    return failing


@pytest.mark.parametrize("name", ["a.wav", "pop/b.flac"])
def test_a_request_for_a_header_that_fails_changes_no_windows(far, name, monkeypatch, unreachable):
    excerpt = Excerpt(1.0, windows=2)
    expected, _ = sources_from([far / name], excerpt=excerpt)
    assert len(expected) == 2
    reading = objects._Parts.readinto
    failures = iter([True])

    def fails_once(parts, buffer):
        if next(failures, False):
            parts.error = object_server.ObjectError("cannot be reached", may_pass=True)
            return 0
        return reading(parts, buffer)

    monkeypatch.setattr(objects._Parts, "readinto", fails_once)
    assert sources_from([far / name], excerpt=excerpt)[0] == expected
    unreachable(objects, "_random_access", 10**6)
    with pytest.raises(StorageError, match=r"--input s3://.*: cannot be reached"):
        sources_from([far / name], excerpt=excerpt)


def test_a_server_that_is_away_is_no_part_of_an_identity(far, unreachable):
    sources, _ = sources_from([far / "a.wav"])
    unreachable(objects, "fetch", 10**6)
    with pytest.raises(StorageError, match=r"--input s3://.*/music/a\.wav: cannot be reached"):
        identities(sources)


def test_a_clip_that_the_server_lost_is_tried_again_and_no_other_waits_for_it(far, unreachable):
    [source] = sources_from([far / "a.wav"])[0]
    unreachable(objects, "fetch", 10**6)
    work = Work(0, (1,), 1, (), (), ())
    *_, lost = work_on(Task(source, {}), work)
    assert isinstance(lost, ClipLost)
    assert "cannot be reached" in lost.reason
    assert object_server._waited_in_vain.is_set()


def test_files_that_cannot_be_read_are_no_recordings_of_each_other(far, monkeypatch):
    def denied(path, target):
        raise object_server.ObjectError("gives no access")

    monkeypatch.setattr(objects, "fetch", denied)
    sources, skipped = sources_from([far])
    assert {source.id for source in sources} >= {"twice", "pop/twice"}
    assert not skipped


def test_once_a_server_was_waited_for_in_vain_there_is_one_attempt_until_one_succeeds(monkeypatch):
    monkeypatch.setenv("DEGRADE_BENCH_STORE_PATIENCE", "0.1")
    monkeypatch.setattr(object_server, "pauses_between", lambda: itertools.repeat(0.01))
    monkeypatch.setattr(object_server, "_waited_in_vain", threading.Event())
    tried = []

    def away(path):
        tried.append(path)
        raise object_server.ObjectError("cannot be reached", may_pass=True)

    for most in (12, 1, 1):
        tried.clear()
        with pytest.raises(object_server.ObjectError):
            object_server.patient(away, Path("s3://bucket"))
        assert 1 <= len(tried) <= most
    assert object_server.patient(lambda path: "there", Path("s3://bucket")) == "there"
    tried.clear()
    with pytest.raises(object_server.ObjectError):
        object_server.patient(away, Path("s3://bucket"))
    assert len(tried) > 1


@pytest.mark.parametrize(
    ("address", "kind", "said"),
    [
        ("s3://{bucket}/nothing", CorpusError, "no such file or folder"),
        ("s3://no-such-bucket/music", StorageError, "there is no bucket 'no-such-bucket'"),
        ("s3://", StorageError, "names no bucket"),
        ("gs://bucket/music", StorageError, "gs://…: expected a path, or s3://BUCKET/PREFIX"),
        ("s3://key:secret@bucket/music", StorageError, "credentials and settings do not belong in an address"),
        ("s3://{bucket}/old", CorpusError, "is a run directory, expected music"),
        ("s3://{bucket}/empty", CorpusError, "no audio found"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_line(bucket, address, kind, said):
    put(bucket, old__run_json=b'{"format": 2, "identity": {}, "package_version": "1"}', empty__notes_txt=b"none")
    with pytest.raises(kind) as refused:
        sources_from([Path(address.format(bucket=bucket.parts[1]))])
    assert said in str(refused.value)
    assert "secret" not in str(refused.value)
