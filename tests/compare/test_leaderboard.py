"""Miss rates and their weights against loops over the raw scores."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from degrade_bench.analysis import AnalysisOptions, analyse
from degrade_bench.compare import CompareOptions, compare
from tests.analysis.tables import noisy
from tests.compare.folders import hearing, metric, run

QUICK = CompareOptions(resamples=200)


def scores_of(rows: pd.DataFrame) -> dict[tuple, list[float]]:
    """(degradation, level, clip) to the scores of its replicates."""
    scores: dict[tuple, list[float]] = {}
    for row in rows.to_dict("records"):
        if row["status"] == "ok":
            scores.setdefault((row["degradation"], row["level"], row["clip_id"]), []).append(row["score"])
    return scores


def drops_of(rows: pd.DataFrame) -> dict[tuple, float]:
    clean, sign = scores_of(rows), 1.0 if rows["higher_is_better"].iloc[0] else -1.0
    return {
        key: sum(sign * (clean["clean", 0, key[2]][0] - score) for score in scores) / len(scores)
        for key, scores in clean.items()
        if key[0] != "clean"
    }


def noticed_by_hand(rows: pd.DataFrame) -> dict[tuple[str, int], dict[str, float]]:
    """(degradation, level) to each clip's 1[drop > least] − 1[placebo's drop > least], the analysis's."""
    drops = drops_of(rows)
    least = analyse(rows).metrics["noticed_from"].iloc[0]
    levels: dict[tuple[str, int], dict[str, float]] = {}
    for (name, level, clip), drop in drops.items():
        if name.endswith("_placebo") or name == "gain_like":
            continue
        placebo = f"{name}_placebo"
        beside = drops.get((placebo, level if name == "shuffle" else 1, clip))
        if beside is not None:
            levels.setdefault((name, level), {})[clip] = float(drop > least) - float(beside > least)
    return levels


def mean(values) -> float:
    values = list(values)
    return sum(values) / len(values)


def overall_by_hand(noticed) -> dict[str, float]:
    levels = {key: mean(clips.values()) for key, clips in noticed.items()}
    single = {name: mean(v for (degradation, _), v in levels.items() if degradation == name) for name, _ in levels}
    noise, clipping = mean([single["hiss"], single["hum"]]), single["clip"]
    signal, structural = mean([noise, clipping]), single["shuffle"]
    families = {"noise": noise, "clipping": clipping, "order": structural}
    return single | families | {"signal": signal, "structural": structural, "": mean([signal, structural])}


def rich(seed: int):
    """Some damages are heard, some in part, some only as much as their placebo."""
    losses = {"hiss": 0.06, "hum": 0.02, "clip": 0.05, "shuffle": 0.04}

    def truth(name: str, role: str, level: int) -> float:
        if role == "control":
            return 0.0
        base = losses[name.removesuffix("_placebo")] * level
        return base if role == "test" else 0.5 * base

    return noisy(truth, sd=0.08, seed=seed)


@pytest.mark.parametrize("higher", [True, False])
def test_the_leaderboard_equals_loops_over_the_scores(tmp_path, higher):
    score = rich(3)
    rows = metric("x", score, replicates=2, tracks={0: "t", 1: "t"})
    if not higher:
        rows = rows.assign(score=-rows["score"], higher_is_better=False)
    lost = (rows["degradation"] == "hum") & (rows["level"] == 3) & rows["clip_id"].isin(["clip001", "clip005"])
    rows.loc[lost, ["score", "status"]] = [np.nan, "failed"]
    no_placebo = (rows["degradation"] == "shuffle_placebo") & (rows["level"] == 5) & (rows["clip_id"] == "clip002")
    rows.loc[no_placebo, ["score", "status"]] = [np.nan, "not-applicable"]
    board = compare([run(tmp_path / "a", rows)], QUICK).leaderboard
    expected = overall_by_hand(noticed_by_hand(rows))
    assert 0.1 < expected[""] < 0.9
    for scope, column in (("degradation", "degradation"), ("family", "family"), ("group", "group")):
        of_scope = board[board["scope"] == scope]
        for row in of_scope.to_dict("records"):
            assert row["noticed"] == pytest.approx(expected[row[column]], abs=1e-12), row[column]
            assert row["miss_rate"] == pytest.approx(1 - row["noticed"])
    overall = board[board["scope"] == "overall"].iloc[0]
    assert overall["noticed"] == pytest.approx(expected[""], abs=1e-12)
    assert overall["missing"] == 3
    assert overall["cells"] == 8 * 4 * 3 - 3


