"""The correction over damages: no more than Holm's, and less where the tests hang together."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats

from degrade_bench.analysis import statistics as stat
from degrade_bench.analysis.together import corrected

RNG = np.random.default_rng(0)
APART = RNG.standard_normal((4000, 5))
"""Pulls of so many tracks that their columns hang together by chance alone."""
P = np.array([0.004, 0.2, 0.01, 0.6, 0.03])


def test_nothing_is_made_of_one_test():
    assert corrected(np.array([0.03]), APART[:, :1], 0).tolist() == [0.03]
    assert corrected(np.array([math.nan, 0.03]), APART[:, :2], 0) == pytest.approx([math.nan, 0.03], nan_ok=True)
    assert corrected(np.array([]), APART[:, :0], 0).tolist() == []


@pytest.mark.parametrize("seed", [0, 1])
def test_it_lies_between_no_correction_and_holms_in_the_same_order(seed):
    for pulls in (APART, APART + 3 * APART[:, :1], RNG.standard_normal((6, 5)), np.zeros((9, 5))):
        values = corrected(P, pulls, seed)
        assert (values >= P).all()
        assert (values <= stat.holm(P)).all()
        assert (np.diff(values[np.argsort(P)]) >= 0).all()


def test_strangers_are_corrected_as_strangers_are():
    """The smallest of five independent p values: Šidák's, stepping down."""
    order = np.argsort(P)
    steps = np.maximum.accumulate([1 - (1 - p) ** (5 - place) for place, p in enumerate(P[order])])
    assert corrected(P, APART, 0)[order] == pytest.approx(steps, abs=0.015)


def test_copies_of_one_test_need_no_correction():
    values = corrected(P, np.repeat(APART[:, :1], 5, axis=1), 0)
    assert values == pytest.approx(P, abs=0.015)


def test_families_of_nothing_are_wrong_as_rarely_as_they_say():
    """Of 400 families of five correlated tests of nothing, about 5 % have any p under 0.05."""
    tracks, wrong = 30, 0
    rng = np.random.default_rng(1)
    for _ in range(400):
        values = rng.standard_normal((tracks, 5)) + 1.5 * rng.standard_normal((tracks, 1))
        p = scipy.stats.ttest_1samp(values, 0, alternative="greater").pvalue
        wrong += bool((corrected(p, values - values.mean(axis=0), 0) < 0.05).any())
    assert scipy.stats.binomtest(wrong, 400, 0.05).pvalue > 0.001


def test_a_test_without_pulls_errs_alone_and_missing_ones_stay_missing():
    pulls = APART.copy()
    pulls[:, 1] = 0
    p = np.array([0.02, 0.0, math.nan, 0.5, 0.04])
    values = corrected(p, pulls, 0)
    assert math.isnan(values[2])
    assert np.isfinite(np.delete(values, 2)).all()
    assert (np.delete(values, 2) <= np.delete(stat.holm(p), 2) + 1e-12).all()
