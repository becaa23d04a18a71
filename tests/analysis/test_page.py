"""Page's test: scipy's numbers, and ties by hand."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import scipy.stats

from degrade_bench.analysis.page import page_trend


@pytest.mark.parametrize(
    ("tracks", "levels"), [(2, 3), (20, 3), (21, 3), (6, 5), (12, 5), (13, 5), (30, 5), (5, 8), (5, 9), (24, 10)]
)
@pytest.mark.parametrize("shift", [-0.3, 0.0, 0.5])
def test_page_without_ties_is_scipys(tracks, levels, shift):
    means = np.random.default_rng(tracks).standard_normal((tracks, levels)) + shift * np.arange(levels)
    theirs = scipy.stats.page_trend_test(means)
    ours = page_trend(means)
    assert ours == pytest.approx((theirs.statistic, theirs.pvalue), abs=1e-9)
    if theirs.method == "exact":
        assert ours == (theirs.statistic, theirs.pvalue), "to the last bit"


def test_page_with_ties_by_hand():
    """Ranks (1, 2, 3), (1.5, 1.5, 3), (2, 2, 2); weights 1, 2, 3.

    L = 14 + 13.5 + 12 = 39.5; E(L) = 3 · 3 · 16 / 4 = 36. The permutation variance of a row's part of L is
    Σ(r − 2)² · Σ(w − 2)² / (3 − 1): 2 · 2 / 2 = 2, 1.5 · 2 / 2 = 1.5, 0.
    """
    means = np.array([[0.1, 0.2, 0.3], [0.0, 0.0, 1.0], [5.0, 5.0, 5.0]])
    trend = page_trend(means)
    assert trend == pytest.approx((39.5, scipy.stats.norm.sf(3.5 / math.sqrt(3.5))), abs=1e-12)


def test_page_variance_with_ties_is_that_over_every_order():
    means = np.array([[0, 0, 1, 2], [1, 0, 0, 0], [3, 1, 1, 3], [0, 1, 2, 3]], dtype=float)
    ranks = scipy.stats.rankdata(means, axis=1)
    orders = [[np.dot(p, [1, 2, 3, 4]) for p in itertools.permutations(row)] for row in ranks]
    statistic = (ranks * [1, 2, 3, 4]).sum()
    z = (statistic - sum(map(np.mean, orders))) / math.sqrt(sum(map(np.var, orders)))
    assert page_trend(means) == pytest.approx((statistic, scipy.stats.norm.sf(z)), abs=1e-9)


def test_page_of_too_little_or_of_nothing_but_ties():
    assert np.isnan(page_trend(np.ones((1, 5)))).all()
    assert np.isnan(page_trend(np.ones((9, 2)))).all()
    assert page_trend(np.ones((4, 3))) == (48.0, 1.0)
