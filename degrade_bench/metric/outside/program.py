"""A program that is not the bench's: started, listened to, waited for, ended."""

from __future__ import annotations

import math
import os
import selectors
import signal
import subprocess
import time
import weakref
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from degrade_bench._support.interrupts import raise_if_held
from degrade_bench._support.processes import how_it_ended
from degrade_bench._support.texts import one_line
from degrade_bench.metric.host.process import KILLED_FROM_OUTSIDE, MetricDiedError
from degrade_bench.metric.host.proxy import ForeignMetricError

LONGEST_LINE = 1 << 20
"""Bytes of a line; a longer one is given in pieces."""
MOST_PRINTED = 16 << 20
"""Bytes that a program may print before it gives what it was asked for."""
LONGEST_WORDS = 1000
"""Characters of a line that may be shown."""
LOOK_SECONDS = 0.2
"""How often it is looked whether a program has ended whose output somebody else holds open."""
END_SECONDS = 2.0
"""How long a program may take to end once it has closed its output."""

Line = tuple[bool, str]
"""Whether it came over standard output, and its text without the end of the line."""


class Program:
    """A running program, in a session of its own: Ctrl-C does not reach it, and what it starts is ended with it.

    Args:
        arguments: the program and its arguments; no shell is involved.
        place: the folder that it runs in.
        environment: its variables; None for those of this process.

    Raises:
        ForeignMetricError: it cannot be started.
    """

    def __init__(self, arguments: Sequence[str], place: Path, environment: Mapping[str, str] | None = None) -> None:
        try:
            self._process = subprocess.Popen(
                arguments,
                cwd=place,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ForeignMetricError(f"{one_line(arguments[0])} cannot be started: {reason}") from None
        self._stop = weakref.finalize(self, _end, self._process)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._input: IO[bytes] = self._process.stdin
        os.set_blocking(self._input.fileno(), False)
        self._outputs: dict[IO[bytes], bytearray] = {
            self._process.stdout: bytearray(),
            self._process.stderr: bytearray(),
        }
        self._lines: deque[Line] = deque()
        self._last_words = ""

    @property
    def last_words(self) -> str:
        """What it said last on standard error, in one line."""
        return one_line(self._last_words)

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._stop.alive and self._process.poll() is None

    def close_input(self) -> None:
        """Let it read that there is nothing to read."""
        with suppress(OSError):
            self._input.close()

    def lines(self, request: bytes, seconds: float | None) -> Iterator[Line]:
        """Write to its standard input and give what it prints, line by line, until it closes its output.

        Who has heard enough stops asking for lines; the next request goes on behind them.

        Args:
            request: what is written.
            seconds: that it has, until the last line that is asked for; None for as long as it takes.

        Raises:
            KeyboardInterrupt: somebody wants to interrupt.
            MetricDiedError: it took longer.
            ForeignMetricError: it printed too much.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        patience, printed = math.inf, 0
        with selectors.DefaultSelector() as selector:
            for stream in self._outputs:
                selector.register(stream, selectors.EVENT_READ)
            if request:
                selector.register(self._input, selectors.EVENT_WRITE)
            while True:
                while self._lines:
                    yield self._lines.popleft()
                if not any(key.fileobj in self._outputs for key in selector.get_map().values()):
                    return
                left = LOOK_SECONDS if deadline is None else min(LOOK_SECONDS, deadline - time.monotonic())
                if time.monotonic() > patience:
                    return
                if left <= 0:
                    raise MetricDiedError(f"it did not answer within {seconds:g} s")
                ready = selector.select(left)
                raise_if_held()
                for key, _ in ready:
                    if key.fileobj is self._input:
                        request = self._written(request)
                        if not request:
                            selector.unregister(self._input)
                    else:
                        count = self._read(key.fileobj)  # type: ignore[arg-type]  # one of the outputs
                        if not count:
                            selector.unregister(key.fileobj)
                            if key.fileobj is self._process.stdout:  # its last words may still come
                                patience = time.monotonic() + END_SECONDS
                        printed += count
                if printed > MOST_PRINTED:
                    raise ForeignMetricError(f"it printed more than {MOST_PRINTED >> 20} MB, and no answer")
                if not ready and self._process.poll() is not None:
                    return  # something that it has started holds its output open

    def _written(self, request: bytes) -> bytes:
        """What is left of a request; nothing where nobody reads it any more."""
        try:
            return request[os.write(self._input.fileno(), request) :]
        except BlockingIOError:
            return request
        except OSError:  # the program has closed its input, or has ended: its output says which
            return b""

    def _read(self, stream: IO[bytes]) -> int:
        """Read what there is and cut it into lines; gives the number of bytes."""
        data = os.read(stream.fileno(), 1 << 16)
        begun = self._outputs[stream]
        begun += data
        *whole, rest = begun.split(b"\n")
        if rest and (not data or len(rest) > LONGEST_LINE):
            whole, rest = [*whole, rest], bytearray()
        self._outputs[stream] = rest
        for line in whole:
            self._take(stream is self._process.stdout, line.decode("utf-8", "replace").rstrip("\r"))
        return len(data)

    def _take(self, is_output: bool, text: str) -> None:
        self._lines.append((is_output, text))
        if not is_output and (words := text[:LONGEST_WORDS].strip()):
            self._last_words = words

    def ended(self) -> int:
        """Wait for its end, and give its exit code; the number of a signal is negative.

        Raises:
            MetricDiedError: it has closed its output and does not end, or a signal ended it.
        """
        try:
            code = self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            raise MetricDiedError("it closed its output and did not end") from None
        if code < 0:
            raise self.death()
        return code

    def death(self) -> MetricDiedError:
        """The error of a program that has ended while it was to answer."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        code = self._process.poll()
        words = f": {self.last_words}" if self.last_words else ""
        ended = "closed its output" if code is None else f"ended ({how_it_ended(code)})"
        return MetricDiedError(f"its process {ended}{words}", code in KILLED_FROM_OUTSIDE)

    def leave(self) -> None:
        """Let it read that there is nothing more to read, and end it where it does not end by itself."""
        self.close_input()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        self.stop()

    def stop(self) -> None:
        """End it, and whatever it has started."""
        self._stop()


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    for stream in (process.stdin, process.stdout, process.stderr):
        with suppress(OSError):
            if stream is not None:
                stream.close()
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=5)
