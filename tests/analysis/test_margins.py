"""The margin of rules 2: from clean scores and controls by hand, and what it does not depend on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from degrade_bench.analysis import AnalysisOptions, analyse
from degrade_bench.analysis.margins import FINEST, Margin, effect_margin, nuisance_tops
from degrade_bench.analysis.resampling import Resampler
from degrade_bench.analysis.wide import drops_by_metric
from tests.analysis.tables import ORDER, awkward, noisy, plain_drops, table

QUICK = AnalysisOptions(resamples=200)


def margin_of(scores: pd.DataFrame, **options) -> Margin:
    [drops] = drops_by_metric(scores).values()
    return effect_margin(drops, Resampler(200, 0), AnalysisOptions(resamples=200, **options))


def made(sd: float = 0.05, clip_sd: float = 1.0, clips: int = 16, **options) -> pd.DataFrame:
    """A metric that falls by 0.2 per level of any damage."""
    return table(
        noisy(lambda name, role, level: 0.2 * level * (role == "test"), sd=sd, clip_sd=clip_sd),
        clips=clips,
        **options,
    )


def clean_sd(scores: pd.DataFrame) -> float:
    return float(scores[scores.role == "clean"].score.std())


def top_drops(scores: pd.DataFrame, name: str = "gain_like") -> pd.Series:
    """A control's drops at its highest level."""
    drops = plain_drops(scores)
    return drops[(drops.degradation == name) & (drops.level == 3)]["drop"]


def with_control(scores: pd.DataFrame, name: str, drop, nuisance: bool = True) -> pd.DataFrame:
    """The table with one more control, whose drops are ``drop`` of the other's."""
    clean = scores[scores.role == "clean"].set_index("clip_id").score
    more = scores[scores.degradation == "gain_like"].assign(degradation=name, nuisance=nuisance)
    paired = clean.loc[more.clip_id].to_numpy()
    return pd.concat([scores, more.assign(score=paired - drop(paired - more.score))])


def same(one: Margin, other: Margin) -> None:
    """Bit for bit."""
    alike(one, other, 0.0)


def alike(one: Margin, other: Margin, within: float = 1e-9) -> None:
    """The same value, errors and origin."""
    assert (one.source, one.control) == (other.source, other.control)
    for draws in ("draws", "effect"):
        for name in ("centre", "resampled", "left_out"):
            mine, theirs = (getattr(getattr(margin, draws), name) for margin in (one, other))
            assert mine == pytest.approx(theirs, rel=0, abs=within, nan_ok=True)


# -- what it is ----------------------------------------------------------------------------------------


def test_without_controls_it_is_half_a_standard_deviation_of_clean_scores():
    scores = made()
    alone = scores[scores.role != "control"]
    margin = margin_of(alone)
    assert margin.value == pytest.approx(0.5 * clean_sd(scores))
    assert (margin.source, margin.control) == ("effect", None)
    assert margin_of(alone, effect=0.2).value == pytest.approx(0.2 * clean_sd(scores))


def test_it_is_the_spread_of_single_clips_under_a_control_where_that_is_smaller():
    scores = made()
    margin = margin_of(scores)
    assert margin.value == pytest.approx(top_drops(scores).std())
    assert (margin.source, margin.control) == ("controls", "gain_like")
    assert margin.value == margin.effect.centre[0]
    assert margin.without == pytest.approx(0.5 * clean_sd(scores))
    noisy_one = made(sd=2.0)
    assert margin_of(noisy_one).effect.centre[0] == pytest.approx(0.5 * clean_sd(noisy_one))


@pytest.mark.parametrize("reference", [False, True])
def test_where_clean_scores_say_nothing_of_the_music_only_controls_count(reference):
    scores = made(sd=0.8, clip_sd=1.0 if reference else 0.0).assign(needs_reference=reference)
    margin = margin_of(scores)
    assert margin.value == pytest.approx(top_drops(scores).std())
    assert margin.source == "controls"
    nothing = margin_of(scores[scores.role != "control"])
    assert (nothing.value, nothing.source) == (0.0, "none")


def test_a_controls_mean_shift_is_no_drop_but_tells_nothing_of_net_drops():
    scores = with_control(made(), "shifting", lambda drop: drop + 0.3)
    margin = margin_of(scores)
    assert (margin.source, margin.control) == ("shift", "shifting")
    assert margin.value == pytest.approx(abs(top_drops(scores, "shifting").mean()), rel=0.01)
    assert margin.effect.centre[0] == pytest.approx(top_drops(scores).std())
    better = with_control(made(), "shifting", lambda drop: drop - 0.3)
    assert margin_of(better).value == pytest.approx(abs(top_drops(better, "shifting").mean()), rel=0.01)


