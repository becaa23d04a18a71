"""Shared memory that is written again: never while anything still refers to what lies in it."""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable

import numpy as np
import pytest

from degrade_bench._support import segments
from degrade_bench._support.segments import Reader, Writer

pytestmark = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="no files in memory here")


def carrier() -> tuple[Callable[[np.ndarray], np.ndarray], list]:
    """What takes an array from a writer to a reader, and the segments that it went by."""
    writer, reader, used = Writer(), Reader(), []

    def carry(array: np.ndarray) -> np.ndarray:
        segment, descriptor = writer.write([memoryview(array).cast("B")])
        arrived = os.dup(descriptor)  # as a socket does
        writer.sent(segment, descriptor)
        used.append(segment)
        return np.frombuffer(reader.read(segment, arrived), array.dtype)

    return carry, used


def test_a_segment_is_written_again_once_its_arrays_are_let_go():
    carry, used = carrier()
    for value in range(5):
        assert (carry(np.full(50_000, value)) == value).all()
    assert {segment.number for segment in used} == {1}


def test_what_is_still_held_is_never_written_over():
    carry, used = carrier()
    rng = np.random.default_rng(0)
    held: list[tuple[int, np.ndarray]] = []
    for value in range(200):
        held.append((value, carry(np.full(int(rng.integers(10_000, 60_000)), value))[5:]))
        while len(held) > rng.integers(1, 8):
            held.pop(int(rng.integers(len(held))))
        assert all((array == kept).all() for kept, array in held)
    assert len({segment.number for segment in used}) < 60


def test_a_view_of_a_view_keeps_a_segment():
    carry, used = carrier()
    slice_of = carry(np.arange(50_000))[10:20].reshape(2, 5)
    carry(np.zeros(50_000))
    assert slice_of.ravel().tolist() == [*range(10, 20)]
    assert [segment.number for segment in used] == [1, 2]


def test_few_free_segments_are_kept_and_the_reader_lets_go_of_the_others():
    carry, used = carrier()
    held = [carry(np.zeros(50_000)) for _ in range(10)]
    held.clear()
    before = len(os.listdir("/proc/self/fd"))
    carry(np.zeros(50_000))
    assert len(used[-1].dropped) == 10 - 1 - segments.MOST_FREE
    assert len(os.listdir("/proc/self/fd")) == before - 2 * len(used[-1].dropped)  # the writer's and the map's


def test_a_large_segment_is_used_once(monkeypatch):
    monkeypatch.setattr(segments, "MOST_KEPT_BYTES", 1000)
    carry, used = carrier()
    for value in range(3):
        assert (carry(np.full(500, value)) == value).all()
    assert [segment.number for segment in used] == [None] * 3


def test_what_cannot_be_mapped_is_copied_and_the_segment_is_free_again(monkeypatch):
    def full(*args, **options):
        raise OSError("too many open files")

    carry, used = carrier()
    with monkeypatch.context() as context:
        context.setattr(mmap, "mmap", full)
        first = carry(np.full(50_000, 1.0))
    second = carry(np.full(50_000, 2.0))
    assert (first == 1).all()
    assert (second == 2).all()
    assert [segment.number for segment in used] == [1, 1]


def test_a_forked_reader_that_ends_frees_nothing():
    carry, used = carrier()
    held = carry(np.full(50_000, 7.0))
    child = os.fork()
    if not child:
        del held
        os._exit(0)
    os.waitpid(child, 0)
    carry(np.zeros(50_000))
    assert (held == 7).all()
    assert [segment.number for segment in used] == [1, 2]
