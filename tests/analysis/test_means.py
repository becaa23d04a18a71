"""Means over clips with tracks as clusters: errors against statsmodels, copies of clips, missing values."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
import statsmodels.api as sm

from degrade_bench.analysis.means import Clustered, ratio
from degrade_bench.analysis.resampling import Resampler

RNG = np.random.Generator(np.random.Philox(key=5))
TRACK = np.repeat(np.arange(7), [5, 1, 3, 1, 2, 4, 1])
VALUES = RNG.standard_normal(17) + RNG.standard_normal(7)[TRACK]


def clustered(values: np.ndarray, track: np.ndarray) -> Clustered:
    """One column, summed by track in a plain loop."""
    tracks = int(track.max()) + 1
    by_track = [values[(track == number) & np.isfinite(values)] for number in range(tracks)]
    return Clustered(np.array([[v.sum()] for v in by_track]), np.array([[float(len(v))] for v in by_track]))


def test_errors_are_the_cluster_robust_ones_of_a_constant():
    """With the small-sample factor G / (G − 1) · (N − 1) / (N − k); with one coefficient that is G / (G − 1)."""
    by_track = clustered(VALUES, TRACK)
    fit = sm.OLS(VALUES, np.ones(17)).fit(cov_type="cluster", cov_kwds={"groups": TRACK})
    bare = sm.OLS(VALUES, np.ones(17)).fit(cov_type="cluster", cov_kwds={"groups": TRACK, "use_correction": False})
    assert by_track.means[0] == pytest.approx(fit.params[0], abs=1e-9)
    assert by_track.errors[0] == pytest.approx(fit.bse[0], abs=1e-9)
    assert by_track.errors[0] == pytest.approx(math.sqrt(7 / 6) * bare.bse[0], abs=1e-9)


def test_errors_of_single_clips_are_the_plain_ones():
    by_track = clustered(VALUES, np.arange(17))
    assert by_track.errors[0] == pytest.approx(np.std(VALUES, ddof=1) / math.sqrt(17), abs=1e-12)


def test_errors_of_tracks_of_one_size_are_those_of_their_means():
    track = np.repeat(np.arange(6), 3)
    values = RNG.standard_normal(18)
    by_track = clustered(values, track)
    assert by_track.errors[0] == pytest.approx(scipy.stats.sem(values.reshape(6, 3).mean(axis=1)), abs=1e-12)
    assert by_track.track_means[:, 0] == pytest.approx(values.reshape(6, 3).mean(axis=1), abs=1e-12)


def test_missing_values_leave_their_track_out():
    values = VALUES.copy()
    values[[1, 5, 16]] = math.nan  # one of five; the only clip of tracks 1 and 6
    by_track, kept = clustered(values, TRACK), np.isfinite(values)
    assert by_track.clips[0] == 14
    assert by_track.tracks[0] == 5
    assert by_track.means[0] == pytest.approx(values[kept].mean(), abs=1e-12)
    assert np.isnan(by_track.track_means[[1, 6], 0]).all()
    fit = sm.OLS(values[kept], np.ones(14)).fit(cov_type="cluster", cov_kwds={"groups": TRACK[kept]})
    assert by_track.errors[0] == pytest.approx(fit.bse[0], abs=1e-9)
    renumbered = np.unique(TRACK[kept], return_inverse=True)[1]
    alone = clustered(values[kept], renumbered)
    ends = by_track.intervals(Resampler(300, 0), (0.95,))
    assert np.allclose(ends, alone.intervals(Resampler(300, 0), (0.95,)), atol=1e-12)


def test_columns_with_values_in_different_tracks_do_not_meet():
    other = np.where(TRACK < 4, VALUES, math.nan)
    one, two = clustered(VALUES, TRACK), clustered(other, TRACK)
    both = Clustered(np.hstack([one.sums, two.sums]), np.hstack([one.counts, two.counts]))
    ends = both.intervals(Resampler(300, 0), (0.95, 0.9))
    assert np.allclose(ends[:, :, [0]], one.intervals(Resampler(300, 0), (0.95, 0.9)), atol=1e-12)
    assert np.allclose(ends[:, :, [1]], two.intervals(Resampler(300, 0), (0.95, 0.9)), atol=1e-12)
    assert both.errors == pytest.approx([one.errors[0], two.errors[0]], abs=1e-12)


def test_four_copies_of_every_clip_change_nothing_but_their_number():
    once, often = clustered(VALUES, TRACK), clustered(np.tile(VALUES, 4), np.tile(TRACK, 4))
    assert often.clips[0] == 4 * once.clips[0]
    assert often.tracks[0] == once.tracks[0]
    assert often.means == pytest.approx(once.means, abs=1e-12)
    assert often.errors == pytest.approx(once.errors, abs=1e-12)
    resampler = Resampler(400, 0)
    assert np.allclose(often.intervals(resampler, (0.95, 0.9)), once.intervals(resampler, (0.95, 0.9)), atol=1e-9)


def test_little_or_nothing():
    nothing = Clustered(np.zeros((3, 1)), np.zeros((3, 1)))
    assert np.isnan(nothing.means).all()
    assert np.isnan(nothing.errors).all()
    assert np.isnan(nothing.intervals(Resampler(100, 0), (0.95,))).all()
    one = clustered(np.array([1.0, 3.0]), np.array([0, 0]))
    assert one.means == [2.0]
    assert np.isnan(one.errors).all()
    assert ratio(np.array([1.0, 2.0]), np.array([0.0, 4.0])).tolist() == pytest.approx([math.nan, 0.5], nan_ok=True)
