"""Shards: what comes back, what is noticed, and what counts where two sources hold the same."""

from __future__ import annotations

import os
import random
from dataclasses import replace

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from degrade_bench.errors import RunFolderError
from degrade_bench.runs import folder as folders
from degrade_bench.runs.columns import KEY, SCHEMA
from degrade_bench.runs.folder import RunFolder
from degrade_bench.runs.scores import read_table, stored_counts, to_table, with_counts, write_table
from degrade_bench.runs.shards import (
    read_clips,
    read_shard,
    serial_of,
    shard_files,
    united,
    write_clips,
    write_shard,
)
from tests.runs.records import clip_of
from tests.runs.test_scores import row

COUNTS = {("a", "white_noise", "m"): {"signals": 3}}


def flips(content, count):
    """The content with one bit turned over, at so many places."""
    for bit in random.Random(0).sample(range(8 * len(content)), count):
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        yield bytes(changed)


def test_a_shard_comes_back_as_it_was(tmp_path):
    table = with_counts(to_table([row(), row(level=2, score=None, window_scores=None)]), COUNTS)
    path = write_shard(tmp_path, 7, table)
    assert (shard_files(tmp_path), serial_of(path)) == ([path], 7)
    again = read_shard(path)
    assert again.equals(table)
    assert stored_counts(again.schema.metadata) == COUNTS


def test_any_flipped_bit_of_a_shard_is_noticed(tmp_path):
    path = write_shard(tmp_path, 0, with_counts(to_table([row()]), COUNTS))
    for changed in flips(path.read_bytes(), 400):
        path.write_bytes(changed)
        assert read_shard(path) is None


def test_any_flipped_bit_of_a_clip_is_noticed(tmp_path):
    write_clips(tmp_path, [clip_of("a", "1")])
    write_clips(tmp_path, [clip_of("a", "1")])
    (path,) = tmp_path.iterdir()
    assert read_clips(tmp_path) == [clip_of("a", "1")]
    for changed in flips(path.read_bytes(), 100):
        path.write_bytes(changed)
        assert read_clips(tmp_path) == []


def test_no_flipped_bit_of_the_score_table_changes_a_value_or_a_count(tmp_path):
    path = tmp_path / "scores.parquet"
    rows = [row(level=level, score=level / 10) for level in range(1, 6)]
    write_table(path, with_counts(to_table(rows), COUNTS))
    good, refused = read_table(path), 0
    for changed in flips(path.read_bytes(), 400):
        path.write_bytes(changed)
        try:
            table = read_table(path)
        except RunFolderError:
            refused += 1
            continue
        assert table.equals(good)
        assert stored_counts(table.schema.metadata) in (COUNTS, {})
        assert table.schema.metadata or b"degrade_bench.counts" not in changed
    assert refused > 100


def test_what_is_no_shard_is_passed_over(tmp_path):
    assert shard_files(tmp_path / "none") == []
    for name in ("notes.txt", "0" * 24 + ".parquet", ".partial-1-ab.arrow"):
        (tmp_path / name).write_bytes(b"x")
    assert shard_files(tmp_path) == []
    odd = write_shard(tmp_path, 1, pa.table({"a": [1]}))
    assert read_shard(odd) is None


def test_what_is_no_file_of_the_folder_is_neither_waited_for_nor_read(tmp_path):
    folder = tmp_path / "shards"
    folder.mkdir()
    os.mkfifo(folder / f"{0:08x}{'0' * 16}.arrow")
    os.mkfifo(folder / f"{'0' * 24}.json")
    (folder / f"{1:08x}{'0' * 16}.arrow").symlink_to("/dev/zero")
    (folder / f"{'1' * 24}.json").symlink_to("/dev/zero")
    elsewhere = write_shard(tmp_path, 2, SCHEMA.empty_table())
    (folder / elsewhere.name).symlink_to(elsewhere)
    files = shard_files(folder)
    assert len(files) == 3
    assert [read_shard(path) for path in files] == [None] * 3
    assert read_clips(folder) == []


def test_the_later_of_two_copies_of_a_block_counts_with_its_counts():
    old, new = row(score=1.0), row(score=2.0)
    other = row(metric="n", score=3.0)
    first = with_counts(to_table([old, other]), {**COUNTS, ("a", "white_noise", "n"): {"signals": 1}})
    whole = united([first, with_counts(to_table([new]), {("a", "white_noise", "m"): {"signals": 5}})])
    assert sorted(whole.rows["score"].to_pylist()) == [2.0, 3.0]
    assert whole.counts == {("a", "white_noise", "m"): {"signals": 5}, ("a", "white_noise", "n"): {"signals": 1}}
    assert united([first, to_table([new])]).counts == {("a", "white_noise", "n"): {"signals": 1}}
    assert united([]).rows.equals(SCHEMA.empty_table())


CELLS = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from(["hum", "hiss"]), st.integers(1, 3), st.sampled_from("mn")),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(CELLS, min_size=1, max_size=4))
def test_united_tables_have_every_cell_of_the_last_copy_of_a_block_once(written):
    sources, expected = [], {}
    for number, cells in enumerate(written):
        rows = [
            row(clip_id=clip, degradation=name, level=level, metric=metric, score=float(number))
            for clip, name, level, metric in cells
        ]
        sources.append(to_table(rows))
        blocks = {(each.clip_id, each.degradation, each.metric) for each in rows}
        expected = {cell: score for cell, score in expected.items() if (cell[0], cell[1], cell[4]) not in blocks}
        expected.update({tuple(getattr(each, name) for name in KEY): each.score for each in rows})
    whole = united(sources).rows
    columns = zip(*(whole[name].to_pylist() for name in KEY), strict=True)
    assert dict(zip(columns, whole["score"].to_pylist(), strict=True)) == expected
    assert whole.num_rows == len(expected)


def test_many_shards_are_merged_by_the_next_start(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "MOST_SHARDS", 3)
    seen = []
    with RunFolder(tmp_path) as folder:
        for level in range(1, 6):
            folder.add_shard([row(degradation=f"d{level}")], {("a", f"d{level}", "m"): {"signals": level}})
        before = folder.read_finished()
        (merged,) = shard_files(folder.shards)
        assert serial_of(merged) == 5
        folder.add_shard([replace(row(degradation="d1"), score=9.0)])
    with RunFolder(tmp_path) as folder:
        monkeypatch.setattr("time.monotonic", iter(range(0, 100, 2)).__next__)
        after = folder.read_finished(seen.append)
    assert before.rows.num_rows == after.rows.num_rows == 5
    assert before.counts == {("a", f"d{level}", "m"): {"signals": level} for level in range(1, 6)}
    assert set(after.counts) == {("a", f"d{level}", "m") for level in range(2, 6)}
    assert 9.0 in after.rows["score"].to_pylist()
    assert seen == [2]


def test_a_damaged_shard_is_removed(tmp_path):
    with RunFolder(tmp_path) as folder:
        folder.add_shard([row()])
        (path,) = shard_files(folder.shards)
        path.write_bytes(b"x")
        assert folder.read_finished().rows.num_rows == 0
        assert shard_files(folder.shards) == []


def test_a_table_whose_counts_were_changed_is_refused(tmp_path):
    table = with_counts(to_table([row()]), COUNTS)
    metadata = dict(table.schema.metadata)
    changed = table.replace_schema_metadata({key: value.replace(b"3", b"2") for key, value in metadata.items()})
    write_table(tmp_path / "scores.parquet", changed)
    with pytest.raises(RunFolderError, match="is damaged: what metrics counted"):
        read_table(tmp_path / "scores.parquet")
