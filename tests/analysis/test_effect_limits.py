"""Limits of d_z and their powers against scipy's noncentral t, and against how often they are wrong."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats

from degrade_bench.analysis import effect_limits
from degrade_bench.analysis.effect_limits import dz_limits


def normal(tracks: int, dz: float, seed: int) -> np.ndarray:
    return np.random.Generator(np.random.Philox(key=seed)).standard_normal(tracks) + dz


@pytest.mark.parametrize("dz", [0.0, 0.7, 2.5, -1.0])
def test_limits_are_the_noncentral_ts_or_lie_farther_out(dz):
    for seed in range(5):
        values = normal(12, dz, seed)
        limits = dz_limits(values, 0.05)
        t, root = values.mean() / values.std(ddof=1) * 12**0.5, 12**0.5
        assert limits.dz == pytest.approx(t / root)
        assert scipy.stats.nct.sf(t, 11, limits.low * root) <= 0.05 + 1e-6
        assert scipy.stats.nct.cdf(t, 11, limits.high * root) <= 0.05 + 1e-6


def skewed(tracks: int, dz: float, seed: int) -> np.ndarray:
    """Skewed downwards as far as an exponential: most recordings lose a little more, few much less."""
    return 1 - np.random.Generator(np.random.Philox(key=seed)).exponential(size=tracks) + dz


@pytest.mark.parametrize(("draw", "most"), [(normal, 0.05), (skewed, 0.12)])
@pytest.mark.parametrize("tracks", [6, 14])
def test_how_often_each_limit_is_wrong(draw, most, tracks):
    trials, dz = 250, 0.5
    limits = [dz_limits(draw(tracks, dz, seed), 0.05) for seed in range(trials)]
    few = scipy.stats.binom.ppf(0.999, trials, most)
    assert sum(one.low > dz for one in limits) <= few
    assert sum(one.high < dz for one in limits) <= few


def test_values_that_are_all_alike():
    assert dz_limits(np.full(8, 0.3), 0.05).low == math.inf
    assert dz_limits(np.full(8, -0.3), 0.05).high == -math.inf
    assert dz_limits(np.zeros(8), 0.05) == effect_limits.DzLimits(0.0, 0.0, 0.0, 8)
    assert math.isnan(dz_limits(np.array([1.0, 2.0, math.nan]), 0.05).dz)


def test_powers_are_the_noncentral_ts():
    smallest = effect_limits.smallest_shown(0.5, 14, 0.05, 0.9)
    critical = scipy.stats.nct.ppf(0.95, 13, 0.5 * 14**0.5)
    assert scipy.stats.nct.sf(critical, 13, smallest * 14**0.5) == pytest.approx(0.9, abs=1e-6)
    needed = effect_limits.tracks_to_exceed(1.0, 0.5, 0.05, 0.9)
    chances = [effect_limits.chance_to_exceed(1.0, 0.5, tracks, 0.05) for tracks in (needed - 1, needed)]
    assert chances[0] < 0.9 <= chances[1]
    assert effect_limits.tracks_to_exceed(0.4, 0.5, 0.05, 0.9) is None


def test_the_chance_to_show_nothing_is_that_of_two_one_sided_tests():
    critical = scipy.stats.nct.ppf(0.05, 59, 0.5 * 60**0.5)  # under this, d_z is shown to be below 0.5
    chance = scipy.stats.t.cdf(critical, 59) - scipy.stats.t.cdf(-critical, 59)
    assert effect_limits.chance_within(0.5, 1, 60, 0.05) == pytest.approx(chance, abs=1e-6)
    assert effect_limits.chance_within(0.5, 1, 6, 0.05) == 0
    needed = effect_limits.tracks_within(0.5, 3, 0.05, 0.9)
    assert (
        effect_limits.chance_within(0.5, 3, needed, 0.05)
        >= 0.9
        > effect_limits.chance_within(0.5, 3, needed - 1, 0.05)
    )
    assert effect_limits.tracks_within(0.0, 3, 0.05, 0.9) is None
