"""Bootstrap intervals against scipy's on the same resamples, and against the formulas written out."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.stats

from degrade_bench.analysis.means import Clustered
from degrade_bench.analysis.resampling import Draws, Resampler, bca, expanded, weighted_quantile

RNG = np.random.Generator(np.random.Philox(key=11))
SKEWED = RNG.exponential(size=17)
EVEN = RNG.standard_normal(17)


def plain_mean(values: np.ndarray, resampler: Resampler) -> Draws:
    """Every value a track of its own."""
    return Clustered(values[:, None], np.ones((len(values), 1))).draws(resampler)


def equivalent(confidence: float, tracks: int) -> float:
    """The confidence of a plain BCa interval that reaches as far as the expanded one."""
    t = scipy.stats.t.ppf((1 + confidence) / 2, tracks - 1)
    return float(2 * scipy.stats.norm.cdf(math.sqrt(tracks / (tracks - 1)) * t) - 1)


# -- draws ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tracks", [2, 7, 40])
def test_counts_draw_as_many_tracks_as_there_are(tracks):
    counts = Resampler(500, 0).counts(tracks)
    assert counts.shape == (500, tracks)
    assert (counts.sum(axis=1, dtype=int) == tracks).all()
    # every track is drawn once on average; its count is binomial with variance (n - 1) / n
    spread = math.sqrt((tracks - 1) / tracks / 500)
    assert np.abs(counts.mean(axis=0) - 1).max() < 4.5 * spread


def test_counts_are_the_same_on_every_call_and_differ_by_seed():
    one, other = Resampler(200, 3), Resampler(200, 3)
    other.counts(5)  # what was asked for before does not matter
    assert np.array_equal(one.counts(9), other.counts(9))
    assert np.array_equal(one.counts(9), one.counts(9))
    assert not np.array_equal(one.counts(9), Resampler(200, 4).counts(9))


def test_counts_are_the_same_after_they_were_forgotten():
    resampler = Resampler(100, 0)
    first = resampler.counts(6).copy()
    for tracks in range(7, 20):
        resampler.counts(tracks)
    assert np.array_equal(resampler.counts(6), first)


def test_global_random_state_is_neither_read_nor_written():
    np.random.seed(1)
    before = np.random.get_state()[1].copy()
    first = Resampler(100, 0).counts(8)
    assert np.array_equal(np.random.get_state()[1], before)
    np.random.seed(2)
    assert np.array_equal(Resampler(100, 0).counts(8), first)


def test_resamples_are_sums_over_the_drawn_tracks():
    sums, counts = np.array([3.0, 6.0, 0.5, 2.0]), np.array([3.0, 3.0, 1.0, 2.0])
    resampler = Resampler(300, 0)
    draws = Clustered(sums[:, None], counts[:, None]).draws(resampler)
    drawn = resampler.counts(4).astype(float)
    assert draws.centre == pytest.approx([11.5 / 9], abs=1e-12)
    assert draws.resampled[:, 0] == pytest.approx([(row @ sums) / (row @ counts) for row in drawn], abs=1e-12)
    assert draws.left_out[:, 0] == pytest.approx([8.5 / 6, 5.5 / 6, 11 / 8, 9.5 / 7], abs=1e-12)


def test_large_samples_are_drawn_in_parts(monkeypatch):
    values = np.stack([SKEWED, EVEN], axis=1)
    whole = Clustered(values, np.ones_like(values)).draws(Resampler(150, 0)).resampled
    of_quantile = Resampler(150, 0).quantiles(SKEWED, np.arange(17), 17, 0.9).resampled
    monkeypatch.setattr("degrade_bench.analysis.resampling.CHUNK", 17 * 40)
    assert np.allclose(
        Clustered(values, np.ones_like(values)).draws(Resampler(150, 0)).resampled, whole, atol=1e-12
    )
    assert np.array_equal(Resampler(150, 0).quantiles(SKEWED, np.arange(17), 17, 0.9).resampled, of_quantile)


# -- BCa -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("confidence", [0.95, 0.9, 0.5])
@pytest.mark.parametrize("values", [SKEWED, -SKEWED, EVEN], ids=["skewed", "mirrored", "even"])
def test_bca_is_scipys_on_the_same_resamples_with_expanded_tails(values, confidence):
    draws = plain_mean(values, Resampler(1500, 0))
    theirs = scipy.stats.bootstrap(
        (values,),
        np.mean,
        n_resamples=0,
        method="BCa",
        confidence_level=equivalent(confidence, len(values)),
        bootstrap_result=SimpleNamespace(bootstrap_distribution=draws.resampled[:, 0]),
    ).confidence_interval
    [[low], [high]] = draws.intervals((confidence,))[0]
    assert low == pytest.approx(theirs.low, abs=1e-9)
    assert high == pytest.approx(theirs.high, abs=1e-9)


def written_out_bca(
    centre: float, resampled: np.ndarray, left_out: np.ndarray, confidence: float
) -> tuple[float, float]:
    """Efron's formulas, line by line, with the expanded tail."""
    n = len(left_out)
    drawn = sorted(value for value in resampled if not math.isnan(value))
    below = sum(0.5 if math.isclose(d, centre, abs_tol=1e-12) else float(d < centre) for d in drawn) / len(drawn)
    below = min(max(below, 0.5 / len(drawn)), 1 - 0.5 / len(drawn))
    z0 = scipy.stats.norm.ppf(below)
    middle = sum(left_out) / n
    a = sum((middle - j) ** 3 for j in left_out) / (6 * sum((middle - j) ** 2 for j in left_out) ** 1.5)
    tail = math.sqrt(n / (n - 1)) * scipy.stats.t.ppf((1 + confidence) / 2, n - 1)
    ends = []
    for z in (-tail, tail):
        reach = z0 + z
        place = z0 + reach / (1 - a * reach) if 1 - a * reach > 0 else math.copysign(math.inf, reach)
        ends.append(float(np.quantile(drawn, scipy.stats.norm.cdf(place))))
    return ends[0], ends[1]


