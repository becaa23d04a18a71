"""Expectations of metrics whose truth is known, on fabricated tables: what passes, what fails, what is open."""

from __future__ import annotations

import pytest
import scipy.stats

from degrade_bench.errors import ConfigError, UnknownNameError
from degrade_bench.expect.evidence import Evidence
from degrade_bench.expect.expectation import Expectation
from degrade_bench.expect.judge import judge
from tests.analysis.tables import noisy, table

HISS = ("hiss", "signal", "noise")
SHUFFLE = ("shuffle", "structural", "order")


def evidence(truth, *, clips=20, sd=0.3, control="hiss", seed=0, levels=(1, 3, 5)) -> Evidence:
    """The scores of a metric that loses ``truth(degradation, role, level)``."""
    rows = table(
        noisy(truth, sd=sd, seed=seed),
        clips=clips,
        levels=levels,
        degradations=(HISS, SHUFFLE),
        single_placebo=("hiss",),
    )
    return Evidence("made", rows, control, asks_for_one=control is not None)


def hears(*names: str, per_level: float = 0.3):
    return lambda name, role, level: per_level * level * (role == "test" and name in names)


def hears_joins(name, role, level):
    """The shuffle's drop is its placebo's."""
    return 0.3 * level * (name.startswith("shuffle") and role in ("test", "placebo"))


GOOD = evidence(hears("hiss", "shuffle"))
DEAF = evidence(hears("hiss"))
INVERTED = evidence(hears("hiss", "shuffle", per_level=-0.3))
JOINS = evidence(hears_joins)


@pytest.mark.parametrize(
    ("found", "expectation", "state"),
    [
        (GOOD, Expectation("sensitive", "shuffle", min_dz=0.5), "pass"),
        (GOOD, Expectation("sensitive", "shuffle"), "pass"),
        (GOOD, Expectation("sensitive", "shuffle", level=3), "pass"),
        (DEAF, Expectation("sensitive", "shuffle", min_dz=0.8), "fail"),
        (DEAF, Expectation("sensitive", "shuffle", min_dz=0.1), "inconclusive"),
        (INVERTED, Expectation("sensitive", "shuffle", min_dz=0.0), "fail"),
        (INVERTED, Expectation("sensitive", "shuffle"), "fail"),
        (JOINS, Expectation("sensitive", "shuffle"), "fail"),
        (DEAF, Expectation("blind", "shuffle", max_dz=0.9), "pass"),
        (DEAF, Expectation("blind", "shuffle", max_dz=0.1), "inconclusive"),
        (GOOD, Expectation("blind", "shuffle", max_dz=0.9), "fail"),
        (GOOD, Expectation("blind", "shuffle"), "fail"),
        (INVERTED, Expectation("blind", "shuffle", max_dz=0.9), "fail"),
        (GOOD, Expectation("monotone", "shuffle"), "pass"),
        (DEAF, Expectation("monotone", "shuffle"), "inconclusive"),
        (INVERTED, Expectation("monotone", "shuffle"), "fail"),
        (GOOD, Expectation("not_artefact", "shuffle"), "pass"),
        (GOOD, Expectation("not_artefact", "shuffle", level=3), "pass"),
        (JOINS, Expectation("not_artefact", "shuffle"), "fail"),
        (DEAF, Expectation("not_artefact", "shuffle"), "inconclusive"),
    ],
    ids=lambda value: value.words if isinstance(value, Expectation) else value if isinstance(value, str) else "",
)
def test_the_truth_is_found(found, expectation, state):
    outcome = judge(found, expectation)
    assert outcome.state == state, outcome.text
    assert outcome.recordings == 20
    assert outcome.text.startswith(f"made: {expectation.words}: ")
    for part in ("Measured: net dz ", "(20 recordings, alpha 0.05). Power: "):
        assert part in outcome.text


def test_the_figures_are_those_of_the_net_drop_and_its_limits_those_of_the_noncentral_t():
    outcome = judge(GOOD, Expectation("sensitive", "shuffle", min_dz=0.5))
    scores = GOOD.scores.set_index(["clip_id", "degradation", "level"])["score"].unstack(["degradation", "level"])
    net = scores["shuffle_placebo", 5] - scores["shuffle", 5]
    assert outcome.net == pytest.approx(net.mean())
    assert outcome.dz == pytest.approx(net.mean() / net.std())
    # the lower limit is a d_z under which what was seen has a chance of alpha, or lies farther out
    t, root = outcome.dz * 20**0.5, 20**0.5
    assert scipy.stats.nct.sf(t, 19, outcome.dz_low * root) <= 0.05 + 1e-9
    assert scipy.stats.nct.cdf(t, 19, outcome.dz_high * root) <= 0.05 + 1e-9