def test_it_is_never_under_a_hundredth_of_the_clean_scores_spread():
    scores = made(sd=1e-6)
    margin = margin_of(scores)
    assert margin.value == pytest.approx(FINEST * clean_sd(scores))
    assert (margin.source, margin.control) == ("resolution", None)


def test_the_largest_of_many_controls_is_not_taken_at_its_word():
    """Twelve controls of one spread: the largest sample spread lies too high, and is brought back, if little."""
    scores, rng = made(), np.random.default_rng(0)
    for number in range(12):
        scores = with_control(scores, f"more{number}", lambda drop: 0.05 * rng.standard_normal(len(drop)))
    spreads = [top_drops(scores, f"more{number}").std() for number in range(12)]
    margin = margin_of(scores[scores.degradation != "gain_like"])
    assert 0.05 < margin.value < max(spreads)


@pytest.mark.parametrize("margin", [0.3, {"made": 0.3}])
def test_it_can_be_given_by_number_or_by_name(margin):
    given = margin_of(made(), margin=margin)
    assert (given.value, given.effect.centre[0], given.source) == (0.3, 0.3, "given")
    assert not np.ptp(given.draws.resampled)
    same(margin_of(made(), margin={"other": 0.3}), margin_of(made()))


def test_only_the_highest_level_that_was_scored_of_controls_not_to_be_heard_counts():
    scores = with_control(made(clips=6), "loud", lambda drop: 10 * drop, nuisance=False)
    [drops] = drops_by_metric(scores).values()
    tops = nuisance_tops(drops)
    assert tops[["degradation", "level"]].to_numpy().tolist() == [["gain_like", 3]]
    values = drops.control_drops.copy()
    values[:, tops.index] = np.nan
    assert nuisance_tops(replace(drops, control_drops=values))["level"].tolist() == [2]
    assert nuisance_tops(replace(drops, control_drops=np.full_like(values, np.nan))).empty


# -- what it does not depend on ------------------------------------------------------------------------


def test_other_damages_in_the_run_change_nothing():
    scores = made()
    same(margin_of(scores), margin_of(scores[~scores.degradation.str.startswith(ORDER[0])]))
    grosser = scores.copy()
    grosser.loc[grosser.role == "test", "score"] -= 100
    same(margin_of(scores), margin_of(grosser))


def test_inert_controls_and_those_to_be_heard_change_nothing():
    scores = made()
    inert = with_control(scores, "inert", lambda drop: 0 * drop)
    alike(margin_of(scores), margin_of(inert))
    same(margin_of(scores), margin_of(with_control(scores, "loud", lambda drop: drop + 5, nuisance=False)))


@pytest.mark.parametrize("drop", [lambda drop: drop + 5, lambda drop: 5 * drop], ids=["a shift", "a spread"])
def test_a_gross_control_is_named_with_the_margin_without_it(drop):
    scores = made(clip_sd=3.0)
    facts = analyse(with_control(scores, "gross", drop), QUICK).metrics.iloc[0]
    without = analyse(scores, QUICK).metrics.iloc[0]
    assert facts["margin_control"] == "gross"
    assert facts["margin"] > 2 * without["margin"]
    assert facts["margin_without"] == without["margin"]


@pytest.mark.parametrize("scores", [awkward(), made(), made(sd=2.0)], ids=["awkward", "plain", "noisy"])
def test_four_copies_of_every_clip_change_nothing(scores):
    often = pd.concat([scores.assign(clip_id=scores.clip_id + f"/{copy}") for copy in range(4)])
    one, other = margin_of(scores), margin_of(often)
    alike(one, other)


def test_rows_in_any_order_change_nothing():
    scores = with_control(made(), "other", lambda drop: 2 * drop)
    same(margin_of(scores), margin_of(scores.sample(frac=1, random_state=0)))


@pytest.mark.parametrize("unit", [1e-140, 1e140])
def test_a_scores_unit_is_no_matter(unit):
    scores = made()
    one, other = margin_of(scores), margin_of(scores.assign(score=scores.score * unit))
    assert other.source == one.source
    assert other.draws.resampled / unit == pytest.approx(one.draws.resampled, rel=1e-9)
