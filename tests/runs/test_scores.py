"""``scores.parquet``: the declaration of its columns, and reading it back."""

from __future__ import annotations

from dataclasses import fields

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from degrade_bench.errors import RunFolderError
from degrade_bench.runs.columns import ANALYSED, ANALYSED_TEXTS, KEY, MEANINGS, SCHEMA, Row
from degrade_bench.runs.scores import (
    COUNTS_METADATA,
    load_analysed,
    load_scores,
    read_table,
    stored_counts,
    to_table,
    with_counts,
    without_blocks,
    write_table,
)


def row(**changes) -> Row:
    values = {
        "clip_id": "a",
        "clip_hash": "1",
        "clip_group": None,
        "track": "a",
        "group": "signal",
        "family": "noise",
        "degradation": "white_noise",
        "version": "1",
        "level": 1,
        "strength": 40.0,
        "unit": "dB SNR",
        "achieved": None,
        "role": "test",
        "placebo_of": None,
        "replicate": 0,
        "seed": 2**62,
        "metric": "m",
        "fingerprint": "f",
        "score": float("inf"),
        "higher_is_better": True,
        "needs_reference": False,
        "status": "ok",
        "error": None,
        "seconds": 0.5,
        "window_scores": (1.0, 2.0),
        "nuisance": False,
    }
    return Row(**{**values, **changes})


def test_the_schema_follows_from_the_row():
    assert SCHEMA.names == [field.name for field in fields(Row)] == list(MEANINGS)
    assert {name: str(SCHEMA.field(name).type) for name in ("level", "replicate", "seed", "score", "nuisance")} == {
        "level": "int16",
        "replicate": "int32",
        "seed": "int64",
        "score": "double",
        "nuisance": "bool",
    }
    assert SCHEMA.field("window_scores").type == pa.list_(pa.field("element", pa.float64()))
    nullable = {field.name for field in SCHEMA if field.nullable}
    assert nullable == {
        *("clip_group", "strength", "unit", "achieved", "placebo_of", "score", "error", "window_scores"),
    }
    assert set(KEY) < set(SCHEMA.names)
    assert all(MEANINGS.values())
    assert set(ANALYSED_TEXTS) < set(ANALYSED) < set(SCHEMA.names)


def test_rows_come_back_as_they_were(tmp_path):
    rows = [row(), row(level=2, score=None, status="failed", error="no", window_scores=None)]
    write_table(tmp_path / "scores.parquet", to_table(rows))
    again = read_table(tmp_path / "scores.parquet")
    assert again.schema.equals(SCHEMA)
    assert [
        Row(**{**values, "window_scores": values["window_scores"] and tuple(values["window_scores"])})
        for values in again.to_pylist()
    ] == rows
    assert list(load_scores(tmp_path)) == SCHEMA.names
    assert list(load_analysed(tmp_path)) == list(ANALYSED)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (lambda table: table.drop_columns(["score"]), "lacks the column 'score'"),
        (lambda table: table.set_column(8, "level", pa.array(["one"])), "cannot be read"),
        (lambda table: table.set_column(8, "level", pa.array([70_000])), "cannot be read"),
        (lambda table: table.set_column(8, "level", pa.array([None], pa.int16())), "cannot be read"),
    ],
)
def test_a_table_of_other_columns_is_refused_in_one_line(tmp_path, changed, said):
    pq.write_table(changed(to_table([row()])), tmp_path / "scores.parquet")
    for read in (load_scores, load_analysed):
        with pytest.raises(RunFolderError, match=said) as refused:
            read(tmp_path)
        assert "\n" not in str(refused.value)


def test_a_table_that_pandas_wrote_is_read(tmp_path):
    frame = to_table([row()]).to_pandas()
    frame = frame[frame.columns[::-1]].assign(more=1)
    frame.to_parquet(tmp_path / "scores.parquet")  # another order, wider integers, nullable, a column more
    assert read_table(tmp_path / "scores.parquet").equals(to_table([row()]))


def test_what_is_no_table_is_refused(tmp_path):
    with pytest.raises(RunFolderError, match=r"has no scores\.parquet: no run has finished there"):
        load_scores(tmp_path)
    (tmp_path / "scores.parquet").write_bytes(b"nonsense")
    with pytest.raises(RunFolderError, match="cannot be read"):
        load_scores(tmp_path)


def test_counts_travel_with_the_table(tmp_path):
    counts = {("a", "white_noise", "m"): {"signals": 3}, ("a", "hum", "m"): {}}
    write_table(tmp_path / "t.parquet", with_counts(to_table([row()]), counts))
    stored = read_table(tmp_path / "t.parquet")
    assert stored_counts(stored.schema.metadata) == {("a", "white_noise", "m"): {"signals": 3}}


def test_counts_of_a_table_that_holds_none():
    for metadata in (None, {}, {COUNTS_METADATA: b"{"}, {COUNTS_METADATA: b"[[1]]"}, {COUNTS_METADATA: b"7"}):
        assert stored_counts(metadata) == {}


def test_a_block_goes_with_its_placebo():
    placebo = row(degradation="white_noise_placebo", placebo_of="white_noise", role="placebo")
    table = to_table([row(), placebo, row(degradation="hum")])
    assert without_blocks(table, [("a", "white_noise", "m")])["degradation"].to_pylist() == ["hum"]
    assert without_blocks(table, []) is table
