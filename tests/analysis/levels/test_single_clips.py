"""How often a damage costs a clip more than a control does."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from degrade_bench.analysis import AnalysisOptions, analyse
from degrade_bench.analysis.levels.single_clips import superiority
from tests.analysis.tables import awkward, noisy, plain_drops, table

NAN = math.nan
QUICK = AnalysisOptions(resamples=100)


def test_wins_count_one_and_ties_a_half():
    drops = np.array([[1.0, 0.0], [0.5, NAN], [2.0, 3.0], [1.0, 1.0]])
    controls = np.array([[0.5, 1.0], [0.5, NAN], [NAN, NAN], [-1.0, 2.0]])
    expected = [[0.75, 0.0], [0.5, NAN], [NAN, NAN], [0.5, 0.5]]
    alike = np.zeros(4)
    assert superiority(drops, controls, alike) == pytest.approx(np.array(expected), nan_ok=True)
    assert np.isnan(superiority(drops, np.zeros((4, 0)), alike)).all()
    assert superiority(drops[:1], controls[:1], np.array([0.6])).tolist() == [[0.5, 0.25]]


def test_told_is_a_mean_of_pairs_over_the_controls_highest_levels():
    scores = awkward()
    drops = plain_drops(scores)
    control = drops[(drops.role == "control") & (drops.level == 3)].set_index("clip_id")["drop"]
    levels = analyse(scores, QUICK).levels
    for cell in levels.itertuples():
        of_cell = drops[(drops.degradation == cell.degradation) & (drops.level == cell.level)].set_index("clip_id")
        pairs = pd.concat([of_cell["drop"], control], axis=1, keys=["damage", "control"]).dropna()
        won = (pairs.damage > pairs.control) + 0.5 * (pairs.damage == pairs.control)
        assert cell.told == pytest.approx(won.mean())
        assert 0 <= cell.told_low <= cell.told <= cell.told_high <= 1


def test_what_is_heard_is_told_and_what_is_not_is_a_guess():
    heard = noisy(lambda name, role, level: 2.0 * level * (role == "test" and name == "noise_like"))
    levels = analyse(table(heard, clips=20), QUICK).levels.set_index("degradation")
    assert (levels.loc["noise_like", ["told", "told_low", "told_high"]] == 1).all(axis=None)
    assert levels.loc["order_like", "told"].between(0.2, 0.8).all()
    scores = table(heard, clips=20)
    without = analyse(scores[scores.role != "control"], QUICK).levels
    assert without[["told", "told_low", "told_high"]].isna().all(axis=None)
