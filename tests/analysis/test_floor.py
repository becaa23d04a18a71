"""The nuisance floor, and the margin of rules 1 that is made from it: which controls count, how sure it is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from degrade_bench.analysis import AnalysisOptions, analyse
from degrade_bench.analysis.floor import Floor, nuisance_floor
from degrade_bench.analysis.resampling import Resampler
from degrade_bench.analysis.wide import MetricDrops, drops_by_metric
from tests.analysis.tables import awkward, noisy, plain_drops, table

OPTIONS = AnalysisOptions(resamples=300, resolution=0.0, rules=1)


def falling(name: str, role: str, level: int) -> float:
    return 0.2 * level if role == "test" else 0.0


def own_drops(scores: pd.DataFrame) -> MetricDrops:
    return next(iter(drops_by_metric(scores).values()))


def floor_of(scores: pd.DataFrame, **options) -> Floor:
    options = {"resamples": 300, "resolution": 0.0, "rules": 1} | options
    return nuisance_floor(own_drops(scores), Resampler(options["resamples"], 0), AnalysisOptions(**options))


def with_control(scores: pd.DataFrame, name: str, size: float, nuisance: bool) -> pd.DataFrame:
    """The table with one more control, the drops of the other made ``size`` times as large."""
    clean = scores[scores.role == "clean"].set_index("clip_id").score
    more = scores[scores.role == "control"].assign(degradation=name, nuisance=nuisance)
    paired = clean.loc[more.clip_id].to_numpy()
    return pd.concat([scores, more.assign(score=paired - size * (paired - more.score))])


@pytest.mark.parametrize("quantile", [0.5, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("scores", [awkward(), table(noisy(falling), clips=9)], ids=["awkward", "plain"])
def test_the_floor_is_the_quantile_of_the_controls_sizes(scores, quantile):
    drops = plain_drops(scores)
    sizes = drops[drops.role == "control"]["drop"].abs()
    floor = floor_of(scores, floor_quantile=quantile)
    assert floor.value == pytest.approx(np.quantile(sizes, quantile, method="inverted_cdf"), abs=1e-12)
    assert floor.margin == floor.value
    assert floor.source == "floor"


def test_the_floors_interval_is_bca_over_tracks():
    scores = table(noisy(falling), clips=12)
    drops = plain_drops(scores)
    controls = drops[drops.role == "control"].assign(size=lambda frame: frame["drop"].abs())
    sizes = [track["size"].to_numpy() for _, track in controls.groupby("track")]

    def quantile(parts: list[np.ndarray]) -> float:
        return float(np.quantile(np.concatenate(parts), 0.95, method="inverted_cdf"))

    counts = Resampler(300, 0).counts(12)
    drawn = np.array([quantile([sizes[k] for k in range(12) for _ in range(row[k])]) for row in counts])
    left_out = np.array([quantile([*sizes[:k], *sizes[k + 1 :]]) for k in range(12)])
    centre = quantile(sizes)
    below = ((drawn < centre).sum() + (drawn <= centre).sum()) / 600
    z0 = scipy.stats.norm.ppf(below)
    away = left_out.mean() - left_out
    a = (away**3).sum() / (6 * (away**2).sum() ** 1.5)
    tail = np.sqrt(12 / 11) * scipy.stats.t.ppf(0.975, 11)
    ends = [
        np.quantile(drawn, scipy.stats.norm.cdf(z0 + (z0 + z) / (1 - a * (z0 + z))) if a * (z0 + z) < 1 else z > 0)
        for z in (-tail, tail)
    ]
    floor = floor_of(scores)
    assert (floor.low, floor.high) == pytest.approx(ends, abs=1e-9)


def test_controls_that_a_metric_is_meant_to_hear_are_left_out():
    scores = table(noisy(falling), clips=9)
    alone = floor_of(scores)
    left = floor_of(with_control(scores, "loud", 10.0, nuisance=False))
    assert left.value == alone.value
    assert left.left_out == ("loud",)
    counted = floor_of(with_control(scores, "loud", 10.0, nuisance=True))
    assert counted.value > 5 * alone.value
    assert counted.left_out == ()
    analysis = analyse(with_control(scores, "loud", 10.0, nuisance=False), OPTIONS)
    assert analysis.metrics.loc[0, "left_out"] == "loud"
    assert analysis.controls.groupby("degradation")["nuisance"].first().to_dict() == {
        "gain_like": True,
        "loud": False,
    }


def test_what_is_left_out_depends_on_the_metric():
    scores = with_control(table(noisy(falling), clips=9), "loud", 10.0, nuisance=False)
    other = scores.assign(metric="other", nuisance=scores.role == "control")
    metrics = analyse(pd.concat([scores, other]), OPTIONS).metrics.set_index("metric")
    assert metrics["left_out"].tolist() == ["loud", ""]
    assert metrics.loc["other", "nuisance_floor"] > 5 * metrics.loc["made", "nuisance_floor"]


def test_margins_are_given_by_number_or_by_name():
    scores = table(noisy(falling), clips=9)
    both = pd.concat([scores, scores.assign(metric="other")])
    for margin, expected in ((0.3, [0.3, 0.3]), ({"other": 0.4}, [None, 0.4]), (0.0, [0.0, 0.0])):
        metrics = analyse(both, AnalysisOptions(resamples=100, resolution=0.0, margin=margin, rules=1)).metrics
        floors = metrics["nuisance_floor"]
        assert metrics["margin"].tolist() == [floors[0] if margin is None else margin for margin in expected]
        assert metrics["margin_is"].tolist() == ["floor" if margin is None else "given" for margin in expected]
    assert not floor_of(scores, margin=0.3).is_estimate
    assert floor_of(scores, margin=0.3).value == floor_of(scores).value


def test_a_metrics_resolution_is_a_share_of_its_largest_drop():
    scores = table(noisy(falling, sd=1e-6), clips=9)
    drops = plain_drops(scores)
    means = drops[drops.role == "test"].groupby(["degradation", "level"])["drop"].mean()
    floor = floor_of(scores, resolution=0.05)
    assert floor.source == "resolution"
    assert floor.margin == pytest.approx(0.05 * means.abs().max(), abs=1e-12)
    assert floor.value < 1e-5
    assert floor.is_estimate
    upward = table(noisy(lambda *cell: -falling(*cell), sd=1e-6), clips=9)
    assert floor_of(upward, resolution=0.05).margin == pytest.approx(0.05, abs=1e-5)
    assert floor_of(scores, resolution=0.0).margin == floor_of(scores).value
    large = floor_of(table(noisy(falling, sd=0.2), clips=9), resolution=0.05)
    assert large.source == "floor"
    assert large.margin == large.value


def test_a_cell_of_few_tracks_is_no_measure_of_the_resolution():
    scores = table(noisy(falling, sd=1e-6), clips=9)
    few = (scores.degradation == "order_like") & ~scores.clip_id.isin(["clip000", "clip001"])
    wild = scores[~few].copy()
    wild.loc[wild.degradation == "order_like", "score"] -= 100
    assert floor_of(wild, resolution=0.05).margin == pytest.approx(0.05, abs=1e-5)


def test_without_controls_the_margin_is_nothing():
    scores = table(noisy(falling), clips=9)
    floor = floor_of(scores[scores.role != "control"], resolution=0.05)
    assert np.isnan(floor.value)
    assert np.isnan(floor.low)
    assert floor.margin == 0.0
    assert floor.source == "none"
    assert not floor.is_estimate


def test_controls_on_few_tracks_leave_the_margin_an_estimate():
    """Some resamples then hold no control at all."""
    scores = table(noisy(falling), clips=9)
    few = scores[(scores.role != "control") | scores.clip_id.isin(["clip000", "clip001"])]
    floor = floor_of(few)
    assert np.isnan(floor.margin_draws.resampled).any()
    assert floor.is_estimate
    at = analyse(few, OPTIONS).verdicts
    assert (at["detection_at_low"] < at["detection_at"]).all()
    assert (at["detection_at"] < at["detection_at_high"]).all()


def test_an_estimated_margin_adds_its_own_spread_to_the_equivalence_test():
    """Each one-sided test takes the bootstrap's error of mean ± margin, resampled together."""
    scores = awkward()
    analysis = analyse(scores, AnalysisOptions(resamples=300, resolution=0.0, floor_quantile=0.6, rules=1))
    drops = plain_drops(scores).assign(size=lambda frame: frame["drop"].abs())
    tracks = sorted(scores["track"].unique())
    counts = Resampler(300, 0).counts(len(tracks))
    controls = [drops[(drops.role == "control") & (drops.track == name)]["size"].to_numpy() for name in tracks]
    margins = np.array(
        [
            np.quantile(
                np.concatenate([np.tile(c, k) for c, k in zip(controls, row, strict=True)]),
                0.6,
                method="inverted_cdf",
            )
            for row in counts
        ]
    )
    assert np.ptp(margins) > 0
    margin = analysis.metrics.loc[0, "margin"]
    for cell in analysis.levels.itertuples():
        values = drops[(drops.degradation == cell.degradation) & (drops.level == cell.level)]
        by_track = values.groupby("track")["drop"].agg(["sum", "count"]).reindex(tracks, fill_value=0)
        means = counts.astype(float) @ by_track["sum"] / (counts.astype(float) @ by_track["count"])
        spread = np.sqrt(len(tracks) / (len(tracks) - 1))
        below, above = spread * np.std(means + margins), spread * np.std(means - margins)
        mean = values["drop"].mean()
        t = [(mean + margin) / below, (margin - mean) / above]
        assert cell.p_blind == pytest.approx(max(scipy.stats.t.sf(t, values["track"].nunique() - 1)), abs=1e-9)


