"""The jackknife of a set's value."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from degrade_bench.errors import NotApplicableError
from degrade_bench.metric.sets.base import SetMetric
from degrade_bench.metric.sets.frechet import Frechet
from degrade_bench.metric.sets.jackknife import estimate, shares_of_clips
from degrade_bench.metric.sets.mmd import Mmd
from degrade_bench.metric.sets.neighbours import Coverage, Density
from degrade_bench.metric.sets.vectors import VectorSet
from tests.metric.sets.music import pair_of_sets


class MeanSquare(SetMetric):
    """The square of the set's mean: of n vectors too large by their variance over n."""

    name = "mean-square"

    def compare(self, reference, heard):
        return float(heard.vectors.mean() ** 2)


def test_the_contributions_are_those_of_the_set_without_each_track():
    clean, damaged = pair_of_sets()
    found = estimate(Density(), clean, damaged, 6)
    assert found.value == pytest.approx(Density().compare(clean, damaged))
    for track in range(6):
        stays = np.arange(6) != track
        without = Density().compare(clean.of_tracks(stays), damaged.of_tracks(stays))
        assert found.contributions[track] == pytest.approx(6 * found.value - 5 * without, rel=1e-9)
    assert found.corrected == pytest.approx(found.contributions.mean())


def test_the_second_order_takes_off_a_bias_of_one_over_n_squared_whole():
    values = np.random.default_rng(3).standard_normal((7, 1)) + 2

    class CubeOfMean(SetMetric):
        """Of n vectors it is wrong by terms in 1/n and 1/n²."""

        name, second_order = "cube", True

        def compare(self, reference, heard):
            return float(heard.vectors.mean() ** 3)

    vectors = VectorSet(values, np.arange(7))
    found = estimate(CubeOfMean(), vectors, vectors, 7)
    triples = [np.prod(values[list(three)]) for three in combinations(range(7), 3)]
    assert found.corrected == pytest.approx(np.mean(triples), rel=1e-9)  # the unbiased estimate of the cube
    first = estimate(Frechet(), *pair_of_sets(), 6)
    spread = [
        first.value * 6 - 5 * Frechet().compare(*(one.of_tracks(np.arange(6) != t) for one in pair_of_sets()))
        for t in range(6)
    ]
    assert first.contributions - first.corrected == pytest.approx(np.array(spread) - np.mean(spread), rel=1e-9)


def test_a_bias_of_one_over_n_is_taken_off_whole():
    values = np.random.default_rng(3).standard_normal((9, 1)) + 2
    vectors = VectorSet(values, np.arange(9))
    found = estimate(MeanSquare(), vectors, vectors, 9)
    assert found.value == pytest.approx(values.mean() ** 2)
    assert found.corrected == pytest.approx(values.mean() ** 2 - values.var(ddof=1) / 9)


def test_an_unbiased_value_stays():
    clean, damaged = pair_of_sets(frames=4)
    same = np.arange(6) >= 0
    track = np.repeat(np.arange(6), 4)
    rng = np.random.default_rng(4)
    clean, damaged = (VectorSet(rng.standard_normal((24, 2)) + shift, track) for shift in (0.0, 0.5))
    found = estimate(Mmd(), clean.of_tracks(same), damaged, 6)
    assert found.corrected == pytest.approx(found.value, rel=1e-9)


def test_the_line_to_infinity_takes_off_the_bias_of_frechet():
    """On average over sets. With 24 tracks of three dimensions the value itself is a good deal too large."""
    rng = np.random.default_rng(5)
    track = np.arange(24)
    estimates = []
    for _ in range(24):
        clean = VectorSet(rng.standard_normal((24, 3)), track)
        damaged = VectorSet(rng.standard_normal((24, 3)) + np.eye(3)[0], track)
        found = estimate(Frechet(), clean, damaged, 24)
        estimates.append((found.value, found.corrected, found.extrapolated))
    value, corrected, extrapolated = np.mean(estimates, axis=0)
    assert value > 1.3
    assert corrected == pytest.approx(1.0, abs=0.2)
    assert extrapolated == pytest.approx(1.0, abs=0.2)


def test_another_reference_set_stays_whole():
    clean, damaged = pair_of_sets()
    other = VectorSet(clean.vectors + 0.1, clean.track + 6)
    found = estimate(Density(), other, damaged, 6)
    without = Density().compare(other, damaged.of_tracks(np.arange(6) != 2))
    assert found.contributions[2] == pytest.approx(6 * found.value - 5 * without, rel=1e-9)


def test_clips_of_one_track_have_the_same_and_their_mean_is_the_corrected_value():
    clean, damaged = pair_of_sets()
    found = estimate(Frechet(), clean, damaged, 6)
    clips = np.array([0, 1, 1, 1, 2, 3, 4, 4, 5])
    shares = shares_of_clips(found, clips)
    assert shares.mean() == pytest.approx(found.corrected, rel=1e-12)
    assert len(set(shares[1:4])) == 1
    assert shares_of_clips(found, np.arange(6)) == pytest.approx(found.contributions)
    # with tracks as clusters, the standard error of the mean over clips is the jackknife's
    sums = np.bincount(clips, weights=shares - shares.mean())
    clustered = np.sqrt((sums**2).sum() * 6 / 5) / len(clips)
    assert clustered == pytest.approx(found.contributions.std(ddof=1) / np.sqrt(6), rel=1e-9)


def test_what_is_too_small_is_said():
    clean, damaged = pair_of_sets(tracks=2, frames=2)
    with pytest.raises(NotApplicableError, match="needs a set of 2 tracks at least, got 1"):
        estimate(Frechet(), clean, damaged, 1)
    with pytest.raises(NotApplicableError, match="needs sets of 7 vectors at least, got 5"):
        estimate(Coverage(), clean, damaged, 2)
