"""What metrics count while they score, over workers, stops and starts."""

from __future__ import annotations

import pyarrow as pa
import pytest

from degrade_bench.sweep import counts
from degrade_bench.sweep.record import MAX_LISTED_FAILURES, _listed
from tests.sweep import toys
from tests.sweep.test_execute import interrupted_after, make_sweep, sweep_in

CELLS = 3 * 14
DEGRADATIONS = (toys.ToyNoise(), toys.ToyStretch(), toys.ToyGain())


def counting_sweep(**changes):
    metrics = (toys.Counting("light"), toys.Counting("heavy", light=False))
    return make_sweep(metrics=metrics, degradations=DEGRADATIONS, **changes)


@pytest.mark.parametrize("workers", [1, 2])
def test_every_signal_is_counted_once_wherever_it_was_scored(tmp_path, workers):
    result = sweep_in(tmp_path / "out", counting_sweep(workers=workers))
    scores = result.table.filter(pa.compute.equal(result.table["metric"], "light"))["score"].to_pylist()
    outside = sum(score > 0.035 for score in scores)
    assert 0 < outside < CELLS
    expected = {"signals": CELLS, "never": 0, "outside_range": outside}  # the estimate's signals are not counted
    assert result.metric_counts == {"light": expected, "heavy": expected}


def test_counts_survive_a_stop_and_are_not_doubled(tmp_path):
    whole = sweep_in(tmp_path / "whole", counting_sweep())
    for blocks in (2, 3):
        with pytest.raises(KeyboardInterrupt):
            sweep_in(tmp_path / "cut", counting_sweep(), interrupted_after(blocks))
    rest = sweep_in(tmp_path / "cut", counting_sweep())
    assert rest.metric_counts == whole.metric_counts
    again = sweep_in(tmp_path / "cut", counting_sweep())
    assert again.cells_scored == 0
    assert again.metric_counts == whole.metric_counts


def test_a_block_that_is_scored_again_counts_again_in_place_of_before(tmp_path):
    def picky(**changes):
        return make_sweep(degradations=(toys.ToyPicky(),), metrics=(toys.Counting(),), **changes)

    first = sweep_in(tmp_path / "out", picky())
    assert first.counts().failed == 2
    again = sweep_in(tmp_path / "out", picky(retry_failed=True))
    assert again.cells_scored > 0
    assert again.metric_counts == first.metric_counts


def test_counts_of_a_metric_that_is_not_asked_for_are_kept(tmp_path):
    first = sweep_in(tmp_path / "out", counting_sweep())
    other = sweep_in(tmp_path / "out", make_sweep(metrics=(toys.Rms(),)))
    assert other.metric_counts == {"rms": {"outside_range": 0}}
    assert sweep_in(tmp_path / "out", counting_sweep()).metric_counts == first.metric_counts


def test_a_metric_that_cannot_say_what_it_counted_keeps_its_scores(tmp_path):
    class Broken(toys.Counting):
        def counts(self):
            if self.seen:
                raise OSError("no counter")
            return {}

    result = sweep_in(tmp_path / "out", make_sweep(metrics=(Broken("broken", light=False),)))
    assert result.counts().failed == 0
    assert result.metric_counts["broken"]["counts() failed"] == 3 * 4  # once for every block


def test_growth():
    assert counts.growth({"a": 1, "b": 5}, {"a": 3, "b": 5, "c": 2}) == {"a": 2, "c": 2}
    assert counts.growth({"a": 3}, {"a": 1}) == {}
    assert counts.growth(None, {"a": 1}) == counts.growth({}, None) == {counts.BROKEN: 1}


@pytest.mark.parametrize(
    ("bounds", "expected"), [((None, None), 0), ((1.0, 5.0), 3), ((1.0, None), 1), ((None, 5.0), 2)]
)
def test_scores_outside_a_range(bounds, expected):
    import numpy as np

    assert counts.outside(np.array([0.9, 1.0, 3.0, 5.0, 5.1, np.inf, np.nan]), bounds) == expected


def test_of_many_failures_every_reason_of_every_metric_is_listed():
    reasons = ["out of memory"] * 250 + ["too short"] * 3 + ["out of memory"] * 50 + [None] + ["NaN"]
    metrics = ["mine"] * 250 + ["mine"] * 3 + ["yours"] * 50 + ["mine", "mine"]
    failed = pa.table({"metric": metrics, "error": reasons, "place": range(len(reasons))})
    listed = _listed(pa.concat_tables([failed[:200], failed[200:]])).to_pydict()
    assert len(listed["place"]) == MAX_LISTED_FAILURES
    assert listed["place"] == sorted(listed["place"])
    assert set(zip(listed["metric"], listed["error"], strict=True)) == set(zip(metrics, reasons, strict=True))
    assert listed["error"].count("too short") == 3
    assert listed["metric"].count("yours") == 47, "in turn"
    few = failed[:MAX_LISTED_FAILURES]
    assert _listed(few) == few
