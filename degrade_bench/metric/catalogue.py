"""Metrics by name, by path and by object; which run by default, and why one does not.

Third-party packages register theirs under the entry-point group ``degrade_bench.metrics``: a class that derives
from :class:`~degrade_bench.metric.base.Metric`, or anything with its attributes.
"""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from degrade_bench._support.file_modules import importable, spec_of
from degrade_bench._support.guard import contained
from degrade_bench._support.registry import Registry, import_attribute
from degrade_bench._support.texts import one_line, said
from degrade_bench.errors import ConfigError, DegradeBenchError, MetricError, UnknownNameError
from degrade_bench.metric.adapter import Adapter, check_metric, with_settings
from degrade_bench.metric.base import Metric
from degrade_bench.metric.functions import function_metric
from degrade_bench.metric.host.messages import Load
from degrade_bench.metric.host.process import HostProcess
from degrade_bench.metric.host.proxy import load_apart
from degrade_bench.metric.host.timeout import TIMEOUT_SECONDS
from degrade_bench.metric.identity import BENCH
from degrade_bench.metric.learned import LEARNED
from degrade_bench.metric.outside.bridge import scores_by_call
from degrade_bench.metric.outside.declaration import is_outside
from degrade_bench.metric.outside.metric import load_outside, load_under
from degrade_bench.metric.sets import SET_METRICS
from degrade_bench.metric.settings import BENCH_SETS, takes, typed_settings
from degrade_bench.metric.simulated.truths import TRUTHS
from degrade_bench.metric.trait_values import LONGEST_TEXT
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
REGISTRY.register("musicnn-mtt", "degrade_bench.metric.musicnn.metric:MusicnnMtt")
REGISTRY.register("musicnn-msd", "degrade_bench.metric.musicnn.metric:MusicnnMsd")
REGISTRY.register("basic-pitch", "degrade_bench.metric.basic_pitch.metric:BasicPitch")
REGISTRY.register("zimtohrli", "degrade_bench.metric.packaged.zimtohrli:Zimtohrli")
REGISTRY.register("visqol", "degrade_bench.metric.packaged.visqol:Visqol")
REGISTRY.register("haaqi", "degrade_bench.metric.packaged.haaqi:Haaqi")
for _name, _path in LEARNED.items():
    REGISTRY.register(_name, f"degrade_bench.metric.learned.{_path}")
for _home, _names in (("simulated.metric", tuple(TRUTHS)), ("sets.builtin", SET_METRICS)):
    for _name in _names:
        _class = "".join(part.title() for part in _name.split("-"))
        REGISTRY.register(_name, f"degrade_bench.metric.{_home}:{_class}")


@dataclass(frozen=True)
class SkippedMetric:
    """A default metric that does not run, and why."""

    name: str
    reason: str


def describe_metrics() -> list[dict[str, Any]]:
    """What ``degrade-bench list metrics --json`` prints. Nothing is loaded but classes.

    A class that has ``unavailable(settings)`` says there why it cannot run on this machine, or None. A plug-in of
    somebody else's that cannot be imported or described is listed with that as its reason.
    """
    return [_entry(name) for name in REGISTRY.names()]


def _entry(name: str) -> dict[str, Any]:
    try:
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):  # what it prints is no part of a listing
            registered = REGISTRY.get(name)
            entry = described(registered)
            ask = getattr(registered, "unavailable", None)
            reason = ask({}) if callable(ask) else None
        reason = reason if reason is None else one_line(str(reason), LONGEST_TEXT)
    except BaseException as error:  # a third party's module, property or method may raise anything
        if isinstance(error, KeyboardInterrupt) or REGISTRY.origin(name).startswith(f"{BENCH}."):
            raise
        entry = described(object())
        reason = one_line(str(error)) if isinstance(error, DegradeBenchError) else said(error)
    return {**entry, "name": entry["name"] or name, "available": reason is None, "reason": reason}


