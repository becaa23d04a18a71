"""The self-test: few runs here, so that only gross errors show; `degrade-bench selftest` makes hundreds."""

from __future__ import annotations

import json
import random

import numpy as np
import pandas as pd
import pytest

from degrade_bench.errors import ConfigError
from degrade_bench.metric.simulated.truths import CLEAN_SD, TRUTHS, Truth
from degrade_bench.selftest.figures import write_figures
from degrade_bench.selftest.summary import Claim, claims, confusion, false_alarms, write_summary
from degrade_bench.selftest.table import score_table, suite_cells, true_drops
from degrade_bench.selftest.trials import (
    AT_MARGIN,
    AT_POWER,
    WAIVED,
    cases,
    design,
    kind_of,
    population_margin,
    promised_drop,
    run_trials,
)

RUNS, CLIPS = 8, 36


@pytest.fixture(scope="module")
def trials():
    return run_trials(RUNS, CLIPS, seed=11)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=seed))


# -- the verdicts --------------------------------------------------------------------------------------


def test_every_simulated_metric_is_called_what_it_is(trials):
    table = confusion(trials).set_index(["case", "kind"])
    assert set(table.index.get_level_values("case")) == {*TRUTHS, WAIVED, AT_MARGIN, AT_POWER}
    for (case, kind), row in table.iterrows():
        assert row["verdicts"] == RUNS * {"signal": 3, "order": 1, "structural": 2}[kind]
        if case in (AT_MARGIN, AT_POWER):
            continue
        if case == WAIVED:  # with so much noise 36 clips do not always suffice
            assert row["blind"] + row["inconclusive"] == 1
            continue
        # 1 of 8 may go wrong: at a rate of 1 % two or more of 8 have a chance of 0.3 %
        assert row[row["expected"]] >= 1 - 1 / RUNS, (case, kind, dict(row))


def test_what_is_not_there_is_not_found(trials):
    table = confusion(trials).set_index(["case", "kind"])
    for kind in ("signal", "order", "structural"):
        assert table.loc[("simulated-noise", kind), ["sensitive", "inverted", "blind"]].sum() == 0
        assert table.loc[(WAIVED, kind), "sensitive"] == 0
    assert table.loc[("simulated-joins", "order"), "sensitive"] <= 1 / RUNS
    assert (false_alarms(trials)["share"] <= 0.05).all()


def test_a_drop_of_one_margin_is_rarely_called_blind_and_the_promised_one_is_mostly_found(trials):
    table = confusion(trials).set_index(["case", "kind"])
    blind = sum(
        table.loc[(AT_MARGIN, kind), ["blind", "faint"]].sum() * n
        for kind, n in (("order", RUNS), ("structural", 2 * RUNS))
    )
    assert blind <= 5  # of 24 at 5 %: more than 5 have a chance of 0.1 %
    assert table.loc[(AT_POWER, "signal"), "sensitive"] >= 0.7


def test_intervals_cover_the_truth(trials):
    total = trials.coverage.groupby("interval")[["covered", "intervals"]].sum()
    assert set(total.index) == {"drop", "net", "slope", "area"}
    assert ((total["covered"] / total["intervals"]).between(0.91, 0.99)).all()


def test_the_same_on_any_number_of_workers_and_global_state_is_left_alone(trials, monkeypatch):
    """Of the first three cases: what is drawn for them does not depend on those behind them."""
    few = cases(CLIPS)[:3]
    monkeypatch.setattr("degrade_bench.selftest.trials.cases", lambda clips, power: few)
    random.seed(1)
    np.random.seed(1)
    before = random.getstate(), np.random.get_state()[1].tolist()
    together = run_trials(2, CLIPS, seed=11, workers=2)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before
    first = trials.verdicts[
        (trials.verdicts["run"] < 2) & trials.verdicts["case"].isin([case.name for case in few])
    ]
    pd.testing.assert_frame_equal(together.verdicts, first.reset_index(drop=True))
    pd.testing.assert_frame_equal(together.coverage, run_trials(2, CLIPS, seed=11).coverage)
    assert not run_trials(1, CLIPS, seed=12).verdicts["verdict"].empty


def test_impossible_requests_are_refused():
    for runs, clips, workers in ((0, 24, 1), (1, 1, 1), (1, 24, 0)):
        with pytest.raises(ConfigError, match="a self-test needs"):
            run_trials(runs, clips, 0, workers)


# -- what is written -----------------------------------------------------------------------------------


