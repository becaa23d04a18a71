"""Every effect and test against scipy, statsmodels, or a count of every case."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import ttost_paired

from degrade_bench.analysis import statistics as stat

DROPS = np.array([0.3, -0.1, 0.45, 0.02, 0.6, 0.0, 0.25, -0.05, 0.8, 0.31])
TIED = np.array([0.0, 0.25, 0.25, -0.25, 0.5, 0.0, 0.5, 0.75, -0.125, 0.375, 0.375, 0.625])
NAN = math.nan


def one(values: np.ndarray) -> float:
    return float(stat.wilcoxon_p(np.asarray(values, dtype=float)[:, None])[0])


# -- effects -------------------------------------------------------------------------------------------


def test_effect_size():
    assert stat.effect_dz(DROPS) == pytest.approx(np.mean(DROPS) / np.std(DROPS, ddof=1), abs=1e-12)
    # one-sample t is d_z · √n
    assert stat.effect_dz(DROPS) * math.sqrt(10) == pytest.approx(
        scipy.stats.ttest_1samp(DROPS, 0).statistic, abs=1e-9
    )
    assert math.isnan(stat.effect_dz(np.array([1.0])))
    assert math.isnan(stat.effect_dz(np.full(5, 0.1)))
    assert math.isnan(stat.effect_dz(np.zeros(5)))


def test_concordance_counts_ties_as_half():
    assert stat.concordance(DROPS) == (pytest.approx(0.75), 1)
    assert stat.concordance(np.zeros(4)) == (0.5, 4)
    share, ties = stat.concordance(np.array([]))
    assert math.isnan(share)
    assert ties == 0


def test_wilson_is_statsmodels_column_by_column():
    shares, tracks = np.array([0.75, 0.0, 1.0, 0.5, NAN, 0.4]), np.array([10, 6, 6, 1, 4, 0])
    low, high = stat.wilson(shares, tracks, 0.9)
    for k in range(4):
        expected = proportion_confint(shares[k] * tracks[k], tracks[k], alpha=0.1, method="wilson")
        assert (low[k], high[k]) == pytest.approx(expected, abs=1e-9)
    # Wilson's own formula, at 7.5 of 10
    z = scipy.stats.norm.ppf(0.95)
    centre, half = 0.75 + z**2 / 20, z * math.sqrt(0.75 * 0.25 / 10 + z**2 / 400)
    assert (low[0], high[0]) == pytest.approx(
        ((centre - half) / (1 + z**2 / 10), (centre + half) / (1 + z**2 / 10))
    )
    assert np.isnan([low[4:], high[4:]]).all()


def test_aces_tau_counts_ties_as_discordant():
    assert stat.aces_tau(DROPS) == pytest.approx((7 - 3) / 10, abs=1e-12)
    assert stat.aces_tau(np.zeros(3)) == -1.0
    assert math.isnan(stat.aces_tau(np.array([])))


# -- signed ranks --------------------------------------------------------------------------------------


def exact_signed_rank_p(values: np.ndarray) -> float:
    """Two-sided p by all sign flips, for differences without ties and zeros."""
    ranks = scipy.stats.rankdata(np.abs(values))
    observed = ranks[values > 0].sum()
    every = [
        sum(r for r, s in zip(ranks, signs, strict=True) if s)
        for signs in itertools.product((0, 1), repeat=len(values))
    ]
    lower, upper = np.mean([e <= observed for e in every]), np.mean([e >= observed for e in every])
    return min(1.0, 2 * min(lower, upper))


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.lists(st.integers(1, 1000), min_size=2, max_size=9, unique=True), st.integers(0, 511))
def test_wilcoxon_by_all_sign_flips(sizes, signs):
    values = np.array([size * (1 if signs >> k & 1 else -1) for k, size in enumerate(sizes)], dtype=float)
    assert one(values) == pytest.approx(exact_signed_rank_p(values), abs=1e-9)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.integers(-6, 8), min_size=2, max_size=70))
def test_wilcoxon_with_zeros_and_ties_is_scipys_pratt_where_scipys_limits_are_asked_for(values):
    values = np.array(values, dtype=float)
    if not values.any():
        assert one(values) == 1.0
        return
    expected = min(1.0, float(scipy.stats.wilcoxon(values, zero_method="pratt").pvalue))
    assert stat.wilcoxon_p(values[:, None], tied_exact=13)[0] == pytest.approx(expected, abs=1e-9)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.integers(-5, 5), min_size=14, max_size=50).filter(any))
def test_wilcoxon_is_exact_with_ties_up_to_fifty_tracks(values):
    values = np.array(values, dtype=float)
    ranks = scipy.stats.rankdata(np.abs(values))[values != 0]
    chances = {0.0: 1.0}
    for rank in ranks:
        added: dict[float, float] = {}
        for total, chance in chances.items():
            for reached in (total, total + rank):
                added[reached] = added.get(reached, 0.0) + chance / 2
        chances = added
    observed = scipy.stats.rankdata(np.abs(values))[values > 0].sum()
    lower = sum(chance for total, chance in chances.items() if total <= observed)
    upper = sum(chance for total, chance in chances.items() if total >= observed)
    assert one(values) == pytest.approx(min(1.0, 2 * min(lower, upper)), abs=1e-9)


def test_a_drop_in_every_clip_is_as_certain_with_fourteen_tied_clips_as_with_thirteen():
    drops = np.repeat([10.0, 20.0, 30.0], 5)
    assert [one(drops[:count]) for count in (13, 14)] == [2.0**-12, 2.0**-13]


@pytest.mark.parametrize("count", [6, 13, 50, 51, 200])
def test_wilcoxon_of_plain_values_is_scipys_default(count):
    rng = np.random.default_rng(count)
    for shift in (0.0, 0.2, 3.0):
        values = rng.standard_normal(count) + shift
        assert one(values) == pytest.approx(float(scipy.stats.wilcoxon(values).pvalue), abs=1e-9)


def test_wilcoxon_passes_over_missing_tracks_column_by_column():
    columns = np.column_stack([DROPS, np.append(TIED[:9], NAN), np.r_[NAN, DROPS[:8], NAN], np.full(10, NAN)])
    p_values = stat.wilcoxon_p(columns)
    assert p_values[:3] == pytest.approx([one(DROPS), one(TIED[:9]), one(DROPS[:8])], abs=1e-12)
    assert math.isnan(p_values[3])
    assert math.isnan(one([1.0]))
    assert one(np.zeros(8)) == 1.0


def test_wilcoxon_has_no_scale_and_no_side():
    for scale in (1e150, 1e-150, -1.0):
        assert one(scale * DROPS[DROPS != 0]) == pytest.approx(one(DROPS[DROPS != 0]), abs=1e-12)
    assert one(-TIED) == pytest.approx(one(TIED), abs=1e-12)


# -- sign flips ----------------------------------------------------------------------------------------


def every_flip(values: np.ndarray) -> float:
    observed = abs(values.sum())
    sums = [abs(np.dot(signs, values)) for signs in itertools.product((1, -1), repeat=len(values))]
    return float(np.mean([total >= observed - 1e-9 for total in sums]))


def test_sign_flips_are_all_tried_for_few_tracks():
    columns = np.column_stack([DROPS, np.r_[TIED[:8], NAN, NAN], np.zeros(10), np.r_[0.5, np.full(9, NAN)], -DROPS])
    p_values = stat.sign_flip_p(columns, 100, 0)
    assert p_values[0] == pytest.approx(every_flip(DROPS), abs=1e-12)
    assert p_values[1] == pytest.approx(every_flip(TIED[:8]), abs=1e-12)
    assert p_values[2] == 1.0
    assert math.isnan(p_values[3])
    assert p_values[4] == p_values[0]
    assert np.isnan(stat.sign_flip_p(np.full((3, 2), NAN), 100, 0)).all()


def test_sign_flips_are_scipys_permutation_test():
    theirs = scipy.stats.permutation_test(
        (DROPS,), np.mean, permutation_type="samples", n_resamples=np.inf, alternative="two-sided"
    )
    assert stat.sign_flip_p(DROPS[:, None], 100, 0)[0] == pytest.approx(theirs.pvalue, abs=1e-9)


def test_sign_flips_are_drawn_for_many_tracks_and_count_the_sample_itself():
    values = np.random.default_rng(1).standard_normal((14, 1)) + 0.45
    exact = every_flip(values[:, 0])
    p_value = stat.sign_flip_p(values, 9999, 0)[0]
    assert p_value == pytest.approx(exact, abs=4.5 * math.sqrt(exact * (1 - exact) / 9999))
    assert p_value == stat.sign_flip_p(values, 9999, 0)[0]
    assert stat.sign_flip_p(np.full((40, 1), 0.3), 999, 0)[0] == 1 / 1000


def test_random_flips_agree_with_all_flips():
    shares = np.random.default_rng(1).normal(0.3, 1.0, size=(14, 40))
    more = np.vstack([shares, np.zeros((1, 40))])  # a track that adds nothing changes no sum
    assert np.abs(stat.sign_flip_p(shares, 9999, 0) - stat.sign_flip_p(more, 9999, 0)).max() < 0.02
    assert stat.smallest_flip_p(14, 9999) == 2 / 2**14 == stat.sign_flip_p(np.ones((14, 1)), 9999, 0)[0]
    assert stat.smallest_flip_p(15, 9999) == 1 / 10_000


def test_p_of_nothing_is_one_and_of_the_unknown_nan():
    p = stat.sign_flip_p(np.array([[0.0, NAN, 1.0]] * 5), 100, 0)
    assert p[0] == 1
    assert np.isnan(p[1])
    assert p[2] == 2 / 2**5
    assert np.isnan(stat.sign_flip_p(np.ones((1, 1)), 100, 0)[0])


def test_sign_flips_hold_their_level():
    """Under no difference, one test in twenty is below 0.05."""
    rng = np.random.default_rng(5)
    shares = rng.choice([-1.0, 0.0, 1.0], size=(12, 4000)) * rng.random((12, 4000))
    assert np.mean(stat.sign_flip_p(shares, 100, 0) < 0.05) == pytest.approx(0.05, abs=0.012)


# -- equivalence ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("margin", [0.1, 0.3, 0.5, 1.0])
def test_equivalence_is_the_two_one_sided_t_tests(margin):
    mean, error = np.array([DROPS.mean()]), np.array([scipy.stats.sem(DROPS)])
    [p_value] = stat.equivalence_p(mean, error, error, margin, np.array([10]))
    assert p_value == pytest.approx(ttost_paired(DROPS, np.zeros(10), -margin, margin)[0], abs=1e-9)
    over = scipy.stats.ttest_1samp(DROPS, -margin, alternative="greater").pvalue
    under = scipy.stats.ttest_1samp(DROPS, margin, alternative="less").pvalue
    assert p_value == pytest.approx(max(over, under), abs=1e-9)


def test_equivalence_takes_an_error_for_each_side():
    centre = np.array([0.1, -0.1])
    p_values = stat.equivalence_p(centre, np.array([0.2, 0.2]), np.array([0.05, 0.05]), 0.3, np.array([8, 8]))
    lower = scipy.stats.t.sf([0.4 / 0.2, 0.2 / 0.2], 7)
    upper = scipy.stats.t.sf([0.2 / 0.05, 0.4 / 0.05], 7)
    assert p_values == pytest.approx(np.maximum(lower, upper), abs=1e-12)


def test_equivalence_without_spread_or_tracks():
    centre, zero = np.array([0.1, 0.3, 0.4, -0.3, 0.0]), np.zeros(5)
    assert stat.equivalence_p(centre, zero, zero, 0.3, np.full(5, 8)).tolist() == [0.0, 1.0, 1.0, 1.0, 0.0]
    unknown = stat.equivalence_p(
        np.array([NAN, 0.1, 0.1]), np.array([1, NAN, 1]), np.ones(3), 1, np.array([5, 5, 1])
    )
    assert np.isnan(unknown).all()


# -- many tests ----------------------------------------------------------------------------------------


def test_holm_by_hand():
    adjusted = stat.holm([0.01, NAN, 0.04, 0.03, 0.005])
    assert adjusted[[4, 0, 3, 2]] == pytest.approx([0.02, 0.03, 0.06, 0.06], abs=1e-12)
    assert math.isnan(adjusted[1])
    assert np.isnan(stat.holm([NAN, NAN])).all()
    assert len(stat.holm([])) == 0


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from([0.0, 0.001, 0.01, 0.01, 0.02, 0.04, 0.3, 0.9, 1.0]), min_size=1, max_size=12))
def test_holm_is_statsmodels(p_values):
    assert stat.holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1], abs=1e-12)


# -- trends --------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.lists(st.sampled_from([NAN, 0.0, 0.5, 1.0, 1.5, 2.0]), min_size=5, max_size=5), min_size=1))
def test_kendall_is_scipys_clip_by_clip(rows):
    rows = np.array(rows)
    taus = stat.kendall_tau(rows)
    for row, tau in zip(rows, taus, strict=True):
        finite = np.isfinite(row)
        if finite.sum() < 2 or np.ptp(row[finite]) == 0:
            assert math.isnan(tau)
        else:
            expected = scipy.stats.kendalltau(np.arange(5)[finite], row[finite], variant="b").statistic
            assert tau == pytest.approx(expected, abs=1e-9)


def test_kendall_by_hand():
    assert stat.kendall_tau(np.array([[0.1, 0.2, 0.2, 0.5, 0.4]])) == pytest.approx([(8 - 1) / math.sqrt(10 * 9)])


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.integers(-5, 5), min_size=2, max_size=20))
def test_signed_ranks_lean_to_the_side_of_the_larger_sum(values):
    values = np.array([*values, np.nan], dtype=float)
    known = values[:-1]
    ranks = scipy.stats.rankdata(np.abs(known))
    expected = np.sign(ranks[known > 0].sum() - ranks[known < 0].sum())
    assert stat.rank_direction(values[:, None]).tolist() == [expected]


def test_one_huge_value_does_not_turn_the_ranks():
    values = np.array([1000.0, *np.linspace(-2, -1, 11)])
    assert values.mean() > 0
    assert stat.rank_direction(values[:, None]).tolist() == [-1]
