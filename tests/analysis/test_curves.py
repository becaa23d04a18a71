"""Curves along the ladder: trend, slope, area, detection, saturation, against numpy and by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from degrade_bench.analysis import AnalysisOptions, analyse
from degrade_bench.analysis.curves import area_weights, kendall_of, slope_weights
from degrade_bench.analysis.detection import crossing, strength_at
from degrade_bench.analysis.means import Clustered
from degrade_bench.analysis.options import RULES
from degrade_bench.analysis.resampling import Resampler
from tests.analysis.tables import awkward, noisy, plain_drops, skewed_t_interval, table

NAN, INF = math.nan, math.inf
BOTH = pytest.mark.parametrize("rules", RULES)
LADDERS = [np.array([0.0, 1.0]), np.array([0.0, 0.5, 1.0]), np.array([0, 0.2, 0.4, 0.8, 1.0]), np.linspace(0, 1, 8)]


# -- slope, area, trend --------------------------------------------------------------------------------


@pytest.mark.parametrize("x", LADDERS, ids=len)
def test_slope_weights_are_least_squares_through_the_clean_clip_at_zero(x):
    drops = np.random.default_rng(len(x)).standard_normal((5, len(x) - 1))
    for row in drops:
        assert row @ slope_weights(x) == pytest.approx(np.polyfit(x, np.append(0.0, row), 1)[0], abs=1e-9)


@pytest.mark.parametrize("x", LADDERS, ids=len)
def test_area_weights_are_trapezoids_from_the_clean_clip_at_zero(x):
    drops = np.random.default_rng(len(x)).standard_normal((5, len(x) - 1))
    for row in drops:
        assert row @ area_weights(x) == pytest.approx(np.trapezoid(np.append(0.0, row), x), abs=1e-12)


def test_a_curve_without_a_level_has_neither():
    assert len(slope_weights(np.zeros(1))) == 0
    assert len(area_weights(np.zeros(1))) == 0
    assert np.isnan(kendall_of(np.ones((3, 1)))).all()


def per_clip(wide: pd.DataFrame) -> pd.DataFrame:
    """Kendall, slope and area of every clip, by the library that is made for each."""
    x = np.append(0.0, wide.columns.to_numpy(dtype=float) / wide.columns.max())
    rows = {}
    for clip, drops in wide.iterrows():
        finite, values = drops.notna().to_numpy(), drops.to_numpy()
        tau = scipy.stats.kendalltau(wide.columns[finite], values[finite]).statistic if finite.sum() > 1 else NAN
        curve = np.append(0.0, values)
        whole = finite.all()
        rows[clip] = {
            "monotonicity": tau,
            "slope": np.polyfit(x, curve, 1)[0] if whole else NAN,
            "area": np.trapezoid(curve, x) if whole else NAN,
        }
    return pd.DataFrame.from_dict(rows, orient="index")


@BOTH
@pytest.mark.parametrize("name", ["ramp", "shuffle", "dull"])
@pytest.mark.filterwarnings("ignore::scipy.stats.ConstantInputWarning")
def test_trend_slope_and_area_are_means_over_clips_with_intervals_over_tracks(name, rules):
    scores = awkward()
    verdict = (
        analyse(scores, AnalysisOptions(resamples=300, rules=rules)).verdicts.set_index("degradation").loc[name]
    )
    drops = plain_drops(scores).query("degradation == @name")
    clips = per_clip(drops.pivot(index="clip_id", columns="level", values="drop"))
    tracks = drops.drop_duplicates("clip_id").set_index("clip_id")["track"]
    for statistic in ("monotonicity", "slope", "area"):
        values = clips[statistic].dropna()
        assert verdict[statistic] == pytest.approx(values.mean(), abs=1e-9)
        by_track = values.groupby(tracks).agg(["sum", "count"]).astype(float)
        by_track = by_track[by_track["count"] > 0]
        sums = by_track.to_numpy()
        if rules == 1:
            ends = Clustered(sums[:, :1], sums[:, 1:]).intervals(Resampler(300, 0), (0.95,))[0, :, 0]
        else:
            ends = skewed_t_interval(by_track, 0.95)
            ends = np.clip(ends, -1, 1) if statistic == "monotonicity" else ends
        assert [verdict[f"{statistic}_low"], verdict[f"{statistic}_high"]] == pytest.approx(ends, abs=1e-9)
    control = plain_drops(scores).query("role == 'control'")["drop"].abs()
    floor = np.quantile(control, 0.95, method="inverted_cdf")
    assert verdict["area_floor"] == pytest.approx(clips["area"].mean() / floor, abs=1e-9)


def test_page_is_taken_over_tracks_with_every_level():
    scores = table(noisy(lambda name, role, level: 0.02 * level * (role == "test")), clips=9)
    gone = (scores.clip_id == "clip004") & (scores.level == 2) & (scores.role == "test")
    verdicts = analyse(scores[~gone], AnalysisOptions(resamples=100)).verdicts.set_index("degradation")
    drops = plain_drops(scores[~gone])
    for name, row in verdicts.iterrows():
        wide = drops[drops.degradation == name].pivot(index="track", columns="level", values="drop").dropna()
        theirs = scipy.stats.page_trend_test(wide.to_numpy())
        assert len(wide) == 8
        assert (row["page_l"], row["page_p"]) == pytest.approx((theirs.statistic, theirs.pvalue), abs=1e-9)


def test_a_level_that_was_never_scored_is_passed_over():
    scores = table(noisy(lambda name, role, level: 0.3 * level * (role == "test")), clips=9)
    without = scores[scores.level != 3]
    failed = scores.copy()
    failed.loc[(failed.level == 3) & (failed.role == "test"), ["score", "status"]] = [np.nan, "failed"]
    one, other = (
        analyse(scores, AnalysisOptions(resamples=100, margin=0.1)).verdicts for scores in (without, failed)
    )
    for column in ("monotonicity", "slope", "slope_low", "area", "area_high", "page_l", "detection_at"):
        assert one[column].to_numpy() == pytest.approx(other[column].to_numpy(), abs=1e-9)


# -- crossing ------------------------------------------------------------------------------------------

LEVELS = np.array([1.0, 2.0, 3.0, 5.0])


@pytest.mark.parametrize(
    ("curve", "margin", "expected"),
    [
        ([1, 2, 3, 5], 2.5, 2.5),  # rising
        ([1, 2, 3, 5], 4.0, 4.0),  # between levels 3 and 5
        ([1, 2, 3, 5], 2.0, 2.0),  # at a level: not above it there, above it right after
        ([1, 2, 3, 5], 0.25, 0.25),  # before level 1
        ([1, 2, 3, 5], 0.0, 0.0),  # any drop at all
        ([4, 0, 2, 4], 1.0, 2.5),  # not monotone: the crossing after which it stays
        ([4, 0, 4, 0], 1.0, INF),  # not monotone: it does not stay
        ([4, 4, 0, 4], 3.0, 4.5),
        ([1, 1, 1, 1], 2.0, INF),  # never
        ([1, 2, 3, 3], 3.0, INF),  # no more than the margin
        ([-1, -2, 2, 2], 1.0, 2.75),  # falling first
        ([9, 9, 9, 9], 3.0, 1 / 3),  # from the first level on, at a third of the way to it
        ([1, NAN, 3, 5], 2.0, NAN),  # not known
    ],
)
def test_crossings_by_hand(curve, margin, expected):
    places = crossing(np.array([curve], dtype=float), np.array([margin]), LEVELS)
    assert places == pytest.approx([expected], abs=1e-12, nan_ok=True)


def test_crossings_row_by_row_and_with_unknown_margins():
    curves = np.array([[1.0, 2, 3, 5]] * 3)
    places = crossing(curves, np.array([0.5, 4.0, NAN]), LEVELS)
    assert places == pytest.approx([0.5, 4.0, NAN], nan_ok=True)


def test_below_the_crossing_np_interp_gives_the_margin():
    rng = np.random.default_rng(0)
    curves = np.cumsum(rng.uniform(0.1, 1, size=(40, 4)), axis=1)
    margins = rng.uniform(0.05, 0.9, size=40) * curves[:, -1]
    places = crossing(curves, margins, LEVELS)
    for curve, margin, at in zip(curves, margins, places, strict=True):
        assert np.interp(at, [0, *LEVELS], [0, *curve]) == pytest.approx(margin, abs=1e-9)


# -- detection -----------------------------------------------------------------------------------------


def detected(truth, margin=0.5, levels=(1, 2, 3, 4, 5), clips=20, sd=0.02, **options) -> pd.Series:
    scores = table(
        noisy(lambda name, role, level: truth(level) if role == "test" else 0.0, sd=sd),
        clips=clips,
        levels=levels,
        degradations=(("ramp", "signal", "noise"),),
        single_placebo=("ramp",),
    )
    return analyse(scores, AnalysisOptions(resamples=400, margin=margin, **options)).verdicts.iloc[0]


def test_detection_of_a_rising_curve():
    verdict = detected(lambda level: 0.2 * level)
    assert verdict["detection_level"] == 3
    assert verdict["detection_at"] == pytest.approx(2.5, abs=0.1)
    assert verdict["detection_at_low"] < 2.5 < verdict["detection_at_high"]
    # the strength is the level
    assert verdict["detection_strength"] == pytest.approx(verdict["detection_at"], abs=1e-9)
    assert "The mean drop crosses the margin at" in verdict["sentence"]


def test_detection_from_the_start():
    verdict = detected(lambda level: 1.0)
    assert verdict["detection_level"] == 1
    assert verdict["detection_at"] == pytest.approx(0.5, abs=0.02)
    assert verdict["detection_strength"] == 1.0  # the ladder's first, there is none before
    assert "The mean drop crosses the margin before level 1." in verdict["sentence"]


def test_detection_after_a_relapse():
    verdict = detected(lambda level: {1: 1.0, 2: 1.0, 3: 0.0, 4: 1.0, 5: 1.0}[level])
    assert verdict["detection_level"] == 4
    assert verdict["detection_at"] == pytest.approx(3.5, abs=0.05)


NOT_DETECTED = [
    (1, lambda level: 0.0, "inconclusive"),
    (1, lambda level: 1.0 * (level < 4), "inconclusive"),
    (1, lambda level: -1.0 * level, "inverted"),
    (2, lambda level: 0.0, "inconclusive"),
    (2, lambda level: 1.0 * (level < 4), "sensitive"),  # at some level; but from none on
    (2, lambda level: -1.0 * level, "inverted"),
]


def test_nothing_is_detected_where_the_verdict_is_another_or_the_top_is_not_heard():
    for rules, truth, expected in NOT_DETECTED:
        verdict = detected(truth, rules=rules)
        assert verdict["verdict"] == expected
        assert pd.isna(verdict["detection_level"])
        for column in ("at", "at_low", "at_high", "strength", "strength_low", "strength_high"):
            assert math.isnan(verdict[f"detection_{column}"])
        assert pd.isna(verdict["saturation_level"])


@BOTH
def test_the_detection_interval_is_the_crossings_expanded_percentiles(rules):
    scores = table(
        noisy(lambda name, role, level: 0.2 * level if role == "test" else 0.0, sd=0.05),
        clips=9,
        degradations=(("ramp", "signal", "noise"),),
    )
    verdict = analyse(scores, AnalysisOptions(resamples=501, margin=0.5, rules=rules)).verdicts.iloc[0]
    drops, placebo = (
        plain_drops(scores).query("role == @role").pivot(index="track", columns="level", values="drop")
        for role in ("test", "placebo")
    )
    counted = [drops] if rules == 1 else [drops, drops - placebo]  # the later of both
    drawn = []
    for values in counted:
        curves = Resampler(501, 0).counts(9).astype(float) @ values.to_numpy() / 9
        # the resampled means rise, so that np.interp of each curve, turned over, is the crossing
        assert (np.diff(curves, axis=1) > 0).all()
        drawn.append([np.interp(0.5, np.append(0.0, curve), range(6)) for curve in curves])
    drawn = np.max(drawn, axis=0)
    tail = scipy.stats.norm.cdf(-math.sqrt(9 / 8) * scipy.stats.t.ppf(0.975, 8))
    low = np.quantile(drawn, tail, method="lower")
    high = np.quantile(drawn, 1 - tail, method="higher")
    assert (verdict["detection_at_low"], verdict["detection_at_high"]) == pytest.approx((low, high), abs=1e-9)


# -- strength ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("strengths", "at", "expected"),
    [
        ([10, 20, 30, 40], 2.5, 25.0),  # linear
        ([40, 30, 20, 10], 2.25, 27.5),  # falling
        ([100, 200, 400, 800], 2.5, 200 * math.sqrt(2)),  # geometric
        ([16000, 8000, 4000, 2000], 1.5, 8000 * math.sqrt(2)),
        ([-10, 0, 10, 20], 1.5, -5.0),  # no logarithm
        ([0, 1, 2, 4], 3.5, 3.0),
        ([10, 100], 1.5, 55.0),  # two levels: nothing to choose by
        ([10, 20, 30, 40], 0.3, 10.0),  # before the first
        ([100, 200, 400, 800], 0.3, 100.0),
        ([10, 20, 30, 40], 3.0, 30.0),
        ([10, 20, 30, 40], NAN, NAN),
        ([10, NAN, 30, 40], 2.0, NAN),
        ([], 2.0, NAN),
    ],
)
def test_strengths_between_levels(strengths, at, expected):
    strength = strength_at(np.arange(1.0, len(strengths) + 1), np.array(strengths, dtype=float), at)
    assert strength == pytest.approx(expected, abs=1e-9, nan_ok=True)


# -- saturation ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("curve", "expected"),
    [
        ({1: 1, 2: 2, 3: 3, 4: 4, 5: 5}, None),  # grows to the end
        ({1: 1, 2: 3, 3: 5, 4: 5, 5: 5}, 3),
        ({1: 5, 2: 5, 3: 5, 4: 5, 5: 5}, 1),
        ({1: 5, 2: 1, 3: 5, 4: 5, 5: 5}, 3),  # an early top is passed over
        ({1: 1, 2: 3, 3: 7, 4: 6, 5: 5}, None),  # it falls by more than the margin
    ],
)
def test_saturation_is_where_the_drop_was_shown_to_grow_no_more(curve, expected):
    level = detected(lambda level: curve[level])["saturation_level"]
    assert (None if pd.isna(level) else int(level)) == expected
