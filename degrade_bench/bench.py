"""The main job: take music, damage it, score it, conclude, report.

This is where the rooms meet: corpus → degrade → metric → sweep → analysis → reports.
"""

from __future__ import annotations

import pickle
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from degrade_bench._support.interrupts import never_a_row
from degrade_bench.analysis.options import AnalysisOptions
from degrade_bench.clip import Clip
from degrade_bench.conclude import conclude, show
from degrade_bench.corpus.excerpts import Excerpt
from degrade_bench.corpus.inputs import Skipped, sources_from
from degrade_bench.corpus.source import ClipSource, MemorySource
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.catalogue import Broken
from degrade_bench.degrade.suites import resolve
from degrade_bench.errors import ConfigError, DegradeBenchError, MetricError, UnknownNameError
from degrade_bench.metric.adapter import check_metric
from degrade_bench.metric.base import Metric
from degrade_bench.metric.catalogue import SkippedMetric, default_metrics, load_metric_apart
from degrade_bench.runs.folder import RunFolder
from degrade_bench.runs.record import Example, LeftOut, RunRecord
from degrade_bench.runs.scores import load_scores
from degrade_bench.sweep.config import RunConfig, make_config
from degrade_bench.sweep.device import resolve_device
from degrade_bench.sweep.examples import write_examples
from degrade_bench.sweep.execute import Progress, SweepResult, execute
from degrade_bench.sweep.processes import check_not_in_a_worker
from degrade_bench.sweep.record import first_record, now, with_outcome
from degrade_bench.sweep.resume import check_same
from degrade_bench.sweep.spec import Sweep
from degrade_bench.sweep.staff import usual_workers

if TYPE_CHECKING:
    import pandas as pd

    from degrade_bench.analysis import Analysis


@dataclass(frozen=True)
class RunResult:
    """What a run came to.

    Attributes:
        folder: the run directory.
        analysis: what was concluded.
        run: what ``run.json`` holds.
    """

    folder: Path
    analysis: Analysis
    run: RunRecord

    @property
    def record(self) -> Mapping[str, Any]:
        """What ``run.json`` holds, as plain dictionaries and lists."""
        return self.run.to_dict()

    @property
    def scores(self) -> pd.DataFrame:
        """The score table: one row per cell and metric."""
        return load_scores(self.folder)

    @property
    def failed(self) -> int:
        """Rows that failed."""
        return self.run.counts.failed

    @property
    def lost(self) -> int:
        """Clips on which work was broken off; the same run started again tries again."""
        return self.run.counts.clips_lost


@dataclass(frozen=True)
class Resolved:
    """A request with every name in it turned into what it names."""

    config: RunConfig
    sweep: Sweep
    skipped_clips: tuple[Skipped, ...]
    skipped_metrics: tuple[SkippedMetric, ...]
    skipped_degradations: tuple[Broken, ...]
    device: str


def resolve_request(
    config: RunConfig,
    metrics: Sequence[Metric] | None = None,
    sources: Sequence[ClipSource] | None = None,
    degradations: Sequence[Degradation] = (),
) -> Resolved:
    """Turn names into degradations, metrics and clip sources; decode nothing.

    Args:
        config: the request.
        metrics: metrics to use instead of those that the request names.
        sources: clips to use instead of those that the request names.
        degradations: objects to use beside what the request names.

    Raises:
        UnknownNameError, CorpusError, MetricError, ConfigError: whatever in it cannot be carried out.
    """
    check_not_in_a_worker()
    objects = {degradation.name for degradation in degradations}
    names = [name for name in config.degradation if name not in objects]
    damage = resolve(config.suite, names, degradations)
    if "levels" not in config.model_fields_set and damage.levels is not None:
        config = config.model_copy(update={"levels": damage.levels})
    workers = config.workers or usual_workers()
    if workers > 1:
        _check_travels(damage.degradations)
    device = resolve_device(config.device)
    skipped_clips: Sequence[Skipped] = ()
    if (sources is not None or not config.input) and config.excerpts() != Excerpt():
        raise ConfigError("--max-seconds, --excerpt and --windows are for files: they need --input")
    if sources is None:
        if config.input:
            sources, skipped_clips = sources_from(config.input, config.out, config.excerpts())
        else:
            from degrade_bench.corpus.builtin import builtin_sources

            sources = builtin_sources()
    skipped_metrics: Sequence[SkippedMetric] = ()
    if metrics is None:
        metrics, skipped_metrics = _metrics(config, device)
        if config.set:  # what was typed at the command line, as the metrics took it
            specs = config.metric or [metric.name for metric in metrics]
            taken = {spec: metric.given_settings for spec, metric in zip(specs, metrics, strict=True)}
            config = config.model_copy(update={"set": {spec: taken[spec] for spec in config.set}})
    twice = [name for name, count in Counter(metric.name for metric in metrics).items() if count > 1]
    if twice:
        raise ConfigError(f"metric {twice[0]!r} is given twice")
    _check_hears(metrics, damage.degradations)
    sweep = Sweep(
        sources=tuple(sources)[: config.limit_clips],
        degradations=damage.degradations,
        metrics=tuple(metrics),
        seed=config.seed,
        levels=config.levels,
        replicates=config.replicates,
        batch_size=config.batch_size,
        workers=workers,
        if_memory_suffices=config.workers is None,
        retry_failed=config.retry_failed,
    )
    return Resolved(
        config=config.model_copy(update={"workers": workers}),
        sweep=sweep,
        skipped_clips=tuple(skipped_clips),
        skipped_metrics=tuple(skipped_metrics),
        skipped_degradations=damage.broken,
        device=device,
    )


