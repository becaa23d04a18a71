"""`degrade-bench run` as a user meets it: the files left behind, going on after a stop."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from degrade_bench.cli import app as cli
from degrade_bench.runs.shards import shard_files
from tests.cli.requests import SIGNAL, TESTED, assert_refused
from tests.conftest import with_report

RUN_FILES = ("run.json", "scores.parquet", "summary.csv", "analysis.json", "report.html", "figures", "audio")


@pytest.fixture(scope="module")
def finished(music, tmp_path_factory) -> Path:
    """A small run, made once for the tests that look at what it leaves."""
    out = tmp_path_factory.mktemp("runs") / "out"
    with with_report(), pytest.raises(SystemExit) as ended:
        cli.main(
            [
                *["run", "--degradation", TESTED, "--levels", "1,5", "--workers", "1"],
                "--input",
                str(music),
                "--out",
                str(out),
            ]
        )
    assert ended.value.code == 0
    return out


def test_a_run_leaves_every_file(finished):
    for name in RUN_FILES:
        assert (finished / name).exists(), name
    assert not (finished / "shards").exists()
    record = json.loads((finished / "run.json").read_text())
    assert record["state"] == "done"
    assert record["counts"]["failed"] == 0
    assert [each["name"] for each in record["metrics_skipped"]] == ["muq-eval"]
    assert record["request"]["levels"] == [1, 5]
    assert record["command"][:2] == ["degrade-bench", "run"]
    report = (finished / "report.html").read_text()
    assert "muq-eval" in report


def test_the_tables_have_the_rows_expected(finished):
    frame = pd.read_parquet(finished / "scores.parquet")
    summary = pd.read_csv(finished / "summary.csv")
    metrics = frame.metric.nunique()
    tested = frame[frame.role == "test"].degradation.unique()
    assert set(tested) == set(TESTED.split(","))
    assert len(summary) == metrics * len(tested) * 2
    assert (frame[frame.role == "clean"].groupby(["clip_id", "metric"]).size() == 1).all()
    assert set(summary.verdict) <= {
        "sensitive",
        "blind",
        "inverted",
        "artefact",
        "inconclusive",
        "not-applicable",
    }


def test_analysis_and_report_are_made_again_without_scoring(finished, call, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(finished, copy)
    before = (copy / "summary.csv").read_text()
    for name in ("summary.csv", "analysis.json", "report.html"):
        (copy / name).unlink()
    shutil.rmtree(copy / "figures")
    assert call("analysis", copy)[0] == 0
    assert (copy / "summary.csv").read_text() == before
    assert call("report", copy)[0] == 0
    assert (copy / "report.html").exists()


def test_a_second_start_scores_nothing_and_another_request_is_refused(finished, call, music, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(finished, copy)
    before = (copy / "scores.parquet").read_bytes()
    arguments = ["run", "--degradation", TESTED, "--levels", "1,5", "--input", music, "--out", copy]
    code, _, err = call(*arguments)
    assert code == 0
    assert "nothing left to score" in err
    assert_refused(call(*arguments, "--seed", 4), "another run", "seed 0, not 4", "--overwrite")
    assert (copy / "scores.parquet").read_bytes() == before


def test_what_is_left_out_is_said_first_and_last(call, music):
    code, out, err = call(
        "run",
        "--degradation",
        "white_noise",
        "--levels",
        "5",
        "--input",
        music,
        "--out",
        "o",
        "--limit-clips",
        1,
        "--workers",
        1,
    )
    assert code == 0
    assert err.splitlines()[0].startswith("left out: metric muq-eval: ")
    assert "muq-eval" in out
    assert "cells to go; about " in err


def has_shards(folder: Path) -> bool:
    """Whether rows lie in a run that goes on; it may finish while this is asked."""
    try:
        return bool(shard_files(folder / "shards"))
    except FileNotFoundError:
        return False


def test_a_killed_run_goes_on_and_ends_with_the_same_table(call, music, tmp_path):
    command = ["run", "--degradation", SIGNAL, "--levels", "1,5", "--input", str(music)]
    command += ["--metric", "loudness,log-mel", "--out"]
    assert call(*command, "whole", "--workers", 1)[0] == 0
    cut = tmp_path / "cut"
    process = subprocess.Popen(
        [sys.executable, "-m", "degrade_bench", *command, str(cut), "--workers", "2"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while process.poll() is None and not has_shards(cut) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert process.poll() is None, "it was done before it was killed"
    process.kill()
    process.wait()
    assert has_shards(cut), "nothing was stored within a minute"
    assert call(*command, "cut", "--workers", 1)[0] == 0
    first, second = (
        pd.read_parquet(Path(out, "scores.parquet")).drop(columns="seconds") for out in ("whole", "cut")
    )
    pd.testing.assert_frame_equal(first, second, check_exact=True)
