"""Messages between processes: small ones through the socket, large arrays through shared memory."""

from __future__ import annotations

import os
import pickle
import threading
import time
from multiprocessing import Pipe

import numpy as np
import pytest
import torch

from degrade_bench._support import pipes
from degrade_bench._support.pipes import keep_short, receive, receive_sized, send
from degrade_bench._support.segments import Segment
from degrade_bench.metric.prepared import Prepared
from degrade_bench.sweep.scoring import MetricInput

shared_memory = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="no files in memory here")


def through(message):
    """What arrives of a message, and its size."""
    ours, theirs = Pipe()
    sending = threading.Thread(target=send, args=(theirs, message))
    sending.start()
    arrived = receive_sized(ours)
    sending.join()
    ours.close(), theirs.close()
    return arrived


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("message", [None, "text", {"small": np.arange(4)}, [np.zeros(0), np.zeros((0, 3))]])
def test_small_messages_arrive(message):
    arrived, size = through(message)
    assert pickle.dumps(arrived) == pickle.dumps(message)
    assert 0 < size < 1000


def test_large_arrays_arrive_whole_in_any_number_and_can_be_written_to():
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal((2, 9000 + index), dtype=np.float32) for index in range(1300)]
    sent = {"arrays": arrays, "fortran": np.asfortranarray(arrays[0]), "small": np.arange(3), "text": "x"}
    arrived, size = through(sent)
    assert all(np.array_equal(one, other) for one, other in zip(arrived["arrays"], arrays, strict=True))
    assert np.array_equal(arrived["fortran"], arrays[0])
    assert arrived["small"].tolist() == [0, 1, 2]
    assert size > sum(array.nbytes for array in arrays)
    arrived["arrays"][0][:] = 0
    assert np.array_equal(arrived["arrays"][1], arrays[1])


def test_what_metrics_are_given_arrives_once_where_two_are_given_the_same():
    prepared = Prepared(torch.randn(1, 240_000), b"key")
    inputs = [MetricInput(prepared=prepared), MetricInput(prepared=prepared), MetricInput(torch.randn(2, 50_000))]
    arrived, size = through(inputs)
    assert torch.equal(arrived[0].prepared.windows, prepared.windows)
    assert arrived[0].prepared is arrived[1].prepared
    assert torch.equal(arrived[2].samples, inputs[2].samples)
    assert size < 4 * (240_000 + 2 * 50_000) + 2000


@shared_memory
def test_nothing_stays_open():
    large = np.zeros(100_000)
    through(large)
    before = open_files()
    for _ in range(20):
        through(large)
    assert open_files() == before


@shared_memory
def test_a_sender_that_ends_between_message_and_arrays_is_gone():
    ours, theirs = Pipe()
    theirs.send_bytes(pickle.dumps(pipes._Apart(pickle.dumps("x"), (8,), Segment(1, 8))))
    theirs.close()
    with pytest.raises((EOFError, OSError)):
        receive(ours)


@shared_memory
def test_a_sender_is_one_message_ahead():
    ours, theirs = Pipe()
    keep_short(theirs)
    sent = []

    def go_on():
        for number in range(6):
            send(theirs, {"rows": "x" * 20_000, "array": np.full(100_000, number)})
            sent.append(number)

    sending = threading.Thread(target=go_on, daemon=True)
    sending.start()
    for number in range(6):
        time.sleep(0.05)
        assert len(sent) <= number, "the next message waits until somebody reads"
        assert receive(ours)["array"][0] == number
    sending.join(timeout=5)
    assert sent == [*range(6)]
