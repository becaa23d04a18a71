"""Tests of how many workers there are to be."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from degrade_bench._support.resources import Taken
from degrade_bench.sweep import staff
from degrade_bench.sweep.progress import Progress
from degrade_bench.sweep.staff import LEAST_BYTES, Staff, usual_workers
from tests.sweep import toys
from tests.sweep.test_execute import make_sweep, sweep_in

MB = 10**6


@pytest.fixture
def memory(monkeypatch):
    """Sets what is free and, in turn, what the first worker takes."""

    def setter(free, *taken):
        answers = iter(taken)
        monkeypatch.setattr(staff, "available_bytes", lambda: free)
        monkeypatch.setattr(staff, "taken_by", lambda pid: next(answers))

    return setter


@pytest.mark.parametrize(
    ("cores", "free", "workers"),
    [(8, 10**12, 8), (8, 3 * LEAST_BYTES, 3), (8, 2 * LEAST_BYTES - 1, 1), (8, 0, 1), (1, 10**12, 1)],
)
def test_one_per_core_where_memory_suffices(monkeypatch, cores, free, workers):
    monkeypatch.setattr(staff, "available_cores", lambda: cores)
    monkeypatch.setattr(staff, "available_bytes", lambda: free)
    assert usual_workers() == workers


@pytest.mark.parametrize(
    ("free", "longest", "workers"),
    [
        (10_000, 10, 8),
        (1600 - 500, 10, 2),  # 300 + 1.25 · (700 − 300) = 800 for one, of which 500 are taken now
        (1590 - 500, 10, 1),
        (2300 - 500, 10, 2),
        (2400 - 500, 10, 3),
        (2400 - 500, 40, 1),  # 300 + 4 · 1.25 · (700 − 300) = 2300
        (2400 - 500, 5, 3),  # shorter than what was tried: nothing is hoped for
        (0, 10, 1),
    ],
)
def test_as_many_as_the_first_leaves_room_for(memory, free, longest, workers):
    memory(free * MB, Taken(300 * MB, 310 * MB), Taken(500 * MB, 700 * MB))
    sources = [toys.ToySource("a", seconds=10.0), toys.ToySource("b", seconds=float(longest))]
    asked = Staff(8, sources)
    asked.began(1)
    assert asked.tried(1, 10.0) == workers
    assert (asked.shortage is None) == (workers == 8)


def test_what_cannot_be_told_changes_nothing(memory):
    memory(0, None, Taken(5, 5), Taken(5, 5), None)
    asked = Staff(8, [])
    asked.began(1)
    assert asked.tried(1, None) == 8
    asked.began(1)
    assert asked.tried(1, None) == 8
    asked.began(None)
    assert asked.tried(None, 3.0) == 8


class Where(toys.Rms):
    """The process that scores."""

    name = "where"

    def score(self, batch, sample_rate, reference=None):
        return super().score(batch, sample_rate) * 0 + os.getpid()


@pytest.mark.parametrize(("free", "here"), [(10**12, False), (0, True)])
def test_too_little_memory_for_two_is_said_and_all_is_done_in_one_process(memory, tmp_path, free, here):
    sweep = make_sweep(metrics=(Where(),), workers=2, if_memory_suffices=True)
    memory(free, Taken(300 * MB, 310 * MB), Taken(500 * MB, 700 * MB))
    said = []
    result = sweep_in(tmp_path / "fitted", sweep, Progress(warned=said.append))
    processes = set(result.table["score"].drop_null().to_pylist())
    assert (processes == {float(os.getpid())}) == here
    assert [("memory suffices for 1 of 2 workers" in text) for text in said] == ([True] if here else [])
    assert result.workers == (1 if here else 2)
    memory(0)
    asked_for = sweep_in(tmp_path / "asked", replace(sweep, if_memory_suffices=False))
    assert asked_for.workers == 2


def test_a_run_with_nothing_left_keeps_its_workers(tmp_path):
    sweep = make_sweep(workers=2)
    assert sweep_in(tmp_path / "out", sweep).workers == 2
    assert sweep_in(tmp_path / "out", sweep).workers == 2
