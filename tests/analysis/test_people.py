"""Agreement with people: rank correlations over PMQD's cells against scipy's."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from degrade_bench.analysis import AnalysisOptions, analyse
from degrade_bench.analysis.people import spearman
from degrade_bench.analysis.resampling import Draws, Resampler
from degrade_bench.degrade.reproduction.pmqd_ratings import MEAN_RATINGS, UNDAMAGED_RATING
from tests.analysis.tables import SIGNAL, plain_drops, table

OPTIONS = AnalysisOptions(resamples=150)
DAMAGES = tuple((name, "signal", "pmqd") for name in MEAN_RATINGS)


def lost(name: str, level: int) -> float:
    return UNDAMAGED_RATING - MEAN_RATINGS[name][level - 1]


def pmqd(score, clips: int = 8, degradations=(*DAMAGES, SIGNAL), levels=(1, 2, 3, 4, 5)) -> pd.DataFrame:
    return table(score, clips=clips, degradations=degradations, levels=levels, single_placebo=())


def as_people(name: str, role: str, level: int, clip: int) -> float:
    return 5.0 - (lost(name, level) ** 3 if role == "test" and name in MEAN_RATINGS else 0.0)


def noisy_people(seed: int = 0):
    rng = np.random.default_rng(seed)
    return lambda *cell: as_people(*cell) + 1.5 * rng.standard_normal()


def test_a_metric_that_orders_as_people_do_agrees_wholly():
    people = analyse(pmqd(as_people), OPTIONS).people
    assert people["damage"].tolist() == ["all", *MEAN_RATINGS]
    assert people["cells"].tolist() == [20, 5, 5, 5, 5]
    assert people["rho"].to_numpy() == pytest.approx(np.ones(5), abs=1e-12)
    assert people["rho_low"].to_numpy() == pytest.approx(np.ones(5), abs=1e-12)


def test_a_metric_that_orders_the_other_way_round_disagrees_wholly():
    people = analyse(pmqd(lambda *cell: -as_people(*cell)), OPTIONS).people
    assert people["rho"].to_numpy() == pytest.approx(-np.ones(5), abs=1e-12)


def test_rho_is_scipys_over_mean_drops_and_its_interval_over_tracks():
    scores = pmqd(noisy_people())
    gone = (scores.clip_id == "clip002") & (scores.degradation == "pmqd_noise") & (scores.level == 3)
    scores = scores[~gone]
    people = analyse(scores, OPTIONS).people.set_index("damage")
    drops = plain_drops(scores).query("role == 'test'")
    drops = drops[drops.degradation.isin(list(MEAN_RATINGS))]
    for damage in ("all", *MEAN_RATINGS):
        of_damage = drops if damage == "all" else drops[drops.degradation == damage]
        wide = of_damage.pivot(index="track", columns=["degradation", "level"], values="drop")
        human = [lost(*cell) for cell in wide.columns]

        def rho(rows: pd.DataFrame, human=human) -> float:
            return float(scipy.stats.spearmanr(rows.mean(), human).statistic)

        draws = Draws(
            np.array([rho(wide)]),
            np.array([[rho(wide.loc[wide.index.repeat(row)])] for row in Resampler(150, 0).counts(8)]),
            np.array([[rho(wide.drop(index=track))] for track in wide.index]),
        )
        assert people.loc[damage, "rho"] == pytest.approx(rho(wide), abs=1e-9)
        ends = draws.intervals((0.95,))[0, :, 0]
        assert list(people.loc[damage, ["rho_low", "rho_high"]]) == pytest.approx(list(ends), abs=1e-9)


def test_cells_that_were_not_scored_are_left_out():
    scores = pmqd(noisy_people(1))
    unscored = (scores.degradation == "pmqd_limiter") & (scores.level > 2) & (scores.role == "test")
    scores.loc[unscored, ["score", "status"]] = [np.nan, "failed"]
    people = analyse(scores, OPTIONS).people.set_index("damage")
    assert people["cells"].to_dict() == {"all": 17, "pmqd_waveshaper": 5, "pmqd_low_pass": 5, "pmqd_noise": 5}
    drops = plain_drops(scores).query("role == 'test' and degradation.str.startswith('pmqd')")
    means = drops.groupby(["degradation", "level"])["drop"].mean()
    expected = scipy.stats.spearmanr(means, [lost(*cell) for cell in means.index]).statistic
    assert people.loc["all", "rho"] == pytest.approx(expected, abs=1e-9)


def test_some_levels_or_one_damage_or_none():
    analysis = analyse(pmqd(as_people, levels=(1, 3, 5), degradations=DAMAGES[:1]), OPTIONS)
    assert analysis.people["cells"].tolist() == [3, 3]
    assert analysis.human_curves["level"].tolist() == [1, 3, 5]
    assert analyse(pmqd(as_people, levels=(1, 5), degradations=DAMAGES[:1]), OPTIONS).people.empty
    none = analyse(pmqd(as_people, degradations=(SIGNAL,)), OPTIONS)
    assert none.people.empty
    assert none.human_curves.empty


def test_human_curves_are_the_published_ratings():
    curves = analyse(pmqd(as_people), OPTIONS).human_curves
    assert len(curves) == 20
    for row in curves.itertuples():
        assert row.rating == MEAN_RATINGS[row.degradation][row.level - 1]
        assert row.human_drop == pytest.approx(4.02 - row.rating, abs=1e-12)
        assert row.strength == row.level
        assert row.unit == "x"


def test_one_clip_has_a_rho_but_no_interval():
    people = analyse(pmqd(noisy_people(), clips=1), OPTIONS).people
    assert np.isfinite(people["rho"]).all()
    assert people[["rho_low", "rho_high"]].isna().all(axis=None)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.integers(-3, 3), min_size=3, max_size=9), st.randoms(use_true_random=False))
def test_spearman_is_scipys_with_ties(values, random):
    other = [random.randint(0, 4) for _ in values]
    [rho] = spearman(np.array([values], dtype=float), np.array(other, dtype=float))
    if len(set(values)) == 1 or len(set(other)) == 1:
        assert math.isnan(rho)
    else:
        assert rho == pytest.approx(scipy.stats.spearmanr(values, other).statistic, abs=1e-9)


def test_spearman_of_what_is_not_known():
    rho = spearman(np.array([[1.0, 2, math.nan], [1, 2, 3]]), np.array([1.0, 2, 3]))
    assert math.isnan(rho[0])
    assert rho[1] == pytest.approx(1.0)
    assert len(spearman(np.zeros((0, 3)), np.zeros(3))) == 0
