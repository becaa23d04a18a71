"""Frames that are declared once: order, types, JSON, and what is refused; and how a statistic is added."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from degrade_bench.analysis import Analysis, AnalysisOptions, analyse
from degrade_bench.analysis.frames import Column, Frame, interval
from degrade_bench.analysis.levels import LEVELS, STATISTICS
from degrade_bench.analysis.result import FRAMES, SUMMARY_COLUMNS
from degrade_bench.errors import RunFolderError
from tests.analysis.tables import awkward

ROOT = Path(__file__).parents[2]
PEOPLE = Frame(
    "people",
    "a person",
    (
        Column("name", "text", "what they are called"),
        Column("age", "count", "in whole years", "years"),
        *interval("height", "of the last two measurements", "m"),
        Column("retired", "flag", "whether they are"),
    ),
)
ANN = {"name": "Ann", "age": 70, "height_low": 1.61, "height_high": 1.62, "retired": True}


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return analyse(awkward(), AnalysisOptions(resamples=100))


def test_a_frame_has_its_columns_in_order_with_their_types_filled_or_empty():
    shuffled = {name: [ANN[name]] for name in reversed(ANN)}
    types = {"name": object, "age": "int64", "height_low": "float64", "height_high": "float64", "retired": bool}
    for frame in (PEOPLE.table(shuffled), PEOPLE.rows([ANN]), PEOPLE.empty(), PEOPLE.joined([])):
        assert dict(frame.dtypes) == types
        assert list(frame.columns) == list(ANN)
    nobody = ANN | {"name": None, "height_low": None, "height_high": float("nan")}
    missing = PEOPLE.rows([nobody]).iloc[0]
    assert missing["name"] is None
    assert missing[["height_low", "height_high"]].isna().all()
    assert PEOPLE.joined([PEOPLE.empty(), PEOPLE.rows([ANN]), PEOPLE.rows([ANN])]).index.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({name: value for name, value in ANN.items() if name != "age"}, "people lacks the column 'age'"),
        (ANN | {"weight": 60}, "people has a column that is not declared: 'weight'"),
        (ANN | {"age": None}, "people: column 'age' holds None"),
        (ANN | {"age": 70.5}, "people: column 'age' holds 70.5"),
        (ANN | {"height_low": "tall"}, "people: column 'height_low' holds 'tall'"),
        (ANN | {"name": 3}, "people: column 'name' holds 3"),
        (ANN | {"retired": 1}, "people: column 'retired' holds 1"),
        (ANN | {"age": True}, "people: column 'age' holds True"),
        (["Ann"], "people is no list of rows"),
    ],
)
def test_rows_that_are_not_as_declared_are_refused_by_name(row, said):
    with pytest.raises(ValueError, match=said):
        PEOPLE.from_json([row])


def test_what_code_fills_in_is_held_to_the_declaration_too():
    with pytest.raises(ValueError, match="people lacks the column 'retired'"):
        PEOPLE.table({name: [value] for name, value in ANN.items() if name != "retired"})
    with pytest.raises(ValueError, match="people has a column that is not declared: 'weight'"):
        PEOPLE.rows([ANN | {"weight": 60}])


def test_neighbours_with_one_meaning_share_a_line_of_the_docs():
    assert PEOPLE.markdown().splitlines()[2:5] == [
        "| `name` | text |  | what they are called |",
        "| `age` | count | years | in whole years |",
        "| `height_low`, `height_high` | number | m | of the last two measurements |",
    ]


def test_an_analysis_is_read_back_as_it_was_written(analysis):
    again = Analysis.from_json(analysis.to_json())
    for frame in FRAMES:
        written, read = getattr(analysis, frame.name), getattr(again, frame.name)
        assert list(written.columns) == frame.names
        assert dict(written.dtypes) == dict(read.dtypes) == dict(frame.empty().dtypes)
        pd.testing.assert_frame_equal(read, written)


def test_an_analysis_of_other_columns_is_refused_with_frame_and_column(analysis):
    record = json.loads(analysis.to_json())
    del record["levels"][3]["drop_low"]
    with pytest.raises(RunFolderError, match="levels lacks the column 'drop_low'"):
        Analysis.from_json(json.dumps(record))
    record = json.loads(analysis.to_json())
    record["metrics"][0]["margin"] = "large"
    with pytest.raises(RunFolderError, match="metrics: column 'margin' holds 'large'"):
        Analysis.from_json(json.dumps(record))
    del record["people"]
    with pytest.raises(RunFolderError, match="it lacks the frame 'people'"):
        Analysis.from_json(json.dumps(record | {"metrics": []}))


def test_names_are_used_once_and_the_summary_takes_of_the_levels():
    for frame in FRAMES:
        assert len(set(frame.names)) == len(frame.names)
        assert all(column.meaning for column in frame.columns)
    assert set(SUMMARY_COLUMNS) <= set(LEVELS.names)
    assert len(STATISTICS) > 5
