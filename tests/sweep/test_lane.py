"""Metrics on a device: what they hear is prepared by the workers, and cells of several blocks make a batch."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch

from degrade_bench.errors import MetricError
from degrade_bench.metric.base import Metric
from degrade_bench.metric.prepared import Finished, Prepared, PreparedMetric, takes_prepared
from degrade_bench.runs.scores import block_keys
from degrade_bench.runs.shards import read_shard, shard_files
from degrade_bench.sweep.lane import IN_FLIGHT, Lane
from degrade_bench.sweep.progress import Progress
from degrade_bench.sweep.scoring import MetricInput, Outcome
from tests.sweep import toys
from tests.sweep.test_execute import comparable, interrupted_after, make_sweep, sweep_in


@dataclass(frozen=True)
class Seconds:
    """The whole seconds of a mono signal, as windows; refuses what is longer than it can take."""

    most: int = 100

    def __call__(self, samples, sample_rate):
        windows = samples.mean(dim=0)[: samples.shape[1] // sample_rate * sample_rate].view(-1, sample_rate)
        if len(windows) > self.most:
            raise MetricError(f"toy: {len(windows)} s is too long")
        return windows


LOUD = 0.0335
"""Some of the toy clips' cells are louder."""


class OnDevice(PreparedMetric):
    """The level of a signal, of batches that it keeps book of; ``broken`` levels raise, some only when awaited."""

    name, light, preparation = "on-device", False, Seconds()
    gathers = True

    def __init__(self, broken=(), broken_late=(), preparation=Seconds()):
        self.begun, self.open, self.most_open, self.limit = [], 0, 0, 8
        self.broken, self.broken_late, self.preparation = broken, broken_late, preparation
        self.loud = 0

    @property
    def windows_at_once(self):
        return self.limit

    def at_most(self, windows):
        self.limit = windows

    def begin(self, signals):
        self.begun.append([len(signal.windows) for signal in signals])
        levels = torch.stack([signal.windows.abs().mean(dim=1) for signal in signals])
        if any(float(level[0]) in self.broken for level in levels):
            raise RuntimeError("broken at once")
        self.open += 1
        self.most_open = max(self.most_open, self.open)

        def finish():
            self.open -= 1
            if any(float(level[0]) in self.broken_late for level in levels):
                raise RuntimeError("broken late")
            loud = [int(float(level.mean()) > LOUD) for level in levels]
            self.loud += sum(loud)
            return Finished(levels, [{"loud": count} for count in loud])

        return finish

    def counts(self):
        return {"loud": self.loud}