def default_metrics(
    settings: Mapping[str, Mapping[str, Any]], device: str
) -> tuple[list[Metric], list[SkippedMetric]]:
    """The panel, and MuQ-Eval where its weights are on disk or where there is a CUDA device to fetch them for.

    Raises:
        ConfigError: settings for a metric that does not run, or that it does not take.
        MetricError: MuQ-Eval's weights were pointed at and cannot be used.
    """
    for name in settings:
        if name not in REGISTRY:
            raise ConfigError(f"--set {name}.…: {_unknown(name)}")
        if name not in (*PANEL, MUQ_EVAL):
            raise ConfigError(f"--set {name}.…: {name} does not run unless asked for with --metric {name}")
    metrics = [load_metric(name, settings.get(name, {}), device) for name in PANEL]
    muq_eval = REGISTRY.get(MUQ_EVAL)
    asked = typed_settings(MUQ_EVAL, muq_eval, settings.get(MUQ_EVAL, {}))
    reason = muq_eval.unavailable(asked)
    if asked or reason is None:
        return [load_metric(MUQ_EVAL, asked, device), *metrics], []
    if device.startswith("cuda"):
        try:
            return [load_metric(MUQ_EVAL, asked, device), *metrics], []
        except MetricError as error:
            reason = str(error)
    return metrics, [SkippedMetric(MUQ_EVAL, reason)]


def load_metric_apart(
    spec: str,
    settings: Mapping[str, Any],
    device: str,
    timeout: float | None = TIMEOUT_SECONDS,
    host: HostProcess | None = None,
    python: str | None = None,
) -> Metric:
    """As :func:`load_metric`; a metric that does not come with the bench is loaded in a process of its own.

    A set metric is looked at there, and loaded here: it compares what other processes made with its embedder.

    Args:
        spec: which one.
        settings: as for :func:`load_metric`.
        device: likewise.
        timeout: seconds that such a metric may take for one batch; None for no limit.
        host: the process, where there is one that has looked at the metric.
        python: another interpreter, for a metric that is named by a file or a package.

    Raises:
        UnknownNameError, ConfigError, MetricError: as :func:`load_metric`.
    """
    if is_outside(spec):
        return load_outside(spec, settings, timeout)
    if python is not None and ":" in spec:
        return load_under(python, spec, settings, timeout)
    path = spec if ":" in spec else REGISTRY.path(spec)
    if path is None or path.startswith(f"{BENCH}."):
        return load_metric(spec, settings, device)
    if is_file(path):
        check_exists(Path(path.rpartition(":")[0]), path)
    hosted = load_apart(Load(spec, path, dict(settings), device), timeout, host)
    if not hosted.of_sets:
        return hosted
    hosted.rest()
    return load_metric(importable(path) if is_file(path) else path, settings, device, spec)


def metrics_at(path: str) -> dict[str, str | None]:
    """The metrics at a place: by the name of the class, what each calls itself, where its class says so.

    Args:
        path: ``path/to/file.py`` for every public class in it that is a metric, and every function that says
            ``higher_is_better``; ``path/to/file.py:Name`` or ``package.module:Name`` for what is there.

    Raises:
        ConfigError: it cannot be imported, or there is nothing of that name.
    """
    if path.endswith(".py"):
        module = _looked_at[_module_name(Path(path))] = _module_of(Path(path))
        found = {
            name: value
            for name, value in vars(module).items()
            if isinstance(value, type | FunctionType) and value.__module__ == module.__name__ and _listens(value)
        }
    else:
        file, _, attribute = path.rpartition(":")
        found = {attribute: _named(path)}
        if is_file(path):
            _looked_at[_module_name(Path(file))] = sys.modules[_module_name(Path(file))]
    names = {attribute: getattr(value, "name", None) for attribute, value in found.items()}
    return {attribute: name if isinstance(name, str) else None for attribute, name in names.items()}


def _listens(kind: type | FunctionType) -> bool:
    """Whether a class is a metric, as far as a class can say, and no base of others; or a function that says so."""
    if kind.__name__.startswith("_") or inspect.isabstract(kind):
        return False
    if isinstance(kind, FunctionType):
        return hasattr(kind, "higher_is_better")
    return any(callable(getattr(kind, method, None)) for method in ("score", "score_treatment"))


