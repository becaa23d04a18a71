"""The claims on damages, from the frames: weights of levels, corrections over damages, what is passed over."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

from degrade_bench.analysis import AnalysisOptions, analyse
from degrade_bench.analysis.claims import Claims, covered_levels, level_weights
from degrade_bench.analysis.result import Analysis
from tests.analysis.tables import noisy, table

QUICK = AnalysisOptions(resamples=200)
LOSSES = {"one": 0.02, "two": 0.05, "three": 0.0, "four": -0.04}
DAMAGES = tuple((name, "signal", "noise") for name in LOSSES)


def truth(name: str, role: str, level: int) -> float:
    return LOSSES.get(name, 0.0) * level if role == "test" else 0.0


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return analyse(table(noisy(truth, sd=0.1), clips=16, degradations=DAMAGES), QUICK)


def of(analysis: Analysis, name: str) -> pd.DataFrame:
    return analysis.levels[analysis.levels.degradation == name].reset_index(drop=True)


def falls(levels: pd.DataFrame, p: str = "p_net", mean: str = "net_drop") -> pd.Series:
    """The two-sided p as one of a fall."""
    return (levels[p] / 2).where(levels[mean] > 0, 1 - levels[p] / 2)


def uncorrected(levels: pd.DataFrame) -> dict[str, float]:
    """The p values of one damage's claims, before any correction for the number of damages."""
    exceeds = np.maximum(levels["p_exceeds"], falls(levels))
    top = levels.iloc[-1]
    return {
        "p_sensitive": min(1.0, (exceeds / level_weights(len(levels))).min()),
        "p_inverted": max(top["p_prefers"], 1 - falls(levels).iloc[-1]),
        "p_artefact": max(top["p_drop_exceeds"], falls(levels, "p_value", "drop_mean").iloc[-1], top["p_share"]),
        "p_alike_family": levels["p_within"].max(),
    }


# -- one damage ----------------------------------------------------------------------------------------


def test_weights_sum_to_one_and_most_is_the_tops():
    for levels in (1, 2, 3, 5):
        weights = level_weights(levels)
        assert len(weights) == levels
        assert weights.sum() == pytest.approx(1)
        assert weights[-1] == (1 if levels == 1 else 0.8)
        assert len(set(weights[:-1])) <= 1


def test_the_claims_on_a_single_damage_need_no_correction(analysis):
    for name in LOSSES:
        scores = table(noisy(truth, sd=0.1, seed=5), clips=16, degradations=((name, "signal", "noise"),))
        alone = analyse(scores, QUICK)
        row = alone.verdicts.iloc[0]
        for column, expected in uncorrected(alone.levels).items():
            assert row[column] == pytest.approx(expected, rel=1e-9)
        assert row["p_alike"] == row["p_alike_family"]
        pooled = multipletests([*alone.levels["p_value"], *alone.levels["p_net"]], method="holm")[1]
        assert row["p_real"] == pytest.approx(min(pooled), rel=1e-9)


# -- several -------------------------------------------------------------------------------------------


def test_each_claim_is_corrected_over_the_damages_and_by_no_more_than_holm(analysis):
    single = pd.DataFrame({name: uncorrected(of(analysis, name)) for name in LOSSES}).T
    verdicts = analysis.verdicts.set_index("degradation").loc[list(LOSSES)]
    for column in single:
        holm = multipletests(single[column], method="holm")[1]
        assert (verdicts[column] <= holm + 1e-12).all()
        assert (verdicts[column] >= single[column] - 1e-12).all()
        order = single[column].argsort()
        assert (verdicts[column].iloc[order].diff().dropna() >= -1e-12).all()


