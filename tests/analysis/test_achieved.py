"""Strengths asked for and achieved, where an achieved one has no mean."""

from __future__ import annotations

import math

import pytest

from degrade_bench.analysis import analyse
from degrade_bench.analysis.achieved import achieved_strengths
from degrade_bench.analysis.result import Analysis
from tests.analysis.tables import noisy, table


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, 1e308, -1e308])
def test_a_strength_without_a_mean_is_none(value):
    scores = table(noisy(lambda name, role, level: 0.0))
    scores["achieved"] = value
    frame = achieved_strengths(scores)
    assert frame["mean"].isna().all()
    assert (frame["n"] == (0 if not math.isfinite(value) else frame["n"].max())).all()
    analysis = analyse(scores)
    assert Analysis.from_json(analysis.to_json()).achieved["mean"].isna().all()


def test_those_that_have_one_are_counted_alone():
    scores = table(noisy(lambda name, role, level: 0.0))
    scores["achieved"] = [math.inf if place % 2 else 3.0 for place in range(len(scores))]
    frame = achieved_strengths(scores)
    assert set(frame.loc[frame["n"] > 0, "mean"]) == {3.0}
