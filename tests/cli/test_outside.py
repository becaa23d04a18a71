"""Commands as metrics, from the command line to the table."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from degrade_bench.metric.outside.environments import Wanted, made
from tests.cli.requests import assert_refused

RUN = (
    *("run", "--degradation", "white_noise", "--levels", "5", "--out", "out"),
    *("--limit-clips", "1", "--max-seconds", "2"),
)


@pytest.fixture
def files(tmp_path):
    (tmp_path / "size.yaml").write_text(
        "command: sh -c 'wc -c < $1' sh {wav}\nhigher_is_better: true\nlight: true\n"
    )
    return tmp_path


def test_a_run_with_a_command_and_a_metric_file(call, files, music):
    settings = ("name=broken, but named", "higher_is_better=false", "channels=mono")
    options = [text for setting in settings for text in ("--set", f"cmd.{setting}".replace(",", ""))]
    code, _, err = call(
        *(
            *RUN,
            "--input",
            music,
            "--workers",
            "2",
            "--metric",
            "size.yaml",
            "--metric",
            "cmd:sh -c 'exit 3' a,b {wav}",
            "--keep-going",
        ),
        *options,
    )
    assert code == 1, err
    scores = pd.read_parquet(files / "out" / "scores.parquet").set_index("metric")
    sizes, broken = scores.loc["size"], scores.loc["broken but named"]
    assert sizes["status"].eq("ok").all()
    assert sizes["score"].nunique() > 1, "a control changes the length"
    assert broken["status"].isin(["failed", "not-applicable"]).all()
    assert set(broken["error"].dropna()) >= {"it ended with exit code 3"}
    record = json.loads((files / "out" / "run.json").read_text())
    assert record["request"]["metric"] == ["size.yaml", "cmd:sh -c 'exit 3' a,b {wav}"]
    parts = {metric["name"]: metric["parts"] for metric in record["metrics"]}
    assert parts["broken but named"]["command"] == "sh -c 'exit 3' a,b {wav}"
    assert len(parts["size"]["code"]) == 16


def test_what_cannot_be_is_refused_in_one_line(call, files, music):
    inputs = ("--input", music)
    assert_refused(call(*RUN, *inputs, "--metric", "cmd:./score {wav}"), "no such program: ./score")
    assert_refused(call(*RUN, *inputs, "--metric", "other.yaml"), "cannot read other.yaml: No such file")
    assert_refused(
        call(*RUN, *inputs, "--metric", "size.yaml", "--set", "cmd.name=a"), "--set cmd.…: that metric is not"
    )
    several = ("--metric", "cmd:true {wav}", "--metric", "cmd:false {wav}", "--set", "cmd.higher_is_better=true")
    assert_refused(call(*RUN, *inputs, *several), "--set cmd.…: 2 metrics are called that; give one")


def test_another_interpreter_is_for_metrics_that_are_named_by_a_file(call, music):
    inputs = ("--input", music)
    assert_refused(call(*RUN, *inputs, "--metric-python", "python3"), "--metric-python needs --metric file.py:Name")
    mine = (*inputs, "--metric", "mine.py:Mine")
    assert_refused(call(*RUN, *mine, "--metric-python", "a", "--metric-env", "b"), "not both")
    assert_refused(call(*RUN, *mine, "--metric-env", "b"), "no environment 'b'; make it: degrade-bench env b")
    assert_refused(call(*RUN, *mine, "--metric-python", "./none"), "mine.py:Mine: no such program: ./none")
    ray = ("--metric-python", "a", "--engine", "ray")
    assert_refused(call(*RUN, *mine, *ray), "--metric-python is for --engine local")


def test_environments_are_listed_shown_and_removed(call, tmp_path, monkeypatch):
    monkeypatch.setenv("DEGRADE_BENCH_ENVS", str(tmp_path / "envs"))
    assert call("env") == (0, "", "")
    assert_refused(call("env", "theirs", "--require", "numpy>=1"), "'numpy>=1': expected a pinned one")
    made("theirs", Wanted(()))
    assert call("env")[1] == "theirs\n"
    code, shown, _ = call("env", "theirs")
    assert (code, shown.splitlines()[0]) == (0, f"theirs: {tmp_path}/envs/theirs/venv/bin/python")
    (tmp_path / "mine.yaml").write_text("metric: mine.py:Mine\nhigher_is_better: true\nrequires: [a>=1]\n")
    assert_refused(call("env", "theirs", "--from", "mine.yaml"), "'a>=1': expected a pinned one")
    assert_refused(call("env", "theirs", "--from", "mine.yaml", "--require", "a==1"), "not both")
    assert call("env", "theirs", "--remove")[:2] == (0, "removed theirs\n")
    assert_refused(call("env", "theirs"), "no environment 'theirs'")