def test_real_is_any_drop_or_net_drop_of_any_level_after_holm_over_all(analysis):
    levels = analysis.levels
    pooled = multipletests([*levels["p_value"], *levels["p_net"]], method="holm")[1].reshape(2, -1).min(axis=0)
    expected = pd.Series(pooled).groupby(levels["degradation"].to_numpy()).min()
    found = analysis.verdicts.set_index("degradation")["p_real"]
    assert found.to_dict() == pytest.approx(expected.to_dict(), rel=1e-9)


def test_more_damages_make_no_claim_easier():
    scores = table(noisy(truth, sd=0.1), clips=16, degradations=DAMAGES)
    few = scores[scores.role.isin(["clean", "control"]) | scores.degradation.str.startswith("two")]
    one, many = (analyse(rows, QUICK).verdicts.set_index("degradation").loc["two"] for rows in (few, scores))
    for column in ("p_sensitive", "p_inverted", "p_artefact", "p_alike_family", "p_real"):
        assert one[column] <= many[column] + 1e-12
    assert one["p_alike"] == many["p_alike"]


def test_within_asks_for_both():
    options = AnalysisOptions()
    assert Claims(p_alike=0.049, p_alike_family=0.099).holds_alike(options)
    assert not Claims(p_alike=0.05, p_alike_family=0.05).holds_alike(options)
    assert not Claims(p_alike=0.01, p_alike_family=0.1).holds_alike(options)
    assert not Claims().holds_alike(options)


# -- from which level on -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("curve", "first"),
    [
        ((0.0, 0.0, 1.0, 1.0, 1.0), 3),
        ((1.0, 1.0, 0.0, 1.0, 1.0), 4),  # in sequence from the top, and no further than the first that fails
        ((1.0, 1.0, 1.0, 1.0, 1.0), 1),
        ((1.0, 1.0, 1.0, 1.0, 0.0), None),
        ((0.0, 0.0, 0.0, 0.0, 0.0), None),
    ],
)
def test_the_first_level_is_found_from_the_top_down(curve, first):
    heard = noisy(lambda name, role, level: curve[level - 1] if role == "test" else 0.0, sd=0.02)
    scores = table(heard, clips=12, degradations=(("made", "signal", "noise"),))
    row = analyse(scores, AnalysisOptions(resamples=100, margin=0.5)).verdicts.iloc[0]
    assert row["verdict"] == ("sensitive" if any(curve) else "inconclusive")
    assert (None if pd.isna(row["detection_level"]) else row["detection_level"]) == first


# -- levels that few recordings have -------------------------------------------------------------------


def test_levels_of_fewer_than_four_fifths_of_the_recordings_are_not_covered():
    tracks = np.array([20, 20, 15, 16, 0, 10, 8, 7, 0, 0])
    assert covered_levels(tracks, slice(0, 5)).tolist() == [0, 1, 3]
    assert covered_levels(tracks, slice(5, 8)).tolist() == [5, 6]
    assert covered_levels(tracks, slice(8, 10)).tolist() == []


def test_a_level_that_few_have_decides_nothing_and_is_named():
    heard = noisy(lambda name, role, level: 0.3 * level * (role == "test"), sd=0.02)
    scores = table(heard, clips=15, degradations=(("made", "signal", "noise"),))
    rows = scores.level == 5
    scores.loc[rows & (scores.role == "test"), "score"] += 10  # at the top it is liked, by the few who have it
    few = scores[~(rows & (scores.clip_id >= "clip010"))]
    row = analyse(few, QUICK).verdicts.iloc[0]
    assert row["verdict"] == "sensitive"
    assert row["passed_over"] == "level 5 (10 of 15 recordings)"
    assert "Passed over: level 5 (10 of 15 recordings)" in row["sentence"]
    assert "At level 4" in row["sentence"]
    enough = analyse(scores[~(rows & (scores.clip_id >= "clip012"))], QUICK).verdicts.iloc[0]
    assert enough["p_sensitive"] < 0.05  # at some level
    assert enough["shape"] == "humped"
    assert enough["passed_over"] is None
    assert "At level 5" in enough["sentence"]
