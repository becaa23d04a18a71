"""One number per family and group, and per clip group: counted in pandas, and scipy's entropy."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from degrade_bench.analysis import AnalysisOptions, analyse
from degrade_bench.analysis.genres import pielou
from degrade_bench.analysis.resampling import Draws, Resampler
from tests.analysis.tables import awkward, noisy, plain_drops, table

MARGIN = 0.375
OPTIONS = AnalysisOptions(resamples=120, margin=MARGIN)


def paired(scores: pd.DataFrame) -> pd.DataFrame:
    """Tested drops beside their placebo's; a degradation with a placebo keeps the clips that have both."""
    drops = plain_drops(scores)
    parts = []
    for name, tested in drops[drops.role == "test"].groupby("degradation"):
        placebo = drops[drops.degradation == f"{name}_placebo"]
        on = ["clip_id"] if set(placebo.level) == {1} else ["clip_id", "level"]
        how = "inner" if len(placebo) else "left"
        parts.append(tested.merge(placebo[[*on, "drop"]], on=on, suffixes=("", "_placebo"), how=how))
    return pd.concat(parts)


def noticed(values: pd.DataFrame) -> float:
    """Shares of clips by level, averaged over levels, then degradations, then families."""
    hits = (values["drop"] > MARGIN).astype(float) - (values["drop_placebo"] > MARGIN).astype(float)
    levels = hits.groupby([values["family"], values["degradation"], values["level"]]).mean()
    return float(levels.groupby(level=[0, 1]).mean().groupby(level=0).mean().mean())


FAMILIES = {"ramp": "noise", "shuffle": "order", "dull": "tempo"}
ROWS = {
    ("signal", "noise"): ["ramp"],
    ("signal", ""): ["ramp"],
    ("structural", "order"): ["shuffle"],
    ("structural", "tempo"): ["dull"],
    ("structural", ""): ["shuffle", "dull"],
}


@pytest.mark.parametrize(("group", "family"), ROWS)
def test_noticed_is_counted_less_what_the_placebo_gives(group, family):
    scores = awkward()
    row = analyse(scores, OPTIONS).families.set_index(["group", "family"]).loc[(group, family)]
    pairs = paired(scores)
    values = pairs[pairs.degradation.isin(ROWS[group, family])]
    values = values.assign(family=values.degradation.map(FAMILIES))
    assert row["degradations"] == len(ROWS[group, family])
    assert row["noticed"] == pytest.approx(noticed(values), abs=1e-9)

    # and the interval: the same count again in every resample, and without each track
    tracks = sorted(scores["track"].unique())
    by_track = {track: part for track, part in values.groupby("track")}

    def again(counts: np.ndarray) -> float:
        drawn = [by_track[t] for t, k in zip(tracks, counts, strict=True) for _ in range(k) if t in by_track]
        return noticed(pd.concat(drawn))

    some = Resampler(120, 0).counts(len(tracks))
    draws = Draws(
        np.array([noticed(values)]),
        np.array([[again(row)] for row in some]),
        np.array([[again(row)] for row in 1 - np.eye(len(tracks), dtype=int)]),
    )
    ends = draws.intervals((0.95,))[0, :, 0]
    assert (row["noticed_low"], row["noticed_high"]) == pytest.approx(ends, abs=1e-9)


@pytest.mark.parametrize(("group", "family"), ROWS)
def test_areas_are_of_the_drop_that_counts_in_nuisance_floors(group, family):
    scores = awkward()
    row = analyse(scores, OPTIONS).families.set_index(["group", "family"]).loc[(group, family)]
    control = plain_drops(scores).query("role == 'control'")["drop"].abs()
    areas = []
    for name in ROWS[group, family]:
        values = paired(scores)
        values = values[values.degradation == name]
        values = values.assign(counted=values["drop"] - values["drop_placebo"].fillna(0.0))
        wide = values.pivot(index="clip_id", columns="level", values="counted").dropna()
        areas.append(np.mean([np.trapezoid([0, *row], [0, 0.25, 0.5, 1]) for row in wide.to_numpy()]))
    floor = np.quantile(control, 0.95, method="inverted_cdf")
    assert row["area_floor"] == pytest.approx(np.mean(areas) / floor, abs=1e-9)


def test_families_count_equally_within_a_group_and_degradations_within_a_family():
    """Shares 1, 0 in one family, 1 in another: ½ and 1, ¾ for the group."""
    damages = (("one", "signal", "noise"), ("two", "signal", "noise"), ("three", "signal", "codec"))
    scores = table(
        lambda name, role, level, clip: 5.0 - 2.0 * (role == "test" and name != "two"),
        clips=8,
        degradations=damages,
        single_placebo=(),
    )
    families = analyse(scores, OPTIONS).families.set_index("family")
    assert families["noticed"].to_dict() == pytest.approx({"noise": 0.5, "codec": 1.0, "": 0.75})
    assert families["degradations"].to_dict() == {"noise": 2, "codec": 1, "": 3}


