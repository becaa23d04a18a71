"""A command that is run for every signal, or for every batch, on WAV files, and prints numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from degrade_bench._support.texts import one_line
from degrade_bench.metric.host.proxy import ForeignMetricError
from degrade_bench.metric.outside.audio import written
from degrade_bench.metric.outside.code import command_parts, found_program
from degrade_bench.metric.outside.declaration import REFERENCE, REFERENCES, WAV, WAVS, Asked
from degrade_bench.metric.outside.program import LONGEST_WORDS, Program
from degrade_bench.metric.outside.transport import Said, Signals

_NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?|[-+]?(nan|inf|infinity)", re.IGNORECASE)


class Command:
    """A command with ``{wav}``, one signal a call, or ``{wavs}``, a batch a call.

    Args:
        asked: the metric.
        arguments: of the command.
        timeout: seconds that a call may take; None for as long as it takes.

    Raises:
        ConfigError: there is no such program, or the places for files contradict one another.
    """

    def __init__(self, asked: Asked, arguments: Sequence[str], timeout: float | None) -> None:
        self._asked, self._arguments, self._timeout = asked, list(arguments), timeout
        self._program = found_program(asked, self._arguments[0])
        text = " ".join(arguments)
        several = WAVS in text
        if several == (WAV in text):
            raise asked.wrong(f"give either {WAV} or {WAVS}")
        self._compares = (REFERENCES if several else REFERENCE) in text
        if (REFERENCE if several else REFERENCES) in text:
            fitting, other = (REFERENCES, REFERENCE) if several else (REFERENCE, REFERENCES)
            raise asked.wrong(f"beside {WAVS if several else WAV} give {fitting}, not {other}")
        if asked.declared.needs_reference not in (None, self._compares):
            says = "it names no" if asked.declared.needs_reference else "it names a"
            raise asked.wrong(f"needs_reference contradicts the command: {says} {{reference}}")
        for name in (WAVS, REFERENCES):
            if any(name in argument and name != argument for argument in arguments):
                raise asked.wrong(f"{name} stands for many paths: make it an argument by itself")
        if several and asked.declared.hop_seconds is not None:
            raise asked.wrong(f"hop_seconds goes with {WAV}: a line is the score of a window")
        self._at_once = None if several else 1

    def said(self) -> Said:
        """The command, its program and the files that it names."""
        parts = command_parts(self._asked, self._arguments)
        return Said(parts, {"needs_reference": self._compares}, self._at_once)

    def scores(self, signals: Signals) -> list[list[float]]:
        """The numbers that the command prints: one for each signal, or those of the windows of one signal.

        Raises:
            ForeignMetricError: it does not start, exits with another code than 0, or prints another number of
                numbers.
            MetricDiedError: a signal ended it, or it took too long.
        """
        declared = self._asked.declared
        references = list(signals.references or ()) if self._compares else []
        count = len(signals.samples)
        with written([*signals.samples, *references], signals.sample_rate, "wav", declared.folder) as paths:
            arguments = _filled(self._arguments, paths[:count], paths[count:])
            if signals.hop_seconds is not None:
                return [self._run(arguments, None)]
            return [[number] for number in self._run(arguments, count)]

    def _run(self, arguments: Sequence[str], count: int | None) -> list[float]:
        program = Program([self._program, *arguments[1:]], self._asked.place)
        numbers: list[float] = []
        noise = ""
        try:
            program.close_input()
            for is_output, line in program.lines(b"", self._timeout):
                text = line.strip()
                if is_output and _NUMBER.fullmatch(text):
                    numbers.append(float(text))
                elif is_output and text:
                    noise = text[:LONGEST_WORDS]
            code = program.ended()
        finally:
            program.stop()
        words = program.last_words or one_line(noise)
        if code:
            raise ForeignMetricError(f"it ended with exit code {code}" + (f": {words}" if words else ""))
        if not numbers if count is None else len(numbers) != count:
            printed = f"it printed {len(numbers)} lines with a number" if numbers else "it printed no number"
            expected = "one for every window" if count is None else count
            heard = f"; its last other line is: {words}" if words else ""
            raise ForeignMetricError(f"{printed}, expected {expected}{heard}")
        return numbers

    def close(self) -> None:
        """Nothing runs between calls."""


def _filled(arguments: Sequence[str], signals: Sequence[Path], references: Sequence[Path]) -> list[str]:
    """The arguments with the paths of files in their places."""
    filled: list[str] = []
    for argument in arguments:
        if argument == WAVS:
            filled += map(str, signals)
        elif argument == REFERENCES:
            filled += map(str, references)
        else:
            argument = argument.replace(WAV, str(signals[0]))
            filled.append(argument.replace(REFERENCE, str(references[0])) if references else argument)
    return filled
