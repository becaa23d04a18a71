"""Set metrics against independent computations of the same."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from degrade_bench.errors import MetricError
from degrade_bench.metric.sets import mauve, mmd
from degrade_bench.metric.sets.base import SetMetric
from degrade_bench.metric.sets.frechet import Frechet, Moments
from degrade_bench.metric.sets.mauve import Mauve
from degrade_bench.metric.sets.mmd import Mmd, median_distance
from degrade_bench.metric.sets.neighbours import Coverage, Density, Precision, Recall
from degrade_bench.metric.sets.vectors import VectorSet
from tests.metric.sets.music import pair_of_sets

ALL = (Frechet, Mmd, Precision, Recall, Density, Coverage, Mauve)


def by_sqrtm(x, y):
    covariances = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    root = sqrtm(covariances[0] @ covariances[1]).real
    apart = x.mean(axis=0) - y.mean(axis=0)
    return apart @ apart + np.trace(covariances[0] + covariances[1] - 2 * root)


@pytest.mark.parametrize("seed", range(3))
def test_frechet_is_scipys_and_torchaudios(seed):
    from torchaudio.functional import frechet_distance

    clean, damaged = pair_of_sets(seed, tracks=7, dim=6)
    distance = Frechet().compare(clean, damaged)
    assert distance == pytest.approx(by_sqrtm(clean.vectors, damaged.vectors), rel=1e-9)
    moments = []
    for one in (clean, damaged):
        x = torch.from_numpy(one.vectors)
        moments += [x.mean(dim=0), torch.cov(x.T)]
    assert distance == pytest.approx(float(frechet_distance(*moments)), rel=1e-6)


def test_frechet_of_fewer_vectors_than_dimensions_is_the_limit_of_a_small_addition_to_the_covariances():
    clean, damaged = pair_of_sets(tracks=3, frames=3, dim=20)
    covariances = [np.cov(one.vectors, rowvar=False) + 1e-9 * np.eye(20) for one in (clean, damaged)]
    values, axes = np.linalg.eigh(covariances[0])
    root = (axes * np.sqrt(values)) @ axes.T
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ covariances[1] @ root), 0)).sum()
    apart = clean.vectors.mean(axis=0) - damaged.vectors.mean(axis=0)
    expected = apart @ apart + np.trace(covariances[0] + covariances[1]) - 2 * shared
    assert Frechet().compare(clean, damaged) == pytest.approx(expected, rel=1e-3)


def test_frechet_of_normal_distributions_is_known():
    """Of many vectors with standard deviations 1 and 2, a distance of 3 apart: 9 + (2 - 1)² in each dimension."""
    rng = np.random.default_rng(0)
    track = np.arange(20000) // 2000
    clean = VectorSet(rng.standard_normal((20000, 2)), track)
    damaged = VectorSet(2 * rng.standard_normal((20000, 2)) + [3.0, 0.0], track)
    assert Frechet().compare(clean, damaged) == pytest.approx(9 + 2, rel=0.02)


def test_mmd_is_that_of_a_loop_over_all_pairs_of_different_tracks():
    clean, damaged = pair_of_sets(tracks=4, frames=3)
    apart = [np.linalg.norm(x - y) for i, x in enumerate(clean.vectors) for y in clean.vectors[:i]]
    width = np.median(apart)
    assert median_distance(clean) == pytest.approx(width, rel=1e-12)

    def mean(one, other):
        pairs = [
            np.exp(-((x - y) ** 2).sum() / (2 * width**2))
            for x, t in zip(one.vectors, one.track, strict=True)
            for y, u in zip(other.vectors, other.track, strict=True)
            if t != u
        ]
        return sum(pairs) / len(pairs)

    expected = mean(clean, clean) + mean(damaged, damaged) - 2 * mean(clean, damaged)
    assert Mmd().compare(clean, damaged) == pytest.approx(expected, rel=1e-9)


def test_mmd_of_one_distribution_is_zero_on_average():
    rng = np.random.default_rng(1)
    track = np.repeat(np.arange(6), 4)

    def drawn():
        return VectorSet((rng.standard_normal((6, 2))[track] + rng.standard_normal((24, 2))), track)

    values = np.array([Mmd().compare(drawn(), drawn()) for _ in range(400)])
    assert abs(values.mean()) < 4 * values.std() / 20  # the width, from the same vectors, hardly matters
    assert (values < 0).any()


def test_precision_recall_density_and_coverage_are_those_of_a_search_through_everything():
    clean, damaged = pair_of_sets(tracks=4, frames=4, shift=0.8)

    def radius(points, at):
        return sorted(np.linalg.norm(points - points[at], axis=1))[5]

    x, y = clean.vectors, damaged.vectors
    balls = [(centre, radius(x, at)) for at, centre in enumerate(x)]
    heard_balls = [(centre, radius(y, at)) for at, centre in enumerate(y)]
    inside = np.array([[np.linalg.norm(point - centre) < reach for centre, reach in balls] for point in y])
    reached = [[np.linalg.norm(point - centre) < reach for centre, reach in heard_balls] for point in x]
    assert Precision().compare(clean, damaged) == pytest.approx(inside.any(axis=1).mean())
    assert Recall().compare(clean, damaged) == pytest.approx(np.any(reached, axis=1).mean())
    assert Density().compare(clean, damaged) == pytest.approx(inside.sum(axis=1).mean() / 5)
    assert Coverage().compare(clean, damaged) == pytest.approx(inside.any(axis=0).mean())
    assert 0.1 < inside.mean() < 0.9


@pytest.mark.parametrize("kind", [kind for kind in ALL if kind is not Mauve])  # which keeps its clusters
def test_a_choice_of_tracks_gives_what_comparing_these_tracks_alone_gives(kind, monkeypatch):
    clean, damaged = pair_of_sets(tracks=8, frames=4, dim=30 if kind is Frechet else 3)
    kept = np.random.default_rng(2).random((6, 8)) < 0.7
    values = kind().on_subsets(clean, damaged, kept)
    for row, value in zip(kept, values, strict=True):
        alone = clean.of_tracks(row), damaged.of_tracks(row)
        monkeypatch.setattr(mmd, "median_distance", lambda _: median_distance(clean))  # the whole set's
        assert value == pytest.approx(kind().compare(*alone), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("frames", [2, 20])
def test_frechet_by_sums_and_by_roots_is_the_same(frames, monkeypatch):
    clean, damaged = pair_of_sets(tracks=8, frames=frames, dim=4)
    kept = np.array([[True] * 8, [False] + [True] * 7, [True, True] + [False] * 6])
    by_sums = Frechet().on_subsets(clean, damaged, kept)
    monkeypatch.setattr(Moments, "is_round", False)
    assert Frechet().on_subsets(clean, damaged, kept) == pytest.approx(by_sums, rel=1e-9)


@pytest.mark.parametrize("kind", ALL)
def test_a_set_compared_with_itself(kind):
    clean, _ = pair_of_sets(dim=40 if kind is Frechet else 3)
    expected = 1.0 if kind.higher_is_better else 0.0
    copy = VectorSet(clean.vectors.copy(), clean.track)
    for heard in (clean, copy):
        assert kind().on_subsets(clean, heard, ~np.eye(6, dtype=bool)) == pytest.approx(expected, abs=0)


def test_a_set_metric_has_no_score_of_a_clip():
    assert issubclass(Frechet, SetMetric)
    with pytest.raises(MetricError, match="a single clip has no score"):
        Mmd.score(Mmd(), torch.zeros(1, 1, 8), 8000)


def area_of(p, q):
    """MAUVE of two histograms as its paper writes it: both ways to integrate, each sorted."""

    def divergence(one, other):
        with np.errstate(divide="ignore"):
            return float(np.sum(one[one > 0] * np.log(one[one > 0] / other[one > 0])))

    points = [(1.0, 0.0), (0.0, 1.0)]
    for weight in np.linspace(1e-6, 1 - 1e-6, 25):
        mixed = weight * p + (1 - weight) * q
        points.append((np.exp(-5 * divergence(q, mixed)), np.exp(-5 * divergence(p, mixed))))
    x, y = np.array(sorted(points, key=lambda point: (point[0], -point[1]))).T
    both = (np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2), np.sum(-np.diff(y) * (x[1:] + x[:-1]) / 2))
    return sum(both) / 2


def test_mauve_is_the_area_of_its_paper_and_knows_its_ends():
    rng = np.random.default_rng(0)
    counts = [rng.integers(0, 9, size=(4, 7)) + (np.arange(7) == 0) for _ in range(2)]
    expected = [area_of(p / p.sum(), q / q.sum()) for p, q in zip(*counts, strict=True)]
    assert mauve.areas(*counts) == pytest.approx(expected, abs=1e-9)
    one, other = np.array([[5, 0]]), np.array([[0, 5]])
    assert mauve.areas(one, one).tolist() == [1.0]
    assert mauve.areas(one, other)[0] < 0.01
    assert np.isnan(mauve.areas(one, 0 * one)).all()


def test_mauve_keeps_its_clusters_where_a_track_is_left_out():
    clean, damaged = pair_of_sets(tracks=8, frames=5, dim=4)
    labels = mauve.clusters(clean, damaged)
    assert {1 + max(map(max, labels)), len({*labels[0], *labels[1]})} == {4}
    kept = np.ones((2, 8), dtype=bool)
    kept[1, 3] = False
    stay = [np.bincount(part[clean.track != 3], minlength=4) for part in labels]
    values = Mauve().on_subsets(clean, damaged, kept)
    assert values[1] == pytest.approx(area_of(*(counts / counts.sum() for counts in stay)), abs=1e-9)
    assert values[0] == Mauve().compare(clean, damaged)
    same = VectorSet(np.ones((30, 4)), np.arange(30) // 5)
    assert Mauve().compare(same, same) == 1.0


def test_mauve_falls_with_the_distance():
    clean, _ = pair_of_sets(tracks=12, frames=8, dim=6)
    steps = [VectorSet(clean.vectors + step * np.eye(6)[0], clean.track) for step in (0.0, 1.0, 3.0, 9.0)]
    values = [Mauve().compare(clean, moved) for moved in steps]
    assert values[0] == 1.0
    assert values == sorted(values, reverse=True)
    assert len(set(values)) == 4
