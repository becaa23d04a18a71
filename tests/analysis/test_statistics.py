"""Every statistic against another way of computing it."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from degrade_bench.analysis import statistics as stat

DROPS = np.array([0.3, -0.1, 0.45, 0.02, 0.6, 0.0, 0.25, -0.05, 0.8, 0.31])


def weights(count: int, resamples: int = 4000, seed: int = 0) -> np.ndarray:
    return stat.bootstrap_weights(count, resamples, seed)


def written_out_bca(values: np.ndarray, drawn: np.ndarray, confidence: float) -> tuple[float, float]:
    """Efron's formulas, line by line, for the mean of independent values."""
    n = len(values)
    means = sorted(sum(w * v for w, v in zip(row, values, strict=True)) / n for row in drawn)
    mean = sum(values) / n
    below = sum(0.5 if math.isclose(m, mean, abs_tol=1e-12) else float(m < mean) for m in means)
    z0 = scipy.stats.norm.ppf(below / len(means))
    jackknife = [(sum(values) - v) / (n - 1) for v in values]
    centre = sum(jackknife) / n
    a = sum((centre - j) ** 3 for j in jackknife) / (6 * sum((centre - j) ** 2 for j in jackknife) ** 1.5)
    ends = []
    for tail in ((1 - confidence) / 2, (1 + confidence) / 2):
        z = z0 + scipy.stats.norm.ppf(tail)
        ends.append(float(np.quantile(means, scipy.stats.norm.cdf(z0 + z / (1 - a * z)))))
    return ends[0], ends[1]


def test_bca_is_efrons():
    drawn = weights(10, 1000)
    for confidence in (0.95, 0.9):
        [found] = stat.bca_intervals(DROPS, np.ones(10), drawn, (confidence,))
        assert found == pytest.approx(written_out_bca(DROPS, drawn, confidence), abs=1e-9)


@pytest.mark.parametrize("skewed", [False, True])
def test_bca_agrees_with_scipy_up_to_resampling(skewed):
    rng = np.random.default_rng(3)
    values = rng.exponential(size=30) if skewed else rng.standard_normal(30)
    [(low, high)] = stat.bca_intervals(values, np.ones(30), weights(30, 9999), (0.95,))
    theirs = scipy.stats.bootstrap((values,), np.mean, n_resamples=9999, method="BCa", rng=1).confidence_interval
    assert low == pytest.approx(theirs.low, abs=0.06 * (theirs.high - theirs.low))
    assert high == pytest.approx(theirs.high, abs=0.06 * (theirs.high - theirs.low))


def test_bca_of_clusters_is_that_of_their_rows_taken_together():
    """Two tracks of three rows and one of one: the mean is over rows, the resampling over tracks."""
    sums, counts = np.array([3.0, 6.0, 0.5, 2.0]), np.array([3.0, 3.0, 1.0, 2.0])
    drawn = weights(4, 500)
    [(low, high)] = stat.bca_intervals(sums, counts, drawn, (0.95,))
    means = [(row @ sums) / (row @ counts) for row in drawn]
    assert min(means) <= low < sums.sum() / counts.sum() < high <= max(means)


def test_giving_every_clip_four_times_does_not_narrow_the_interval():
    drawn = weights(10, 2000)
    once = stat.bca_intervals(DROPS, np.ones(10), drawn, (0.95, 0.9))
    often = stat.bca_intervals(4 * DROPS, 4 * np.ones(10), drawn, (0.95, 0.9))
    assert np.allclose(once, often, atol=1e-12)


def test_intervals_where_there_is_nothing_to_resample():
    assert stat.bca_intervals(np.array([1.0]), np.ones(1), weights(1, 100), (0.95,)) == [
        pytest.approx((math.nan,) * 2, nan_ok=True)
    ]
    assert stat.bca_intervals(np.full(5, 0.25), np.ones(5), weights(5, 100), (0.95,)) == [(0.25, 0.25)]
    assert stat.bca_intervals(np.zeros(5), np.ones(5), weights(5, 100), (0.95, 0.9)) == [(0.0, 0.0)] * 2


