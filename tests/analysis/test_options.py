"""Thresholds are checked at the door."""

from __future__ import annotations

import math

import pytest

from degrade_bench.analysis import AnalysisOptions
from degrade_bench.errors import ConfigError


@pytest.mark.parametrize("name", ["confidence", "alpha", "floor_quantile", "power"])
@pytest.mark.parametrize("value", [0.0, 1.0, -0.1, 2.0, math.nan])
def test_shares_lie_between_nothing_and_all(name, value):
    with pytest.raises(ConfigError, match=f"{name} must lie between 0 and 1, got {value}"):
        AnalysisOptions(**{name: value})
    assert getattr(AnalysisOptions(**{name: 0.5}), name) == 0.5


@pytest.mark.parametrize("value", [-0.01, 1.0, math.nan])
def test_the_resolution_may_be_nothing_but_not_all(value):
    with pytest.raises(ConfigError, match="resolution"):
        AnalysisOptions(resolution=value)
    assert AnalysisOptions(resolution=0.0).resolution == 0.0


@pytest.mark.parametrize(("name", "least"), [("resamples", 100), ("flips", 100), ("min_tracks", 2), ("seed", 0)])
def test_counts_have_a_least(name, least):
    with pytest.raises(ConfigError, match=f"{name} must be {least} or more, got {least - 1}"):
        AnalysisOptions(**{name: least - 1})
    assert getattr(AnalysisOptions(**{name: least}), name) == least


@pytest.mark.parametrize("margin", [-1.0, math.inf, math.nan, {"a": 0.1, "b": -0.1}, {"a": math.nan}])
def test_margins_are_numbers_from_nothing_up(margin):
    with pytest.raises(ConfigError, match="margin must be a number from 0 up"):
        AnalysisOptions(margin=margin)


def test_margins_by_number_by_name_or_none():
    assert AnalysisOptions(margin=0.2).margin_of("any") == 0.2
    assert AnalysisOptions(margin=0.0).margin_of("any") == 0.0
    assert AnalysisOptions().margin_of("any") is None
    named = AnalysisOptions(margin={"one": 0.3})
    assert named.margin_of("one") == 0.3
    assert named.margin_of("other") is None


def test_the_equivalence_tests_interval_has_twice_alpha():
    assert AnalysisOptions().tails == (0.95, 0.9)
    assert AnalysisOptions(confidence=0.99, alpha=0.01).tails == pytest.approx((0.99, 0.98))


def test_effects_stand_beside_margins():
    options = AnalysisOptions(margin={"one": 0.3}, effects={"one": 0.2})
    assert (options.effect_of("one"), options.effect_of("other")) == (0.2, None)
    assert AnalysisOptions(margin=0.3).effect_of("one") == 0.3
    assert options.changed() == "margin = one: 0.3, effects = one: 0.2"
    for wrong in ({"effects": {"one": 0.2}}, {"margin": 0.3, "effects": {"one": math.nan}}):
        with pytest.raises(ConfigError, match="effects: one has"):
            AnalysisOptions(**wrong)
