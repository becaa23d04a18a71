"""Commands as metrics, from the command line to the table."""

from __future__ import annotations

import json

import pandas as pd
import pytest

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
    assert_refused(call(*RUN, *inputs, *several), "--set cmd.…: 2 metrics begin so")
