"""A metric outside as the bench sees it: like any other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from degrade_bench.errors import ConfigError, MetricError
from degrade_bench.metric.base import Metric
from degrade_bench.metric.host.process import MetricDiedError
from degrade_bench.metric.host.timeout import TIMEOUT_SECONDS
from degrade_bench.metric.outside.audio import converted
from degrade_bench.metric.outside.command import Command
from degrade_bench.metric.outside.declaration import WAV, WAVS, Asked, arguments_of, as_name, asked_for
from degrade_bench.metric.outside.transport import Said, Signals, Transport
from degrade_bench.metric.traits import TRAITS, MetricAttributes, described, fingerprinted


def load_outside(spec: str, settings: Mapping[str, Any], timeout: float | None = TIMEOUT_SECONDS) -> Outside:
    """A metric from a command or a metric file.

    Args:
        spec: ``cmd:…``, or the file's path.
        settings: declarations over those of the file.
        timeout: seconds that it may take for one call; None for no limit.

    Raises:
        ConfigError, MetricError: what was declared is wrong, or the metric cannot be reached.
    """
    asked = asked_for(spec, settings)
    return Outside(asked, _transport(asked, timeout).said(), timeout)


def _transport(asked: Asked, timeout: float | None) -> Transport:
    arguments = arguments_of(asked)
    if any(place in argument for argument in arguments for place in (WAV, WAVS)):
        return Command(asked, arguments, timeout)
    raise asked.wrong(f"the command does not say where the path of the signal goes: {WAV}")


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
        for name in TRAITS:
            setattr(self, name, traits.get(name, getattr(MetricAttributes, name, None)))
        self.signals_at_once = said.at_once
        self._transport: Transport | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return Outside, (self._asked, self._said, self._timeout)

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
        declared = self._asked.declared
        rate = self.sample_rate or sample_rate
        samples = converted(batch, sample_rate, self.sample_rate, declared.channels)
        references = None
        if reference is not None:
            references = list(converted(reference, sample_rate, self.sample_rate, declared.channels))
        signals = Signals(list(samples), rate, references)
        try:
            scores = self._reached().scores(signals)
        except MetricDiedError as error:
            if not error.from_outside:
                raise
            scores = self._reached().scores(signals)
        return torch.tensor(scores, dtype=torch.float64)

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
        declared = self._asked.declared
        given = {"channels": declared.channels, "audio": declared.audio}
        return {**fingerprinted(self), "class": type(self).__qualname__, **given, **self._said.parts}

    def describe(self) -> dict[str, Any]:
        """What it says of itself."""
        return described(self)


def _usual_name(asked: Asked) -> str:
    """The name of a metric that says none: that of its file, or of the first file that its command names."""
    if asked.spec == asked.called:
        return as_name(Path(asked.spec).stem)
    arguments = arguments_of(asked)
    files = [argument for argument in arguments if (asked.place / argument).is_file()]
    return as_name(Path((files or arguments)[0]).stem)
