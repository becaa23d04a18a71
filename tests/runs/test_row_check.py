"""A score table that no sweep can have written is refused with the column."""

from __future__ import annotations

import math
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from degrade_bench.errors import RunFolderError
from degrade_bench.runs import scores
from degrade_bench.runs.scores import load_analysed, load_scores, to_table
from tests.runs.test_scores import row

CLEAN = {"role": "clean", "degradation": "clean", "level": 0, "strength": None}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"role": "dreamer"}], "'role' holds 'dreamer'"),
        ([{"status": "perhaps"}], "'status' holds 'perhaps'"),
        ([{"level": -5}], "'level' holds -5"),
        ([{"level": 32767}], "'level' holds 32767"),
        ([{"replicate": -1}], "'replicate' holds -1"),
        ([{"level": 0}], "'level' is 0"),
        ([{**CLEAN, "level": 1}], "'level' is 0"),
        ([{**CLEAN, "degradation": "hum"}], "'role' is clean"),
        ([{"degradation": "clean"}], "'role' is clean"),
        ([{"role": "placebo"}], "'placebo_of'"),
        ([{"placebo_of": "hum"}], "'placebo_of'"),
        ([{"score": None}], "'score' is missing"),
        ([{"status": "failed"}], "'score'"),
        ([{"score": math.nan}], "'score' is NaN"),
        ([{"strength": math.nan}], "'strength' is infinite or NaN"),
        ([{"strength": -math.inf}], "'strength' is infinite or NaN"),
        ([{}, {}], "the same row stands in it twice"),
    ],
)
def test_it_is_refused_with_the_column(tmp_path, rows, said):
    pq.write_table(to_table([row(**changes) for changes in rows]), tmp_path / "scores.parquet")
    for read in (load_scores, load_analysed):
        with pytest.raises(RunFolderError, match=said) as refused:
            read(tmp_path)
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize("changes", [{}, CLEAN, {"achieved": math.inf}, {"score": -math.inf}])
def test_what_a_sweep_writes_is_read(tmp_path, changes: dict[str, Any]):
    pq.write_table(to_table([row(**changes)]), tmp_path / "scores.parquet")
    assert len(load_scores(tmp_path)) == 1


def test_text_that_is_not_utf_8_is_refused(tmp_path):
    table = to_table([row()])
    wrong = pa.array([b"\xff\xfe"], pa.binary()).view(pa.string())
    place = table.column_names.index("clip_id")
    pq.write_table(table.set_column(place, table.schema.field("clip_id"), wrong), tmp_path / "scores.parquet")
    with pytest.raises(RunFolderError, match="cannot be read"):
        load_scores(tmp_path)


def test_more_rows_than_any_run_has_are_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(scores, "MOST_ROWS", 1)
    pq.write_table(to_table([row(), row(level=2)]), tmp_path / "scores.parquet")
    with pytest.raises(RunFolderError, match="2 rows, expected at most 1"):
        load_scores(tmp_path)
