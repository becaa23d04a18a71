"""Which metrics say the same, and which few are enough."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from degrade_bench.compare import CompareOptions, compare
from degrade_bench.compare.cover import cover, smallest_cover
from tests.analysis.tables import noisy
from tests.compare.folders import metric, run
from tests.compare.test_leaderboard import drops_of, mean, rich

QUICK = CompareOptions(resamples=200)
CELLS = [(name, level) for name in ("hiss", "hum", "clip", "shuffle") for level in (1, 3, 5)]


def test_the_correlation_is_scipy_s_over_the_cells_that_both_have(tmp_path):
    one, other = metric("x", rich(1)), metric("y", rich(2))
    gone = (other["degradation"] == "hiss") | ((other["degradation"] == "hum") & (other["clip_id"] == "clip001"))
    other.loc[gone, ["score", "status"]] = [np.nan, "not-applicable"]
    row = compare([run(tmp_path / "a", one, other)], QUICK).redundancy.iloc[0]
    x, y = drops_of(one), drops_of(other)
    means = []
    for cell in CELLS:
        clips = [key[2] for key in y if key[:2] == cell]
        if clips:
            means.append((mean(x[(*cell, clip)] for clip in clips), mean(y[(*cell, clip)] for clip in clips)))
    expected = scipy.stats.spearmanr(*zip(*means, strict=True)).statistic
    assert row["cells"] == 9
    assert row["rho"] == pytest.approx(expected)
    assert row["rho_low"] <= row["rho_high"]


def test_rescaled_and_turned_around_is_redundant(tmp_path):
    one = metric("x", rich(1))
    other = metric("y", rich(1)).assign(higher_is_better=False)
    other["score"] = 7 - 3 * other["score"]
    row = compare([run(tmp_path / "a", one, other)], QUICK).redundancy.iloc[0]
    assert (row["rho"], row["rho_low"], row["rho_high"]) == pytest.approx((1, 1, 1))


def test_too_few_cells_or_no_spread_give_no_correlation(tmp_path):
    two = (("hiss", "signal", "noise"), ("hum", "signal", "noise"))
    rows = [metric(name, rich(1), degradations=two, levels=(2,)) for name in "xy"]
    pair = compare([run(tmp_path / "a", *rows)], QUICK).redundancy.iloc[0]
    assert pair["cells"] == 2
    assert math.isnan(pair["rho"])
    flat = [metric("x", rich(1)), metric("y", lambda *cell: 1.0)]
    assert math.isnan(compare([run(tmp_path / "b", *flat)], QUICK).redundancy["rho"].iloc[0])


def verdicts(**metrics: dict[str, str]) -> pd.DataFrame:
    """Verdicts by metric and degradation; a degradation's family is its first letter."""
    return pd.DataFrame(
        [
            {
                "metric": name,
                "group": "signal",
                "family": degradation[0],
                "degradation": degradation,
                "verdict": verdict,
            }
            for name, by_degradation in metrics.items()
            for degradation, verdict in by_degradation.items()
        ]
    )


def test_a_family_is_covered_by_half_of_what_could_be_scored():
    table = cover(
        verdicts(
            x={"a1": "sensitive", "a2": "blind", "a3": "not-applicable", "b1": "blind"},
            y={"a1": "sensitive", "a2": "not-applicable", "a3": "not-applicable", "b1": "not-applicable"},
            z={"a1": "artefact", "a2": "blind", "a3": "not-applicable", "b1": "inverted"},
        ),
        {"x": 0.5, "y": 0.4, "z": 0.9},
    ).set_index(["metric", "family"])
    assert list(table.loc[("x", "a"), ["sensitive", "scored", "degradations"]]) == [1, 2, 2]
    assert list(table.loc[("y", "a"), ["sensitive", "scored", "degradations"]]) == [1, 1, 2]
    assert table["covers"].to_dict() == {
        ("x", "a"): True,
        ("x", "b"): False,
        ("y", "a"): True,
        ("y", "b"): False,
        ("z", "a"): False,
        ("z", "b"): False,
    }
    assert set(table.index[table["chosen"]].get_level_values(0)) == {"y"}  # the lower miss rate


def test_the_smallest_set_is_found_where_greed_would_fail():
    covers = {
        "greedy": frozenset("abcd"),
        "left": frozenset("abe"),
        "right": frozenset("cdf"),
        "none": frozenset(),
    }
    assert smallest_cover(covers, dict.fromkeys(covers, 0.5)) == ("left", "right")


def test_ties_go_to_the_lowest_miss_rate_then_to_the_alphabet():
    covers = {"c": frozenset("ab"), "b": frozenset("ab"), "a": frozenset("ab")}
    assert smallest_cover(covers, {"a": 0.5, "b": 0.5, "c": 0.4}) == ("c",)
    assert smallest_cover(covers, dict.fromkeys("abc", 0.5)) == ("a",)
    assert smallest_cover({"a": frozenset()}, {"a": 0.1}) == ()
    assert smallest_cover({}, {}) == ()


def only(*names: str):
    """A score that hears these degradations and nothing else."""
    return noisy(lambda name, role, level: 0.5 * level * (role == "test" and name in names), sd=0.02)


def test_specialists_cover_together_and_what_nobody_hears_is_named(tmp_path):
    losing = {"noises": ("hiss", "hum"), "orders": ("shuffle",), "half": ("hum",)}
    rows = [metric(name, only(*damages), clips=12) for name, damages in losing.items()]
    comparison = compare([run(tmp_path / "a", *rows)], QUICK)
    assert set(comparison.chosen) == {"noises", "orders"}
    assert comparison.uncovered == (("signal", "clipping"),)
    covers = comparison.cover.set_index(["metric", "family"])["covers"]
    assert covers["half", "noise"]
    assert not covers["half", "order"]
