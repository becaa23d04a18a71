"""Processes that end: what is said of it."""

from __future__ import annotations

import signal


def how_it_ended(code: int | None) -> str:
    """Why a process ended, from its exit code as ``subprocess`` and ``multiprocessing`` give it.

    >>> how_it_ended(3), how_it_ended(-11), how_it_ended(-9)
    ('exit code 3', 'killed by signal 11, SIGSEGV', 'killed by signal 9, SIGKILL, perhaps for lack of memory')
    """
    if code is None or code >= 0:
        return f"exit code {code}"
    try:
        name = f", {signal.Signals(-code).name}"
    except ValueError:
        name = ""
    return f"killed by signal {-code}{name}" + (", perhaps for lack of memory" if code == -signal.SIGKILL else "")
