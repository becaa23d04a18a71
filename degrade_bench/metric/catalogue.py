"""Metrics by name, by path and by object; which run by default, and why one does not.

Third-party packages register theirs under the entry-point group ``degrade_bench.metrics``: a class that derives
from :class:`~degrade_bench.metric.base.Metric`, or anything with its attributes.
"""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from degrade_bench._support.registry import Registry, import_attribute
from degrade_bench.errors import ConfigError, DegradeBenchError, MetricError, UnknownNameError
from degrade_bench.metric.base import Metric, checked_counts
from degrade_bench.metric.simulated.truths import TRUTHS
from degrade_bench.metric.traits import described

REGISTRY: Registry[Any] = Registry("metric", "degrade_bench.metrics")

PANEL = {
    "si-sdr": "si_sdr:SiSdr",
    "mr-spectral": "mr_spectral:MultiResolutionSpectral",
    "log-mel": "log_mel:LogMel",
    "chroma-order-free": "chroma:ChromaOrderFree",
    "chroma-aligned": "chroma:ChromaAligned",
    "onset-rhythm": "onset_rhythm:OnsetRhythm",
    "loudness": "loudness:Loudness",
}
for _name, _path in PANEL.items():
    REGISTRY.register(_name, f"degrade_bench.metric.panel.{_path}")
MUQ_EVAL = "muq-eval"
REGISTRY.register(MUQ_EVAL, "degrade_bench.metric.muq_eval.metric:MuQEval")
REGISTRY.register("muq-eval-a3a", "degrade_bench.metric.muq_eval.metric:MuQEvalA3a")
REGISTRY.register("dnsmos", "degrade_bench.metric.dnsmos.metric:Dnsmos")
for _name in TRUTHS:
    _class = "".join(part.title() for part in _name.split("-"))
    REGISTRY.register(_name, f"degrade_bench.metric.simulated.metric:{_class}")


@dataclass(frozen=True)
class SkippedMetric:
    """A default metric that does not run, and why."""

    name: str
    reason: str


def describe_metrics() -> list[dict[str, Any]]:
    """What ``degrade-bench list metrics --json`` prints. Nothing is loaded but classes.

    A class that has ``unavailable(settings)`` says there why it cannot run on this machine, or None.
    """
    entries = []
    for name in REGISTRY.names():
        found = REGISTRY.get(name)
        entry = described(found) if isinstance(found, type) and issubclass(found, Metric) else {"name": name}
        ask = getattr(found, "unavailable", None)
        reason = ask({}) if callable(ask) else None
        entries.append({**entry, "available": reason is None, "reason": reason})
    return entries


def default_metrics(
    settings: Mapping[str, Mapping[str, str]], device: str
) -> tuple[list[Metric], list[SkippedMetric]]:
    """The panel, and MuQ-Eval where its weights are on disk or where there is a CUDA device to fetch them for.

    Raises:
        ConfigError: settings for a metric that does not run, or that it does not know.
        MetricError: MuQ-Eval's weights were pointed at and cannot be used.
    """
    for name in settings:
        if name not in REGISTRY:
            raise ConfigError(f"--set {name}.…: {_unknown(name)}")
        if name not in (*PANEL, MUQ_EVAL):
            raise ConfigError(f"--set {name}.…: {name} does not run unless asked for with --metric {name}")
    metrics = [load_metric(name, settings.get(name, {}), device) for name in PANEL]
    asked = settings.get(MUQ_EVAL, {})
    reason = REGISTRY.get(MUQ_EVAL).unavailable(asked)
    if asked or reason is None:
        return [load_metric(MUQ_EVAL, asked, device), *metrics], []
    if device.startswith("cuda"):
        try:
            return [load_metric(MUQ_EVAL, asked, device), *metrics], []
        except MetricError as error:
            reason = str(error)
    return metrics, [SkippedMetric(MUQ_EVAL, reason)]


def load_metric(spec: str, settings: Mapping[str, str], device: str) -> Metric:
    """A metric from a registered name, ``package.module:Name`` or ``path/to/file.py:Name``.

    Args:
        spec: which one.
        settings: keyword arguments of its class, as text.
        device: given to a class that takes ``device``.

    Raises:
        UnknownNameError: no such name; says which are near.
        ConfigError: a path that cannot be imported, or a setting that the metric does not have.
        MetricError: the metric cannot be made, or what was found is no metric.
    """
    if ":" in spec:
        file, _, attribute = spec.rpartition(":")
        found = _from_file(Path(file), attribute) if file.endswith(".py") else import_attribute(spec)
    else:
        found = REGISTRY.get(spec)
    if isinstance(found, type) or (callable(found) and not hasattr(found, "score")):
        found = _made(found, spec, settings, device)
    elif settings:
        raise ConfigError(f"--set {spec}.{next(iter(settings))}: {spec} is an object and takes no settings")
    return check_metric(found)


def _made(factory: Any, spec: str, settings: Mapping[str, str], device: str) -> Any:
    try:
        parameters = dict(inspect.signature(factory).parameters)
    except (TypeError, ValueError):
        parameters = {}
    arguments: dict[str, Any] = dict(settings)
    takes_any = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())
    for name in settings:
        if name not in parameters and not takes_any:
            known = [each for each in parameters if each != "device"]
            raise ConfigError(f"--set {spec}.{name}: {UnknownNameError('setting', name, known)}")
    if "device" in parameters:
        arguments.setdefault("device", device)
    try:
        return factory(**arguments)
    except DegradeBenchError:
        raise
    except Exception as error:  # a third party's constructor may raise anything
        raise MetricError(f"metric {spec!r} cannot be made: {type(error).__name__}: {error}") from error


