"""The main job on metrics and clips that are in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from degrade_bench._support.bars import Bars
from degrade_bench.bench.job import run
from degrade_bench.bench.request import resolve_request
from degrade_bench.bench.result import RunResult
from degrade_bench.bench.telling import announce, shown_on
from degrade_bench.clip import Clip
from degrade_bench.corpus.source import MemorySource
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.base import Degradation
from degrade_bench.errors import ConfigError, MetricError
from degrade_bench.metric.adapter import check_metric
from degrade_bench.metric.functions import OPTIONS, with_functions
from degrade_bench.sweep.config import make_config
from degrade_bench.sweep.progress import Progress


def stress_test(
    metric: Any,
    *,
    clips: Sequence[Clip] | None = None,
    suites: Sequence[str | Path] | None = None,
    degradations: Sequence[str | Degradation] = (),
    out: Path | str | None = None,
    progress: Progress | bool = True,
    report: bool = True,
    **options: Any,
) -> RunResult:
    """Stress-test a metric, or several, on clips in memory or on the built-in corpus.

    Args:
        metric: an object with ``name``, ``higher_is_better`` and ``score(batch, sample_rate, reference)``; a
            function that gives the score of a clip (``higher_is_better=True`` and what else is to be said of it
            come as options: :class:`~degrade_bench.metric.functions.FunctionDeclaration`); whatever ``--metric``
            takes, as a text (what is to be said of it comes as options, too, or in ``set``); or a list of these.
        clips: the music; the built-in corpus by default.
        suites: what to do to it: names of suites and paths of YAML files. ``quick`` by default, a look at signal
            and structural damage in minutes, unless degradations are given.
        degradations: single degradations beside the suites, by name or as objects.
        out: the run directory; a new temporary one by default.
        progress: whether standard error shows how far the run is, and how long it will still take; or a
            :class:`~degrade_bench.sweep.progress.Progress` that wants to know.
        report: whether figures and report are drawn, which takes some seconds.
        options: further fields of :class:`~degrade_bench.sweep.config.RunConfig`. Unlike there, ``workers`` is by
            default one for every core, as many as memory suffices for.

    Returns:
        what came of it; ``print`` shows the table of verdicts and where the report is.

    Raises:
        MetricError: the object is not a metric; says what it lacks.
        DegradeBenchError: the request cannot be carried out.
    """
    folder = Path(out) if out is not None else Path(tempfile.mkdtemp(prefix="degrade-bench-"))
    if suites is None:
        suites = () if degradations or options.get("degradation") else ("quick",)
    if isinstance(suites, str | Path):
        suites = (suites,)
    objects = [catalogue.checked(given) for given in degradations if not isinstance(given, str)]
    names = [given if isinstance(given, str) else given.name for given in degradations]
    if names:
        options["degradation"] = names
    declared = {name: options.pop(name) for name in sorted(OPTIONS & options.keys())}
    candidates = list(metric) if isinstance(metric, list | tuple) else [metric]
    if not candidates:
        raise MetricError("no metric was given")
    specs = [str(candidate) for candidate in candidates if isinstance(candidate, str | Path)]
    given = [candidate for candidate in candidates if not isinstance(candidate, str | Path)]
    if specs and not given and declared:
        options["set"] = _beside(options.get("set") or {}, specs, declared)
        declared = {}
    metrics = [check_metric(candidate) for candidate in with_functions(given, declared)] if given else None
    asked = {"out": folder, "suite": tuple(suites), "metric": specs, **options}
    config = make_config(asked, defaults={"workers": None})
    sources = None if clips is None else [MemorySource(clip.id, clip) for clip in clips]
    if sources is not None and len({source.id for source in sources}) < len(sources):
        raise ConfigError("two clips have the same id")
    resolved = resolve_request(config, metrics, sources, objects)
    if progress is not True:
        return run(config, progress=progress or None, resolved=resolved, report=report)
    with Bars() as bars:
        told = partial(announce, bars.console)
        return run(config, progress=shown_on(bars), resolved=resolved, announce=told, report=report)


def _beside(
    settings: Mapping[str, Mapping[str, Any]], specs: Sequence[str], declared: Mapping[str, Any]
) -> dict[str, Mapping[str, Any]]:
    """Settings of metrics that are named, with what is declared of all of them beside.

    Args:
        settings: by the metric that they are for.
        specs: how the metrics are named.
        declared: of each of them.
    """
    return {**settings, **{spec: {**settings.get(spec, {}), **declared} for spec in specs}}
