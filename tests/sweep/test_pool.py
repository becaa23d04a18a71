"""Threads and overlap: what heavy metrics are scored with, and what workers do meanwhile."""

from __future__ import annotations

import pickle
import threading
import time
from contextlib import suppress
from multiprocessing import Pipe
from pathlib import Path

import pytest
import torch

from degrade_bench.metric.base import Metric
from degrade_bench.runs.folder import RunFolder
from degrade_bench.sweep.execute import Progress, execute
from degrade_bench.sweep.inbox import Inbox
from tests.sweep import toys
from tests.sweep.test_execute import comparable, make_sweep, sweep_in


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_threads")
def test_heavy_metrics_have_all_threads_and_rendering_has_one_on_any_number_of_workers(tmp_path):
    tables = []
    for workers in (1, 2):
        metric = toys.Threads()
        sweep = make_sweep(degradations=(toys.ToyThreads(),), metrics=(metric, toys.Rms()), workers=workers)
        with RunFolder(tmp_path / str(workers)) as folder:
            table = execute(sweep, folder).table
        assert set(metric.seen) == {2}, "in the estimate too"
        assert len(metric.seen) == 2 + 3 * (2 + 1)  # twice for the estimate, then the blocks, and a signal alone
        assert {each for each in table["achieved"].to_pylist() if each is not None} == {1.0}
        tables.append(comparable(table))
    assert tables[0].equals(tables[1])
    assert torch.get_num_threads() == 2


class Marking(toys.ToyNoise):
    """Leaves a mark for every cell that it renders; what it gives is too long for a pipe."""

    def __init__(self, number, folder):
        super().__init__()
        self.name, self.folder = f"marking_{number}", str(folder)

    def damage(self, clip, params):
        samples = super().damage(clip, params)
        (Path(self.folder) / f"{clip.id}-{self.name}-{params['sigma']}").touch()
        return samples

    def make_placebo(self):
        return None


class Patient(Metric):
    """Once the workers have begun, waits in its first score until they are far ahead; or gives up."""

    name, light = "patient", False

    def __init__(self, folder, enough):
        self.folder, self.enough, self.ready, self.most = folder, enough, False, 0

    def score(self, batch, sample_rate, reference=None):
        deadline = time.monotonic() + 60
        while self.ready and self.most < self.enough and time.monotonic() < deadline:
            self.most = len(list(self.folder.iterdir()))
            threading.Event().wait(0.01)
        return batch[:, 0, 0]


def test_workers_go_on_while_a_heavy_metric_scores(tmp_path):
    marks = tmp_path / "marks"
    marks.mkdir()
    degradations = tuple(Marking(number, marks) for number in range(6))
    clips = toys.toy_sources(3)
    metric = Patient(marks, enough=3 * 6 * 5)

    def begin(cells, done, expected):
        for mark in marks.iterdir():
            mark.unlink()  # the estimate's
        metric.ready = True

    sweep = make_sweep(sources=clips, degradations=degradations, metrics=(metric,), workers=2)
    sweep_in(tmp_path / "out", sweep, Progress(planned=begin))
    # all cells of all clips were rendered while the first block was being scored: also the third clip, which
    # no worker had at first
    assert metric.most == 3 * 6 * 5


class Sender:
    """The far end of a pipe, with a thread that sends until nobody listens."""

    def __init__(self, messages):
        self.ours, self.theirs = Pipe()
        self.thread = threading.Thread(target=self._send, args=(messages,), daemon=True)
        self.thread.start()

    def _send(self, messages):
        with suppress(BrokenPipeError):
            for message in messages:
                self.theirs.send_bytes(pickle.dumps(message))
        self.theirs.close()


def test_an_inbox_is_bounded_and_keeps_the_order():
    messages = [bytes([number]) * 1_000_000 for number in range(8)]
    arrived = []
    inbox = Inbox(lambda sender, message: arrived.append(message[0]), most_bytes=2_500_000)
    sender = Sender(messages)
    inbox.add(sender.ours)
    got = []
    for taken in range(8):
        got.append(inbox.get()[1])
        assert len(arrived) <= taken + 1 + 3, "three messages go beyond the bound, and no fourth is taken"
    assert got == messages
    assert inbox.get() == (sender.ours, None)
    inbox.close()
    assert not inbox._thread.is_alive()


def test_an_inbox_that_is_full_can_be_closed():
    inbox = Inbox(lambda sender, message: None, most_bytes=0)
    sender = Sender([b"x" * 1_000_000] * 5)
    inbox.add(sender.ours)
    inbox.get()
    inbox.close()
    assert not inbox._thread.is_alive()
    sender.ours.close()


def test_what_goes_wrong_while_receiving_is_raised_where_it_is_waited_for():
    def refuse(sender, message):
        raise ValueError("no such message")

    inbox = Inbox(refuse)
    sender = Sender([1])
    inbox.add(sender.ours)
    with pytest.raises(ValueError, match="no such message"):
        inbox.get()
    inbox.close()