def test_what_the_placebo_does_too_is_not_noticed():
    def both(name: str, role: str, level: int, clip: int) -> float:
        return 5.0 - 2.0 * (role in ("test", "placebo"))

    assert (analyse(table(both, clips=8), OPTIONS).families["noticed"] == 0).all()

    def placebo_only(name: str, role: str, level: int, clip: int) -> float:
        return 5.0 - 2.0 * (role == "placebo")

    assert (analyse(table(placebo_only, clips=8), OPTIONS).families["noticed"] == -1).all()


def falling(name: str, role: str, level: int) -> float:
    return 0.2 * level if role == "test" else 0.0


def test_a_family_that_few_tracks_have_takes_no_other_with_it():
    scores = table(noisy(falling), clips=9)
    few = scores[(scores.degradation != "order_like") | (scores.clip_id == "clip000")]
    whole, part = (analyse(rows, OPTIONS).families.set_index("group") for rows in (scores, few))
    signal = whole.loc["signal"].drop(columns="metric")
    pd.testing.assert_frame_equal(part.loc["signal"].drop(columns="metric"), signal)
    assert part.loc["structural", "noticed"].notna().all()
    assert part.loc["structural", ["noticed_low", "area_floor_low"]].isna().all(axis=None)


def test_a_family_that_was_never_scored_is_not_known():
    scores = table(noisy(falling), clips=9)
    lost = (scores.degradation == "order_like") & (scores.role == "test")
    scores.loc[lost, ["score", "status"]] = [np.nan, "not-applicable"]
    families = analyse(scores, OPTIONS).families.set_index("group")
    numbers = ["noticed", "noticed_low", "noticed_high", "area_floor", "area_floor_low", "area_floor_high"]
    assert families.loc["structural", numbers].isna().all(axis=None)
    assert families.loc["signal", numbers].notna().all(axis=None)


# -- clip groups ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("drops", [[1.0, 2.0, 3.0], [5.0, 0.1], [1.0, 1.0, 1.0, 1.0], [2.0, 0.0, 1.0]])
def test_pielou_is_scipys_entropy_to_the_base_of_the_groups(drops):
    expected = scipy.stats.entropy(drops, base=len(drops))
    assert pielou(np.array(drops)) == pytest.approx(expected, abs=1e-9)


def test_pielou_of_groups_that_lose_nothing():
    assert pielou(np.array([1.0, -1.0])) == 0.0
    assert pielou(np.array([3.0, 3.0, -9.0])) == pytest.approx(math.log(2) / math.log(3), abs=1e-12)
    assert pielou(np.array([1.0, math.nan, 1.0])) == pytest.approx(1.0)
    for nothing in ([], [1.0], [-1.0, 0.0], [1.0, math.nan]):
        assert math.isnan(pielou(np.array(nothing)))


def test_genres_are_means_at_the_top_level_where_a_group_has_two_tracks():
    scores = table(noisy(falling, sd=0.2), clips=9)
    groups = {0: "rock", 1: "rock", 2: "rock", 3: "folk", 4: "folk", 5: "solo", 6: None, 7: "folk", 8: "rock"}
    scores["clip_group"] = scores.clip_id.str[-3:].astype(int).map(groups)
    analysis = analyse(scores, OPTIONS)
    genres = analysis.genres.set_index(["degradation", "clip_group"])
    assert sorted(genres.index) == [(d, g) for d in ("noise_like", "order_like") for g in ("folk", "rock")]
    drops = plain_drops(scores).query("level == 5 and role == 'test'")
    drops = drops.assign(clip_group=drops.clip_id.str[-3:].astype(int).map(groups))
    for (name, group), row in genres.iterrows():
        values = drops[(drops.degradation == name) & (drops.clip_group == group)]["drop"]
        assert row["n"] == row["tracks"] == len(values)
        assert row["drop_mean"] == pytest.approx(values.mean(), abs=1e-9)
        assert row["drop_low"] < values.mean() < row["drop_high"]
    for verdict in analysis.verdicts.itertuples():
        means = genres.loc[verdict.degradation, "drop_mean"]
        assert verdict.evenness == pytest.approx(scipy.stats.entropy(means, base=2), abs=1e-9)


def test_one_genre_is_none():
    scores = table(noisy(falling), clips=8).assign(clip_group="rock")
    analysis = analyse(scores, OPTIONS)
    assert analysis.genres.empty
    assert analysis.verdicts["evenness"].isna().all()
