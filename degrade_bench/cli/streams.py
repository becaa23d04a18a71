"""Standard output and standard error that may be full, closed, gone or of a narrow encoding: work goes on.

What a run has found lies in its directory; that it could not be printed as well is no reason to lose it.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO, cast

import typer

from degrade_bench._support.addresses import in_full
from degrade_bench._support.plain_text import plain

UNPRINTED = 74
"""The exit code where all was done, but could not be printed: EX_IOERR of ``sysexits.h``."""


class ForgivingStream:
    """A text stream whose first failure is remembered, and after which everything written goes nowhere.

    Args:
        stream: where texts are written.

    Attributes:
        failure: why writing failed; None where it has not.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.failure: Exception | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write a text, or drop it where that fails."""
        try:
            return self._stream.write(text)
        except (OSError, ValueError) as error:
            self._give_up(error)
            return len(text)

    def flush(self) -> None:
        """Hand over what was written, or drop it where that fails."""
        try:
            self._stream.flush()
        except (OSError, ValueError) as error:
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        self.failure = self.failure or error
        with suppress(OSError, ValueError):  # what is still in the buffer goes nowhere too
            descriptor = self._stream.fileno()
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, descriptor)
            os.close(nowhere)


@contextmanager
def forgiving_streams() -> Iterator[ForgivingStream]:
    """Print within this whatever standard output and standard error are; gives standard output.

    Characters that a stream cannot encode are written as escapes. A closed descriptor leads nowhere, so that no
    file that is opened later takes its number and is written into.
    """
    _fill_closed_descriptors()
    before = sys.stdout, sys.stderr
    streams = [ForgivingStream(_open(stream)) for stream in before]
    sys.stdout, sys.stderr = cast(TextIO, streams[0]), cast(TextIO, streams[1])
    try:
        yield streams[0]
    finally:
        for stream in streams:
            stream.flush()
        sys.stdout, sys.stderr = before


def printing(work: Callable[[], int]) -> int:
    """The exit code of work that prints; ``UNPRINTED`` where it is done, but could not be printed.

    Args:
        work: prints, and gives an exit code. A reader that has had enough, as ``head`` has, changes nothing of it.
    """
    with forgiving_streams() as printed:
        code = work()
        printed.flush()
        failure = printed.failure
        if code or failure is None or getattr(failure, "errno", None) == errno.EPIPE:
            return code
        reason = getattr(failure, "strerror", None) or failure
        print(f"degrade-bench: cannot write to standard output: {reason}", file=sys.stderr)
        return UNPRINTED


def _open(stream: TextIO | None) -> TextIO:
    if stream is None:  # Python's word for a descriptor that was closed
        return open(os.devnull, "w", encoding="utf-8")
    if isinstance(stream, io.TextIOWrapper):
        with suppress(OSError, ValueError):
            stream.reconfigure(errors="backslashreplace")
    return stream


def _fill_closed_descriptors() -> None:
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != descriptor:
                os.dup2(nowhere, descriptor)
                os.close(nowhere)
            os.set_inheritable(descriptor, True)


def shown(message: str) -> int:
    """Print what was asked for instead of work, and give the exit code."""
    typer.echo(message)
    return 2


def refused(message: str) -> int:
    """Print why a request cannot be carried out, in one line, and give the exit code."""
    typer.echo("degrade-bench: " + plain(in_full(" ".join(message.split()))), err=True)
    return 2