def _check_hears(metrics: Sequence[Metric], degradations: Sequence[Degradation]) -> None:
    """Raise where a metric is meant to hear what is no control: its nuisance floor would hold what it hears."""
    names = {*catalogue.names(), *(degradation.name for degradation in degradations)}
    for metric in metrics:
        for name in metric.hears:
            if name not in names:
                unknown = UnknownNameError("control", name, names)
                raise MetricError(f"metric {metric.name!r}: its hears names an {unknown}")


def _check_travels(degradations: Sequence[Degradation]) -> None:
    """Raise where a degradation cannot be sent to a worker."""
    for degradation in degradations:
        try:
            pickle.dumps(degradation)
        except Exception as error:  # pickle raises what it likes
            raise ConfigError(
                f"degradation {degradation.name!r} cannot be sent to another process ({error}); use 1 worker"
            ) from error


def _metrics(config: RunConfig, device: str) -> tuple[list[Metric], list[SkippedMetric]]:
    if not config.metric:
        return default_metrics(config.set, device)
    strangers = set(config.set) - set(config.metric)
    if strangers:
        raise ConfigError(f"--set {sorted(strangers)[0]}.…: that metric is not in --metric")
    timeout = config.metric_timeout or None
    return [load_metric_apart(spec, config.set.get(spec, {}), device, timeout) for spec in config.metric], []


def run(
    config: RunConfig,
    *,
    progress: Progress | None = None,
    resolved: Resolved | None = None,
    announce: Callable[[Resolved], None] | None = None,
    command: Sequence[str] = (),
) -> RunResult:
    """Carry out a request and leave everything in its run directory.

    Args:
        config: the request.
        progress: who wants to know how it goes on.
        resolved: the request with its names resolved, where the caller has done that already.
        announce: called with the resolved request before work starts.
        command: the command line, for the record.

    Raises:
        DegradeBenchError: the request cannot be carried out. Failures of single cells are rows instead.
    """
    started = time.perf_counter()
    resolved = resolved or resolve_request(config)
    config = resolved.config
    if announce is not None:
        announce(resolved)
    with RunFolder(config.out, config.overwrite) as folder:
        previous = check_same(folder, resolved.sweep)
        record = first_record(config, resolved.sweep, resolved.device, command, previous).updated(
            metrics_skipped=_left_out(resolved.skipped_metrics),
            degradations_skipped=_left_out(resolved.skipped_degradations),
        )
        result = execute(resolved.sweep, folder, progress, previous, partial(folder.write_record, record))
        record = with_outcome(record, result, resolved.skipped_clips).updated(
            examples=_examples(folder.path, resolved.sweep, result),
            seconds={"sweep": round(result.seconds, 3)},
            finished=now(),
        )
        folder.finish(result.table, record)
        analysis = conclude(config.out, AnalysisOptions(influence=True))
        seconds = {**record.seconds, "total": round(time.perf_counter() - started, 3)}
        record = record.updated(state="done", seconds=seconds)
        folder.write_record(record)
        show(config.out)
    return RunResult(config.out, analysis, record)


def _left_out(skipped: Sequence[SkippedMetric] | Sequence[Broken]) -> tuple[LeftOut, ...]:
    return tuple(LeftOut(name=entry.name, reason=entry.reason) for entry in skipped)


def stress_test(
    metric: Any,
    *,
    clips: Sequence[Clip] | None = None,
    suites: Sequence[str | Path] | None = None,
    degradations: Sequence[str | Degradation] = (),
    out: Path | str | None = None,
    **options: Any,
) -> RunResult:
    """Stress-test a metric, or several, on clips in memory or on the built-in corpus.

    Args:
        metric: an object with ``name``, ``higher_is_better`` and ``score(batch, sample_rate, reference)``,
            or a list of such objects.
        clips: the music; the built-in corpus by default.
        suites: what to do to it: names of suites and paths of YAML files. Signal and structural damage by
            default, unless degradations are given.
        degradations: single degradations beside the suites, by name or as objects.
        out: the run directory; a new temporary one by default.
        options: further fields of :class:`~degrade_bench.sweep.config.RunConfig`.

    Raises:
        MetricError: the object is not a metric; says what it lacks.
        DegradeBenchError: the request cannot be carried out.
    """
    folder = Path(out) if out is not None else Path(tempfile.mkdtemp(prefix="degrade-bench-"))
    if suites is None:
        suites = () if degradations or options.get("degradation") else ("signal", "structural")
    if isinstance(suites, str | Path):
        suites = (suites,)
    objects = [catalogue.checked(given) for given in degradations if not isinstance(given, str)]
    names = [given if isinstance(given, str) else given.name for given in degradations]
    if names:
        options["degradation"] = names
    config = make_config({"out": folder, "suite": tuple(suites), **options})
    candidates = list(metric) if isinstance(metric, list | tuple) else [metric]
    if not candidates:
        raise MetricError("no metric was given")
    metrics = [check_metric(candidate) for candidate in candidates]
    sources = None if clips is None else [MemorySource(clip.id, clip) for clip in clips]
    if sources is not None and len({source.id for source in sources}) < len(sources):
        raise ConfigError("two clips have the same id")
    return run(config, resolved=resolve_request(config, metrics, sources, objects))


def _examples(folder: Path, sweep: Sweep, result: SweepResult) -> tuple[Example, ...]:
    """Write the excerpts for the first clip of the table that can still be read.

    Of a degradation over which workers died, none: they are rendered in this process.
    """
    for source in sweep.sources:
        if source.id in result.clips:
            deadly = result.broken_off(source.id)
            played = [degradation for degradation in sweep.degradations if degradation.name not in deadly]
            with never_a_row():
                try:
                    clip = source.load()
                except DegradeBenchError:
                    continue
                return write_examples(folder, clip, played, sweep.levels, sweep.seed)
    return ()
