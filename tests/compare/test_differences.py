"""Differences between two metrics: sizes, intervals and tests against other ways of computing them."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from degrade_bench.compare import CompareOptions, compare
from tests.compare.folders import BY_RULES, hearing, metric, run
from tests.compare.test_leaderboard import mean, noticed_by_hand, overall_by_hand, rich

QUICK = CompareOptions(resamples=200)


def test_differences_equal_loops_over_the_scores(tmp_path):
    one, other = metric("x", rich(1)), metric("y", rich(2))
    frame = compare([run(tmp_path / "a", one, other)], QUICK).differences
    x, y = (overall_by_hand(noticed_by_hand(rows)) for rows in (one, other))
    assert x[""] != y[""]
    for row in frame.to_dict("records"):
        key = {"overall": ""}.get(row["scope"], row.get(row["scope"]))
        assert row["difference"] == pytest.approx(x[key] - y[key], abs=1e-12)
        assert (row["metric"], row["other"]) == ("x", "y")
        assert not row["difference_low"] > row["difference_high"]


def test_a_difference_uses_only_cells_that_both_have(tmp_path):
    one, other = metric("x", rich(1)), metric("y", rich(2))
    gone = (other["degradation"] == "clip") & other["clip_id"].isin(["clip000", "clip006"])
    other.loc[gone, ["score", "status"]] = [np.nan, "failed"]
    frame = compare([run(tmp_path / "a", one, other)], QUICK).differences
    row = frame[frame["degradation"] == "clip"].iloc[0]
    assert row["cells"] == 6 * 3
    x, y = noticed_by_hand(one), noticed_by_hand(other)
    apart = [
        mean(x["clip", level][clip] - y["clip", level][clip] for clip in y["clip", level]) for level in (1, 3, 5)
    ]
    assert row["difference"] == pytest.approx(mean(apart), abs=1e-12)


def test_p_is_that_of_every_pattern_of_signs(tmp_path):
    one, other = metric("x", rich(1)), metric("y", rich(2))
    frame = compare([run(tmp_path / "a", one, other)], QUICK).differences
    x, y = noticed_by_hand(one), noticed_by_hand(other)
    clips = sorted(x["hum", 1])
    per_clip = [mean(x["hum", level][clip] - y["hum", level][clip] for level in (1, 3, 5)) for clip in clips]
    patterns = [
        abs(sum(s * v for s, v in zip(signs, per_clip, strict=True)))
        for signs in itertools.product((1, -1), repeat=len(clips))
    ]
    expected = mean(float(total >= abs(sum(per_clip)) - 1e-9) for total in patterns)
    row = frame[frame["degradation"] == "hum"].iloc[0]
    assert row["p_value"] == pytest.approx(expected)


def test_holm_runs_over_pairs_and_families(tmp_path):
    rows = [metric(name, rich(seed)) for seed, name in enumerate("xyz")]
    frame = compare([run(tmp_path / "a", *rows)], QUICK).differences
    for scope, tests in (("family", 3 * 3), ("overall", 3), ("group", 3 * 2), ("degradation", 3 * 4)):
        of_scope = frame[frame["scope"] == scope].sort_values("p_value")
        assert len(of_scope) == tests
        running, expected = 0.0, []
        for place, p in enumerate(of_scope["p_value"]):
            running = max(running, min(1.0, (tests - place) * p))
            expected.append(running)
        assert of_scope["p_holm"].to_numpy() == pytest.approx(expected)
        assert list(of_scope["holds"]) == [p < 0.05 for p in of_scope["p_holm"]]


def test_a_better_metric_wins(tmp_path):
    rows = [metric("deaf", hearing(0.02, seed=1), clips=12), metric("keen", hearing(0.5, seed=2), clips=12)]
    comparison = compare([run(tmp_path / "a", *rows)], CompareOptions(resamples=500))
    overall = comparison.leaderboard[comparison.leaderboard["scope"] == "overall"]
    assert list(overall["metric"]) == ["keen", "deaf"]
    row = comparison.differences[comparison.differences["scope"] == "overall"].iloc[0]
    assert row["difference_low"] <= row["difference"] <= row["difference_high"] < 0
    assert row["holds"]
    assert row["p_value"] == 2 / 2**12
    assert comparison.chosen == ("keen",)


def test_equal_metrics_do_not_differ(tmp_path):
    comparison = compare([run(tmp_path / "a", metric("x", rich(1)), metric("y", rich(1)))], QUICK)
    assert (comparison.differences[["difference", "difference_low", "difference_high"]] == 0).all(axis=None)
    assert (comparison.differences["p_value"] == 1).all()
    assert not comparison.differences["holds"].any()
    assert comparison.redundancy["rho"].iloc[0] == pytest.approx(1)
    assert (comparison.leaderboard["rank"] == 1).all()


def test_one_clip_gives_numbers_but_no_intervals_and_no_tests(tmp_path):
    comparison = compare([run(tmp_path / "a", metric("x", clips=1), metric("y", hearing(0.0), clips=1))], QUICK)
    assert comparison.leaderboard["miss_rate"].notna().all()
    assert comparison.leaderboard[["noticed_low", "noticed_high"]].isna().all(axis=None)
    assert comparison.differences[["difference_low", "difference_high", "p_value", "p_holm"]].isna().all(axis=None)
    assert not comparison.differences["holds"].any()
    assert "one recording: there are no intervals and no tests" in comparison.notes
    assert comparison.chosen == ()


def test_nothing_but_nan(tmp_path):
    rows = [metric(name) for name in "xy"]
    for metric_rows in rows:
        metric_rows.loc[metric_rows["role"] != "clean", ["score", "status"]] = [np.nan, "failed"]
    comparison = compare([run(tmp_path / "a", *rows)], QUICK)
    assert comparison.leaderboard["miss_rate"].isna().all()
    assert set(comparison.leaderboard.loc[comparison.leaderboard["scope"] == "overall", "missing"]) == {8 * 4 * 3}
    assert comparison.differences["difference"].isna().all()
    assert comparison.redundancy["rho"].isna().all()
    assert comparison.chosen == ()
    comparison.to_json()


def test_the_seed_moves_intervals_only_a_little_and_nothing_else(tmp_path):
    a = run(tmp_path / "a", metric("x", rich(1)), metric("y", rich(2)))
    one, same, other = (compare([a], CompareOptions(resamples=2000, seed=seed)) for seed in (1, 1, 2))
    assert one.to_json() == same.to_json()
    assert one.to_json() != other.to_json()
    assert one.differences["difference"].equals(other.differences["difference"])
    assert one.differences["p_value"].equals(other.differences["p_value"])
    apart = (one.differences["difference_low"] - other.differences["difference_low"]).abs().max()
    assert 0 < apart < 0.1
    assert not math.isnan(apart)


def test_it_is_said_when_no_difference_could_hold(tmp_path):
    rows = [metric(name, rich(seed), clips=6) for seed, name in enumerate("xyz")]
    comparison = compare([run(tmp_path / "a", *rows)], QUICK)
    [note, rules] = comparison.notes
    assert rules == BY_RULES
    assert note.startswith("6 recordings: the smallest possible p is 0.031, so no difference overall (3 tests) or ")
    assert "in a family (9 tests)" in note
