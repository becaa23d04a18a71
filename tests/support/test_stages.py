"""Where the time goes: stages, stages within stages, and what others report."""

from __future__ import annotations

import threading
import time

import pytest

from degrade_bench._support.stages import had_elsewhere, spent_elsewhere, stage, timed


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands until it is told to go on."""
    now = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])

    def go_on(seconds):
        now[0] += seconds

    return go_on


def test_a_stage_within_another_is_not_counted_twice(clock):
    with timed() as spent:
        with stage("outer"):
            clock(1.0)
            with stage("inner"):
                clock(2.0)
                with stage("outer"):
                    clock(4.0)
            clock(8.0)
        clock(16.0)
        with stage("inner"):
            clock(32.0)
    assert spent.here == {"outer": 13.0, "inner": 34.0}


def failing(clock):
    with stage("outer"), stage("inner"):
        clock(2.0)
        raise ValueError("no")


def test_what_ends_with_an_error_has_taken_its_time(clock):
    with timed() as spent:
        with pytest.raises(ValueError, match="no"):
            failing(clock)
        with stage("outer"):
            clock(1.0)
    assert spent.here == {"inner": 2.0, "outer": 1.0}


def test_nobody_hears_of_what_another_asked_for(clock):
    with stage("nobody asks"), timed() as outer, stage("outer"):
        clock(1.0)
        with timed() as inner, stage("inner"):
            clock(2.0)
        spent_elsewhere({"damage": 3.0})
        spent_elsewhere({"damage": 4.0, "plan": 1.0})
    spent_elsewhere({"too late": 1.0})
    assert (inner.here, inner.elsewhere) == ({"inner": 2.0}, {})
    assert (outer.here, outer.elsewhere) == ({"outer": 3.0}, {"damage": 7.0, "plan": 1.0})


def test_the_time_that_others_had_adds_up():
    had_elsewhere(1.0)  # nobody asks
    with timed() as spent:
        had_elsewhere(2.0)
        had_elsewhere(3.0)
    assert spent.available == 5.0


def test_another_thread_is_not_seen():
    def work():
        with stage("there"):
            pass

    with timed() as spent:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert spent.here == {}
