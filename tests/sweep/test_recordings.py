"""One recording is one track, in the table and in the record, for any number of workers and starts."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from degrade_bench.corpus.inputs import sources_from
from degrade_bench.runs.folder import RunFolder
from degrade_bench.runs.scores import read_table
from degrade_bench.sweep.execute import execute
from degrade_bench.sweep.recordings import with_joined_tracks, with_tracks_of
from degrade_bench.sweep.spec import Sweep
from tests.conftest import make_clip
from tests.runs.records import clip_of, record_of
from tests.sweep import toys


def test_tracks_that_share_samples_are_joined_through_others():
    clips = [clip_of(name, samples) for name, samples in zip("abcdef", "123142", strict=True)]
    clips[4] = clips[4].model_copy(update={"track": "c"})
    made = with_joined_tracks(clips)
    assert [clip.track for clip in made] == ["a", "b", "c", "a", "c", "b"]
    assert [clip.same_as for clip in made] == [None, None, None, "a", None, "b"]
    assert with_joined_tracks(made) == made, "a later start finds what an earlier one has joined"
    assert [clip.track for clip in with_joined_tracks(clips[::-1])] == ["f", "c", "d", "c", "f", "d"]


@pytest.fixture
def music(tmp_path) -> Path:
    """One recording as WAV, as FLAC, in a copy and behind a link; and another."""
    folder = tmp_path / "music"
    folder.mkdir()
    for seed, name in enumerate(("one", "two")):
        samples = make_clip(2.0, 8000, 1, seed=seed).samples[0].numpy()
        soundfile.write(folder / f"{name}.wav", np.round(samples * 2**15).astype(np.int16), 8000)
    read, _ = soundfile.read(folder / "one.wav", dtype="int16")
    soundfile.write(folder / "three.flac", read, 8000)
    shutil.copy(folder / "one.wav", folder / "copy.wav")
    (folder / "link.wav").symlink_to("one.wav")
    return folder


def run_in(out: Path, sweep: Sweep):
    with RunFolder(out) as folder:
        result = execute(sweep, folder)
        folder.finish(result.table, record_of(identity=sweep.identity(), clips=tuple(result.clips.values())))
    return result


@pytest.mark.parametrize("workers", [1, 2])
def test_the_same_audio_in_two_formats_is_one_track(music, tmp_path, workers):
    sources, skipped = sources_from([music])
    assert [source.id for source in sources] == ["copy", "three", "two"]
    assert {clip.id for clip in skipped} == {"one", "link"}
    sweep = Sweep(tuple(sources), (toys.ToyGain(),), (toys.Rms(),), workers=workers)
    result = run_in(tmp_path / "out", sweep)
    assert [clip.track for clip in result.clips.values()] == ["copy.wav", "copy.wav", "two.wav"]
    assert result.clips["three"].same_as == "copy"
    more = Sweep(tuple(sources), (toys.ToyGain(),), (toys.Rms(), toys.Length()), workers=1)
    again = run_in(tmp_path / "out", more)
    assert again.clips == result.clips
    stored = read_table(tmp_path / "out" / "scores.parquet").to_pandas()
    tracks = stored.groupby("clip_id")["track"].unique().map(list).to_dict()
    assert tracks == {"copy": ["copy.wav"], "three": ["copy.wav"], "two": ["two.wav"]}
    assert set(stored["metric"]) == {"rms", "length"}


def test_rows_of_other_clips_stay(music, tmp_path):
    table = run_in(tmp_path / "out", Sweep(toys.toy_sources(2), (toys.ToyGain(),), (toys.Rms(),))).table
    made = with_tracks_of(table, {"c1": clip_of("c1", "0").model_copy(update={"track": "x"})})
    assert made.schema == table.schema
    assert made["track"].to_pylist() == ["c0"] * 3 + ["x"] * 3
    assert with_tracks_of(table, {}) == table
