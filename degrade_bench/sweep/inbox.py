"""Messages of worker processes, received in a thread while the main process scores.

Without it a worker that has a block ready would wait until the main process has finished scoring another one.
What waits here is bounded in bytes; beyond that a worker waits on its full pipe.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from typing import Any

from degrade_bench._support.pipes import receive_sized

MOST_WAITING_BYTES = 256 * 2**20
"""So much may wait to be scored, and one message more: some seven blocks of ten stereo clips of ten seconds."""

MOST_WAITING = 256
"""And so many messages: arrays that came through shared memory hold a descriptor each."""


class Inbox:
    """What workers sent, in the order of its arrival; of one worker in the order of its sending.

    Args:
        on_arrival: called in the receiving thread with every message before it waits here.
        most_bytes: the bound on what waits.
    """

    def __init__(self, on_arrival: Callable[[Connection, Any], None], most_bytes: int = MOST_WAITING_BYTES) -> None:
        self._on_arrival = on_arrival
        self._most_bytes = most_bytes
        self._senders: list[Connection] = []
        self._mail: deque[tuple[Connection, Any, int]] = deque()
        self._waiting_bytes = 0
        self._error: BaseException | None = None
        self._closed = False
        self._changed = threading.Condition()
        self._alarm, self._ring = Pipe(duplex=False)
        self._thread = threading.Thread(target=self._run, name="degrade-bench inbox", daemon=True)
        self._thread.start()

    def add(self, sender: Connection) -> None:
        """Begin to receive from a worker. Its connection stays open until :meth:`get` has said that it is gone."""
        with self._changed:
            self._senders.append(sender)
        self._ring.send_bytes(b"new")

    @property
    def is_empty(self) -> bool:
        """Whether :meth:`get` would wait."""
        with self._changed:
            return not self._mail and self._error is None

    def get(self, seconds: float | None = None) -> tuple[Connection, Any] | None:
        """The next message and who sent it; None in its place where the sender is gone. Waits for one.

        Args:
            seconds: how long to wait; None for as long as it takes.

        Returns:
            None where nothing came in time.

        Raises:
            BaseException: whatever was raised while receiving.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._mail or self._error is not None, seconds):
                return None
            if not self._mail:
                assert self._error is not None
                raise self._error
            sender, message, size = self._mail.popleft()
            self._waiting_bytes -= size
            self._changed.notify_all()
        return sender, message

    def close(self) -> None:
        """Stop receiving. What still waits is thrown away."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._ring.send_bytes(b"end")
        self._thread.join(timeout=5)

    def _run(self) -> None:
        try:
            while self._receive_what_is_ready():
                pass
        except BaseException as error:  # raised again in get(), in the thread that waits there
            with self._changed:
                self._error = error
                self._changed.notify_all()

    @property
    def _has_room(self) -> bool:
        return self._waiting_bytes <= self._most_bytes and len(self._mail) < MOST_WAITING

    def _receive_what_is_ready(self) -> bool:
        with self._changed:
            senders = list(self._senders)
        for ready in wait([*senders, self._alarm]):
            assert isinstance(ready, Connection)
            if ready is self._alarm:
                ready.recv_bytes()
                continue
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._has_room)
            if self._closed:
                return False
            try:
                message, size = receive_sized(ready)
            except (EOFError, OSError):  # the worker has ended, or was ended
                message, size = None, 0
            else:
                self._on_arrival(ready, message)
            with self._changed:
                if message is None:
                    self._senders.remove(ready)
                self._mail.append((ready, message, size))
                self._waiting_bytes += size
                self._changed.notify_all()
        return not self._closed
