"""One-sided tests of means against a margin: scipy's t test, limits by hand, and what must hold for any values."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from degrade_bench.analysis import AnalysisOptions
from degrade_bench.analysis.bounds import (
    Against,
    Bound,
    Spread,
    mean_intervals,
    p_beyond,
    p_negative,
    p_under,
    reach_of_means,
)
from degrade_bench.analysis.means import Clustered
from degrade_bench.analysis.resampling import Draws, Resampler

RESAMPLER = Resampler(200, 0)
OPTIONS = AnalysisOptions(resamples=200)
SIDES = np.array([-1.9, -1.2, -0.7, -0.3, 0.3, 0.7, 1.2, 1.9])
"""Symmetric about zero: no skewness."""
numbers = st.floats(-5, 5).map(lambda value: round(value, 6))
samples = st.lists(numbers, min_size=4, max_size=25).filter(lambda values: np.std(values) > 1e-3)


def clustered(values) -> Clustered:
    """One column, a clip for each track."""
    values = np.asarray(values, dtype=float)[:, None]
    return Clustered(values, np.ones_like(values))


def spread(values) -> Spread:
    return Spread.of(clustered(values), RESAMPLER)


def fixed(value: float) -> Bound:
    """A margin that was given."""
    return Bound(value, 0.0, 0.0, np.zeros(0), np.zeros(0))


def estimated(value: float, log_error: float, is_spread: bool = True) -> Bound:
    """A margin that was estimated on other clips."""
    drawn = value * np.exp(log_error * np.random.default_rng(0).standard_normal(200))
    return Bound(value, log_error, log_error, np.zeros(20), drawn, is_spread)


def independent(made: Spread) -> Spread:
    """The same with resamples that have nothing to do with any margin's."""
    return replace(made, drawn=np.full_like(made.drawn, made.means))


def p_within(made: Spread, bound: Bound) -> np.ndarray:
    return Against.of(made, bound).within()


def p_of(test, values, bound: Bound) -> float:
    return float(test(spread(values), bound)[0])


# -- a margin that was given ---------------------------------------------------------------------------


@pytest.mark.parametrize("mean", [-1.0, 0.0, 0.1, 0.5, 2.0])
@pytest.mark.parametrize("margin", [0.0, 0.1, 0.4])
def test_symmetric_values_are_tested_by_scipys_t_test(mean, margin):
    """Where it is below 0.5; the larger ones say nothing, and are 1."""
    values = SIDES + mean
    for test, side, bound in ((p_beyond, "greater", margin), (p_under, "less", margin)):
        expected = scipy.stats.ttest_1samp(values, bound, alternative=side).pvalue
        found = p_of(test, values, fixed(margin))
        assert found == pytest.approx(expected, rel=1e-6) if expected < 0.499 else found in (0.5, 1)
    sides = [
        scipy.stats.ttest_1samp(values, bound, alternative=side).pvalue
        for bound, side in ((margin, "less"), (-margin, "greater"))
    ]
    found = p_of(p_within, values, fixed(margin))
    assert found == pytest.approx(max(sides), rel=1e-6) if max(sides) < 0.5 else found == 1


def test_a_mean_of_clusters_has_their_error():
    """Clips of a track count once: as many copies of each clip as one likes are the same test."""
    once = clustered(SIDES + 0.8)
    often = Clustered(4 * once.sums, 4 * once.counts)
    for test in (p_beyond, p_under, p_within):
        one, other = (test(Spread.of(values, RESAMPLER), fixed(0.2)) for values in (once, often))
        assert one == pytest.approx(other, rel=1e-9)


@pytest.mark.parametrize(
    ("mean", "expected"), [(0.5, (0, 1, 1)), (0.125, (1, 0, 0)), (-0.5, (1, 0, 1)), (0.25, (1, 1, 1))]
)
def test_without_spread_all_is_certain(mean, expected):
    found = [p_of(test, np.full(6, mean), fixed(0.25)) for test in (p_beyond, p_under, p_within)]
    assert found == list(expected)


def test_fewer_than_two_recordings_give_no_p():
    for test in (p_beyond, p_under, p_within):
        assert math.isnan(p_of(test, [1.0], fixed(0.2)))
    nothing = Spread.of(Clustered(np.zeros((4, 1)), np.zeros((4, 1))), RESAMPLER)
    assert np.isnan(p_beyond(nothing, fixed(0.2))).all()


@settings(max_examples=40, deadline=None)
@given(samples, st.floats(0, 2), st.floats(0.01, 2))
def test_p_falls_as_the_mean_moves_away(values, margin, more):
    values = np.array(values)
    for bound in (fixed(margin), estimated(max(margin, 0.01), 0.3)):
        made = independent(spread(values))
        farther, nearer = (replace(made, means=made.means + step) for step in (more, -more))
        assert p_beyond(farther, bound) <= p_beyond(made, bound) + 1e-12
        assert p_under(nearer, bound) <= p_under(made, bound) + 1e-12