def test_an_open_question_says_how_many_recordings_would_settle_it():
    expected = Expectation("sensitive", "shuffle", min_dz=0.5)
    few = evidence(hears("shuffle", per_level=0.1), clips=7, sd=0.4, levels=(5,))
    outcome = judge(few, expected)
    assert outcome.state == "inconclusive"
    assert outcome.recordings_needed > 7
    assert f"{outcome.recordings_needed} would, if the true dz were the one measured" in outcome.text
    assert judge(evidence(hears("shuffle", per_level=0.1), clips=150, sd=0.4, levels=(5,)), expected).passed


def test_an_open_verdict_says_how_many_recordings_would_settle_it():
    outcome = judge(
        evidence(hears("shuffle", per_level=0.06), clips=8, sd=0.4, levels=(5,)),
        Expectation("sensitive", "shuffle"),
    )
    assert outcome.state == "inconclusive"
    assert outcome.recordings_needed > 8
    assert f"takes {outcome.recordings_needed} recordings for that" in outcome.power


def test_too_few_recordings_show_nothing_however_large_the_drop():
    outcome = judge(evidence(hears("shuffle"), clips=5, sd=0.01), Expectation("sensitive", "shuffle", min_dz=0.5))
    assert (outcome.state, outcome.recordings_needed) == ("inconclusive", 6)


def test_blindness_asks_for_fourteen_recordings_and_for_something_that_was_heard():
    expected = Expectation("blind", "shuffle", max_dz=5.0)
    outcome = judge(evidence(hears("hiss"), clips=13), expected)
    assert (outcome.state, outcome.recordings_needed) == ("inconclusive", 14)
    dead = evidence(hears())
    outcome = judge(dead, expected)
    assert outcome.state == "inconclusive"
    assert "deaf to everything" in outcome.reason
    assert judge(evidence(hears(), control=None), expected).passed


def test_one_damage_comes_to_the_same_whatever_else_was_scored():
    alone = Evidence("made", GOOD.scores[~GOOD.scores["degradation"].str.startswith("hiss")], "hiss")
    for kind in ("sensitive", "monotone", "not_artefact"):
        assert judge(alone, Expectation(kind, "shuffle")) == judge(GOOD, Expectation(kind, "shuffle"))


def test_a_metric_without_any_noise_has_limits_too():
    exact = evidence(hears("hiss"), sd=0.0)
    assert judge(exact, Expectation("blind", "shuffle", max_dz=0.1)).passed
    assert judge(exact, Expectation("sensitive", "hiss", min_dz=9.0)).passed
    assert judge(exact, Expectation("sensitive", "shuffle", min_dz=0.5)).state == "fail"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("audible", "hiss"), "there is no expectation 'audible'"),
        (("blind", "hiss", 0.5), "min_dz is not for blind"),
        (("blind", "hiss", None, 0.0), "max_dz must be a number above 0"),
        (("sensitive", "hiss", -0.1), "min_dz must be a number from 0"),
        (("monotone", "hiss", None, None, 3), "level is not for monotone"),
    ],
)
def test_what_cannot_be_expected_is_refused(arguments, said):
    with pytest.raises(ConfigError, match=said):
        Expectation(*arguments)


def test_a_damage_or_level_that_was_not_scored_is_refused():
    with pytest.raises(UnknownNameError, match="did you mean 'shuffle'"):
        judge(GOOD, Expectation("sensitive", "shufle"))
    with pytest.raises(UnknownNameError, match="level of shuffle '2'"):
        judge(GOOD, Expectation("sensitive", "shuffle", level=2))


def test_without_a_placebo_there_is_no_artefact_to_exclude():
    rows = GOOD.scores[GOOD.scores["degradation"] != "shuffle_placebo"]
    with pytest.raises(ConfigError, match="shuffle has no placebo"):
        judge(Evidence("made", rows, "hiss"), Expectation("not_artefact", "shuffle"))