def test_bca_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    drawn = weights(24, 600)
    hits = 0
    for _ in range(400):
        values = rng.exponential(size=24) if _ % 2 else rng.standard_normal(24) + 1
        [(low, high)] = stat.bca_intervals(values, np.ones(24), drawn, (0.95,))
        hits += low <= 1.0 <= high
    assert 0.90 <= hits / 400 <= 0.98


def test_bootstrap_weights_are_their_own_and_leave_global_state_alone():
    state = np.random.get_state()[1].copy()
    assert np.array_equal(weights(7), weights(7))
    assert not np.array_equal(weights(7), weights(7, seed=1))
    assert (weights(7).sum(axis=1) == 7).all()
    assert np.array_equal(np.random.get_state()[1], state)


def test_effect_size():
    assert stat.effect_dz(DROPS) == pytest.approx(np.mean(DROPS) / np.std(DROPS, ddof=1), abs=1e-12)
    assert math.isnan(stat.effect_dz(np.array([1.0])))
    assert math.isnan(stat.effect_dz(np.full(5, 0.1)))


def test_concordance_counts_ties_as_half():
    assert stat.concordance(DROPS) == (pytest.approx(0.75), 1)
    assert stat.concordance(np.zeros(4)) == (0.5, 4)
    share, ties = stat.concordance(np.array([]))
    assert math.isnan(share)
    assert ties == 0


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
@given(st.lists(st.integers(1, 1000), min_size=3, max_size=9, unique=True), st.integers(0, 511))
def test_wilcoxon_by_all_sign_flips(sizes, signs):
    values = np.array([size * (1 if signs >> k & 1 else -1) for k, size in enumerate(sizes)], dtype=float)
    assert stat.wilcoxon_p(values) == pytest.approx(exact_signed_rank_p(values), abs=1e-9)


def test_wilcoxon_with_zeros_and_ties_is_scipys_pratt():
    values = np.array([0.0, 0.2, 0.2, -0.2, 0.4, 0.0, 0.5, 0.7, -0.1, 0.3, 0.3, 0.6])
    expected = scipy.stats.wilcoxon(values, zero_method="pratt").pvalue
    assert stat.wilcoxon_p(values) == pytest.approx(float(expected), abs=1e-9)
    assert stat.wilcoxon_p(np.zeros(8)) == 1.0
    assert math.isnan(stat.wilcoxon_p(np.array([1.0])))


def test_holm_by_hand():
    adjusted = stat.holm([0.01, math.nan, 0.04, 0.03, 0.005])
    assert adjusted[[4, 0, 3, 2]] == pytest.approx([0.02, 0.03, 0.06, 0.06], abs=1e-12)
    assert math.isnan(adjusted[1])
    assert np.isnan(stat.holm([math.nan, math.nan])).all()
    assert len(stat.holm([])) == 0


def test_kendall_is_the_mean_over_clips():
    frame = pd.DataFrame(
        {
            "clip_id": ["a"] * 5 + ["b"] * 5 + ["c"] * 2 + ["d"],
            "level": [1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2, 1],
            "drop": [0.1, 0.2, 0.2, 0.5, 0.4, 5, 4, 3, 2, 1, 0, 0, 9.0],
        }
    )
    first = (8 - 1) / math.sqrt(10 * 9)  # eight pairs up, one down, one tied
    assert stat.kendall_with_level(frame) == pytest.approx((first - 1) / 2, abs=1e-12)
    assert math.isnan(stat.kendall_with_level(frame[frame.clip_id == "c"]))


def test_tracks():
    frame = pd.DataFrame({"track": ["b", "a", "b"], "drop": [1.0, 5.0, 3.0]})
    assert stat.track_means(frame, "drop").tolist() == [5.0, 2.0]
    sums, counts = stat.track_sums(frame, "drop", ["a", "b", "c"])
    assert sums.tolist() == [5.0, 4.0, 0.0]
    assert counts.tolist() == [1.0, 2.0, 0.0]