class Plain(Metric):
    """The same level, signal by signal, and under the same name."""

    name, light = "on-device", False

    def score(self, batch, sample_rate, reference=None):
        whole = batch.mean(dim=1)[:, : batch.shape[2] // sample_rate * sample_rate]
        return whole.view(len(batch), -1, sample_rate).abs().mean(dim=2).mean(dim=1)

    def fingerprint(self):
        return OnDevice().fingerprint()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_sweep_gathers_cells_of_several_blocks_and_gives_the_same_table(tmp_path, workers):
    metric = OnDevice()
    gathered = sweep_in(tmp_path / "gathered", make_sweep(metrics=(toys.Rms(), metric), workers=workers))
    plain = sweep_in(tmp_path / "plain", make_sweep(metrics=(toys.Rms(), Plain())))
    assert comparable(gathered.table).equals(comparable(plain.table))
    assert all(len(set(batch)) == 1 for batch in metric.begun), "signals of one length share a batch"
    assert all(sum(batch) <= metric.windows_at_once or len(batch) == 1 for batch in metric.begun)
    assert metric.open == 0
    assert metric.most_open <= IN_FLIGHT + 1
    rows = gathered.table.to_pandas()
    loud = (rows[rows.metric == "on-device"].score > LOUD).sum()
    assert 5 < gathered.metric_counts["on-device"]["loud"] == loud < len(rows) // 2 - 5


def test_stopped_anywhere_a_sweep_that_gathers_ends_with_the_same_table(tmp_path):
    whole = sweep_in(tmp_path / "whole", make_sweep(metrics=(OnDevice(),)))
    for blocks in (1, 3, 2):
        with pytest.raises(KeyboardInterrupt):
            sweep_in(tmp_path / "cut", make_sweep(metrics=(OnDevice(),)), interrupted_after(blocks))
    again = sweep_in(tmp_path / "cut", make_sweep(metrics=(OnDevice(),)))
    assert comparable(again.table).equals(comparable(whole.table))
    assert again.metric_counts == whole.metric_counts, "what is scored again is not counted twice"


@pytest.mark.parametrize("workers", [1, 2])
def test_a_clip_is_said_to_be_done_when_all_of_it_is_stored(tmp_path, workers):
    sweep, out, told = make_sweep(metrics=(OnDevice(),), workers=workers), tmp_path / "out", []

    def done(clip_id):
        stored = {key for path in shard_files(out / "shards") for key in block_keys(read_shard(path))}
        told.append((clip_id, len({block for clip, block, _ in stored if clip == clip_id})))

    sweep_in(out, sweep, Progress(clip_done=done))
    assert sorted(told) == [(source.id, len(sweep.blocks())) for source in sweep.sources]


def test_a_batch_is_no_larger_than_was_asked_for(tmp_path):
    metric = OnDevice()
    sweep_in(tmp_path / "out", make_sweep(metrics=(metric,), batch_size=3))
    assert all(sum(batch) <= 3 or len(batch) == 1 for batch in metric.begun)


def test_one_that_scores_in_its_own_way_is_asked_for_that(tmp_path):
    class Doubled(OnDevice):
        def score(self, batch, sample_rate, reference=None):
            return 2 * super().score(batch, sample_rate)

    assert takes_prepared(OnDevice())
    assert not takes_prepared(Doubled())
    of_object = OnDevice()
    of_object.score_windows = lambda *given: torch.zeros(1, 1)
    assert not takes_prepared(of_object)
    once = sweep_in(tmp_path / "once", make_sweep(metrics=(OnDevice(),))).table.to_pandas()
    twice = sweep_in(tmp_path / "twice", make_sweep(metrics=(Doubled(),))).table.to_pandas()
    assert (twice.score == 2 * once.score).all()


def test_what_cannot_be_prepared_is_a_failed_row(tmp_path):
    metric = OnDevice(preparation=Seconds(most=12))
    frame = sweep_in(tmp_path / "out", make_sweep(metrics=(metric,))).table.to_pandas()
    long = (frame.degradation == "toy_stretch") & (frame.level >= 4)
    assert set(frame[long].status) == {"failed"}
    assert frame[long].error.str.contains("s is too long").all()
    assert set(frame[~long].status) == {"ok"}


def cells(*levels: float, seconds: int = 1) -> list[MetricInput]:
    signals = (torch.full((1, 8 * seconds), float(level)) for level in levels)
    return [MetricInput(prepared=Prepared.of(Seconds(), signal, 8)) for signal in signals]


def scored(metric, *blocks):
    """What a lane makes of blocks, and the blocks in the order in which they were finished."""
    lane, outcomes, order = Lane(metric), {}, []

    def done(number, of_block, counts):
        outcomes[number] = of_block
        order.append(number)

    for number, block in enumerate(blocks):
        lane.add(block, 8, lambda *told, number=number: done(number, *told))
    while lane.step():
        pass
    return [[outcome.score for outcome in outcomes[number]] for number in range(len(blocks))], order


def test_batches_are_full_and_end_where_the_length_changes():
    metric = OnDevice()
    scores, order = scored(metric, cells(1, 2, 3), cells(*range(4, 10)), cells(10, 11, seconds=2))
    assert scores == [[1, 2, 3], [4, 5, 6, 7, 8, 9], [10, 11]]
    assert order == [0, 1, 2]
    assert metric.begun == [[1] * 8, [1], [2, 2]]
    long = OnDevice()
    assert scored(long, cells(1, 2, seconds=9))[0] == [[1, 2]], "more windows than a batch has"
    assert long.begun == [[9], [9]]


@pytest.mark.parametrize("when", ["broken", "broken_late"])
def test_one_bad_signal_costs_one_row_and_not_its_neighbours(when):
    metric = OnDevice(**{when: (5.0,)})
    blocks = cells(1, 2, 3), cells(4, 5, 6), cells(7, 8)
    lane, told = Lane(metric), {}
    for number, block in enumerate(blocks):
        lane.add(block, 8, lambda outcomes, counts, number=number: told.update({number: outcomes}))
    while lane.step():
        pass
    assert [outcome.score for outcome in told[0] + told[2]] == [1, 2, 3, 7, 8]
    assert [outcome.score for outcome in told[1]] == [4, None, 6]
    assert told[1][1].status == "failed"
    assert "broken" in told[1][1].error


def test_a_block_without_a_cell_to_hear_is_finished_at_once():
    told = []
    skipped = [MetricInput(outcome=Outcome.not_applicable("no"))] * 2
    lane = Lane(OnDevice())
    lane.add(skipped, 8, lambda outcomes, counts: told.append([outcome.error for outcome in outcomes]))
    assert told == [["no", "no"]]
    assert not lane.step()


def test_equal_windows_have_equal_keys_and_others_do_not():
    one, same, other, longer = cells(1, 1, 2) + cells(1, seconds=2)
    assert one.prepared.key == same.prepared.key
    assert len({cell.prepared.key for cell in (one, other, longer)}) == 3
