"""Intervals and tests for many statistics at once, against the analysis's for one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from degrade_bench.analysis.resampling import Resampler
from degrade_bench.compare.resampling import Tracks, ratios


def drawn(tracks: int, cells: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, 4, size=(cells, tracks)).astype(float)
    return rng.gamma(1.0, 1.0, size=(cells, tracks)) * counts, counts


def test_intervals_are_the_analysis_s():
    sums, counts = drawn(11, 5)
    found = Tracks(11, 1000, 3, 0.9).estimate(lambda weights: ratios(weights, sums, counts))
    one = Resampler(1000, 3).evaluate(lambda totals: totals(sums.T) / totals(counts.T), 11)
    low, high = one.intervals((0.9,))[0]
    assert found.value == pytest.approx(sums.sum(axis=1) / counts.sum(axis=1))
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))


def test_a_statistic_that_no_track_changes_has_an_interval_of_no_width():
    found = Tracks(6, 200, 0, 0.95).estimate(lambda weights: np.full((len(weights), 1), 0.5))
    assert (found.low[0], found.high[0]) == (0.5, 0.5)


def test_what_hangs_on_one_track_has_no_interval():
    sums, counts = np.zeros((1, 6)), np.zeros((1, 6))
    sums[0, 2], counts[0, 2] = 3.0, 2.0
    found = Tracks(6, 200, 0, 0.95).estimate(lambda weights: ratios(weights, sums, counts))
    assert found.value[0] == 1.5
    assert math.isnan(found.low[0])
    assert math.isnan(found.high[0])


def test_random_flips_agree_with_all_flips():
    rng = np.random.default_rng(1)
    shares = rng.normal(0.3, 1.0, size=(14, 40))
    exact = Tracks(14, 100, 0, 0.95)
    wide = Tracks(15, 100, 0, 0.95)
    assert exact.is_exact
    assert not wide.is_exact
    # a track that adds nothing changes no sum
    more = np.concatenate([shares, np.zeros((1, 40))])
    assert np.abs(exact.flip_p(shares) - wide.flip_p(more)).max() < 0.02
    assert exact.smallest_p == 2 / 2**14
    assert wide.smallest_p == 1 / 10_000


def test_p_of_nothing_is_one_and_of_the_unknown_nan():
    tracks = Tracks(5, 100, 0, 0.95)
    p = tracks.flip_p(np.array([[0.0, math.nan, 1.0]] * 5))
    assert p[0] == 1
    assert math.isnan(p[1])
    assert p[2] == 2 / 2**5
    assert math.isnan(Tracks(1, 100, 0, 0.95).flip_p(np.ones((1, 1)))[0])


def test_tests_hold_their_level():
    """Under no difference, one test in twenty is below 0.05."""
    rng = np.random.default_rng(5)
    shares = rng.choice([-1.0, 0.0, 1.0], size=(12, 4000)) * rng.random((12, 4000))
    assert np.mean(Tracks(12, 100, 0, 0.95).flip_p(shares) < 0.05) == pytest.approx(0.05, abs=0.012)
