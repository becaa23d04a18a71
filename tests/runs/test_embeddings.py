"""The files of vectors: whole or not there, the later one counts, merged when a run has finished."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from degrade_bench.degrade.catalogue import get
from degrade_bench.metric.traits import Traits
from degrade_bench.runs import embeddings
from degrade_bench.runs.embeddings import VectorFiles, key_of, vector_table
from degrade_bench.runs.folder import RunFolder
from degrade_bench.runs.names import EMBEDDINGS
from degrade_bench.runs.set_values import SetValue, read_set_values, write_set_values
from degrade_bench.runs.shards import shard_files
from degrade_bench.runs.stored.contents import is_ours
from degrade_bench.sweep.block import row_of
from degrade_bench.sweep.cells import Cell
from degrade_bench.sweep.scoring import Outcome
from tests.runs.records import clip_of

MADE = Outcome(2.0, "ok", None, 0.0)


def row(clip="c0", level=1, outcome=MADE):
    cell = Cell(get("white_noise"), level, 0, "test")
    return row_of(clip_of(clip, "hash"), cell, Traits(name="vectors-toy", fingerprint="f"), 0, outcome)


def of(number, frames=2):
    return np.full((frames, 3), number, dtype=np.float32)


@pytest.fixture
def files(tmp_path):
    with RunFolder(tmp_path) as folder:
        folder.add_vectors([row("c0"), row("c1", outcome=Outcome.failed("no"))], [of(1), None])
        folder.add_vectors([row("c0", 2), row("c0", 3)], [of(2), of(3, frames=5)])
        folder.add_vectors([row("c0")], [of(4)])
        yield folder.vector_files


def test_vectors_are_read_back_and_the_later_file_counts(files):
    found = files.vectors()
    assert set(found) == {key_of(row("c0", level)) for level in (1, 2, 3)}
    assert found[key_of(row("c0"))].tolist() == of(4).tolist()
    assert found[key_of(row("c0", 3))].shape == (5, 3)
    assert sum(table.num_rows for table in files.rows(forgets=False)) == 5


def test_merging_keeps_every_cell_and_forgets_what_was_replaced(files, tmp_path):
    before = files.vectors()
    files.merge()
    (path,) = shard_files(tmp_path / EMBEDDINGS)
    after = files.vectors()
    assert before.keys() == after.keys()
    assert all((after[key] == before[key]).all() for key in before)
    assert sum(table.num_rows for table in files.rows(forgets=False)) == 4  # the failed one among them
    files.merge()
    assert shard_files(tmp_path / EMBEDDINGS) == [path]


def test_large_files_are_left_as_they_are(files, tmp_path, monkeypatch):
    monkeypatch.setattr(embeddings, "MERGED_BYTES", 100)
    files.merge()
    assert len(shard_files(tmp_path / EMBEDDINGS)) == 3


def test_a_file_that_was_damaged_is_forgotten_where_it_may_be(files, tmp_path):
    last = shard_files(tmp_path / EMBEDDINGS)[-1]
    last.write_bytes(last.read_bytes()[:-9])
    assert len(files.rows(forgets=False)) == 2
    assert last.exists()
    assert len(files.rows(forgets=True)) == 2
    assert not last.exists()


def test_a_vector_is_what_was_made_to_the_bit(tmp_path):
    made = np.random.default_rng(0).standard_normal((4, 3)).astype(np.float32)
    table = vector_table([row()], [made])
    (tmp_path / "x").mkdir()
    VectorFiles(tmp_path / "x").add(table)
    assert (VectorFiles(tmp_path / "x").vectors()[key_of(row())] == made).all()


def test_in_object_storage_the_folder_is_ours_as_a_whole_where_it_is_listed():
    name = f"{EMBEDDINGS}/{0:024x}.arrow"
    assert is_ours(name, [f"{EMBEDDINGS}/"])
    assert not is_ours(name, ["shards/"])
    assert not is_ours(f"{EMBEDDINGS}/mine.arrow", [f"{EMBEDDINGS}/"])


def test_values_of_sets_are_read_back(tmp_path):
    value = SetValue("m", "white_noise", 1, "test", 0, 7, 6, 70, 200, 0.1 + 0.2, -1e-17, None)
    write_set_values(tmp_path, [value, replace(value, level=2, extrapolated=1 / 3)])
    assert read_set_values(tmp_path) == [value, replace(value, level=2, extrapolated=1 / 3)]
    (tmp_path / "set_values.csv").write_text("metric\nm\n")
    assert read_set_values(tmp_path) == []
    assert read_set_values(tmp_path / "nowhere") == []