def test_weights_multiply_out_to_the_overall_mean(tmp_path):
    board = compare([run(tmp_path / "a", metric("x", rich(1)))], QUICK).leaderboard
    single = board[board["scope"] == "degradation"].set_index("degradation")
    assert single["weight"].to_dict() == {"hiss": 0.125, "hum": 0.125, "clip": 0.25, "shuffle": 0.5}
    overall = board[board["scope"] == "overall"].iloc[0]
    assert (single["weight"] * single["noticed"]).sum() == pytest.approx(overall["noticed"])
    for scope in ("degradation", "family", "group", "overall", "in common"):
        assert board.loc[board["scope"] == scope, "weight"].sum() == pytest.approx(1)


def test_in_common_uses_only_cells_that_all_metrics_have(tmp_path):
    one, other = metric("x", rich(1)), metric("y", rich(2))
    gone = (other["degradation"] == "hiss") | ((other["degradation"] == "clip") & (other["clip_id"] == "clip003"))
    other.loc[gone, ["score", "status"]] = [np.nan, "not-applicable"]
    board = compare([run(tmp_path / "a", one, other)], QUICK).leaderboard
    shared = board[board["scope"] == "in common"].set_index("metric")
    assert list(shared["cells"]) == [8 * 4 * 3 - 8 * 3 - 3] * 2
    noticed = noticed_by_hand(one)
    single = {
        name: mean(
            mean(v for clip, v in noticed[name, level].items() if name != "clip" or clip != "clip003")
            for level in (1, 3, 5)
        )
        for name in ("hum", "clip", "shuffle")
    }
    expected = mean([mean([single["hum"], single["clip"]]), single["shuffle"]])
    assert shared.at["x", "noticed"] == pytest.approx(expected, abs=1e-12)
    missing = board[board["scope"] == "overall"].set_index("metric")["missing"]
    assert missing.to_dict() == {"x": 0, "y": 8 * 3 + 3}


def test_a_zero_floor_counts_every_drop_above_zero(tmp_path):
    rows = metric("x", lambda name, role, level, clip: -float(role == "test" and clip % 2 == 0))
    comparison = compare([run(tmp_path / "a", rows)], QUICK)
    assert comparison.metrics["nuisance_floor"].iloc[0] == 0.0
    assert comparison.leaderboard["noticed"].to_numpy() == pytest.approx(0.5)


def test_a_metric_that_hears_only_the_processing_notices_nothing(tmp_path):
    board = compare([run(tmp_path / "a", metric("x", hearing(1.0, sd=0.01, placebo=1.0)))], QUICK).leaderboard
    assert board.loc[board["scope"] == "overall", "noticed"].iloc[0] == pytest.approx(0.0, abs=0.05)


def test_without_controls_there_is_no_floor_and_no_rank_and_it_is_said(tmp_path):
    rows = metric("x")
    rows.loc[rows["role"] == "control", ["score", "status"]] = [np.nan, "failed"]
    comparison = compare([run(tmp_path / "a", rows, metric("y"))], QUICK)
    overall = comparison.leaderboard[comparison.leaderboard["scope"] == "overall"].set_index("metric")
    assert math.isnan(overall.at["x", "miss_rate"])
    assert math.isnan(overall.at["x", "rank"])
    assert overall.at["y", "rank"] == 1
    assert any("no nuisance floor and no miss rate: x" in note for note in comparison.notes)
    shared = comparison.leaderboard[comparison.leaderboard["scope"] == "in common"].set_index("metric")
    assert shared.at["y", "cells"] == overall.at["y", "cells"]


def test_families_of_one_name_in_two_groups_are_two(tmp_path):
    both = (("hiss", "signal", "tempo"), ("shuffle", "structural", "tempo"))
    comparison = compare([run(tmp_path / "a", metric("x", hearing(1.0), degradations=both))], QUICK)
    families = comparison.leaderboard[comparison.leaderboard["scope"] == "family"]
    assert sorted(families["group"]) == ["signal", "structural"]


def test_it_is_what_the_analysis_says_of_families_and_groups(tmp_path):
    rows = metric("x", rich(3), tracks={0: "t", 1: "t"})
    lost = (rows["degradation"] == "hum") & rows["clip_id"].isin(["clip001", "clip005"])
    rows.loc[lost, ["score", "status"]] = [np.nan, "failed"]
    board = compare([run(tmp_path / "a", rows)], QUICK).leaderboard
    averages = board[board["scope"].isin(["family", "group"])].set_index(["group", "family"])
    said = analyse(rows, AnalysisOptions(resamples=200)).families.set_index(["group", "family"])
    for column in ("noticed", "noticed_low", "noticed_high"):
        assert averages[column].to_numpy() == pytest.approx(
            said[column].reindex(averages.index).to_numpy(), abs=1e-12
        )
