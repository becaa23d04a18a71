"""Expectations of metrics, read from a YAML file; what is wrong in it is said with its line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field, StrictInt

from degrade_bench._support.addresses import beside
from degrade_bench._support.yaml_entries import Entry, Number, Where, WrongEntryError, checked
from degrade_bench._support.yaml_lines import LinedYaml
from degrade_bench.errors import ConfigError, UnknownNameError
from degrade_bench.expect.expectation import KINDS, POSITIVE_CONTROL, Expectation, Kind

if TYPE_CHECKING:
    from degrade_bench.degrade.base import Degradation

NOT_HERE = ("out", "metric", "set", "suite", "degradation", "until", "max_clips", "looks", "overwrite")
"""Options of a run that stand elsewhere in the file, or do not go with it."""


class ExpectationEntry(Entry):
    """One expectation: exactly one of the first four keys, and its bound."""

    sensitive: str | None = None
    blind: str | None = None
    monotone: str | None = None
    not_artefact: str | None = None
    min_dz: Number | None = None
    max_dz: Number | None = None
    level: StrictInt | None = None


class MetricEntry(Entry):
    """A metric and what is expected of it; without a name, of every metric that is asked for."""

    metric: str | None = None
    set: dict[str, Any] = Field(default_factory=dict)
    expect: list[Any] = Field(min_length=1)


class Top(Entry):
    """The top of the file."""

    run: dict[str, Any] = Field(default_factory=dict)
    positive_control: str | None = POSITIVE_CONTROL
    metrics: list[Any] = Field(min_length=1)


@dataclass(frozen=True)
class Asked:
    """One expectation of a file.

    Attributes:
        expectation: it.
        where: it stands.
    """

    expectation: Expectation
    where: Where


@dataclass(frozen=True)
class AskedOfMetric:
    """What a file expects of one metric.

    Attributes:
        metric: how it is named; None for every one that is asked for.
        settings: of the metric.
        expectations: of it.
        where: it stands.
    """

    metric: str | None
    settings: Mapping[str, Any]
    expectations: tuple[Asked, ...]
    where: Where


class ExpectationFile:
    """A file of expectations.

    Args:
        path: the YAML file.

    Attributes:
        run: options of the runs that score what is not scored yet.
        positive_control: what has to move a metric that is expected to be blind to something.
        metrics: what is expected, by metric.

    Raises:
        ConfigError: names the file, the line, and what was expected.
    """

    def __init__(self, path: Path) -> None:
        self.path, self._file = path, LinedYaml(path)
        if self._file.data is None:
            raise ConfigError(f"{path}: the file is empty; expected 'metrics:' with a list")
        try:
            top = checked(Top, self._file.data, ())
            self.run = self._options(top.run)
            self.positive_control = top.positive_control
            self.metrics = tuple(_of_metric(entry, ("metrics", at)) for at, entry in enumerate(top.metrics))
        except WrongEntryError as wrong:
            raise self.error(wrong.where, wrong.message) from wrong

    def error(self, where: Where, message: str) -> ConfigError:
        """An error that names file and line."""
        return self._file.error(where, message)

    def degradation(self, asked: Asked) -> Degradation:
        """The damage that an expectation is about; a path of one's own is meant from where the file lies.

        Raises:
            ConfigError: there is none of that name.
        """
        from degrade_bench.degrade import references  # not before: it brings torch

        try:
            return references.get(asked.expectation.degradation, self.path.parent)
        except (ConfigError, UnknownNameError) as error:
            raise self.error((*asked.where, asked.expectation.kind), str(error)) from error

    def spec(self, metric: str) -> str:
        """How a metric is named, a path in it being meant from where the file lies."""
        file, colon, name = metric.rpartition(":") if ":" in metric else (metric, "", "")
        return f"{self.path.parent / file}{colon}{name}" if file.endswith(".py") else metric

    def _options(self, run: Mapping[str, Any]) -> dict[str, Any]:
        options = {str(name).replace("-", "_"): value for name, value in run.items()}
        for name in options:
            if name in NOT_HERE:
                raise WrongEntryError(
                    ("run", name), f"{name!r} is no option for the runs of a file of expectations"
                )
        given = options.get("input")
        if isinstance(given, str):
            options["input"] = beside(self.path, given)
        elif isinstance(given, list):
            options["input"] = [beside(self.path, str(one)) for one in given]
        return options


def _of_metric(entry: Any, where: Where) -> AskedOfMetric:
    asked = checked(MetricEntry, entry, where)
    expectations = tuple(_asked(one, (*where, "expect", at)) for at, one in enumerate(asked.expect))
    return AskedOfMetric(asked.metric, asked.set, expectations, where)


def _asked(entry: Any, where: Where) -> Asked:
    asked = checked(ExpectationEntry, entry, where)
    kinds: list[Kind] = [kind for kind in KINDS if getattr(asked, kind) is not None]
    if len(kinds) != 1:
        raise WrongEntryError(where, f"expected exactly one of the keys {', '.join(KINDS)}; got {dict(entry)!r}")
    (kind,) = kinds
    try:
        made = Expectation(kind, getattr(asked, kind), asked.min_dz, asked.max_dz, asked.level)
    except ConfigError as error:
        raise WrongEntryError(where, str(error)) from error
    return Asked(made, where)
