"""Ctrl-C and SIGTERM: an interruption is heard, and never becomes a result.

A handler of Python runs wherever the main thread is, also inside a callback that a C library (a codec that reads
through Python's files) calls. What the handler raises there is printed and swallowed, or becomes an error of the
library, or ends a stream early: the interruption would become a failed row, or one of cut samples.
"""

from __future__ import annotations

import importlib
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Any

AGAIN_SECONDS = 0.01
"""After which an interruption that was forgotten is raised again."""

HELD = (int(signal.SIGINT), int(signal.SIGTERM))
"""What is held back, where a handler of Python would hear it."""


_signals = importlib.import_module("_signal")
"""As :mod:`signal`, without its names for numbers and handlers, which take three times as long as the rest."""


class TerminatedError(KeyboardInterrupt):
    """SIGTERM: the run ends as after Ctrl-C."""


class _Held:
    """A handler that notes a signal the first time, and calls the former handler from the second time on.

    Args:
        number: of the signal.
        former: the handler in whose place it stands.

    Attributes:
        heard: whether the signal came.
        at_once: whether it is raised where it is heard, beside being raised at the end of the block.
    """

    def __init__(self, number: int, former: Any) -> None:
        self.number, self.former = number, former
        self.heard = self.at_once = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.heard:
            self.former(number, frame)
        self.heard = True
        if self.at_once:
            raise KeyboardInterrupt

    def deliver(self) -> None:
        """Call the former handler, which has its place again."""
        if self.heard:
            self.former(self.number, None)


_holding: list[_Held] = []
"""The handlers that hold signals back at the moment."""


@contextmanager
def never_a_row() -> Iterator[None]:
    """Run a block whose outcome an interruption must not change.

    The first SIGINT or SIGTERM is held back to the end of the block and raised there by the handler that was in
    place before, whatever the block returned or raised. A second one is raised where it is heard, for blocks that
    take long, and again at the end, should somebody have swallowed it. Does nothing outside the main thread, where
    no handler runs, and for signals that no handler of Python hears.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held = [_Held(number, former) for number in HELD if callable(former := _signals.getsignal(number))]
    with ExitStack() as delivered:
        for handler in held:
            delivered.callback(handler.deliver)
            _signals.signal(handler.number, handler)
            delivered.callback(_signals.signal, handler.number, handler.former)
            _holding.append(handler)
            delivered.callback(_holding.remove, handler)
        yield


def raise_if_held() -> None:
    """End a wait for another process where an interruption is held back: nothing of this process is broken off.

    Raises:
        KeyboardInterrupt: one is; the block that holds it raises its own.
    """
    if threading.current_thread() is threading.main_thread() and any(handler.heard for handler in _holding):
        raise KeyboardInterrupt


@contextmanager
def heard_at_once() -> Iterator[None]:
    """Let an interruption that is held back end a block where it is: a wait for somebody else, in Python alone.

    Raises:
        KeyboardInterrupt: one came; the block that holds it raises its own.
    """
    waiting = list(_holding) if threading.current_thread() is threading.main_thread() else []
    for handler in waiting:
        handler.at_once = True
    try:
        raise_if_held()
        yield
    finally:
        for handler in waiting:
            handler.at_once = False


@contextmanager
def never_forgotten() -> Iterator[None]:
    """Raise an interruption of a block again where Python forgot it.

    What a handler raises inside a callback of a weak reference or in a finaliser, Python prints and goes on. Here
    it is not printed, and raised in the main thread once more a moment later, or at the end of the block.
    """
    former, timers = sys.unraisablehook, list[threading.Timer]()

    def again(raised: sys.UnraisableHookArgs) -> None:
        if not isinstance(raised.exc_value, KeyboardInterrupt):
            former(raised)
            return
        number = signal.SIGTERM if isinstance(raised.exc_value, TerminatedError) else signal.SIGINT
        timers.append(threading.Timer(AGAIN_SECONDS, signal.pthread_kill, (threading.main_thread().ident, number)))
        timers[-1].daemon = True
        timers[-1].start()

    sys.unraisablehook = again
    try:
        yield
        for timer in timers:
            timer.join()
    finally:
        sys.unraisablehook = former
        for timer in timers:
            timer.cancel()


@contextmanager
def terminable() -> Iterator[None]:
    """Let SIGTERM raise :class:`TerminatedError` in a block, in place of ending the process on the spot."""
    heard = False

    def terminate(number: int, frame: FrameType | None) -> None:
        nonlocal heard
        heard = True
        raise TerminatedError

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    except KeyboardInterrupt as error:
        if heard and not isinstance(error, TerminatedError):  # a library raised one of its own in place of ours
            raise TerminatedError from error
        raise
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL if former is None else former)
