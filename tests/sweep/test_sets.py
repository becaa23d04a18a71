"""Set metrics in a sweep: vectors once for every cell, rows when all are there, however often it was stopped."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

from degrade_bench.clip import Clip
from degrade_bench.corpus.source import MemorySource
from degrade_bench.errors import AudioError, ConfigError, CorpusError, NotApplicableError, RunFolderError
from degrade_bench.metric.sets.frechet import Frechet
from degrade_bench.metric.sets.jackknife import estimate
from degrade_bench.metric.sets.mmd import Mmd
from degrade_bench.metric.sets.vectors import VectorSet
from degrade_bench.runs.folder import RunFolder
from degrade_bench.runs.names import EMBEDDINGS
from degrade_bench.runs.set_values import read_set_values
from degrade_bench.runs.shards import shard_files
from degrade_bench.sweep.execute import SweepResult, execute
from degrade_bench.sweep.forecast import forecast
from degrade_bench.sweep.recordings import with_tracks_of
from degrade_bench.sweep.resume import check_same
from degrade_bench.sweep.set_blocks import set_blocks
from degrade_bench.sweep.spec import Sweep
from tests.runs.records import record_of
from tests.sweep import toys
from tests.sweep.test_execute import comparable, interrupted_after

HEARD: list[int] = []
"""A number for every signal that was embedded in this process."""
TIMED = 5
"""Cells of one clip that a start with something to do is timed on."""


@dataclass(frozen=True)
class ToyEmbedder:
    """Four levels of a signal for every half second of it."""

    name: str = "toy"
    version: str = "1"
    sample_rate: int = 8000
    dim: int = 4
    fails: str = ""

    def converted(self, signals, sample_rate):
        return signals.mean(dim=1)

    def embed(self, batch):
        HEARD.append(len(batch))
        parts = batch.unfold(1, 4000, 4000)
        if parts.shape[1] > 100:
            raise NotApplicableError("too long for a toy")
        if self.fails and float(parts.square().mean()) > 0.0038:
            raise ValueError(self.fails)
        return torch.stack([parts.square().mean(dim=2), parts.abs().mean(dim=2), *parts[..., :2].unbind(2)], dim=2)

    def fingerprint_parts(self):
        return {"kind": "toy", "fails": self.fails}


class Unreadable(MemorySource):
    """A clip whose file is gone."""

    def __init__(self, name):
        super().__init__(name, toys.toy_sources(1)[0].load())

    def load(self):
        raise AudioError("no such file")


def make_sweep(**changes) -> Sweep:
    sweep = Sweep(
        sources=toys.toy_sources(5),
        degradations=(toys.ToyNoise(), toys.ToyGain()),
        metrics=(toys.Rms(),),
        set_metrics=(Frechet(ToyEmbedder()), Mmd(ToyEmbedder())),
        levels=(1, 5),
    )
    return replace(sweep, **changes)


def start(path, sweep, progress=None):
    with RunFolder(path) as folder:
        check_same(folder, sweep)
        result = execute(sweep, folder, progress)
        record = record_of(
            identity=sweep.identity(), clips=tuple(result.clips.values()), reference_clips=result.reference
        )
        folder.finish(result.table, record, result.set_values)
    return result


@dataclass(frozen=True)
class Whole:
    """A run that was done at once, by this process: its directory, what came of it, how many signals were heard."""

    path: Path
    result: SweepResult
    heard: int

    @property
    def table(self):
        return self.result.table

    @property
    def set_values(self):
        return self.result.set_values


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    HEARD.clear()
    path = tmp_path_factory.mktemp("whole") / "out"
    result = start(path, make_sweep())
    return Whole(path, result, sum(HEARD))


def test_every_cell_has_a_row_for_every_clip_and_its_mean_is_the_sets_value(whole):
    result, path = whole.result, whole.path
    frame = result.table.to_pandas()
    assert whole.heard == 5 * (1 + 3 + 2) + TIMED  # once for both set metrics
    assert set(frame["metric"]) == {"rms", "frechet-toy", "mmd-toy"}
    assert (frame.groupby("metric").size() == 5 * 6).all()
    assert (frame["status"] == "ok").all()
    sets = frame[frame["metric"] != "rms"]
    clean = sets[sets["role"] == "clean"]
    assert (clean["score"] == 0).all()
    values = {value.key: value for value in read_set_values(path)}
    assert list(values.values()) == list(result.set_values)
    for key, rows in sets.groupby(["metric", "degradation", "level", "replicate"]):
        assert rows["score"].mean() == pytest.approx(values[key].corrected, abs=1e-12)
        assert (values[key].clips, values[key].tracks, values[key].vectors, values[key].dim) == (5, 5, 30, 4)
    with RunFolder(path) as folder:
        vectors = folder.vector_files.vectors()
    assert len(vectors) == 5 * 6
    assert len(shard_files(path / EMBEDDINGS)) == 1

    def gathered(*cell):
        parts = [vectors[(source.id, *cell, "vectors-toy")] for source in make_sweep().sources]
        return VectorSet(np.concatenate(parts).astype(float), np.repeat(np.arange(5), [len(one) for one in parts]))

    expected = estimate(Frechet(ToyEmbedder()), gathered("clean", 0, 0), gathered("toy_noise", 5, 0), 5)
    noisy = sets[(sets["metric"] == "frechet-toy") & (sets["degradation"] == "toy_noise") & (sets["level"] == 5)]
    assert noisy["score"].to_numpy() == pytest.approx(expected.contributions, rel=1e-12)


def test_a_forecast_says_how_much_the_vectors_take(tmp_path, whole):
    with RunFolder(whole.path) as folder:
        made = sum(vectors.nbytes for vectors in folder.vector_files.vectors().values())
    with RunFolder(tmp_path, only_looks=True) as nothing:
        assert forecast(make_sweep(), nothing).vector_bytes == made
        assert forecast(make_sweep(set_metrics=()), nothing).vector_bytes == 0


def test_two_workers_make_the_same_rows_bit_for_bit(tmp_path, whole):
    result = start(tmp_path / "out", make_sweep(workers=2))
    assert comparable(result.table).equals(comparable(whole.table))
    assert result.set_values == whole.set_values


def test_a_run_that_was_stopped_goes_on_and_hears_nothing_twice(tmp_path, whole):
    HEARD.clear()
    with pytest.raises(KeyboardInterrupt):
        start(tmp_path / "out", make_sweep(), interrupted_after(2))
    heard_first = sum(HEARD)
    result = start(tmp_path / "out", make_sweep())
    assert TIMED < heard_first < 30 + TIMED
    assert sum(HEARD) <= 30 + 2 * TIMED + 3  # the block in which it was stopped
    assert comparable(result.table).equals(comparable(whole.table))
    HEARD.clear()
    again = start(tmp_path / "out", make_sweep())
    assert not HEARD
    assert again.table.equals(result.table)  # with the seconds: kept as they are
    assert again.set_values == whole.set_values


def test_vectors_that_were_torn_are_made_again(tmp_path, whole):
    shutil.copytree(whole.path, tmp_path / "out")
    (file,) = shard_files(tmp_path / "out" / EMBEDDINGS)
    file.write_bytes(file.read_bytes()[:-100])
    HEARD.clear()
    result = start(tmp_path / "out", make_sweep())
    assert sum(HEARD) == 30 + TIMED
    assert comparable(result.table).equals(comparable(whole.table))


def test_a_second_metric_of_the_same_embedder_hears_nothing(tmp_path, whole):
    only = make_sweep(set_metrics=make_sweep().set_metrics[:1])
    start(tmp_path / "out", only)
    HEARD.clear()
    result = start(tmp_path / "out", make_sweep())
    assert not HEARD
    assert comparable(result.table).equals(comparable(whole.table))
    left = start(tmp_path / "out", only)  # what is not asked for stays
    assert set(left.table["metric"].to_pylist()) == {"rms", "frechet-toy", "mmd-toy"}
    assert {value.metric for value in left.set_values} == {"frechet-toy", "mmd-toy"}


def test_clips_that_are_added_change_the_rows_of_all(tmp_path, whole):
    start(tmp_path / "out", make_sweep(sources=toys.toy_sources(4)))
    result = start(tmp_path / "out", make_sweep())
    assert comparable(result.table).equals(comparable(whole.table))


def other_music(*also: int):
    """A reference set: three clips that are not of the run, and some that are."""
    clips = [source.load() for source in toys.toy_sources(8)]
    named = [Clip(f"ref {at}", clips[at].samples, clips[at].sample_rate) for at in (5, 6, 7, *also)]
    return tuple(MemorySource(clip.id, clip) for clip in named)


def test_another_reference_set_is_heard_once_and_compared_with_as_it_is(tmp_path):
    frechet = Frechet(ToyEmbedder())
    sweep = make_sweep(set_metrics=(frechet.against("other"),), reference=other_music())
    assert sweep.set_metrics[0].fingerprint() != frechet.fingerprint()
    HEARD.clear()
    with pytest.raises(KeyboardInterrupt):
        start(tmp_path / "out", sweep, interrupted_after(4))
    result = start(tmp_path / "out", sweep)
    assert sum(HEARD) <= 5 * 6 + 3 + 2 * TIMED + 3
    with RunFolder(tmp_path / "out") as folder:
        vectors = folder.vector_files.vectors()
    assert len(vectors) == 5 * 6 + 3
    assert [clip.id for clip in result.reference] == ["ref 5", "ref 6", "ref 7"]
    assert {row["clip_id"] for row in result.table.to_pylist()} == {source.id for source in sweep.sources}

    def gathered(names, first, *cell):
        parts = [vectors[(name, *cell, "vectors-toy")].astype(float) for name in names]
        track = np.repeat(np.arange(len(names)) + first, [len(one) for one in parts])
        return VectorSet(np.concatenate(parts), track)

    reference = gathered([clip.id for clip in result.reference], 5, "clean", 0, 0)
    values = {value.key: value for value in result.set_values}
    for cell in (("clean", 0, 0), ("toy_noise", 5, 0)):
        heard = gathered([source.id for source in sweep.sources], 0, *cell)
        expected = estimate(frechet, reference, heard, 5)
        found = values[("frechet-toy", *cell)]
        assert (found.value, found.corrected) == pytest.approx((expected.value, expected.corrected), rel=1e-9)
    HEARD.clear()
    assert start(tmp_path / "out", sweep).set_values == result.set_values
    assert not HEARD
    with pytest.raises(RunFolderError, match=r"holds scores of 'frechet-toy' with fingerprint"):
        start(tmp_path / "out", make_sweep(set_metrics=(frechet,)))


def test_a_recording_of_the_reference_set_that_is_damaged_as_well_is_left_out_of_both(tmp_path):
    sweep = make_sweep(set_metrics=(Mmd(ToyEmbedder()).against("both"),), reference=other_music(0, 3))
    with RunFolder(tmp_path) as folder:
        result = execute(sweep, folder)
        rows = pa.concat_tables(folder.vector_files.rows(forgets=False))
        vectors = folder.vector_files.vectors()
    clips = {clip.id: clip for clip in (*result.clips.values(), *result.reference)}
    names = [source.id for source in sweep.sources]
    assert (clips["ref 0"].track, clips["ref 3"].track) == (clips[names[0]].track, clips[names[3]].track)
    reference = [clip.id for clip in result.reference]
    block = set_blocks(with_tracks_of(rows, clips), "vectors-toy", names, vectors, reference)[0]
    assert list(dict.fromkeys(block.reference.track.tolist())) == [5, 6, 7, 0, 3]


def test_a_reference_set_of_which_nothing_can_be_used_is_refused(tmp_path):
    sweep = make_sweep(set_metrics=(Mmd(ToyEmbedder()).against("none"),), reference=(Unreadable("gone"),))
    with pytest.raises(CorpusError, match=r"none of the reference set's 1 clips can be used \(gone: no such file"):
        start(tmp_path / "out", sweep)


def test_a_clip_on_which_the_embedder_fails_is_left_out_of_the_sets_of_that_damage(tmp_path):
    """Loud cells fail: of some clips the highest level of the noise."""
    sweep = make_sweep(set_metrics=(Frechet(ToyEmbedder(fails="too loud")),))
    frame = start(tmp_path / "out", sweep).table.to_pandas()
    sets = frame[frame["metric"] == "frechet-toy"]
    failed = sets[sets["status"] == "failed"]
    assert set(failed["error"]) == {"ValueError: too loud"}
    assert set(failed["degradation"]) == {"toy_noise"}
    noise = sets[(sets["degradation"] != "toy_gain") & (sets["role"] != "clean")]
    lost = set(noise[noise["status"] == "failed"]["clip_id"])
    assert 0 < len(lost) < 4
    beside = noise[noise["clip_id"].isin(lost) & (noise["status"] != "failed")]
    assert set(beside["status"]) == {"not-applicable"}
    assert set(beside["error"]) == {"left out of the sets of toy_noise: ValueError: too loud"}
    others = noise[~noise["clip_id"].isin(lost)]
    assert (others["status"] == "ok").all()
    assert len(others.groupby(["degradation", "level"])) == 3


class Picky(Mmd):
    """Fails on some sets, and finds others too small."""

    def on_subsets(self, reference, heard, kept):
        if heard.vectors[:, 0].mean() > 0.003:
            raise RuntimeError("cannot")
        return super().on_subsets(reference, heard, kept)


def test_a_set_metric_that_fails_costs_its_rows(tmp_path):
    result = start(tmp_path / "out", make_sweep(set_metrics=(Picky(ToyEmbedder()),)))
    frame = result.table.to_pandas()
    sets = frame[frame["metric"] == "mmd-toy"]
    assert set(sets[sets["status"] != "ok"]["error"]) == {"RuntimeError: cannot"}
    assert set(sets["status"]) == {"ok", "failed"}


def test_an_embedder_that_cannot_travel_is_asked_here(tmp_path, whole):
    class Local(ToyEmbedder):
        """Of a class that no other process can import."""

        def __hash__(self):
            return 1

    sweep = make_sweep(set_metrics=(Frechet(Local()), Mmd(Local())), workers=2)
    result = start(tmp_path / "out", sweep)
    scores = [one.table.drop_columns(["seconds", "fingerprint"]) for one in (result, whole)]
    assert scores[0].equals(scores[1])


def test_two_embedders_of_one_name_are_refused():
    with pytest.raises(ConfigError, match="another embedder is called 'toy', too"):
        _ = make_sweep(set_metrics=(Frechet(ToyEmbedder()), Mmd(ToyEmbedder(fails="x")))).makers
