"""A program that is started once, and answers a line of JSON with a line of JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from degrade_bench._support.texts import one_line
from degrade_bench.metric.host.process import LOADING, MetricDiedError
from degrade_bench.metric.outside.audio import written
from degrade_bench.metric.outside.declaration import Asked
from degrade_bench.metric.outside.messages import request, scores_of
from degrade_bench.metric.outside.program import LONGEST_WORDS, Program
from degrade_bench.metric.outside.transport import Said, Signals

MOST_NOISE = 20
"""Lines that a process prints beside its answers and that are shown; the others are not."""


class Conversation:
    """Requests and answers, in order; the program is started when it is first asked, and again when it has ended.

    Args:
        name: of the metric, before what it prints beside its answers.
        start: starts the program.
        timeout: seconds for an answer, and :data:`~degrade_bench.metric.host.process.LOADING` times as many for the
            first one; None for as long as it takes.
    """

    def __init__(self, name: str, start: Callable[[], Program], timeout: float | None) -> None:
        self._name, self._start, self._timeout = name, start, timeout
        self._program: Program | None = None
        self._asked = self._noise = 0

    @property
    def goes_on(self) -> bool:
        """Whether there is a process that can be asked."""
        return self._program is not None and self._program.alive

    def ask(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request and wait for its answer.

        Raises:
            ForeignMetricError: the program cannot be started, or prints without end.
            MetricDiedError: it ended, did not answer in time, or answered another request.
        """
        seconds = self._timeout
        if not self.goes_on:
            self.close()
            self._program = self._start()
            self._asked = self._noise = 0
            seconds = None if seconds is None else seconds * LOADING
        assert self._program is not None
        self._asked += 1
        line = json.dumps({"id": self._asked, **message}) + "\n"
        try:
            return self._answer(self._program, line.encode(), seconds)
        except BaseException:  # what it answers later would be taken for the answer to another request
            self._program.stop()
            raise

    def _answer(self, program: Program, line: bytes, seconds: float | None) -> dict[str, Any]:
        for is_output, text in program.lines(line, seconds):
            answer = _parsed(text) if is_output else None
            if answer is None:
                self._show(text[:LONGEST_WORDS])
            elif answer["id"] == self._asked:
                return answer
            else:
                number = one_line(str(answer["id"]))
                raise MetricDiedError(f"it answered request {number} where request {self._asked} was its turn")
        raise program.death()

    def _show(self, text: str) -> None:
        """What it prints beside its answers goes where the progress goes."""
        if not text.strip():
            return
        self._noise += 1
        if self._noise <= MOST_NOISE:
            rest = "; more is not shown" if self._noise == MOST_NOISE else ""
            with suppress(OSError, ValueError):
                sys.stderr.write(f"{self._name}: {one_line(text)}{rest}\n")

    def close(self) -> None:
        """End the program: it reads that there is nothing more to read, and is given a moment."""
        if self._program is not None:
            self._program.leave()
            self._program = None


def _parsed(text: str) -> dict[str, Any] | None:
    """An answer: a JSON object with an ``id``. Anything else is noise."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) and "id" in parsed else None


class JsonLines:
    """A metric that a program answers for, signal files in, scores out.

    Args:
        asked: the metric.
        conversation: with the program.
        parts: of its fingerprint.
    """

    def __init__(self, asked: Asked, conversation: Conversation, parts: Mapping[str, str]) -> None:
        self._asked, self._conversation, self._parts = asked, conversation, parts

    def said(self) -> Said:
        """The command and its files; the program is not started."""
        return Said(self._parts)

    def scores(self, signals: Signals) -> list[list[float]]:
        """The scores that the program answers; errors as of :class:`~.transport.Transport`."""
        declared = self._asked.declared
        every = [*signals.samples, *(signals.references or ())]
        with written(every, signals.sample_rate, declared.audio, declared.folder) as paths:
            message = request(signals, "path", [str(path) for path in paths])
            return scores_of(self._conversation.ask(message), signals)

    def close(self) -> None:
        """End the program until it is needed again."""
        self._conversation.close()