def test_claims_have_bounds_and_can_fail(trials):
    listed = claims(trials)
    assert len(listed) == 21
    assert {"pure noise is called sensitive", "95 % intervals cover the true drop"} <= {
        claim.text for claim in listed
    }
    assert not Claim("x", 0.06, 0, 0.05, 10).holds
    assert Claim("x", 0.05, 0, 0.05, 10).holds
    wrong = trials.verdicts.assign(verdict="sensitive")
    broken = type(trials)(wrong, trials.coverage.assign(covered=0), CLIPS, RUNS, 11)
    failed = {claim.text for claim in claims(broken) if not claim.holds}
    assert {"pure noise is called sensitive", "preferring damage: it is inverted"} <= failed
    assert {"95 % intervals cover the true net"} <= failed


def test_json_and_figures(trials, tmp_path):
    record = json.loads(write_summary(trials, tmp_path).read_text())
    assert (record["runs"], record["clips"], record["seed"]) == (RUNS, CLIPS, 11)
    assert len(record["claims"]) == 21
    paths = write_figures(confusion(trials), trials.coverage, tmp_path)
    assert sorted(path.name for path in paths) == [
        "selftest_coverage.png",
        "selftest_coverage.svg",
        "selftest_verdicts.png",
        "selftest_verdicts.svg",
    ]
    assert all(path.stat().st_size > 1000 for path in paths)


# -- the simulation itself -----------------------------------------------------------------------------


def test_a_table_has_every_cell_and_the_truth_in_it():
    cells = suite_cells()
    truth = Truth("t", "", signal=1.0, structural=0.5, joins=0.2, reliability=1.0, uneven=0.0)
    table = score_table(cells, [truth], 3, rng())
    assert len(table) == 3 * len(cells.frame) == 3 * (1 + 6 * 5 + 3 + 3 * 5 + 8 * 5)
    clean = table[table["role"] == "clean"].set_index("clip_id")["score"]
    drop = table["clip_id"].map(clean) - table["score"]
    at = table.assign(drop=drop).groupby(["degradation", "level"])["drop"].mean()
    assert at["white_noise", 5] == pytest.approx(1.0)
    assert at["white_noise", 2] == pytest.approx(0.4)
    assert at["bar_shuffle", 5] == pytest.approx(0.7)
    assert at["bar_shuffle_placebo", 5] == pytest.approx(0.2)
    assert at["key_break", 5] == pytest.approx(0.5)
    assert at["key_break_placebo", 5] == at["white_noise_placebo", 1] == at["dither", 3] == pytest.approx(0)
    assert true_drops(cells, truth, 1000, rng())[cells.frame.index[-1]] == 0


def test_reliability_is_the_share_of_variance_that_is_not_noise():
    truth = Truth("t", "", reliability=0.7)
    cells = suite_cells()
    scores = truth.scores(rng(), np.zeros(2), np.zeros(2), 20_000)
    assert np.corrcoef(scores.T)[0, 1] == pytest.approx(0.7, abs=0.02)
    assert scores.std() == pytest.approx(CLEAN_SD, rel=0.02)
    assert truth.sensitivity(rng(), (50_000,)).mean() == pytest.approx(1, abs=0.01)
    assert len(cells.gains()) == len(cells.frame)


def test_a_ceiling_and_a_gain():
    cells = suite_cells()
    low = Truth("t", "", signal=2.0, ceiling=3.5)
    scores = low.scores(rng(), cells.drops(low), cells.gains(), 500)
    assert scores.max() == 3.5
    drops = true_drops(cells, low, 20_000, rng())
    top = (cells.frame["degradation"] == "white_noise") & (cells.frame["level"] == 5)
    assert 1.4 < drops[top][0] < 2.0, "clean clips had less to give than they are worth"
    loud = TRUTHS["simulated-loudness"]
    scores = loud.scores(rng(), cells.drops(loud), cells.gains(), 400)
    gain = (cells.frame["degradation"] == "gain") & (cells.frame["level"] == 5)
    moved = scores[:, 0] - scores[:, gain.to_numpy()][:, 0]
    assert np.abs(moved).mean() == pytest.approx(2.0, abs=0.05)
    assert abs(np.sign(moved).mean()) < 0.15, "up as often as down"


def test_kinds_cases_and_promises():
    assert [kind_of(name) for name in ("mp3", "bar_shuffle", "key_break")] == ["signal", "order", "structural"]
    names = [case.name for case in cases(CLIPS)]
    assert len(set(names)) == len(names) == 11
    drop = promised_drop(CLIPS, 0.9)
    assert design(Truth("", ""), drop).detects(drop, CLIPS) == pytest.approx(0.9, abs=1e-6)
    assert promised_drop(48, 0.9) < drop < promised_drop(12, 0.9)
    assert population_margin(Truth("", "", reliability=0.5)) == 0.5 * CLEAN_SD, "noise widens no margin beyond that"
    assert population_margin(Truth("", "")) == pytest.approx(CLEAN_SD * np.sqrt(0.2), rel=1e-6)
