"""A metric that fails everywhere ends the run after its first blocks, or is told of where it is to go on."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import Mock

import pytest
import torch

from degrade_bench.degrade.plan import Drawn
from degrade_bench.errors import FailsEverywhereError, MetricError, NotApplicableError
from degrade_bench.metric.base import Metric
from degrade_bench.runs.columns import INTERRUPTED, SCHEMA
from degrade_bench.runs.folder import RunFolder
from degrade_bench.sweep.asking import NOT_ASKED
from degrade_bench.sweep.first_blocks import FirstBlocks, _Heard, _Trial
from degrade_bench.sweep.progress import Progress
from degrade_bench.sweep.worker import Task
from tests.sweep import toys
from tests.sweep.test_execute import make_sweep, sweep_in

CELLS = 7
"""The clean signal, five levels of the noise and its placebo."""

CLEAN = toys.toy_sources(1)[0].load().samples


class Fails(Metric):
    name = "fails"
    light = True

    def score(self, batch, sample_rate, reference=None):
        raise RuntimeError("no\nweights")


class Nan(toys.Rms):
    name = "nan"

    def score(self, batch, sample_rate, reference=None):
        return super().score(batch, sample_rate) * float("nan")


class FailsOnDamage(toys.Rms):
    """Works on the clean signals, whose level it knows."""

    name = "fails-on-damage"

    def score(self, batch, sample_rate, reference=None):
        if not all(torch.equal(signal, CLEAN) for signal in batch):
            raise RuntimeError("damaged")
        return super().score(batch, sample_rate)


class FailsOnClean(toys.Rms):
    """Hears whatever differs from the clean signal."""

    name = "fails-on-clean"

    def score(self, batch, sample_rate, reference=None):
        if any(torch.equal(signal, CLEAN) for signal in batch):
            raise RuntimeError("too good")
        return super().score(batch, sample_rate)


class NeverApplies(toys.ToyNoise):
    name = "never_applies"

    def draw(self, clip, level, strength, rng) -> Drawn:
        raise NotApplicableError("not to this clip")


class Breaks(toys.ToyNoise):
    name = "breaks"

    def damage(self, clip, params):
        raise ZeroDivisionError("of its own")


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("light", [True, False])
def test_a_metric_that_fails_on_every_first_cell_ends_the_run(tmp_path, light, workers):
    fails = Fails()
    fails.light = light
    damage = (NeverApplies(), Breaks(), toys.ToyNoise(), toys.ToyGain())
    sweep = make_sweep(metrics=(toys.Rms(), fails), degradations=damage, workers=workers)
    told = []
    with pytest.raises(MetricError) as error:
        sweep_in(tmp_path / "out", sweep, Progress(warned=told.append))
    assert str(error.value) == (
        f"metric fails failed on every one of the first {CELLS} cells: RuntimeError: no weights; "
        "--keep-going scores the rest nevertheless"
    )
    assert not told
    with RunFolder(tmp_path / "out") as folder:
        stored = folder.read_finished().rows.to_pandas()
    assert {"clean", "toy_noise"} <= set(stored[(stored.clip_id == "c0") & (stored.status != "failed")].degradation)


@pytest.mark.parametrize("light", [True, False])
def test_where_it_is_to_go_on_that_is_told_once_and_before_anything_else_is_scored(tmp_path, light):
    fails = Fails()
    fails.light = light
    told = []
    progress = Progress(advanced=lambda cells: told.append(cells), warned=told.append)
    sweep = make_sweep(metrics=(fails, toys.Rms()), degradations=(toys.ToyGain(),), keep_going=True)
    sweep_in(tmp_path / "out", sweep, progress)
    assert [text for text in told if isinstance(text, str)] == [
        "metric fails failed in every cell of its first block (clean of clip c0): RuntimeError: no weights"
    ]
    assert isinstance(told[0], str)


def test_so_does_one_that_gives_no_number(tmp_path):
    with pytest.raises(
        MetricError, match=r"^metric nan failed on every one of the first \d+ cells: the metric retur"
    ):
        sweep_in(tmp_path / "out", make_sweep(metrics=(Nan(),), degradations=(toys.ToyNoise(),)))


@pytest.mark.parametrize("metric", [FailsOnDamage(), FailsOnClean()])
def test_one_that_fails_on_damage_alone_or_on_some_signals_goes_on(tmp_path, metric):
    told = []
    sweep = make_sweep(sources=toys.toy_sources(1), metrics=(metric,), degradations=(toys.ToyNoise(),))
    counts = sweep_in(tmp_path / "out", sweep, Progress(warned=told.append)).counts()
    assert counts.ok
    assert counts.failed
    assert len(told) == isinstance(metric, FailsOnClean)


def test_a_metric_that_fails_in_some_cells_is_not_told_of(tmp_path):
    told = []
    sweep = make_sweep(metrics=(toys.Rms(), toys.Difference()), degradations=(toys.ToyPicky(),))
    assert sweep_in(tmp_path / "out", sweep, Progress(warned=told.append)).counts().failed
    assert not told


def test_a_run_that_was_ended_goes_on_with_the_blocks_that_are_left(tmp_path):
    damage = (toys.ToyNoise(), toys.ToyGain())
    sweep = make_sweep(sources=toys.toy_sources(1), metrics=(toys.Rms(), Fails()), degradations=damage)
    with pytest.raises(MetricError, match=f"first {CELLS} cells"):
        sweep_in(tmp_path / "out", sweep)
    with pytest.raises(MetricError, match="first 3 cells"):  # the clean signal as it was, and both of the gain
        sweep_in(tmp_path / "out", sweep)
    rest = sweep_in(tmp_path / "out", replace(sweep, keep_going=True))
    whole = sweep_in(tmp_path / "whole", replace(sweep, keep_going=True))
    assert rest.counts() == whole.counts()
    assert rest.cells_scored < whole.cells_scored


OK = _Heard.of([("ok", None)])
FAILED = _Heard.of([("failed", "TypeError: a")] * 2)
SILENT = _Heard.of([("failed", NOT_ASKED), ("not-applicable", "no beats")])


@pytest.mark.parametrize(
    ("heard", "over"),
    [
        ({("a", "clean"): FAILED, ("a", "x"): FAILED}, ("every one of the first 4 cells", "TypeError: a")),
        ({("a", "clean"): FAILED}, False),
        ({("a", "x"): FAILED, ("b", "clean"): OK}, False),
        ({("a", "clean"): OK}, True),
        ({("a", "clean"): FAILED, ("a", "x"): OK}, True),
        ({("a", "clean"): _Heard(), ("b", "clean"): OK}, True),
        (
            {("a", "clean"): FAILED, ("a", "x"): _Heard(), ("a", "y"): FAILED},
            ("every one of the first 4 cells", "TypeError: a"),
        ),
        ({("a", "clean"): FAILED, ("a", "x"): _Heard.of([("failed", "KeyError: b")])}, False),
        ({("a", "clean"): FAILED, ("a", "x"): SILENT}, False),
        ({("a", "clean"): FAILED, ("a", "x"): SILENT, ("b", "clean"): OK}, True),
        (
            {(clip, block): FAILED if block == "clean" else SILENT for clip in "ab" for block in ("clean", "x")},
            ("the first 2 clean signals", "TypeError: a"),
        ),
    ],
)
def test_one_clip_decides_in_the_order_of_its_blocks(heard, over):
    trial = _Trial({"a": ["clean", "x", "y"], "b": ["clean", "x", "y"]}, {}, heard)
    assert trial.is_over() == over


def test_reasons_that_may_lie_outside_decide_nothing():
    for reason in (f"{INTERRUPTED}MemoryError", NOT_ASKED):
        assert _Heard.of([("failed", reason)]).kind is None
    assert _Heard.of([("failed", "the metric returned NaN for window 3 of 4")]).kind == "the metric returned NaN"
    assert _Heard.of([("failed", "A: b"), ("failed", "C: b")]).kind is None
    assert _Heard.of([("not-applicable", "too short"), ("failed", "A: b")]).kind == "A"


def test_a_clip_that_is_left_out_leaves_the_decision_to_the_next():
    def blocks(*names):
        tasks = [Task(toys.ToySource(name), dict.fromkeys(["clean", "x"], frozenset({"fails"}))) for name in names]
        return FirstBlocks(["fails"], ["clean", "x"], tasks, SCHEMA.empty_table(), keep_going=False)

    def failed(block):
        return [Mock(metric="fails", status="failed", error="A: b", degradation=block)]

    first = blocks("a", "b", "c")
    for block in ("clean", "x"):
        assert not [*first.take(failed(block), "c", block)], "not its turn"
    assert not [*first.without("a")]
    with pytest.raises(FailsEverywhereError, match="first 2 cells"):
        [*first.lost("b", "clean", ["fails"])]
    first = blocks("a")
    assert not [*first.take(failed("clean"), "a", "clean")]
    with pytest.raises(FailsEverywhereError, match="metric fails failed on the first clean signal: A: b; --keep"):
        [*first.take([Mock(metric="fails", status="failed", error=NOT_ASKED, degradation="x")], "a", "x")]
    first = blocks("a")
    assert not [*first.take(failed("clean"), "a", "clean")]
    assert [*first.end()] == ["metric fails failed in every cell of its first block (clean of clip a): A: b"]