@pytest.mark.parametrize("confidence", [0.95, 0.9])
@pytest.mark.parametrize(
    ("sums", "counts"),
    [
        (np.array([0.3, -0.1, 0.45, 0.02, 0.6, 0.0]), np.ones(6)),  # small: a resample often is the sample
        (np.array([3.0, 6.0, 0.5, 2.0]), np.array([3.0, 3.0, 1.0, 2.0])),  # clusters of unequal size
        (np.array([1.0, 1.0, 1.0, 0.0, 0.0]), np.ones(5)),  # ties
        (np.array([0.0, 0.0, 0.0, 0.0, 50.0]), np.ones(5)),  # past the formula's pole
    ],
    ids=["small", "clusters", "ties", "pole"],
)
def test_bca_is_efrons(sums, counts, confidence):
    draws = Clustered(sums[:, None], counts[:, None]).draws(Resampler(700, 0))
    ends = draws.intervals((confidence,))[0][:, 0]
    expected = written_out_bca(draws.centre[0], draws.resampled[:, 0], draws.left_out[:, 0], confidence)
    assert ends == pytest.approx(expected, abs=1e-9)


def test_bca_passes_over_missing_resamples_column_by_column():
    resampled = RNG.standard_normal((400, 2))
    resampled[::7, 1] = math.nan
    left_out = RNG.standard_normal((8, 2)) / 10
    ends = bca(np.array([0.1, -0.2]), resampled, left_out, (0.9,))[0]
    for column, centre in enumerate((0.1, -0.2)):
        expected = written_out_bca(centre, resampled[:, column], left_out[:, column], 0.9)
        assert ends[:, column] == pytest.approx(expected, abs=1e-9)


def test_a_sample_beyond_all_its_resamples_has_an_interval_of_resamples():
    resampled = np.linspace(0, 1, 100)[:, None]
    left_out = np.array([[1.9], [2.0], [2.2]])
    ends = bca(np.array([2.0]), resampled, left_out, (0.95,))[0][:, 0]
    assert ends == pytest.approx(written_out_bca(2.0, resampled[:, 0], left_out[:, 0], 0.95), abs=1e-9)


@pytest.mark.parametrize("tracks", [2, 6, 24, 500])
def test_expanded_percentiles_of_a_normal_bootstrap_are_the_t_interval(tracks):
    """The bootstrap's error is SD / √n with n for n − 1; the expanded tail times that is the t interval's half."""
    values = np.random.default_rng(tracks).standard_normal(tracks)
    half = expanded(0.9, tracks) * np.std(values) / math.sqrt(tracks)
    low, high = scipy.stats.t.interval(0.9, tracks - 1, values.mean(), scipy.stats.sem(values))
    assert 2 * half == pytest.approx(high - low, abs=1e-9)


