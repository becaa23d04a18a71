"""A run that was stopped before its end: what is said, and the exit code."""

from __future__ import annotations

from degrade_bench._support.interrupts import TerminatedError
from degrade_bench.sweep.deadline import TimeLimitError

STOPS = (KeyboardInterrupt, TimeLimitError)


def said_of_stop(error: BaseException) -> tuple[str, int]:
    """A line to be shown, and the exit code: of a process that the signal ends, or of ``timeout``."""
    if isinstance(error, TimeLimitError):
        word, code = str(error), 124
    elif isinstance(error, TerminatedError):
        word, code = "terminated", 143
    else:
        word, code = "interrupted", 130
    return f"{word}; finished rows are kept, and the same command goes on from them", code
