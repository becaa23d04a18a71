"""The verbs that conclude: ``analysis`` with thresholds, ``power``, ``selftest``; nothing is scored."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import degrade_bench
from degrade_bench.analysis.power import from_reliability
from degrade_bench.clip import Clip
from degrade_bench.metric.catalogue import load_metric
from tests.cli.requests import assert_refused
from tests.conftest import make_clip


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """A run of a simulated metric on eight clips of four tracks each twice over."""
    clips = []
    for seed in range(8):
        made = make_clip(4.0, 16000, 1, seed=seed)
        clips.append(Clip(f"c{seed}", made.samples, made.sample_rate, made.annotations, group="ab"[seed % 2]))
    folder = tmp_path_factory.mktemp("conclusions") / "run"
    degrade_bench.stress_test(
        [load_metric("simulated-deaf-to-structure", {}, "cpu"), load_metric("simulated-noise", {}, "cpu")],
        clips=clips,
        degradations=("white_noise", "beat_shuffle"),
        workers=1,
        out=folder,
    )
    return folder


@pytest.fixture
def copy(finished, tmp_path) -> Path:
    """The same, to be written into."""
    target = tmp_path / "copy"
    target.mkdir()
    for name in ("scores.parquet", "run.json", "analysis.json", "summary.csv", "files.json"):
        (target / name).write_bytes((finished / name).read_bytes())
    return target


def verdicts(folder: Path) -> dict[tuple[str, str], str]:
    frame = pd.DataFrame(json.loads((folder / "analysis.json").read_text())["verdicts"])
    return {(row.metric, row.degradation): row.verdict for row in frame.itertuples()}


# -- analysis ------------------------------------------------------------------------------------------


def test_thresholds_are_kept_and_change_the_verdicts(copy, call):
    metric = "simulated-deaf-to-structure"
    assert verdicts(copy)[metric, "white_noise"] == "sensitive"
    code, out, _ = call(
        "analysis",
        copy,
        "--margin",
        f"{metric}=5",
        "--confidence",
        "0.9",
        "--alpha",
        "0.1",
        "--no-positive-control",
        "--resamples",
        "500",
        "--seed",
        "3",
        "--rules",
        "1",
    )
    assert code == 0
    assert metric in out
    record = json.loads((copy / "analysis.json").read_text())
    options = record["options"]
    assert options["margin"] == {metric: 5.0}
    assert (options["confidence"], options["alpha"], options["positive_control"]) == (0.9, 0.1, False)
    assert options["rules"] == 1
    assert verdicts(copy)[metric, "white_noise"] == "blind"
    facts = {row["metric"]: row for row in record["metrics"]}
    assert facts[metric]["margin_is"] == "given"
    assert facts["simulated-noise"]["margin_is"] == "floor"
    code, _, _ = call("analysis", copy, "--min-tracks", "9")
    assert code == 0
    assert set(verdicts(copy).values()) == {"inconclusive"}


def test_margins_are_taken_from_another_run_of_the_same_metric(copy, finished, call, tmp_path):
    record = json.loads((finished / "analysis.json").read_text())
    stored = {row["metric"]: row for row in record["metrics"]}
    table = pd.read_parquet(copy / "scores.parquet")
    table[table["clip_id"] != "c0"].to_parquet(copy / "scores.parquet")
    code, _, said = call("analysis", copy, "--margins-from", finished)
    assert code == 0, said
    record = json.loads((copy / "analysis.json").read_text())
    for row in record["metrics"]:
        assert (row["margin"], row["effect"]) == (stored[row["metric"]]["margin"], stored[row["metric"]]["effect"])
        assert (row["margin_is"], row["margin_error"]) == ("given", 0)
    assert record["options"]["effects"] == {name: row["effect"] for name, row in stored.items()}
    before = (copy / "analysis.json").read_bytes()
    assert_refused(call("analysis", copy, "--margins-from", finished, "--margin", "1"), "give one")
    assert_refused(call("analysis", copy, "--margins-from", tmp_path / "nowhere"), "has no analysis.json")
    table.assign(fingerprint="another").to_parquet(copy / "scores.parquet")
    assert_refused(call("analysis", copy, "--margins-from", finished), "another metric there")
    table.assign(metric=table["metric"] + "-2").to_parquet(copy / "scores.parquet")
    assert_refused(call("analysis", copy, "--margins-from", finished), "no margin for any metric")
    assert (copy / "analysis.json").read_bytes() == before
    (finished_by_1 := tmp_path / "first").mkdir()
    (finished_by_1 / "scores.parquet").write_bytes((finished / "scores.parquet").read_bytes())
    text = (finished / "analysis.json").read_text()
    (finished_by_1 / "analysis.json").write_text(text.replace('"rules": 2', '"rules": 1'))
    assert_refused(call("analysis", copy, "--margins-from", finished_by_1), "rules 1")


def test_a_table_that_lacks_a_column_is_refused_in_one_line(copy, call):
    scores = pd.read_parquet(copy / "scores.parquet").drop(columns=["nuisance"])
    scores.to_parquet(copy / "scores.parquet")
    code, _, said = call("analysis", copy)
    assert code == 2
    assert "lacks the column 'nuisance'" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--margin", "x"], "expected a number, or METRIC=NUMBER"),
        (["--margin", "-1"], "margin must be a number from 0 up"),
        (["--margin", "nan"], "margin must be a number from 0 up"),
        (["--margin", "1", "--margin", "a=2"], "both for every metric and for one"),
        (["--confidence", "95"], "confidence must lie between 0 and 1"),
        (["--alpha", "0"], "alpha must lie between 0 and 1"),
        (["--resolution", "1"], "resolution must lie between 0 and 1"),
        (["--resamples", "3"], "resamples must be 100 or more"),
        (["--min-tracks", "1"], "min_tracks must be 2 or more"),
        (["--margin", "simulated-nois=1"], "did you mean 'simulated-noise'"),
        (["--distance", "log-mell"], "unknown metric of this run 'log-mell'"),
    ],
)
def test_wrong_thresholds_are_refused_and_nothing_is_written(copy, call, arguments, said):
    before = (copy / "analysis.json").read_bytes()
    assert_refused(call("analysis", copy, *arguments), said)
    assert (copy / "analysis.json").read_bytes() == before


# -- power ---------------------------------------------------------------------------------------------


def test_power_from_a_run(finished, call):
    code, out, _ = call("power", "--from", finished)
    assert code == 0
    assert "simulated-deaf-to-structure" in out.replace("\n", "")
    code, out, _ = call("power", "--from", finished, "--metric", "simulated-noise", "--drop", "2", "--json")
    assert code == 0
    plans = json.loads(out)
    assert {plan["degradation"] for plan in plans} == {"white_noise", "beat_shuffle"}
    assert {plan["metric"] for plan in plans} == {"simulated-noise"}
    assert all(plan["drop"] == 2 and plan["tracks"] == 8 and plan["clips_to_detect"] > 5 for plan in plans)
    more = json.loads(call("power", "--from", finished, "--drop", "2", "--power", "0.99", "--json")[1])
    fewer = json.loads(call("power", "--from", finished, "--drop", "2", "--power", "0.6", "--json")[1])
    assert all(a["clips_to_detect"] >= b["clips_to_detect"] for a, b in zip(more, fewer, strict=True))


def test_power_from_a_reliability(call):
    code, out, _ = call("power", "--reliability", "0.9", "--clips", "24", "--json")
    assert code == 0
    [plan] = json.loads(out)
    assert plan["spread"] == pytest.approx((2 * 0.1) ** 0.5)
    assert plan["margin"] == pytest.approx(min(0.5, plan["spread"]))  # of the clean scores, or single clips'
    assert plan["margin"] < plan["smallest_detectable"] < plan["drop"] * 1.2
    assert 14 <= plan["clips_to_exclude"] == from_reliability(0.9, tests=1).clips_to_exclude(0.9)
    assert call("power", "--reliability", "1")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--drop", "1"], "either --from OUT or --reliability R"),
        (["--from", "nowhere"], "no scores.parquet"),
        (["--from", "nowhere", "--reliability", "1"], "either --from OUT or --reliability R"),
        (["--reliability", "1.1"], "reliability must lie between 0 and 1"),
        (["--reliability", "0.9", "--clean-sd", "0"], "above 0"),
        (["--reliability", "0.9", "--drop", "-1"], "--drop must be a number above 0"),
        (["--reliability", "0.9", "--power", "1"], "--power must lie between 0 and 1"),
        (["--reliability", "0.9", "--clips", "1"], "--clips must be 2 or more"),
        (["--reliability", "0.9", "--margin", "-1"], "margin"),
        (["--reliability", "0.9", "--tests", "0"], "must be 1 or more"),
    ],
)
def test_power_refuses(call, arguments, said):
    assert_refused(call("power", *arguments), said)


def test_a_damaged_analysis_is_not_taken_for_none(copy, call):
    (copy / "analysis.json").write_text("{")
    assert_refused(call("power", "--from", copy), "analysis.json cannot be read")


def test_an_analysis_of_another_version_is_refused_in_one_line(copy, call):
    record = json.loads((copy / "analysis.json").read_text())
    (copy / "analysis.json").write_text(json.dumps(record | {"format": 2}))
    for verb in (["power", "--from", copy], ["report", copy]):
        assert_refused(call(*verb), "give `degrade-bench analysis DIR` to make it again")
    assert call("analysis", copy)[0] == 0
    assert call("power", "--from", copy)[0] == 0


def test_power_is_that_of_the_analysis_or_without_one_of_the_scores(copy, call):
    planned = call("power", "--from", copy, "--json")
    (copy / "analysis.json").rename(copy / "kept.json")
    assert call("power", "--from", copy, "--json") == planned
    (copy / "kept.json").rename(copy / "analysis.json")
    (copy / "scores.parquet").unlink()
    assert call("power", "--from", copy, "--json") == planned


def test_power_says_which_names_a_run_has(finished, call):
    said = call("power", "--from", finished, "--metric", "simulated-nois")
    assert_refused(said, "did you mean 'simulated-noise'")


# -- selftest ------------------------------------------------------------------------------------------


def test_selftest_prints_and_writes(call, tmp_path):
    code, out, _ = call("selftest", "--runs", "2", "--clips", "24", "--workers", "1", "--out", "st")
    assert code in (0, 1)  # two runs are too few for the claims on rates
    for words in ("2 simulated runs of 24 clips", "deaf-to-structure", "false alarms", "claims", "wrote"):
        assert words in out
    record = json.loads((tmp_path / "st" / "selftest.json").read_text())
    assert code == (0 if all(claim["holds"] for claim in record["claims"]) else 1)
    assert (tmp_path / "st" / "selftest_verdicts.png").is_file()


def test_selftest_refuses(call, tmp_path):
    assert_refused(call("selftest", "--runs", "0"), "at least 1 run")
    (tmp_path / "file").write_text("")
    assert_refused(call("selftest", "--runs", "1", "--out", "file"), "file")
