"""Planning figures against statsmodels' power of a t test, and against simulated runs."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import scipy.stats
from statsmodels.stats.power import TTestPower

from degrade_bench.analysis import AnalysisOptions, analyse, designs
from degrade_bench.analysis.power import Design, from_reliability
from degrade_bench.errors import ConfigError
from tests.analysis.tables import noisy, plain_drops, table

PLAIN = Design(spread=0.5, net_spread=None, level_spreads=(0.3, 0.5), margin=0.1, rules=1)
FULL = Design(0.5, 0.7, (0.3, 0.4, 0.5), 0.1, margin_error=0.02, margin_tracks=20, tests=12, rules=1)
SECOND = replace(PLAIN, rules=2)
SECOND_FULL = replace(FULL, rules=2, effect=0.08, net_level_spreads=(0.4, 0.6, 0.7))
EVERY = pytest.mark.parametrize(
    "design", [PLAIN, FULL, SECOND, SECOND_FULL], ids=["plain", "full", "plain, rules 2", "full, rules 2"]
)


def one_sided(distance: float, spread: float, tracks: int, tail: float) -> float:
    return float(TTestPower().power(distance / spread, tracks, tail, alternative="larger"))


# -- detecting -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("tracks", [8, 20, 60])
@pytest.mark.parametrize("drop", [0.2, 0.4, 0.8])
def test_detecting_is_what_every_part_lacks_taken_from_one(tracks, drop):
    """Beyond the margin by the interval; the signed ranks at n · 3/π; both again beyond the placebo."""
    ranks = math.floor(tracks * 3 / math.pi)
    lacks = 1 - one_sided(drop - 0.1, 0.5, tracks, 0.025)
    lacks += 1 - one_sided(drop, 0.5, ranks, 0.025)
    assert PLAIN.detects(drop, tracks) == pytest.approx(max(0.0, 1 - lacks), abs=1e-9)

    together = math.sqrt(0.5**2 + 0.02**2 * 20)
    lacks = 1 - one_sided(drop - 0.1, together, tracks, 0.025)
    lacks += 1 - one_sided(drop, 0.5, ranks, 0.05 / 12 / 2)
    lacks += 1 - one_sided(drop, 0.7, tracks, 0.025)
    lacks += 1 - one_sided(drop, 0.7, ranks, 0.05 / 12 / 2)
    expected = 0.0 if 2 ** (1 - tracks) >= 0.05 / 12 else max(0.0, 1 - lacks)
    assert FULL.detects(drop, tracks) == pytest.approx(expected, abs=1e-9)


def test_too_few_tracks_for_any_p_detect_nothing():
    """Two-sided signed ranks of n tracks have no p under 2 / 2^n."""
    assert PLAIN.detects(100.0, 5) == 0.0  # 1/16
    assert PLAIN.detects(100.0, 6) == 1.0  # 1/32
    assert replace(PLAIN, tests=20).detects(100.0, 9) == 0.0  # 1/256 against 1/400
    assert replace(PLAIN, tests=20).detects(100.0, 10) == 1.0
    assert PLAIN.detects(100.0, 1) == 0.0


@pytest.mark.parametrize("tracks", [8, 20, 60])
@pytest.mark.parametrize("drop", [0.2, 0.4, 0.8])
def test_detecting_by_rules_2_is_one_sided_at_the_tops_share_of_the_level(tracks, drop):
    """Above the margin, and the net drop above the effect; the signed ranks of what counts at n · 3/π."""
    ranks, level = math.floor(tracks * 3 / math.pi), 0.8 * 0.05
    lacks = 1 - one_sided(drop - 0.1, 0.5, tracks, level)
    lacks += 1 - one_sided(drop, 0.5, ranks, level)
    assert SECOND.detects(drop, tracks) == pytest.approx(max(0.0, 1 - lacks), abs=1e-9)

    few = tracks / (
        tracks - min(1.96, tracks / 2)
    )  # an estimated margin's limit lies further out for few recordings
    more, level = (few * 0.02) ** 2 * 20, 0.8 * 0.05 / 12
    lacks = 1 - one_sided(drop - math.sqrt(few) * 0.1, math.sqrt(0.5**2 + more), tracks, level)
    lacks += 1 - one_sided(drop - math.sqrt(few) * 0.08, math.sqrt(0.7**2 + more), tracks, level)
    lacks += 1 - one_sided(drop, 0.7, ranks, level)
    expected = 0.0 if 2.0**-tracks >= level else max(0.0, 1 - lacks)
    assert SECOND_FULL.detects(drop, tracks) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("tracks", [14, 30, 200])
def test_excluding_by_rules_2_is_every_drop_and_net_drop_in_fourteen_recordings_or_more(tracks):
    wide = replace(SECOND_FULL, margin=0.5, effect=0.4)
    level, more = 0.1 / 12, 0.02**2 * 20
    parts = [(0.5, spread) for spread in wide.level_spreads] + [(0.4, spread) for spread in wide.net_level_spreads]
    lacks = sum(2 * (1 - one_sided(bound, math.sqrt(spread**2 + more), tracks, level)) for bound, spread in parts)
    assert wide.excludes(tracks) == pytest.approx(max(0.0, 1 - lacks), abs=1e-9)
    assert replace(SECOND, level_spreads=(1e-9,)).excludes(13) == 0.0
    assert replace(SECOND, level_spreads=(1e-9,)).excludes(14) == 1.0


def test_a_reliabilitys_margin_by_rules_2_is_the_smaller_of_half_a_spread_and_the_noise():
    for reliability in (0.5, 0.8, 0.9, 0.99):
        design = from_reliability(reliability, 2.0)
        assert design.margin == pytest.approx(min(1.0, 2.0 * math.sqrt(2 * (1 - reliability))))
        assert design.margin_error == pytest.approx(design.margin * math.sqrt(0.5))


def test_detecting_grows_with_tracks_and_drop_and_falls_with_spread():
    at = [FULL.detects(0.5, tracks) for tracks in range(10, 200, 10)]
    assert all(later >= earlier for earlier, later in pairwise(at))
    at = [FULL.detects(drop, 30) for drop in np.linspace(0.1, 2, 30)]
    assert all(later >= earlier for earlier, later in pairwise(at))
    assert PLAIN.detects(0.4, 20) > replace(PLAIN, spread=0.6).detects(0.4, 20)
    assert PLAIN.detects(0.05, 1000) == 0.0  # under the margin


def test_without_spread_a_drop_beyond_the_margin_is_certain():
    still = replace(PLAIN, spread=0.0, level_spreads=(0.0,))
    assert still.detects(0.11, 6) == 1.0
    assert still.detects(0.1, 6) == 0.0
    assert still.excludes(2) == 1.0


# -- excluding -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("tracks", [5, 30, 200])
def test_excluding_is_both_one_sided_tests_at_every_level(tracks):
    wide = replace(PLAIN, margin=0.3)
    lacks = sum(2 * (1 - one_sided(0.3, spread, tracks, 0.05)) for spread in (0.3, 0.5))
    assert wide.excludes(tracks) == pytest.approx(max(0.0, 1 - lacks), abs=1e-9)
    assert wide.excludes(1) == 0.0


def test_one_level_is_excluded_as_often_as_two_one_sided_tests_do():
    """Simulated: the bound is no promise that is not kept, and not far under where power is high."""
    design = replace(PLAIN, level_spreads=(0.5,), margin=0.4)
    rng, tracks, runs = np.random.default_rng(0), 25, 4000
    values = 0.5 * rng.standard_normal((runs, tracks))
    t = scipy.stats.t.ppf(0.95, tracks - 1) * np.std(values, axis=1, ddof=1) / math.sqrt(tracks)
    share = ((values.mean(axis=1) - t > -0.4) & (values.mean(axis=1) + t < 0.4)).mean()
    promised = design.excludes(tracks)
    slack = 4 * math.sqrt(promised * (1 - promised) / runs)
    assert promised - slack <= share <= promised + slack + 0.01


@pytest.mark.parametrize(("drop", "tracks"), [(0.6, 18), (0.5, 30)])
def test_a_drop_is_detected_at_least_as_often_as_promised(drop, tracks):
    rng, runs = np.random.default_rng(1), 1500
    values = drop + 0.5 * rng.standard_normal((tracks, runs))
    half = scipy.stats.t.ppf(0.975, tracks - 1) * scipy.stats.sem(values, axis=0)
    p = np.array([scipy.stats.wilcoxon(column).pvalue for column in values.T])
    share = ((values.mean(axis=0) - half > 0.1) & (p < 0.05)).mean()
    promised = PLAIN.detects(drop, tracks)
    assert 0.5 < promised < 0.999
    assert share >= promised - 4 * math.sqrt(promised * (1 - promised) / runs)
    assert share <= promised + 0.1


# -- how many, how small -------------------------------------------------------------------------------


@EVERY
@pytest.mark.parametrize("power", [0.8, 0.9])
def test_the_fewest_clips_are_the_fewest(design, power):
    for drop in (0.3, 0.5, 2.0):
        clips = design.clips_to_detect(drop, power)
        assert design.detects(drop, clips) >= power
        assert design.detects(drop, clips - 1) < power
    clips = design.clips_to_exclude(power)
    assert design.excludes(clips) >= power
    assert design.excludes(clips - 1) < power


def test_more_clips_for_less_and_for_more_certainty():
    drops = (0.2, 0.3, 0.5, 1.0, 3.0)
    clips = [FULL.clips_to_detect(drop, 0.9) for drop in drops]
    assert clips == sorted(clips, reverse=True)
    assert FULL.clips_to_detect(0.5, 0.95) > FULL.clips_to_detect(0.5, 0.8)
    assert FULL.clips_to_exclude(0.95) > FULL.clips_to_exclude(0.8)
    assert replace(FULL, tests=100).clips_to_detect(0.5, 0.9) > FULL.clips_to_detect(0.5, 0.9)


def test_what_no_number_of_clips_shows():
    assert PLAIN.clips_to_detect(0.1, 0.9) is None
    assert PLAIN.clips_to_detect(0.05, 0.9) is None
    assert PLAIN.clips_to_detect(0.1001, 0.9) is None  # more than the most
    assert replace(PLAIN, margin=0.0).clips_to_exclude(0.9) is None
    assert math.isnan(PLAIN.smallest_detectable(5, 0.9))


@pytest.mark.parametrize("design", [PLAIN, FULL, replace(PLAIN, margin=0.0)], ids=["plain", "full", "no margin"])
@pytest.mark.parametrize("tracks", [14, 50])
def test_the_smallest_detectable_is_detects_turned_round(design, tracks):
    drop = design.smallest_detectable(tracks, 0.9)
    assert design.detects(drop, tracks) == pytest.approx(0.9, abs=1e-6)
    assert design.detects(drop * 0.999, tracks) < 0.9
    assert design.clips_to_detect(drop * 1.0001, 0.9) <= tracks


# -- designs of a run ----------------------------------------------------------------------------------


def test_a_runs_design_holds_its_spreads():
    scores = table(noisy(lambda name, role, level: 0.1 * level * (role == "test"), sd=0.2), clips=10)
    options = AnalysisOptions(resamples=100, margin=0.15, rules=1)
    run_designs = designs(analyse(scores, options))
    drops = plain_drops(scores)
    levels = analyse(scores, options)
    assert [(planned.metric, planned.degradation, planned.tracks) for planned in run_designs] == [
        ("made", "noise_like", 10),
        ("made", "order_like", 10),
    ]
    for planned_for in run_designs:
        name, design = planned_for.degradation, planned_for.design
        by_level = drops[drops.degradation == name].pivot(index="track", columns="level", values="drop")
        assert design.level_spreads == pytest.approx(np.std(by_level, axis=0, ddof=1), abs=1e-9)
        assert design.spread == design.level_spreads[-1]
        placebo = drops[(drops.degradation == f"{name}_placebo")].pivot(
            index="track", columns="level", values="drop"
        )
        net = by_level[5] - placebo[placebo.columns.max()]
        assert design.net_spread == pytest.approx(np.std(net, ddof=1), abs=1e-9)
        assert (design.margin, design.margin_error, design.tests) == (0.15, 0.0, 4)
        row = levels.verdicts.set_index("degradation").loc[name]
        assert row["smallest_detectable"] == pytest.approx(design.smallest_detectable(10, 0.9), abs=1e-9)
        planned = max(by_level[5].mean(), 0.3)
        assert row["planned_drop"] == pytest.approx(planned, abs=1e-9)
        assert row["clips_to_detect"] == design.clips_to_detect(planned, 0.9)
        assert row["clips_to_exclude"] == design.clips_to_exclude(0.9)


def test_a_floors_error_is_the_bootstraps():
    scores = table(noisy(lambda name, role, level: 0.1 * level * (role == "test"), sd=0.2), clips=10)
    [first, _] = designs(analyse(scores, AnalysisOptions(resamples=300)))
    design = first.design
    assert design.margin_error > 0
    assert design.margin_tracks == 10


@pytest.mark.parametrize(("rules", "clips"), [(1, 24), (2, 10)])
def test_an_inconclusive_verdict_says_what_more_clips_would_show(rules, clips):
    options = AnalysisOptions(resamples=200, rules=rules)
    scores = table(
        noisy(lambda name, role, level: 0.1 * level * (role == "test" and name == "noise_like"), sd=0.2),
        clips=clips,
    )
    verdicts = analyse(scores, options).verdicts.set_index("degradation")
    row = verdicts.loc["order_like"]
    assert row["verdict"] == "inconclusive"
    assert (
        f"{clips} recordings detect a drop of {row['smallest_detectable']:.3g} or more (90 % power)"
        in row["power_note"]
    )
    more = row["clips_to_exclude"] > clips  # none that are there already are named
    assert more == (rules == 2)
    assert (f"{row['clips_to_exclude']:.0f} would exclude" in row["power_note"]) == more
    two = analyse(scores[scores.clip_id < "clip002"], options).verdicts
    assert (two["power_note"] == "2 recordings are too few to plan with.").all()


# -- from a reliability --------------------------------------------------------------------------------


def test_a_reliability_gives_the_noise_of_a_difference():
    noisy_design = from_reliability(0.8, 2.0, tests=3, rules=1)
    noise = 2.0 * math.sqrt(2 * 0.2)
    assert noisy_design.spread == pytest.approx(noise, abs=1e-12)
    assert noisy_design.net_spread == noisy_design.spread
    assert noisy_design.level_spreads == pytest.approx((noise,) * 5, abs=1e-12)
    assert noisy_design.margin == pytest.approx(scipy.stats.halfnorm.ppf(0.95) * noise, abs=1e-9)
    density = scipy.stats.halfnorm.pdf(scipy.stats.halfnorm.ppf(0.95))
    assert noisy_design.margin_error == pytest.approx(math.sqrt(0.05 * 0.95 / 4) / density * noise, abs=1e-9)
    given = from_reliability(0.8, 2.0, margin=0.5, uneven=1.0, levels=3, rules=1)
    assert given.spread == pytest.approx(math.hypot(noise, 1.0), abs=1e-12)
    assert (given.margin, given.margin_error) == (0.5, 0.0)
    assert given.level_spreads == pytest.approx((noise,) * 3, abs=1e-12)


def test_a_perfect_metric_needs_as_few_as_the_test_allows():
    perfect = from_reliability(1.0, margin=0.1, rules=1)
    assert perfect.clips_to_detect(0.2, 0.9) == 6
    assert perfect.clips_to_exclude(0.9) == 2


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ((1.2, 1.0), "reliability"),
        ((-0.1, 1.0), "reliability"),
        ((math.nan, 1.0), "reliability"),
        ((0.5, 0.0), "above 0"),
        ((0.5, math.inf), "above 0"),
    ],
)
def test_what_cannot_be_is_refused(wrong, words):
    with pytest.raises(ConfigError, match=words):
        from_reliability(*wrong)