def test_standard_errors_are_the_bootstraps_with_n_minus_one():
    draws = plain_mean(SKEWED, Resampler(300, 0))
    expected = math.sqrt(17 / 16) * np.std(draws.resampled[:, 0])
    assert draws.standard_errors() == pytest.approx([expected], abs=1e-12)
    many = plain_mean(SKEWED, Resampler(20_000, 0)).standard_errors()[0]
    assert many == pytest.approx(scipy.stats.sem(SKEWED), rel=0.02)


def test_intervals_where_there_is_nothing_to_resample():
    one = plain_mean(np.array([1.0]), Resampler(100, 0))
    assert one.centre == [1.0]
    assert np.isnan(one.intervals((0.95, 0.9))).all()
    assert np.isnan(one.standard_errors()).all()
    alike = plain_mean(np.full(5, 0.1), Resampler(100, 0))
    assert (alike.intervals((0.95,))[0][:, 0] == alike.centre[0]).all()
    assert (plain_mean(np.zeros(5), Resampler(100, 0)).intervals((0.95,)) == 0).all()
    unknown = bca(np.array([math.nan]), np.full((100, 1), math.nan), np.full((4, 1), math.nan), (0.95,))
    assert np.isnan(unknown).all()


def test_scale_and_shift_carry_over():
    centre = plain_mean(SKEWED, Resampler(400, 0)).intervals((0.95,))
    for scale in (1e140, 1e-140, -1.0):
        ends = plain_mean(scale * SKEWED, Resampler(400, 0)).intervals((0.95,)) / scale
        assert np.allclose(ends if scale > 0 else ends[:, ::-1], centre, atol=1e-9)


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    resampler, rng = Resampler(600, 0), np.random.default_rng(0)
    for draw, least in ((rng.standard_normal, 0.92), (rng.exponential, 0.88)):
        values = draw(size=(12, 600))
        low, high = Clustered(values, np.ones_like(values)).intervals(resampler, (0.95,))[0]
        truth = 0.0 if draw == rng.standard_normal else 1.0
        assert least <= ((low <= truth) & (truth <= high)).mean() <= 0.98


# -- quantiles -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("quantile", [0.0, 0.05, 0.5, 0.77, 0.95, 1.0])
def test_weighted_quantiles_are_numpys_inverted_cdf_of_repeated_values(quantile):
    values = np.sort(RNG.integers(0, 6, size=9).astype(float))  # with ties
    counts = RNG.integers(0, 4, size=(50, 9))
    counts[0] = 0
    quantiles = weighted_quantile(values, counts, quantile)
    assert math.isnan(quantiles[0])
    for row, value in zip(counts[1:], quantiles[1:], strict=True):
        assert value == np.quantile(np.repeat(values, row), quantile, method="inverted_cdf")


def test_quantiles_of_nothing():
    assert np.isnan(weighted_quantile(np.zeros(0), np.zeros((3, 0), dtype=int), 0.5)).all()


def test_quantiles_are_resampled_by_track():
    values, track = RNG.standard_normal(14), np.array([0, 0, 0, 0, 1, 1, 2, 3, 3, 3, 4, 4, 5, 5])
    resampler = Resampler(200, 5)
    draws = resampler.quantiles(values, track, 6, 0.9)

    def plain(of: np.ndarray) -> float:
        return float(np.quantile(of, 0.9, method="inverted_cdf"))

    drawn = [plain(np.repeat(values, row[track])) for row in resampler.counts(6)]
    assert draws.centre == [plain(values)]
    assert draws.resampled[:, 0].tolist() == drawn
    assert draws.left_out[:, 0].tolist() == [plain(values[track != left_out]) for left_out in range(6)]
    single = resampler.quantiles(values, np.zeros(14, dtype=int), 1, 0.9)
    assert single.centre == [plain(values)]
    assert np.isnan(single.intervals((0.95,))).all()


def test_a_statistic_that_no_track_changes_has_an_interval_of_no_width():
    half = Resampler(200, 0).evaluate(lambda totals: 0 * totals(np.ones((6, 1))) + 0.5, 6)
    assert half.intervals((0.95,)).ravel().tolist() == [0.5, 0.5]


def test_what_hangs_on_one_track_has_no_interval():
    sums, counts = np.zeros((6, 1)), np.zeros((6, 1))
    sums[2], counts[2] = 3.0, 2.0
    draws = Resampler(200, 0).evaluate(Clustered(sums, counts).statistic(), 6)
    assert draws.centre[0] == 1.5
    assert np.isnan(draws.intervals((0.95,))).all()
