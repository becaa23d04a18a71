"""Rounding is no effect: what a few units in the last place can account for decides nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from degrade_bench._support.rounding import UNITS, Ties
from degrade_bench.analysis import AnalysisOptions, analyse
from degrade_bench.analysis.drops import coded, drop_table, paired_drops
from degrade_bench.analysis.options import RULES
from degrade_bench.analysis.wide import drops_by_metric
from tests.analysis.tables import noisy, table

ASKED = AnalysisOptions(resamples=100)


def stepped(units, kind=np.float32):
    """A metric that gives 0.7, and for a damage so many units in the last place more or fewer."""

    def score(name, role, level, clip):
        value = kind(0.7)
        return float(value + units(role, level, clip) * np.spacing(value))

    return table(score, clips=14)


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize(
    "units",
    [
        lambda role, level, clip: 1 if role == "test" else 0,
        lambda role, level, clip: -1 if role == "test" else 0,
        lambda role, level, clip: (-1) ** clip * level % 3 if role != "clean" else 0,
        lambda role, level, clip: 0,
    ],
    ids=["would be inverted", "would be sensitive", "either way", "constant"],
)
def test_the_last_bits_of_a_score_are_no_effect(units, kind, rules):
    scores = stepped(units, kind)
    options = AnalysisOptions(resamples=100, rules=rules)
    analysis = analyse(scores, replace(options, positive_control=False))
    assert set(analysis.verdicts["verdict"]) == {"blind"}
    assert set(analyse(scores, options).verdicts["verdict"]) == {"inconclusive"}
    assert not analysis.levels["drop_mean"].any()
    assert (analysis.levels["ties"] == 14).all()
    facts = analysis.metrics.iloc[0]
    assert (facts["margin_is"], facts["nuisance_floor"], facts["clean_sd"]) == ("rounding", 0.0, 0.0)
    assert facts["margin"] == UNITS * float(np.spacing(kind(0.7)))
    assert "no spread between recordings" in analysis.verdicts["sentence"].iloc[0]


def test_no_figure_is_made_of_nothing():
    """The smallest detectable drop of a metric without spread was 9.09e-313."""
    analysis = analyse(stepped(lambda role, level, clip: 0), ASKED)
    assert analysis.verdicts["smallest_detectable"].isna().all()
    assert analysis.verdicts["clips_to_exclude"].isna().all()
    assert set(analysis.verdicts["power_note"]) == {
        "the drop has no spread between the 14 recordings, so there is nothing to plan from."
    }
    for frame in (analysis.metrics, analysis.levels, analysis.verdicts, analysis.families, analysis.controls):
        numbers = frame.select_dtypes("number").to_numpy(dtype=float)
        assert not ((numbers != 0) & (np.abs(numbers) < 1e-100)).any()


def test_damage_and_placebo_that_differ_by_rounding_are_an_artefact():
    """Both make the score fall by 0.1; the damage by a unit more."""

    def score(name, role, level, clip):
        clean = np.float32(0.5 + clip / 100)
        fallen = np.float32(clean - np.float32(0.1))
        return float({"test": np.nextafter(fallen, np.float32(0)), "placebo": fallen}.get(role, clean))

    analysis = analyse(table(score, clips=12), ASKED)
    assert set(analysis.verdicts["verdict"]) == {"artefact"}
    assert not analysis.levels["net_drop"].any()


def test_real_drops_are_what_they_were():
    scores = table(noisy(lambda name, role, level: 0.3 * level if role == "test" else 0.0), clips=8)
    drops = drop_table(coded(scores))
    clean = scores[scores.role == "clean"].set_index("clip_id")["score"]
    merged = scores[scores.role != "clean"].assign(drop=lambda rows: rows.clip_id.map(clean) - rows.score)
    expected = merged.set_index(["degradation", "level", "clip_id"])["drop"].sort_index()
    found = drops.astype({"degradation": object, "clip_id": object})
    found = found.set_index(["degradation", "level", "clip_id"])["drop"].sort_index()
    assert list(found.index) == list(expected.index)
    assert np.array_equal(found, expected)


def test_both_forms_of_net_drops_agree():
    scores = stepped(lambda role, level, clip: level * (3 if role == "test" else 2) if role != "clean" else 0)
    tidy = paired_drops(scores).net
    wide = drops_by_metric(scores)["made"].net
    assert sorted(tidy["net"]) == sorted(wide.ravel())
    assert 0 in set(tidy["net"])
    assert tidy["net"].astype(bool).any()


@pytest.mark.parametrize(
    ("scores", "one", "other", "equal"),
    [
        ([0.7, 0.3], 0.7, 0.7 + 4 * 2.0**-24, True),
        ([0.7, 0.3], 0.7, 0.7 + 6 * 2.0**-24, False),
        ([20.5, -15.25], 1e-6, 5e-6, True),  # decibels near zero are as coarse as decibels
        ([0.0, 1e-9], 0.0, 1e-9, False),  # distances near zero are not
        ([16777215.0, 16777214.0], 16777215.0, 16777214.0, False),  # whole numbers are not rounded
        ([0.0, 0.5], 0.0, 0.5, False),
        ([1e38, -1e38], 1e38, 2e38, False),
    ],
)
def test_how_close_is_equal(scores, one, other, equal):
    ties = Ties.of(np.array(scores, dtype=np.float32).astype(float))
    difference = ties.settled(np.array(one - other), one, other)
    assert (difference == 0) == equal


def test_scores_of_double_precision_are_compared_as_such():
    ties = Ties.of(np.array([0.1, 0.2, 0.7]))
    assert not ties.single
    assert ties.settled(np.array(1e-9), 0.7) == 1e-9
    assert ties.settled(np.array(2e-16), 0.7) == 0
    assert Ties.of(np.array([])).reach() == 0