def test_four_copies_of_every_clip_change_nothing():
    scores = awkward()
    often = pd.concat([scores.assign(clip_id=scores.clip_id + f"/{copy}") for copy in range(4)])
    for options in ({}, {"resolution": 0.3}, {"floor_quantile": 0.5}):
        one, other = floor_of(scores, **options), floor_of(often, **options)
        assert (one.value, one.margin, one.low, one.high) == pytest.approx(
            (other.value, other.margin, other.low, other.high), abs=1e-9
        )
        assert one.margin_draws.resampled == pytest.approx(other.margin_draws.resampled, abs=1e-9)


@pytest.mark.parametrize("rules", [1, 2])
def test_what_a_single_clip_must_exceed_is_the_floor_at_least_the_margin(rules):
    scores = table(noisy(falling), clips=9)
    noticed = floor_of(scores, rules=rules)
    assert noticed.single_clips == noticed.value >= noticed.margin
    quiet = floor_of(table(noisy(falling, sd=1e-6), clips=9), rules=rules, resolution=0.05)
    assert quiet.single_clips == quiet.margin > quiet.value
    assert floor_of(scores, rules=rules, margin=0.001).single_clips == 0.001
    none = floor_of(scores[scores.role != "control"], rules=rules)
    assert none.single_clips == none.margin