def _from_file(path: Path, attribute: str) -> Any:
    if not path.is_file():
        raise ConfigError(f"--metric {path}:{attribute}: no such file")
    name = f"degrade_bench_metric_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever the file does when imported
        raise ConfigError(f"--metric {path}: cannot be imported: {type(error).__name__}: {error}") from error
    if not hasattr(module, attribute):
        public = [each for each in vars(module) if not each.startswith("_")]
        raise ConfigError(f"--metric {path}: {UnknownNameError('name', attribute, public)}")
    return getattr(module, attribute)


def check_metric(candidate: Any) -> Metric:
    """The object itself if it derives from :class:`Metric`, else a thin adapter that gives it the defaults.

    Raises:
        MetricError: says what it lacks.
    """
    if isinstance(candidate, type):
        raise MetricError(f"{candidate.__name__} is a class; give an object: {candidate.__name__}()")
    kind = type(candidate).__name__
    for attribute, expected in (("score", "a method score(batch, sample_rate, reference)"),
                                ("name", "a name"),
                                ("higher_is_better", "higher_is_better, True or False")):  # fmt: skip
        if not hasattr(candidate, attribute):
            raise MetricError(f"{kind} is not a metric: it lacks {expected}")
    if not isinstance(candidate.name, str) or not candidate.name.strip():
        raise MetricError(f"{kind} is not a metric: its name is {candidate.name!r}")
    if not isinstance(candidate.higher_is_better, bool):
        raise MetricError(f"{kind} is not a metric: higher_is_better is {candidate.higher_is_better!r}")
    metric = candidate if isinstance(candidate, Metric) else Adapter(candidate)
    _check_hears(metric, kind)
    _check_windows(metric, candidate)
    try:
        checked_counts(metric)
    except MetricError:
        raise
    except Exception as error:  # a third party's method may raise anything
        raise MetricError(f"{kind} is not a metric: counts() raises {type(error).__name__}: {error}") from error
    return metric


def _check_hears(metric: Metric, kind: str) -> None:
    hears = metric.hears
    if not isinstance(hears, tuple | list) or not all(isinstance(name, str) for name in hears):
        raise MetricError(f"{kind} is not a metric: hears is {hears!r}, expected names of controls")


def _check_windows(metric: Metric, candidate: Any) -> None:
    hop = metric.hop_seconds
    if hop is None:
        return
    kind = type(candidate).__name__
    number = isinstance(hop, int | float) and not isinstance(hop, bool)
    if not number or not 0 < hop < math.inf:
        raise MetricError(f"{kind} is not a metric: hop_seconds is {hop!r}, expected seconds above 0, or None")
    own = getattr(type(candidate), "score_windows", None)
    if own is None or own is Metric.score_windows:
        raise MetricError(
            f"{kind} is not a metric: it has hop_seconds, but lacks a method "
            "score_windows(batch, sample_rate, reference)"
        )


class Adapter(Metric):
    """Any object with ``name``, ``higher_is_better`` and ``score``, with the defaults of :class:`Metric`."""

    def __init__(self, wrapped: Any) -> None:
        self.wrapped = wrapped
        for attribute in (
            "name", "version", "summary", "source", "sample_rate", "window_seconds", "min_seconds",
            "higher_is_better", "score_range", "needs_reference", "aligned", "hears", "domain", "hop_seconds",
        ):  # fmt: skip
            if hasattr(wrapped, attribute):
                setattr(self, attribute, getattr(wrapped, attribute))

    def score(self, batch: torch.Tensor, sample_rate: int, reference: torch.Tensor | None = None) -> torch.Tensor:
        """As the wrapped object scores."""
        return self.wrapped.score(batch, sample_rate, reference)

    def score_windows(
        self, batch: torch.Tensor, sample_rate: int, reference: torch.Tensor | None = None
    ) -> torch.Tensor:
        """As the wrapped object scores windows, if it does."""
        own = getattr(self.wrapped, "score_windows", None)
        if own is None:
            return super().score_windows(batch, sample_rate, reference)
        return own(batch, sample_rate, reference)

    def counts(self) -> dict[str, int]:
        """As the wrapped object counts, if it does."""
        own = getattr(self.wrapped, "counts", None)
        return own() if callable(own) else super().counts()

    def fingerprint_parts(self) -> dict[str, Any]:
        """Its own, if it has them; else its class and the source of it, where that can be read."""
        if hasattr(self.wrapped, "fingerprint_parts"):
            return dict(self.wrapped.fingerprint_parts())
        kind = type(self.wrapped)
        try:
            source = hashlib.sha256(inspect.getsource(kind).encode()).hexdigest()[:12]
        except (OSError, TypeError):
            source = "unknown"
        return {**super().fingerprint_parts(), "class": kind.__qualname__, "code": source}

    def fingerprint(self) -> str:
        """Its own, if it has one."""
        own = getattr(self.wrapped, "fingerprint", None)
        return str(own()) if callable(own) else super().fingerprint()


def parse_settings(texts: Sequence[str]) -> dict[str, dict[str, str]]:
    """Settings from ``METRIC.KEY=VALUE``.

    Raises:
        ConfigError: a text of another form.
    """
    settings: dict[str, dict[str, str]] = {}
    for text in texts:
        target, equals, value = text.partition("=")
        metric, dot, key = target.rpartition(".")
        if not (equals and dot and metric and key and value):
            raise ConfigError(f"--set {text!r}: expected METRIC.KEY=VALUE, such as muq-eval.checkpoint=DIR")
        settings.setdefault(metric, {})[key.replace("-", "_")] = value
    return settings


def _unknown(name: str) -> str:
    return str(UnknownNameError("metric", name, REGISTRY.names()))
