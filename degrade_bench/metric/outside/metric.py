"""A metric outside as the bench sees it: like any other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import torch

from degrade_bench._support.texts import shown
from degrade_bench.errors import ConfigError, DegradeBenchError, MetricError
from degrade_bench.metric.base import Metric
from degrade_bench.metric.host.process import MetricDiedError
from degrade_bench.metric.host.proxy import ForeignMetricError
from degrade_bench.metric.host.timeout import TIMEOUT_SECONDS
from degrade_bench.metric.identity import CLASS
from degrade_bench.metric.outside.audio import converted
from degrade_bench.metric.outside.code import command_parts, found_program
from degrade_bench.metric.outside.command import Command
from degrade_bench.metric.outside.declaration import (
    WAV,
    WAVS,
    Asked,
    Channels,
    Declaration,
    arguments_of,
    as_name,
    asked_for,
)
from degrade_bench.metric.outside.http import Address
from degrade_bench.metric.outside.interpreter import Interpreter
from degrade_bench.metric.outside.json_lines import Conversation, JsonLines
from degrade_bench.metric.outside.program import Program
from degrade_bench.metric.outside.transport import Said, Signals, Transport
from degrade_bench.metric.settings import CommandLineText, scalar
from degrade_bench.metric.trait_values import plain
from degrade_bench.metric.traits import TRAITS, MetricAttributes, described, fingerprinted


def load_outside(spec: str, settings: Mapping[str, Any], timeout: float | None = TIMEOUT_SECONDS) -> Outside:
    """A metric from a command, an address or a metric file.

    Args:
        spec: ``cmd:…``, ``http://…``, or the file's path.
        settings: declarations over those of the file.
        timeout: seconds that it may take for one call; None for no limit.

    Raises:
        ConfigError, MetricError: what was declared is wrong, or the metric cannot be reached.
    """
    return _load(asked_for(spec, settings), timeout)


def load_under(python: str, spec: str, settings: Mapping[str, Any], timeout: float | None) -> Outside:
    """A Python metric under another interpreter.

    Args:
        python: the interpreter.
        spec: ``file.py:Name`` or ``package.module:Name``.
        settings: of the metric.
        timeout: as for :func:`load_outside`.

    Raises:
        ConfigError, MetricError: as :func:`load_outside`.
    """
    given = {
        name: scalar(value) if isinstance(value, CommandLineText) else value for name, value in settings.items()
    }
    declared = Declaration(metric=spec, python=python, settings=given)
    return _load(Asked(spec, spec, declared, given, Path.cwd()), timeout)


def _load(asked: Asked, timeout: float | None) -> Outside:
    transport = _transport(asked, timeout)
    try:
        metric = Outside(asked, transport.said(), timeout)
    except DegradeBenchError:
        transport.close()
        raise
    metric.adopt(transport)
    return metric


def _transport(asked: Asked, timeout: float | None) -> Transport:
    """The way to a metric, by what was declared; nothing is started."""
    if asked.declared.url:
        return Address(asked, timeout)
    if asked.declared.metric:
        return Interpreter(asked, timeout)
    arguments = arguments_of(asked)
    if any(place in argument for argument in arguments for place in (WAV, WAVS)):
        return Command(asked, arguments, timeout)
    parts = {**command_parts(asked, arguments), "audio": asked.declared.audio}
    program = [found_program(asked, arguments[0]), *arguments[1:]]
    conversation = Conversation(_usual_name(asked), lambda: Program(program, asked.place), timeout)
    return JsonLines(asked, conversation, parts)


class Outside(Metric):
    """A metric outside. Whoever is given a copy in another process reaches for it from there.

    Args:
        asked: how it was asked for.
        said: what is known of it.
        timeout: seconds that it may take for one call; None for no limit.

    Raises:
        ConfigError: an attribute that it must have is missing, or one is wrong.
    """

    def __init__(self, asked: Asked, said: Said, timeout: float | None) -> None:
        self._asked, self._said, self._timeout = asked, said, timeout
        self.given_settings = dict(asked.given)
        traits = {"name": _usual_name(asked), **said.traits, **asked.declared.traits}
        if "higher_is_better" not in traits:
            raise asked.refused("higher_is_better", TRAITS["higher_is_better"].values.expected)
        for name, value in traits.items():
            if name not in TRAITS or not TRAITS[name].values.valid(plain(value)):
                expected = TRAITS[name].values.expected if name in TRAITS else "no such setting"
                raise asked.wrong(f"it says {name} is {shown(value)}, expected {expected}")
        traits = {name: plain(value) for name, value in traits.items()}
        self._channels: Channels = asked.declared.channels or said.channels or "all"
        for name in TRAITS:
            setattr(self, name, traits.get(name, getattr(MetricAttributes, name, None)))
        self.signals_at_once = said.at_once
        self._transport: Transport | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return Outside, (self._asked, self._said, self._timeout)

    def adopt(self, transport: Transport) -> None:
        """Use a way to the metric that is there already."""
        self._transport = transport

    def rest(self) -> None:
        """End its process until the metric is needed again."""
        if self._transport is not None:
            self._transport.close()

    def score(self, batch: torch.Tensor, sample_rate: int, reference: torch.Tensor | None = None) -> torch.Tensor:
        """As the metric scores; where somebody killed its process, it is asked once more.

        Raises:
            ForeignMetricError: what went wrong there.
            MetricDiedError: its process ended, or did not answer in time.
            NotApplicableError: it does not apply.
        """
        rows = self._scored(batch, sample_rate, reference, None)
        return torch.tensor([score for row in rows for score in row], dtype=torch.float64)

    def score_windows(
        self, batch: torch.Tensor, sample_rate: int, reference: torch.Tensor | None = None
    ) -> torch.Tensor:
        """As the metric scores windows; errors as in :meth:`score`."""
        rows = self._scored(batch, sample_rate, reference, self.hop_seconds)
        if len({len(row) for row in rows}) > 1:
            counts = ", ".join(str(len(row)) for row in rows)
            raise ForeignMetricError(f"it gave {counts} windows for signals of one length")
        return torch.tensor(rows, dtype=torch.float64)

    def _scored(
        self, batch: torch.Tensor, sample_rate: int, reference: torch.Tensor | None, hop_seconds: float | None
    ) -> list[list[float]]:
        """A row of scores for every signal.

        Args:
            batch: as for :meth:`score`.
            sample_rate: in Hz.
            reference: as for :meth:`score`.
            hop_seconds: where scores of windows are wanted.
        """
        rate = self.sample_rate or sample_rate
        samples = converted(batch, sample_rate, self.sample_rate, self._channels)
        references = None
        if reference is not None:
            references = list(converted(reference, sample_rate, self.sample_rate, self._channels))
        signals = Signals(list(samples), rate, references, hop_seconds)
        try:
            return self._reached().scores(signals)
        except MetricDiedError as error:
            if not error.from_outside:
                raise
            return self._reached().scores(signals)

    def _reached(self) -> Transport:
        if self._transport is None:
            try:
                transport = _transport(self._asked, self._timeout)
                said = transport.said()
            except (ConfigError, MetricError) as error:
                raise MetricDiedError(f"it cannot be reached any more: {error}") from None
            if said != self._said:
                transport.close()
                raise MetricDiedError("its code has changed since the run began")
            self._transport = transport
        return self._transport

    def fingerprint_parts(self) -> dict[str, Any]:
        """Its traits, what carries the signals and how they are prepared, and what is known of its code."""
        kind = {CLASS: type(self).__qualname__, "channels": self._channels}
        return {**fingerprinted(self), **kind, **self._said.parts}

    def describe(self) -> dict[str, Any]:
        """What it says of itself."""
        return described(self)


def _usual_name(asked: Asked) -> str:
    """The name of a metric that says none: that of its file, or of the first file that its command names."""
    if asked.declared.url:
        return as_name(Path(urlsplit(asked.declared.url).path).stem or "http")
    if asked.spec == asked.called:
        return as_name(Path(asked.spec).stem)
    arguments = arguments_of(asked)
    files = [argument for argument in arguments if (asked.place / argument).is_file()]
    return as_name(Path((files or arguments)[0]).stem)
