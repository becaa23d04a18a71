"""What the command line prints and writes."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest

from degrade_bench.compare import CompareOptions, compare, write
from degrade_bench.compare.text import comparison_lines
from degrade_bench.errors import ConfigError, RunFolderError
from tests.cli.conftest import call  # noqa: F401 - a fixture
from tests.cli.requests import assert_refused
from tests.compare.folders import hearing, metric, run

QUICK = CompareOptions(resamples=200)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Two runs: ``keen`` and ``twin`` hear everything, ``deaf`` nothing; ``twin`` lacks a degradation."""
    base = tmp_path_factory.mktemp("runs")
    twin = metric("twin", hearing(0.5, seed=1), clips=12)
    twin.loc[twin["degradation"] == "hum", ["score", "status"]] = [np.nan, "not-applicable"]
    a = run(base / "a", metric("keen", hearing(0.5, seed=1), clips=12), twin)
    b = run(base / "b", metric("deaf", hearing(0.0, seed=2), clips=13))
    return a, b


@pytest.fixture(scope="module")
def comparison(folders):
    return compare(folders, QUICK)


def test_a_reader_finds_every_part(comparison):
    text = "\n".join(comparison_lines(comparison))
    assert text.startswith("3 metrics of a, b: 12 clips × 4 degradations, 144 paired cells\n")
    assert "note: b: 1 of its 13 clips is not in a" in text
    assert "miss rate  95 % CI" in text
    assert "in common" in text
    assert "36 of 144" in text  # what `twin` lacks
    assert re.search(r"keen has 0\.[89]\d more net alarms than deaf", text)
    assert "deaf has" not in text
    assert "keen, twin  1.00" in text
    assert "covers every family: keen" in text


def test_ranks_are_in_order(comparison):
    lines = [line.split() for line in comparison_lines(comparison)]
    places = {line[1]: int(line[0]) for line in lines if line and line[0].isdigit()}
    assert places["deaf"] == 3
    assert {places["keen"], places["twin"]} <= {1, 2}


def test_one_metric_has_no_pairs_to_speak_of(tmp_path):
    text = "\n".join(comparison_lines(compare([run(tmp_path / "a", metric("x"))], QUICK)))
    assert "1 metric of a" in text
    assert "Differences" not in text
    assert "Redundant" not in text


def test_nothing_known_is_said_as_such(tmp_path):
    rows = metric("x")
    rows.loc[rows["role"] != "clean", ["score", "status"]] = [np.nan, "failed"]
    comparison = compare([run(tmp_path / "a", rows, rows.assign(metric="y"))], QUICK)
    text = "\n".join(comparison_lines(comparison))
    assert "nan" not in text
    assert "not known" in text
    assert "can be correlated" in text
    assert "No metric covers any family" in text


def test_files_hold_the_frames(comparison, tmp_path):
    write(comparison, tmp_path / "new" / "out")
    out = tmp_path / "new" / "out"
    assert sorted(path.name for path in out.iterdir()) == [
        "comparison.json",
        "differences.csv",
        "files.json",
        "leaderboard.csv",
        "redundancy.csv",
    ]
    record = json.loads((out / "comparison.json").read_text())
    assert record["chosen"] == ["keen"]
    assert record["notes"] == list(comparison.notes)
    assert len(record["cover"]) == 3 * 3
    for name in ("leaderboard", "differences", "redundancy"):
        table = pd.read_csv(out / f"{name}.csv")
        assert list(table.columns) == list(getattr(comparison, name).columns)
        assert len(table) == len(record[name]) == len(getattr(comparison, name))
    (tmp_path / "file").write_text("x")
    with pytest.raises(RunFolderError):
        write(comparison, tmp_path / "file")


def test_options_are_checked():
    for wrong in ({"confidence": 1.0}, {"resamples": 10}, {"seed": -1}, {"alpha": 0.0}):
        with pytest.raises(ConfigError, match=next(iter(wrong))):
            CompareOptions(**wrong)


def test_the_command_prints_and_writes(call, folders):  # noqa: F811
    code, out, err = call("compare", *folders, "--out", "found", "--resamples", "200", "--confidence", "0.9")
    assert (code, err) == (0, "")
    assert "miss rate  90 % CI" in out
    assert "wrote found/comparison.json" in out


def test_the_command_refuses_in_one_line(call, folders, tmp_path):  # noqa: F811
    assert_refused(call("compare", "nowhere"), "nowhere is not a run directory")
    assert_refused(call("compare", folders[0], "nowhere"), "nowhere")
    assert_refused(call("compare", folders[0], "--confidence", "2"), "confidence")
    assert_refused(call("compare", folders[0], "--resamples", "200", "--out", folders[0] / "run.json"), "run.json")
