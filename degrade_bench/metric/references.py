"""How metrics are asked for: by a registered name, or by where their class is.

``file.py`` alone stands for the one metric in it. What a metric is called, so that settings can be given to it, is
known only to who has imported it: the process that will hold the metric is asked
(:mod:`degrade_bench.metric.host`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from degrade_bench.errors import ConfigError
from degrade_bench.metric.base import Metric
from degrade_bench.metric.catalogue import REGISTRY, check_exists, is_file, load_metric_apart
from degrade_bench.metric.host.messages import Look
from degrade_bench.metric.host.process import HostProcess
from degrade_bench.metric.host.proxy import look
from degrade_bench.metric.outside.declaration import called_by, is_outside


@dataclass(frozen=True)
class Reference:
    """A metric that was asked for.

    Attributes:
        asked: as it was asked for.
        spec: in full: a name, ``package.module:Name`` or ``path/to/file.py:Name``.
        names: what it is called by, as far as that was wanted.
        host: the process that has imported it; None where none has.
    """

    asked: str
    spec: str
    names: frozenset[str]
    host: HostProcess | None = None

    def is_called(self, name: str) -> bool:
        """Whether a name is that of the metric or of its class."""
        return name in self.names


def load_asked(
    asked: Sequence[str],
    settings: Mapping[str, Mapping[str, Any]],
    device: str,
    timeout: float | None,
    python: str | None = None,
) -> tuple[list[Metric], list[Reference], dict[str, dict[str, Any]]]:
    """The metrics that were asked for, how they are named in full, and their settings by that.

    Args:
        asked: names and paths, as for :func:`~degrade_bench.metric.catalogue.load_metric`, ``file.py`` alone, or a
            metric outside (:mod:`degrade_bench.metric.outside`).
        settings: of each, by any of the names that it has.
        device: for metrics that take one.
        timeout: seconds that a metric in a process of its own may take for one batch; None for no limit.
        python: another interpreter, for those that are named by a file or a package.

    Raises:
        UnknownNameError, ConfigError, MetricError: as ``load_metric``; or settings of no metric that was asked for,
            or of several.
    """
    wants_names = any(target not in asked for target in settings)
    references: list[Reference] = []
    try:
        for spec in asked:
            references.append(referred_to(spec, timeout, wants_names, python))
        given = assigned(references, settings)
        metrics = [
            load_metric_apart(one.spec, given.get(one.spec, {}), device, timeout, one.host, python)
            for one in references
        ]
    except BaseException:
        for one in references:
            if one.host is not None:
                one.host.stop()
        raise
    return metrics, references, given


def referred_to(asked: str, timeout: float | None, wants_names: bool, python: str | None = None) -> Reference:
    """What a name or a path stands for.

    Args:
        asked: the name or the path.
        timeout: as for :func:`load_asked`.
        wants_names: whether what the metric is called by is to be known.
        python: another interpreter: this one cannot import what is named by a file or a package.

    Raises:
        ConfigError: there is no such file, it cannot be imported, or it holds no metric, or several.
    """
    if is_outside(asked):
        return Reference(asked, asked, frozenset({asked, *called_by(asked)}))
    is_alone = asked.endswith(".py") and asked not in REGISTRY
    if python is not None and is_alone:
        raise ConfigError(f"--metric {asked}: under another interpreter say which metric: {asked}:Name")
    if python is not None and ":" in asked:
        return Reference(asked, asked, frozenset({asked, asked.rpartition(":")[2]}))
    if not is_alone and (":" not in asked or not wants_names):
        return Reference(asked, asked, frozenset({asked}))
    if is_alone:
        check_exists(Path(asked), asked)
    elif is_file(asked):
        check_exists(Path(asked.rpartition(":")[0]), asked)
    host, found = look(Look(asked), timeout)
    if is_alone and len(found) != 1:
        host.stop()
        raise ConfigError(_not_one(asked, list(found)))
    ((attribute, name),) = found.items()
    spec = f"{asked}:{attribute}" if is_alone else asked
    return Reference(asked, spec, frozenset({spec, attribute, *([name] if name else [])}), host)


def _not_one(file: str, found: Sequence[str]) -> str:
    if not found:
        return (
            f"--metric {file}: no class in it is a metric, which has a name and a method "
            f"score(batch, sample_rate, reference=None); a function is named: {file}:FUNCTION"
        )
    choices = ", ".join(f"{file}:{name}" for name in found)
    return f"--metric {file}: {len(found)} metrics are in it; give one: {choices}"


def assigned(
    references: Sequence[Reference], settings: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Settings by the full name of the metric that each is for.

    Args:
        references: the metrics.
        settings: by what they were given to: the metric as it was asked for, its name, or the name of its class.

    Raises:
        ConfigError: no metric is called that, or several are; or one setting was given twice.
    """
    by_spec: dict[str, dict[str, Any]] = {}
    for target, given in settings.items():
        exact = [one for one in references if target in (one.asked, one.spec)]
        meant = exact or [one for one in references if one.is_called(target)]
        if not meant:
            called = ", ".join(sorted({name for one in references for name in one.names}))
            raise ConfigError(f"--set {target}.…: that metric is not in --metric; there are: {called}")
        if len({one.spec for one in meant}) > 1:
            choices = ", ".join(f"{one.spec}.…" for one in meant)
            raise ConfigError(f"--set {target}.…: {len(meant)} metrics are called that; give one: {choices}")
        taken = by_spec.setdefault(meant[0].spec, {})
        for key, value in given.items():
            if key in taken:
                raise ConfigError(f"--set {target}.{key}={value}: {meant[0].spec} was given {key} already")
            taken[key] = value
    return by_spec
