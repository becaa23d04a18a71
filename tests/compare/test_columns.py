"""Which metrics of two runs are one."""

from __future__ import annotations

import numpy as np
import pytest

from degrade_bench.compare import CompareOptions, compare
from tests.compare.folders import BY_RULES, hearing, metric, run

QUICK = CompareOptions(resamples=200)


def test_the_same_metric_in_two_runs_is_one(tmp_path):
    a, b = run(tmp_path / "a", metric("x")), run(tmp_path / "b", metric("x"), metric("y", hearing(0.1, seed=1)))
    comparison = compare([a, b], QUICK)
    assert set(comparison.metrics["metric"]) == {"x", "y"}
    assert comparison.metrics.set_index("metric").at["x", "runs"] == "a, b"
    assert comparison.notes == (BY_RULES,)
    overall = comparison.leaderboard[comparison.leaderboard["scope"] == "overall"].set_index("metric")
    assert overall.at["x", "cells"] == 8 * 4 * 3


def test_a_score_that_one_run_lacks_is_taken_from_the_other(tmp_path):
    lacking = metric("x")
    at = (lacking["degradation"] == "hum") & (lacking["clip_id"] == "clip003")
    lacking.loc[at, ["score", "status"]] = [np.nan, "failed"]
    a, b = run(tmp_path / "a", lacking), run(tmp_path / "b", metric("x"))
    assert compare([a], QUICK).leaderboard["missing"].max() == 3
    assert compare([a, b], QUICK).leaderboard["missing"].max() == 0


def test_the_last_digit_may_differ_but_not_more(tmp_path):
    close, far = metric("x"), metric("x")
    close["score"] *= 1 + 1e-9
    far.loc[far["degradation"] == "hum", "score"] += 0.25
    a, b, c = run(tmp_path / "a", metric("x")), run(tmp_path / "b", close), run(tmp_path / "c", far)
    assert list(compare([a, b], QUICK).metrics["metric"]) == ["x"]
    comparison = compare([a, c], QUICK)
    assert set(comparison.metrics["metric"]) == {"x@a", "x@c"}
    [note, rules] = comparison.notes
    assert rules == BY_RULES
    assert "x: the same fingerprint in a and c, but its scores differ in 24 rows, by up to 0.25" in note


@pytest.mark.parametrize("agree", [True, False])
def test_other_fingerprints_are_kept_apart_even_if_scores_agree(tmp_path, agree):
    other = metric("x", hearing(0.2, seed=0 if agree else 1), fingerprint="g")
    a, b = run(tmp_path / "a", metric("x")), run(tmp_path / "b", other)
    comparison = compare([a, b], QUICK)
    assert set(comparison.metrics["metric"]) == {"x@a", "x@b"}
    assert comparison.metrics.set_index("metric").at["x@b", "name"] == "x"
    [note, rules] = comparison.notes
    assert rules == BY_RULES
    assert "x (f in a, g in b)" in note


def test_names_stay_unique_when_folders_share_theirs(tmp_path):
    a, b = run(tmp_path / "one" / "out", metric("x")), run(tmp_path / "two" / "out", metric("x", fingerprint="g"))
    assert set(compare([a, b], QUICK).metrics["metric"]) == {"x@one/out", "x@two/out"}


def test_of_three_runs_those_with_one_fingerprint_go_together(tmp_path):
    a, b = run(tmp_path / "a", metric("x")), run(tmp_path / "b", metric("x"))
    c = run(tmp_path / "c", metric("x", hearing(0.1, seed=3), fingerprint="g"))
    assert set(compare([a, b, c], QUICK).metrics["metric"]) == {"x@a+b", "x@c"}


def test_infinite_scores_agree_with_themselves(tmp_path):
    rows = metric("x")
    rows.loc[rows["role"] == "clean", "score"] = np.inf
    a, b = run(tmp_path / "a", rows), run(tmp_path / "b", rows)
    assert list(compare([a, b], QUICK).metrics["metric"]) == ["x"]
