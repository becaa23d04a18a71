"""A host process as seen from outside: started, asked, waited for, killed."""

from __future__ import annotations

import os
import pickle
import signal
import socket
import subprocess
import sys
import time
import weakref
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from degrade_bench._support.interrupts import raise_if_held
from degrade_bench._support.pipes import receive, send
from degrade_bench._support.processes import how_it_ended
from degrade_bench.errors import MetricError
from degrade_bench.metric.host.messages import Answer, Load, Look, Request

START_SECONDS = 300.0
"""How long a host may take to import what the bench itself needs."""
LOADING = 3
"""How many times as long as a batch the loading of a metric may take: some read, or even download, gigabytes."""

LOOK_SECONDS = 0.2
"""How often it is looked whether somebody wants to interrupt a wait."""

KILLED_FROM_OUTSIDE = (-signal.SIGKILL, -signal.SIGTERM)
"""Exit codes of processes that somebody killed, or the system for lack of memory."""

_BOOT = """
import sys
from multiprocessing.connection import Connection
connection = Connection(int(sys.argv[1]))
sys.path[:] = connection.recv()
from degrade_bench.metric.host.child import main
main(connection)
"""


class MetricDiedError(MetricError):
    """The process of a metric ended, or was ended because it did not answer.

    Args:
        reason: how.
        from_outside: whether it looks as if somebody else had killed it.
    """

    def __init__(self, reason: str, from_outside: bool = False) -> None:
        super().__init__(reason)
        self.from_outside = from_outside

    def __reduce__(self) -> tuple[Any, ...]:
        return MetricDiedError, (str(self), self.from_outside)


class HostProcess:
    """A fresh interpreter with nothing in it but one metric.

    It is in a session of its own, so that Ctrl-C does not reach it and nothing that it starts outlives it.

    Raises:
        MetricDiedError: it does not start.
    """

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _BOOT, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=_standard_error(),
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
            self._connection = Connection(ours.detach())
        self._stop = weakref.finalize(self, _end, self._process, self._connection)
        self._wait_for(pickle.dumps(_import_path()), START_SECONDS)

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._stop.alive and self._process.poll() is None

    def ask(self, request: Request, seconds: float | None) -> Answer:
        """Send a request and wait for the answer.

        Args:
            request: what is wanted.
            seconds: how long to wait, and :data:`LOADING` times as long while it imports; None for as long as it
                takes.

        Raises:
            MetricDiedError: the process ended, or did not answer in time and was ended.
        """
        if seconds is not None and isinstance(request, Load | Look):
            seconds *= LOADING
        answer: Answer = self._wait_for(request, seconds)
        return answer

    def stop(self) -> None:
        """End the process, and whatever it has started."""
        self._stop()

    def _wait_for(self, request: object, seconds: float | None) -> Any:
        try:
            if isinstance(request, bytes):
                self._connection.send_bytes(request)
            else:
                send(self._connection, request)
            if not answers_within(self._connection, seconds):
                raise MetricDiedError(f"it did not answer within {seconds:g} s")
            answer = receive(self._connection)
        except Exception as error:  # gone, or something else writes into its pipe
            if isinstance(error, MetricDiedError):
                self.stop()
                raise
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=2)
            code = self._process.poll()
            self.stop()
            ended = "closed its pipe" if code is None else f"ended ({how_it_ended(code)})"
            raise MetricDiedError(f"its process {ended}", code in KILLED_FROM_OUTSIDE) from None
        except BaseException:  # what it answers later would be taken for the answer to another request
            self.stop()
            raise
        return answer


def answers_within(connection: Connection, seconds: float | None) -> bool:
    """Whether there is something to read; looks now and then whether somebody wants to interrupt the wait.

    Args:
        connection: to read from.
        seconds: to wait; None for as long as it takes.

    Raises:
        KeyboardInterrupt: somebody does.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    while True:
        left = LOOK_SECONDS if deadline is None else min(LOOK_SECONDS, max(0.0, deadline - time.monotonic()))
        if connection.poll(left):
            return True
        raise_if_held()
        if deadline is not None and time.monotonic() >= deadline:
            return False


def _import_path() -> list[str]:
    """``sys.path`` for another process: an entry of '' is the current directory."""
    return [entry or os.getcwd() for entry in sys.path]


def _standard_error() -> int:
    """What a metric prints belongs to no table: it goes where the progress goes."""
    try:
        os.fstat(2)
    except OSError:
        return subprocess.DEVNULL
    return 2


def _end(process: subprocess.Popen[bytes], connection: Connection) -> None:
    connection.close()
    with suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=5)
