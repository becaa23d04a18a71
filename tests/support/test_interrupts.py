"""Ctrl-C and SIGTERM around what must not become a result."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
import weakref
from contextlib import contextmanager
from multiprocessing import Pipe
from pathlib import Path

import pytest

from degrade_bench._support.interrupts import (
    TerminatedError,
    heard_at_once,
    never_a_row,
    never_forgotten,
    raise_if_held,
    terminable,
)
from degrade_bench.metric.host.process import answers_within
from degrade_bench.metric.outside.program import Program


def interrupt():
    signal.raise_signal(signal.SIGINT)


def test_an_interruption_is_raised_when_the_block_has_ended():
    done = []

    def block():
        with never_a_row():
            interrupt()
            done.append("whole")

    with pytest.raises(KeyboardInterrupt):
        block()
    assert done == ["whole"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_error_of_the_block_does_not_stand_for_the_interruption():
    def block():
        with never_a_row():
            interrupt()
            raise OSError("the decoder ended early")

    with pytest.raises(KeyboardInterrupt):
        block()


def test_the_second_interruption_is_heard_at_once_and_cannot_be_swallowed():
    done = []

    def block():
        with never_a_row():
            interrupt()
            try:
                interrupt()
                done.append("too late")
            except KeyboardInterrupt:
                done.append("heard")

    with pytest.raises(KeyboardInterrupt):
        block()
    assert done == ["heard"]


def test_blocks_may_lie_in_each_other_and_everybodys_handler_is_kept():
    heard = []
    before = signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    try:
        with never_a_row():
            with never_a_row():
                interrupt()
            assert heard == []
        assert heard == [signal.SIGINT]
    finally:
        signal.signal(signal.SIGINT, before)


def test_without_an_interruption_nothing_happens_nor_outside_the_main_thread():
    with never_a_row():
        pass
    error = []

    def work():
        try:
            with never_a_row(), terminable():
                pass
        except ValueError as caught:  # signal.signal() outside the main thread
            error.append(caught)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert error == []


def test_a_signal_without_a_handler_of_python_stays_as_it_is():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with never_a_row():
            interrupt()
    finally:
        signal.signal(signal.SIGINT, before)


def test_sigterm_ends_like_an_interruption_and_is_held_back_alike():
    done = []
    before = signal.getsignal(signal.SIGTERM)

    def block():
        with terminable(), never_a_row():
            signal.raise_signal(signal.SIGTERM)
            done.append("whole")

    with pytest.raises(TerminatedError):
        block()
    assert done == ["whole"]
    assert signal.getsignal(signal.SIGTERM) is before


@contextmanager
def interrupted_after(seconds):
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    started = time.monotonic()
    try:
        yield
    finally:
        timer.join()
        assert time.monotonic() - started < 10


def test_the_wait_for_another_process_ends_at_once():
    ours, theirs = Pipe()
    with interrupted_after(0.1), pytest.raises(KeyboardInterrupt), never_a_row():
        answers_within(ours, None)
    assert not answers_within(ours, 0.0)
    theirs.send(1)
    assert answers_within(ours, 60.0)
    program = Program(["sleep", "60"], Path.cwd())
    with interrupted_after(0.1), pytest.raises(KeyboardInterrupt), never_a_row():
        list(program.lines(b"", None))
    program.stop()
    raise_if_held()


def test_a_wait_in_python_alone_ends_at_the_first_interruption_and_nothing_beside_it_does():
    ours, _theirs = socket.socketpair()
    with interrupted_after(0.1), pytest.raises(KeyboardInterrupt), never_a_row(), heard_at_once():
        ours.recv(1)
    reached = []

    def interrupted_between_waits():
        with heard_at_once():
            reached.append("nobody interrupts")
        interrupt()
        reached.append("held back again")
        with heard_at_once():
            reached.append("never")

    with pytest.raises(KeyboardInterrupt), never_a_row():
        interrupted_between_waits()
    assert reached == ["nobody interrupts", "held back again"]
    raise_if_held()


class Watched:
    """Something that a weak reference may point to."""


@pytest.mark.parametrize(
    ("number", "raised"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, TerminatedError)]
)
@pytest.mark.parametrize("seconds", [60.0, 0.0])
def test_an_interruption_that_a_callback_forgets_is_raised_again(capfd, number, raised, seconds):
    done = []

    def block():
        with terminable(), never_forgotten():
            watched = Watched()
            reference = weakref.ref(watched, lambda dead: signal.raise_signal(number))
            del watched
            done.append(reference)
            time.sleep(seconds)
            done.append("the end of the block")

    with pytest.raises(raised):
        block()
    assert len(done) == (1 if seconds else 2)
    assert capfd.readouterr().err == ""


def test_another_error_that_is_forgotten_is_shown_as_ever(monkeypatch):
    shown = []
    monkeypatch.setattr(sys, "unraisablehook", shown.append)
    with never_forgotten():
        watched = Watched()
        reference = weakref.ref(watched, lambda dead: 1 / 0)
        del watched
    assert [raised.exc_type for raised in shown] == [ZeroDivisionError]
    assert reference() is None
    assert sys.unraisablehook == shown.append