@settings(max_examples=40, deadline=None)
@given(samples, st.floats(0.01, 2))
def test_the_other_sign_is_the_other_side(values, margin):
    made = spread(values)
    other = spread(-np.array(values))
    for bound in (fixed(margin), estimated(margin, 0.3)):
        assert p_beyond(made.mirrored(), bound) == pytest.approx(p_beyond(other, bound), rel=1e-6, abs=1e-12)
        assert p_within(made, bound) == pytest.approx(p_within(other, bound), rel=1e-6, abs=1e-12)
    assert p_negative(made) == pytest.approx(p_beyond(made.mirrored(), fixed(0.0)), abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(samples, st.floats(0.01, 2), st.sampled_from([1e-140, 1e-9, 1e6, 1e140]))
def test_a_scores_unit_is_no_matter(values, margin, unit):
    values, bound = np.array(values), estimated(margin, 0.3)
    scaled = replace(bound, value=bound.value * unit, drawn=bound.drawn * unit)
    for test in (p_beyond, p_under, p_within):
        with np.errstate(over="raise"):
            assert p_of(test, unit * values, scaled) == pytest.approx(
                p_of(test, values, bound), rel=1e-6, abs=1e-12
            )


# -- skewness ------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(samples, st.floats(0, 2))
def test_skewness_only_ever_widens(values, margin):
    made = spread(values)
    plain = replace(made, skewness=np.zeros_like(made.skewness))
    for test in (p_beyond, p_under, p_within):
        assert test(made, fixed(margin)) >= test(plain, fixed(margin)) - 1e-12


def test_skewness_widens_the_side_of_the_long_tail():
    errors, tracks, reach = np.ones(1), np.array([12]), np.array([2.0])
    for skewness in (-1.5, 0.0, 1.5):
        over = reach_of_means(reach, errors, np.array([skewness]), tracks)[0]
        assert over == pytest.approx(2.0 + max(0.0, skewness) * (1 + 2 * 2.0**2) / (6 * math.sqrt(12)))
    far, farther = (reach_of_means(np.array([out]), errors, np.array([1.5]), tracks)[0] for out in (30.0, 40.0))
    assert farther - far == pytest.approx(10)  # no further out than at 95 %


def test_a_skewed_mean_is_rarely_said_to_lie_above_where_it_does_not():
    """Exponential values, 12 of them: the plain t test errs in 11 % of samples to the left, this less."""
    values = np.random.default_rng(0).exponential(size=(2000, 12)) - 1
    made = Spread.of(Clustered(values.T.copy(), np.ones((12, 2000))), Resampler(100, 0))
    plain = replace(made, skewness=np.zeros(2000))
    rates = [float((p_negative(means) < 0.05).mean()) for means in (made, plain)]
    assert rates[0] < 0.1 < rates[1]


# -- a margin that is an estimate ----------------------------------------------------------------------


def test_a_margins_error_makes_every_p_larger():
    for mean in (0.9, 1.5):
        made = independent(spread(SIDES / 4 + mean))
        sure, unsure = (p_beyond(made, bound)[0] for bound in (fixed(0.5), estimated(0.5, 0.3)))
        assert sure < unsure < 0.5
    for mean in (-0.1, 0.1):
        made = independent(spread(SIDES / 4 + mean))
        for test in (p_under, p_within):
            sure, unsure = (test(made, bound)[0] for bound in (fixed(0.5), estimated(0.5, 0.3)))
            assert sure < unsure < 0.5


def test_limits_are_those_of_mover_by_hand():
    """At the level of its own p, the lower limit of mean − margin is 0."""
    made, error = independent(spread(SIDES / 4 + 1.0)), float(scipy.stats.sem(SIDES / 4))
    for is_spread in (True, False):
        bound = estimated(0.5, 0.3, is_spread)
        reach = scipy.stats.t.isf(float(p_beyond(made, bound)[0]), 7)
        few = 20 / (20 - min(reach, 1.96))  # of the bound's recordings
        outwards = 0.5 * (math.sqrt(few) * math.exp(few * 0.3 * reach) - 1 if is_spread else 0.3 * reach)
        assert math.hypot(error * reach, outwards) == pytest.approx(1.0 - 0.5, rel=1e-6)
    p = float(p_under(independent(spread(SIDES / 4)), bound)[0])
    reach = scipy.stats.t.isf(p, 7)
    assert math.hypot(error * reach, 0.5 * (1 - math.exp(-0.3 * reach))) == pytest.approx(0.5, rel=1e-6)


def test_what_moves_with_the_margin_is_told_from_it_more_surely():
    values = SIDES / 4 + 1.0
    made = spread(values)
    pulled = 0.5 * (made.drawn[:, 0] - 1.0)
    together, against = (Bound(0.5, 0.15, 0.15, np.zeros(20), 0.5 + sign * pulled) for sign in (1, -1))
    assert together.with_means(made.drawn) == pytest.approx([1.0])
    assert against.with_means(made.drawn) == pytest.approx([-1.0])
    alone = p_beyond(independent(made), together)
    assert p_beyond(made, together) < alone < p_beyond(made, against)


def test_correlations_are_numpys_over_resamples_that_both_have():
    rng = np.random.default_rng(3)
    margin = rng.uniform(0.5, 1, 200)
    means = np.column_stack([rng.standard_normal(200) + 2 * margin, np.full(200, 0.3), rng.standard_normal(200)])
    means[:20, 0], margin[180:] = math.nan, math.nan
    bound = Bound(0.75, 0.2, 0.2, np.zeros(20), margin)
    expected = [
        np.corrcoef(margin[20:180], means[20:180, 0])[0, 1],
        0.0,
        np.corrcoef(margin[:180], means[:180, 2])[0, 1],
    ]
    assert bound.with_means(means) == pytest.approx(expected, abs=1e-12)


def test_no_drop_at_all_lies_within_a_margin_that_is_uncertain():
    nothing = np.zeros(12)
    for log_error in (0.05, 0.3, 1.0):
        assert p_of(p_within, nothing, estimated(0.5, log_error)) < 1e-6
        assert p_of(p_beyond, nothing, estimated(0.5, log_error)) == 1


def test_a_bound_of_draws():
    drawn = np.array([[0.4], [0.5], [0.6], [math.nan], [0.5]])
    bound = Bound.of(Draws(np.array([0.5]), drawn, np.zeros((9, 1))))
    expected = np.std(np.log([0.4, 0.5, 0.6, 0.5])) * math.sqrt(9 / 8)
    assert (bound.value, bound.log_below, bound.log_above) == (0.5, *2 * (pytest.approx(expected),))
    alike = Bound.of(Draws(np.array([0.5]), np.full((5, 1), 0.5), np.zeros((9, 1))))
    one_track = Bound.of(Draws(np.array([0.5]), drawn, np.zeros((1, 1))))
    none = Bound.of(Draws(np.array([0.0]), np.zeros((5, 1)), np.zeros((9, 1))))
    assert [bound.log_below + bound.log_above for bound in (alike, one_track, none)] == [0, 0, 0]


def test_a_spread_that_one_recording_makes_has_a_low_limit_and_no_absurd_upper_one():
    """A third of the resamples lack that recording, and have no spread at all."""
    drawn = np.where(np.arange(300) % 3 == 0, 0.0, np.linspace(0.8, 1.2, 300))[:, None]
    bound = Bound.of(Draws(np.array([1.0]), drawn, np.zeros((14, 1))))
    assert bound.log_below > 3
    assert bound.log_above < 0.5


# -- intervals -----------------------------------------------------------------------------------------


def test_intervals_of_symmetric_values_are_scipys():
    ends = mean_intervals(clustered(SIDES + 0.4), RESAMPLER, (0.95, 0.9), OPTIONS)[:, :, 0]
    for confidence, interval in zip((0.95, 0.9), ends, strict=True):
        theirs = scipy.stats.ttest_1samp(SIDES + 0.4, 0).confidence_interval(confidence)
        assert interval == pytest.approx([theirs.low, theirs.high], abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(samples, st.floats(-2, 2))
def test_an_interval_ends_where_the_test_begins_to_reject(values, margin):
    """The two-sided 90 % interval lies above a given margin just where the one-sided p is under 0.05."""
    low, high = mean_intervals(clustered(values), RESAMPLER, (0.9,), OPTIONS)[0, :, 0]
    if min(abs(low - abs(margin)), abs(high - abs(margin))) < 1e-6:
        return
    assert (p_of(p_beyond, values, fixed(abs(margin))) < 0.05) == (low > abs(margin))
    assert (p_of(p_under, values, fixed(abs(margin))) < 0.05) == (high < abs(margin))


def test_intervals_of_rules_1_are_the_bootstraps():
    values = clustered(np.random.default_rng(1).exponential(size=10))
    first = mean_intervals(values, RESAMPLER, (0.95,), AnalysisOptions(resamples=200, rules=1))
    assert np.array_equal(first, values.intervals(RESAMPLER, (0.95,)))
    assert np.isnan(mean_intervals(clustered([1.0]), RESAMPLER, (0.95,), OPTIONS)).all()


def test_a_drop_that_is_the_margin_exactly_is_neither_beyond_nor_within_it():
    alike = np.full(14, 0.2)
    assert p_of(p_beyond, alike, fixed(0.1 + 0.1)) == 1
    assert p_of(p_under, alike, fixed(0.3 - 0.1)) == 1
