"""A metric whose process ends is asked again for another block, but not for ever over one clip."""

from __future__ import annotations

import torch

from degrade_bench.metric.base import Oracle, Treatment
from degrade_bench.metric.host.process import MetricDiedError
from degrade_bench.runs.columns import CLEAN
from degrade_bench.sweep.asking import MOST_DEATHS, NOT_ASKED, Listeners
from degrade_bench.sweep.scoring import MetricInput, Outcome
from tests.sweep import toys


class Mortal(toys.Rms):
    """Dies over signals of level 9."""

    def __init__(self):
        self.asked = 0

    def score(self, batch, sample_rate, reference=None):
        self.asked += 1
        if bool((batch == 9).any()):
            raise MetricDiedError("its process ended (exit code 3)")
        return super().score(batch, sample_rate)


def cells(*levels):
    return [MetricInput(torch.full((1, 800), float(level))) for level in levels]


def test_a_death_costs_its_batch_and_is_not_halved():
    metric, listeners = Mortal(), Listeners()
    outcomes = listeners.score(metric, "a", "noise", cells(1, 9, 2), 8000)
    assert [outcome.error for outcome in outcomes] == ["its process ended (exit code 3)"] * 3
    assert all(outcome.status == "failed" and outcome.died for outcome in outcomes)
    assert metric.asked == 1
    assert [outcome.score for outcome in listeners.score(metric, "a", "hum", cells(1, 2), 8000)] == [1.0, 2.0]


def test_over_the_clean_clip_one_death_is_enough_for_this_clip_and_no_other():
    metric, listeners = Mortal(), Listeners()
    listeners.score(metric, "a", CLEAN, cells(9), 8000)
    skipped = Outcome.not_applicable("no beats")
    outcomes = listeners.score(metric, "a", "noise", [*cells(1), MetricInput(outcome=skipped)], 8000)
    assert [outcome.error for outcome in outcomes] == [NOT_ASKED, "no beats"]
    assert metric.asked == 1
    assert listeners.score(metric, "b", CLEAN, cells(1), 8000)[0].score == 1.0


def test_so_many_blocks_of_a_clip_are_enough():
    metric, listeners = Mortal(), Listeners()
    for block in range(MOST_DEATHS):
        listeners.score(metric, "a", f"damage {block}", cells(9), 8000)
    assert listeners.score(metric, "a", "noise", cells(1), 8000)[0].error == NOT_ASKED
    assert metric.asked == MOST_DEATHS


def test_an_oracle_that_dies_is_told_no_more_of_the_block():
    class MortalOracle(Oracle):
        name = "mortal-oracle"
        told = 0

        def score_treatment(self, treatment):
            self.told += 1
            if treatment.level == 2:
                raise MetricDiedError("its process ended (exit code 3)")
            return float(treatment.level)

    metric = MortalOracle()
    treatments = [Treatment("hash", "test", "noise", "signal", "noise", level, 0) for level in (1, 2, 3)]
    outcomes = Listeners().tell(metric, "a", "noise", treatments, cells(1, 1, 1))
    assert [outcome.score for outcome in outcomes] == [1.0, None, None]
    assert metric.told == 2


def test_an_object_of_somebodys_that_exits_or_changes_what_is_global_costs_its_rows():
    class Vandal(toys.Rms):
        def score(self, batch, sample_rate, reference=None):
            torch.set_default_dtype(torch.float64)
            raise SystemExit(0)

    outcome = Listeners().score(Vandal(), "a", "noise", cells(1), 8000)[0]
    assert (outcome.status, outcome.error) == ("failed", "it called sys.exit(0)")
    assert torch.get_default_dtype() == torch.float32
