"""``run.json``: what is written is read back, and whatever else lies there is refused in one line."""

from __future__ import annotations

import json
import math

import pytest
from pydantic import ValidationError

from degrade_bench.errors import RunFolderError
from degrade_bench.runs.left_out import LeftOut
from degrade_bench.runs.names import FORMAT
from degrade_bench.runs.record import Request, RunRecord, read_record, write_record
from degrade_bench.sweep.config import RunConfig
from tests.runs.records import clip_of, record_of


def test_a_record_comes_back_as_it_was(tmp_path):
    record = record_of(
        clips=(clip_of("a", "1"),),
        degradations_skipped=(LeftOut(name="fuzz", reason="no module named 'fuzz'"),),
        seconds={"sweep": 1.25},
    )
    write_record(tmp_path, record)
    assert read_record(tmp_path) == record


def test_a_changed_record_is_another_and_is_checked():
    record = record_of()
    assert record.updated(starts=2).starts == 2
    assert record.starts == 1
    with pytest.raises(ValidationError):
        record.updated(starts="often")
    with pytest.raises(ValidationError):
        record.updated(seconds={"sweep": math.inf})


@pytest.mark.parametrize("text", ["{", "[]", '{"format": 1}', '"run"', "[" * 100_000])
def test_what_is_no_record_is_refused(tmp_path, text):
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(RunFolderError, match=r"run\.json") as refused:
        read_record(tmp_path)
    assert "\n" not in str(refused.value)


def test_a_folder_without_a_run(tmp_path):
    with pytest.raises(RunFolderError, match="is not a run directory"):
        read_record(tmp_path)


@pytest.mark.parametrize("other", [FORMAT - 1, FORMAT + 1, "2", None])
def test_another_format_is_refused_in_one_line(tmp_path, other):
    (tmp_path / "run.json").write_text(json.dumps({**record_of().to_dict(), "format": other}))
    with pytest.raises(RunFolderError, match=rf"of format {other!r}, and this version .* format {FORMAT} only"):
        read_record(tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"starts": "many"}, "starts: input should be a valid integer"),
        ({"request": {}}, "request.input: field required"),
        ({"clips": [{"id": 3}]}, "clips.0.id: input should be a valid string"),
        ({"counts": {"failed": None}}, "counts.failed: input should be a valid integer"),
        ({"sneaky": 1}, "sneaky: extra inputs are not permitted"),
        ({"state": "dreaming"}, "state: input should be 'running', 'scored' or 'done'"),
    ],
)
def test_a_wrong_field_is_named(tmp_path, change, said):
    (tmp_path / "run.json").write_text(json.dumps({**record_of().to_dict(), **change}))
    with pytest.raises(RunFolderError) as refused:
        read_record(tmp_path)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_every_option_but_the_directorys_is_recorded():
    assert set(Request.model_fields) == set(RunConfig.model_fields) - {"out", "overwrite"}


def test_every_field_has_a_default_or_is_written(tmp_path):
    write_record(tmp_path, record_of())
    assert set(json.loads((tmp_path / "run.json").read_text())) == set(RunRecord.model_fields)
