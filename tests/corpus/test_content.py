"""Files are told apart by their bytes, and a run goes on only from the same."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from degrade_bench.clip import Annotations
from degrade_bench.corpus.content import MISSING, UNREADABLE, digest_of
from degrade_bench.corpus.inputs import sources_from
from degrade_bench.corpus.source import MemorySource
from degrade_bench.errors import RunFolderError
from degrade_bench.metric.base import Metric
from degrade_bench.runs.folder import RunFolder
from degrade_bench.sweep.execute import execute
from degrade_bench.sweep.progress import Progress
from degrade_bench.sweep.resume import check_same
from degrade_bench.sweep.spec import Sweep
from tests.conftest import make_clip
from tests.runs.records import record_of
from tests.sweep import toys


@pytest.fixture
def music(tmp_path) -> Path:
    """Two clips; the first with beats and stems. A manifest names them."""
    folder = tmp_path / "music"
    (folder / "song.stems").mkdir(parents=True)
    for seed, name in enumerate(("song", "other")):
        samples = make_clip(2.0, 8000, 1, seed=seed).samples[0].numpy()
        soundfile.write(folder / f"{name}.wav", samples, 8000, subtype="FLOAT")
        if name == "song":
            for stem in ("drums", "bass"):
                soundfile.write(folder / "song.stems" / f"{stem}.wav", samples / 2, 8000, subtype="FLOAT")
    (folder / "song.beats").write_text("0.25 1\n0.75 2\n")
    (tmp_path / "m.csv").write_text(
        "path,group,track,start\nmusic/song.wav,jazz,t1,\nmusic/other.wav,jazz,t2,0.5\n"
    )
    return folder


def sweep_of(path: Path, *more: Metric) -> Sweep:
    return Sweep(tuple(sources_from([path])[0]), (toys.ToyGain(),), (toys.Rms(), *more))


def run_in(out: Path, sweep: Sweep, stopped: bool) -> None:
    """A run that ends, or one that is stopped after its first clip."""

    def stop(clip_id: str) -> None:
        raise KeyboardInterrupt

    progress = Progress(clip_done=stop) if stopped else Progress()
    with RunFolder(out) as folder:
        check_same(folder, sweep)
        folder.write_record(record_of(identity=sweep.identity(), clips=()))
        try:
            result = execute(sweep, folder, progress)
        except KeyboardInterrupt:
            assert stopped
            assert list(folder.shards.glob("*.arrow"))
            return
        clips = tuple(result.clips.values())
        folder.finish(result.table, record_of(identity=sweep.identity(), clips=clips))


def replace_bytes(path: Path) -> None:
    """Other content of the same size, with the same times of access and modification."""
    before = path.stat()
    content = path.read_bytes()
    other = content.replace(b"0.75", b"0.76").replace(b"jazz", b"folk")
    if other == content:  # audio: another sign for each sample
        samples, rate = soundfile.read(path, dtype="float32")
        soundfile.write(path, -samples, rate, subtype="FLOAT")
    else:
        path.write_bytes(other)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert path.stat().st_mtime_ns == before.st_mtime_ns


@pytest.mark.parametrize("stopped", [False, True])
@pytest.mark.parametrize("changed", ["music/song.wav", "music/song.stems/bass.wav", "music/song.beats", "m.csv"])
@pytest.mark.parametrize("more", [(), (toys.Length(),)])
def test_whatever_is_replaced_between_two_starts_is_told(music, tmp_path, changed, stopped, more):
    named = tmp_path / "m.csv"
    run_in(tmp_path / "out", sweep_of(named), stopped)
    with RunFolder(tmp_path / "out") as folder:
        check_same(folder, sweep_of(named, *more))
    replace_bytes(tmp_path / changed)
    with (
        RunFolder(tmp_path / "out") as folder,
        pytest.raises(RunFolderError, match=r"clip 'music/(song|other@0\.5)' has changed"),
    ):
        check_same(folder, sweep_of(named, *more))


@pytest.mark.parametrize(
    ("row", "becomes"),
    [("song.wav,jazz,t1,", "song.wav,folk,t1,"), ("jazz,t1", "jazz,t3"), ("t2,0.5", "t2,0.25"), ("t1,", "t1,0.1")],
)
def test_every_part_of_a_manifests_row_counts(music, tmp_path, row, becomes):
    named = tmp_path / "m.csv"
    before = sweep_of(named).identity()
    named.write_text(named.read_text().replace(row, becomes))
    assert sweep_of(named).identity() != before


def test_what_lies_beside_stems_does_not_count(music):
    before = sweep_of(music).identity()
    (music / "song.stems" / "notes.txt").write_text("x")
    (music / "song.stems" / ".hidden.wav").write_bytes(b"x")
    assert sweep_of(music).identity() == before


def test_clips_in_memory_are_told_apart_by_all_that_is_known_of_them(music):
    clip = make_clip(2.0, 8000, 1)
    one = MemorySource("x", clip).identity
    assert MemorySource("x", replace(clip)).identity == one
    listed = replace(clip.annotations, beats=list(clip.annotations.beats))
    assert MemorySource("x", replace(clip, annotations=listed)).identity == one
    as_numpy = replace(clip.annotations, beats=np.array(clip.annotations.beats))
    assert MemorySource("x", replace(clip, annotations=as_numpy)).identity == one
    others = (
        replace(clip, samples=-clip.samples),
        replace(clip, annotations=Annotations()),
        replace(clip, group="jazz"),
        replace(clip, track="t"),
        replace(clip, stems={"drums": music / "song.stems" / "drums.wav"}),
    )
    assert len({one, *(MemorySource("x", other).identity for other in others)}) == 1 + len(others)


def test_digests(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert digest_of(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223"  # FIPS 180-4's example
    assert digest_of(tmp_path / "none") == MISSING
    assert digest_of(tmp_path / ("x" * 300)) == digest_of(tmp_path / "a\0") == digest_of(tmp_path) == UNREADABLE


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_what_is_no_file_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    (tmp_path / "zero.wav").symlink_to("/dev/zero")
    assert digest_of(tmp_path / "pipe.wav") == digest_of(tmp_path / "zero.wav") == UNREADABLE
