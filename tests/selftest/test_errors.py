"""Scenarios at the edge of every claim, and how often claims are wrong there: few runs, of one damage or few."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from degrade_bench.errors import ConfigError
from degrade_bench.selftest.errors import failing, run_errors, scenarios
from degrade_bench.selftest.scenarios import CASES, CLIPS, NOISES, Scenario, Simulated
from degrade_bench.selftest.text import error_table


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=seed))


def test_every_noise_meets_every_case_and_number_of_recordings():
    work = scenarios()
    assert len(work) == len(NOISES) * len(CASES) * len(CLIPS) == 8 * 8 * 4
    assert {scenario.damages for scenario in work} == {64}


@pytest.mark.parametrize("noise", list(NOISES))
def test_damages_cost_what_the_case_says(noise):
    metric = Simulated(NOISES[noise])
    scenario = Scenario(metric, CASES["one margin at the top"], 20_000 // NOISES[noise].clips, damages=1)
    drops = scenario.drops(rng(1))
    means = drops.drops.mean(axis=0) / metric.margin
    assert means == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0], abs=0.07)
    assert drops.placebo.mean(axis=0) == pytest.approx(0, abs=0.05)
    assert drops.control_drops.shape == (len(drops.clips), 8)
    assert drops.tracks * NOISES[noise].clips == len(drops.clips)


def test_the_margin_is_the_smaller_effect():
    precise = Simulated(NOISES["normal"])
    assert precise.margin == pytest.approx(np.sqrt(0.2), rel=0.02)
    assert precise.clean_sd == pytest.approx(1.0, rel=0.02)
    assert Simulated(NOISES["normal"], reliability=0.6).margin == pytest.approx(0.5, rel=0.02)


def test_net_and_share_are_fixed_where_the_case_says():
    metric = Simulated(NOISES["normal"])
    for case, share in (("a quarter beyond the placebo", 0.25), ("the placebo's alone", 0.0)):
        drops = Scenario(metric, CASES[case], 20_000, damages=1).drops(rng(2))
        top, beside = drops.drops[:, -1].mean(), drops.placebo[:, -1].mean()
        assert (top - beside) / top == pytest.approx(share, abs=0.01)
    drops = Scenario(metric, CASES["one effect beyond the placebo"], 20_000, damages=1).drops(rng(3))
    assert drops.net[:, -1].mean() == pytest.approx(metric.effect, abs=0.02)


def test_errors_are_counted_alike_on_any_number_of_workers():
    work = scenarios(["normal"], ["nothing", "the placebo's alone"], [14], damages=3)
    table = run_errors(work, 4, 7)
    assert list(table["case"]) == ["nothing", "the placebo's alone"]
    pd.testing.assert_frame_equal(run_errors(work, 4, 7, workers=2), table)
    assert table["right"].iloc[1] == 1
    assert (table[["wrong_yes", "wrong_no"]] == 0).all(axis=None)
    assert "| normal | nothing | 14 | 3 | 0.00, 0.0 |" in error_table(table)


def test_coverage_is_counted_at_the_margin():
    table = run_errors(scenarios(["normal"], ["one margin at the top"], [24], damages=20), 10, 3)
    assert 0.9 <= table["covered"].iloc[0] <= 1


def test_what_errs_too_often_fails():
    table = run_errors(scenarios(["normal"], ["nothing"], [14], damages=2), 1, 0)
    assert failing(table).empty
    assert len(failing(table.assign(wrong_yes=0.06))) == len(failing(table.assign(runs_no=0.2))) == 1
    assert "FAILS" in error_table(table.assign(runs_no=0.2))


def test_impossible_requests_are_refused():
    for runs, workers in ((0, 1), (1, 0)):
        with pytest.raises(ConfigError, match="errors are counted"):
            run_errors([], runs, 0, workers)