def load_metric(spec: str, settings: Mapping[str, Any], device: str, called: str | None = None) -> Metric:
    """A metric from a registered name, ``package.module:Name`` or ``path/to/file.py:Name``.

    Args:
        spec: which one.
        settings: keyword arguments of its class, as :func:`~degrade_bench.metric.settings.typed_settings` takes
            them. Those that the metric does not account for by itself become part of its fingerprint.
        device: given to a class that takes ``device``.
        called: how the user named it, for messages; by default ``spec``.

    Raises:
        UnknownNameError: no such name; says which are near.
        ConfigError: a path that cannot be imported, or a setting that the metric does not have or not of that type.
        MetricError: the metric cannot be made, or it is no metric.

    Example:
        >>> load_metric("loudness", {}, "cpu").needs_reference
        False
    """
    made, given, called = _named(spec), {}, called or spec
    if scores_by_call(made, settings):
        made = function_metric(made, settings, called)
        given = made.declared
    elif isinstance(made, type) or (callable(made) and not hasattr(made, "score")):
        given = typed_settings(called, made, settings)
        made = _made(made, called, given, device)
    elif settings:
        name, value = next(iter(settings.items()))
        raise ConfigError(f"--set {called}.{name}={value}: {called} is an object and takes no settings")
    metric = check_metric(made, _origin(spec))
    if isinstance(metric, Adapter) and metric.light and is_file(spec):
        metric = FromFile(metric, spec, settings, device)
    return with_settings(metric, given) if given else metric


class FromFile(Adapter):
    """A light metric out of a file. A worker loads it from the file anew: it knows no module of that name.

    Args:
        adapted: the object that the file gave, in its adapter.
        spec: ``path/to/file.py:Name``.
        settings: as :func:`load_metric` was given them.
        device: likewise.
    """

    def __init__(self, adapted: Adapter, spec: str, settings: Mapping[str, Any], device: str) -> None:
        vars(self).update(vars(adapted))
        self.origin = (spec, dict(settings), device)

    def __reduce__(self) -> tuple[Any, ...]:
        return load_metric, self.origin


def is_file(spec: str) -> bool:
    """Whether a metric is named by its file."""
    return spec.rpartition(":")[0].endswith(".py")


def _origin(spec: str) -> str:
    """The name of the module that gives what was asked for."""
    if ":" not in spec:
        return REGISTRY.origin(spec)
    file, _, _ = spec.rpartition(":")
    return _module_name(Path(file)) if is_file(spec) else spec.partition(":")[0]


def _module_name(path: Path) -> str:
    return f"degrade_bench_metric_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]}"


def _named(spec: str) -> Any:
    if ":" not in spec:
        return REGISTRY.get(spec)
    file, _, attribute = spec.rpartition(":")
    return _from_file(Path(file), attribute) if is_file(spec) else import_attribute(spec)


def _made(factory: Any, spec: str, given: Mapping[str, Any], device: str) -> Any:
    by_bench = {BENCH_SETS: device} if takes(factory, BENCH_SETS) else {}
    try:
        with contained("its constructor"):
            return factory(**{**by_bench, **given})
    except DegradeBenchError:
        raise
    except OSError as error:
        reason = said(error) if error.filename is None else f"{error.filename}: {error.strerror}"
        raise MetricError(f"metric {spec!r} cannot be made: {reason}") from error
    except Exception as error:  # a third party's constructor may raise anything
        raise MetricError(f"metric {spec!r} cannot be made: {said(error)}") from error


def check_exists(path: Path, spec: str) -> None:
    """Raise a :class:`ConfigError` where there is no such file.

    Args:
        path: of the file.
        spec: the metric as it was asked for.
    """
    if not path.is_file():
        raise ConfigError(f"--metric {spec}: no such file")


def _from_file(path: Path, attribute: str) -> Any:
    check_exists(path, f"{path}:{attribute}")
    module = _looked_at.pop(_module_name(path), None) or _module_of(path)
    if not hasattr(module, attribute):
        public = [name for name in vars(module) if not name.startswith("_")]
        raise ConfigError(f"--metric {path}: {UnknownNameError('name', attribute, public)}")
    return getattr(module, attribute)


def _module_of(path: Path) -> ModuleType:
    """The module of a file, imported anew."""
    name = _module_name(path)
    spec = spec_of(name, path)
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        with contained("it"):
            spec.loader.exec_module(module)
    except Exception as error:  # whatever the file does when imported
        raise ConfigError(f"--metric {path}: cannot be imported: {said(error)}") from error
    return module


_looked_at: dict[str, ModuleType] = {}
"""Modules of files that were imported to see what is in them, by name: the next metric is taken from there."""


def _unknown(name: str) -> str:
    return str(UnknownNameError("metric", name, REGISTRY.names()))
