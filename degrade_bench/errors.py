"""The typed errors of the bench.

Every error that a user can cause derives from :class:`DegradeBenchError`. The command line turns one into
a single line on standard error and exit code 2; the API lets it through. Messages say what was wrong, with
the value, what was expected, and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class DegradeBenchError(Exception):
    """A request that cannot be carried out. Base of all errors below."""


class AudioError(DegradeBenchError, ValueError):
    """A signal that cannot be used: wrong layout, empty, non-finite, silent, too short, unreadable."""


class AnnotationError(DegradeBenchError, ValueError):
    """An annotation (beats, downbeats, key, ...) that is malformed or contradicts the audio."""


class CorpusError(DegradeBenchError):
    """An input folder, file or manifest that gives no usable clip."""


class LevelError(DegradeBenchError, ValueError):
    """A level outside a degradation's ladder."""


class PlanError(DegradeBenchError, ValueError):
    """A plan that is malformed, or that was drawn for other samples or another degradation."""


class NotApplicableError(DegradeBenchError):
    """This degradation or metric does not apply to this clip. The cell is `not-applicable`, not failed.

    Raised by ``Degradation.plan`` when the clip lacks what is needed (beats, enough bars, two channels).
    The message is the reason that the table and the report show.
    """


class MetricError(DegradeBenchError):
    """A metric that is not available, is wrongly set, or returned something that is not a score."""


class FailsEverywhereError(MetricError):
    """A metric that fails on all of the first cells that it is asked about.

    Args:
        metric: its name.
        where: what it failed on.
        reason: the first one.
    """

    def __init__(self, metric: str, where: str, reason: str) -> None:
        super().__init__(f"metric {metric} failed on {where}: {reason}; --keep-going scores the rest nevertheless")
        self.metric, self.reason = metric, reason


class RunFolderError(DegradeBenchError):
    """A run directory that cannot be used: another run's results, no permission, a full disk."""


class StorageError(DegradeBenchError):
    """Object storage that cannot be used: no such bucket, no permission, a server that does not answer."""


class ConfigError(DegradeBenchError, ValueError):
    """A wrong option, on the command line, in a file or in the API."""


class ExportError(DegradeBenchError):
    """An experiment tracker refused what was sent, or could not be reached; says what it said."""


class UnknownNameError(DegradeBenchError, KeyError):
    """A name that nothing is known under. Says which names are near.

    Args:
        kind: what was looked for, in the singular ("degradation").
        name: the name that was given.
        names: those that there are.
        hint: what to do, at the end of the message.
    """

    def __init__(self, kind: str, name: str, names: Iterable[str], hint: str | None = None) -> None:
        self.kind, self.name = kind, name
        names = sorted(names)
        by_small_letters = {candidate.lower(): candidate for candidate in reversed(names)}
        close = difflib.get_close_matches(name.lower(), by_small_letters, n=3, cutoff=0.55)
        near = [by_small_letters[candidate] for candidate in close]
        message = f"unknown {kind} {name!r}"
        if near:
            message += "; did you mean " + " or ".join(repr(n) for n in near) + "?"
        else:
            message += "; known: " + (", ".join(names) if names else "none")
        if hint:
            message += f" ({hint})"
        self.message = message
        super().__init__(message)

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return (_unknown_name_error, (self.kind, self.name, self.message))


def _unknown_name_error(kind: str, name: str, message: str) -> UnknownNameError:
    """Rebuild an :class:`UnknownNameError` in another process, with its message as it was."""
    error = UnknownNameError(kind, name, ())
    error.message = message
    return error
