"""A request with every name in it turned into what it names; nothing is decoded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from degrade_bench._support.addresses import is_stored
from degrade_bench._support.pipes import needs_main_script
from degrade_bench.bench.looks import LookPlan, plan_looks
from degrade_bench.corpus.excerpts import Excerpt
from degrade_bench.corpus.inputs import Skipped, sources_from
from degrade_bench.corpus.source import ClipSource, identities
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.catalogue import Broken
from degrade_bench.degrade.suites import resolve
from degrade_bench.errors import ConfigError, CorpusError, MetricError, StorageError, UnknownNameError
from degrade_bench.metric.base import Metric, digest
from degrade_bench.metric.catalogue import SkippedMetric, default_metrics
from degrade_bench.metric.outside.environments import found
from degrade_bench.metric.references import load_asked
from degrade_bench.metric.sets.base import SetMetric
from degrade_bench.metric.sets.maker import makers_of
from degrade_bench.sweep.config import RunConfig
from degrade_bench.sweep.crew import Engine
from degrade_bench.sweep.device import resolve_device
from degrade_bench.sweep.local import LOCAL
from degrade_bench.sweep.processes import check_not_in_a_worker
from degrade_bench.sweep.spec import Sweep
from degrade_bench.sweep.staff import usual_workers

if TYPE_CHECKING:
    from degrade_bench.sweep.on_ray.cluster import Cluster


OF_REFERENCE = "reference set: "
"""Before the names of its clips, which may be those of other clips."""


@dataclass(frozen=True)
class Resolved:
    """A request with every name in it turned into what it names.

    Attributes:
        alone_because: why there are no worker processes, where nobody asked for that.
    """

    config: RunConfig
    sweep: Sweep
    skipped_clips: tuple[Skipped, ...]
    skipped_metrics: tuple[SkippedMetric, ...]
    skipped_degradations: tuple[Broken, ...]
    device: str
    engine: Engine
    looks: LookPlan | None = None
    alone_because: str | None = None


def resolve_request(
    config: RunConfig,
    metrics: Sequence[Metric] | None = None,
    sources: Sequence[ClipSource] | None = None,
    degradations: Sequence[Degradation] = (),
) -> Resolved:
    """Turn names into degradations, metrics and clip sources; decode nothing.

    Args:
        config: the request.
        metrics: metrics to use; with them those that the request names, and none by default.
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
    cluster = _cluster(config)
    if cluster is not None:  # a process of the cluster has another working directory
        inputs = (path if is_stored(path) else path.absolute() for path in config.input)
        config = config.model_copy(update={"input": tuple(inputs)})
    given_as_objects = metrics is not None
    workers, alone_because = config.workers or usual_workers(), None
    if workers > 1 or cluster is not None:
        alone_because = _why_it_cannot_travel(damage.degradations)
        if alone_because is not None and (config.workers is not None or cluster is not None):
            raise ConfigError(f"{alone_because}; use 1 worker")
        workers = workers if alone_because is None else 1
    device = resolve_device("auto" if cluster is not None else config.device)
    damage_device = resolve_device(config.damage_device, "--damage-device")
    skipped_clips: Sequence[Skipped] = ()
    if (sources is not None or not config.input) and config.excerpts() != Excerpt():
        raise ConfigError("--max-seconds, --excerpt and --windows are for files: they need --input")
    if sources is None:
        if config.input:
            sources, skipped_clips = sources_from(config.input, config.out, config.excerpts(), config.soundfont)
        elif any("notes" in degradation.needs for degradation in damage.degradations):
            from degrade_bench.corpus.builtin_notes import builtin_notes

            sources = builtin_notes(config.soundfont)
        else:
            from degrade_bench.corpus.builtin import builtin_sources

            sources = builtin_sources()
    _check_soundfont(config, sources)
    skipped_metrics: Sequence[SkippedMetric] = ()
    if metrics is None or config.metric:
        named, skipped_metrics, config = _metrics(config, device)
        metrics = [*(metrics or ()), *named]
    twice = [name for name, count in Counter(metric.name for metric in metrics).items() if count > 1]
    if twice:
        raise ConfigError(f"metric {twice[0]!r} is given twice")
    _check_hears(metrics, damage.degradations)
    set_metrics = tuple(metric for metric in metrics if isinstance(metric, SetMetric))
    _check_sets(set_metrics, config)
    reference, skipped_references = _reference_set(config, set_metrics)
    if reference:
        of_it = dict(enumerate(sorted(identities(reference).values())))
        set_metrics = tuple(metric.against(digest(of_it)) for metric in set_metrics)
    engine: Engine = LOCAL
    if cluster is not None:
        from degrade_bench.sweep.on_ray.engine import RayEngine, recipes_of

        engine = RayEngine(cluster, {} if given_as_objects else recipes_of(metrics, config, cluster))
        asked = config.workers if "workers" in config.model_fields_set else None
        workers = asked or engine.usual_workers()
    plan = None
    if config.until is not None and sources:
        plan = plan_looks(sources, config.max_clips, config.looks, config.seed)
    sweep = Sweep(
        sources=tuple(sources)[: config.limit_clips] if plan is None else plan.sources,
        degradations=damage.degradations,
        metrics=tuple(metric for metric in metrics if not isinstance(metric, SetMetric)),
        seed=config.seed,
        levels=config.levels,
        replicates=config.replicates,
        batch_size=config.batch_size,
        workers=workers,
        if_memory_suffices=config.workers is None and cluster is None,
        retry_failed=config.retry_failed,
        keep_going=config.keep_going,
        damage_device=damage_device,
        set_metrics=set_metrics,
        reference=reference,
    )
    return Resolved(
        config=config.model_copy(update={"workers": workers}),
        sweep=sweep,
        skipped_clips=(*skipped_clips, *skipped_references),
        skipped_metrics=tuple(skipped_metrics),
        skipped_degradations=damage.broken,
        device=device if cluster is None else str(cluster),
        engine=engine,
        looks=plan,
        alone_because=alone_because,
    )


def _cluster(config: RunConfig) -> Cluster | None:
    """The cluster of a request; None where it is done on this machine.

    Raises:
        ConfigError: there is none.
    """
    if config.engine == "local":
        return None
    from degrade_bench.sweep.on_ray.cluster import joined

    return joined(config.ray_address)


def _check_hears(metrics: Sequence[Metric], degradations: Sequence[Degradation]) -> None:
    """Raise where a metric is meant to hear what is no control: its nuisance floor would hold what it hears."""
    names = {*catalogue.every_name(), *(degradation.name for degradation in degradations)}
    for metric in metrics:
        for name in metric.hears:
            if name not in names:
                unknown = UnknownNameError("control", name, names)
                raise MetricError(f"metric {metric.name!r}: its hears names an {unknown}")


def _check_soundfont(config: RunConfig, sources: Sequence[ClipSource]) -> None:
    """Raise where a sound font is given that nothing plays, or that cannot be read."""
    if config.soundfont is None:
        return
    if not any(getattr(source, "soundfont", None) for source in sources):
        raise ConfigError("--soundfont is for MIDI files and for the built-in pieces of --suite symbolic")
    from degrade_bench.clip.notes.soundfont import SoundFont

    SoundFont(config.soundfont)


def _check_sets(metrics: Sequence[SetMetric], config: RunConfig) -> None:
    """Raise where set metrics are asked for in a run that is not scored here."""
    if not metrics:
        return
    makers_of(metrics)
    if config.engine == "ray":
        raise ConfigError(f"metric {metrics[0].name!r} compares sets of clips, which --engine ray is not made for")


def _reference_set(config: RunConfig, metrics: Sequence[SetMetric]) -> tuple[tuple[ClipSource, ...], list[Skipped]]:
    """The clips of the reference set of a request, and what of it is left out.

    Args:
        config: the request.
        metrics: those that compare sets.

    Raises:
        ConfigError: no metric would compare with it.
        CorpusError, StorageError: it cannot be read.
    """
    if not config.reference_set:
        return (), []
    if not metrics:
        raise ConfigError("--reference-set is for set metrics: name one, such as --metric frechet-musicnn-mtt")
    try:
        sources, skipped = sources_from(config.reference_set, config.out, config.excerpts())
    except (CorpusError, StorageError) as error:
        raise type(error)(str(error).replace("--input", "--reference-set", 1)) from None
    named = tuple(replace(source, id=f"{OF_REFERENCE}{source.id}") for source in sources)
    return named, [replace(one, id=f"{OF_REFERENCE}{one.id}") for one in skipped]


def _why_it_cannot_travel(degradations: Sequence[Degradation]) -> str | None:
    """Which degradation cannot be sent to a worker, and why; None where all can."""
    for degradation in degradations:
        try:
            needs_main_script(degradation)
        except Exception as error:  # pickle raises what it likes
            return f"degradation {degradation.name!r} cannot be sent to another process ({error})"
    return None


def _metrics(config: RunConfig, device: str) -> tuple[list[Metric], list[SkippedMetric], RunConfig]:
    """The metrics of a request, those that are left out, and the request with everything named in full."""
    if not config.metric:
        metrics, skipped = default_metrics(config.set, device)
        specs, settings = [metric.name for metric in metrics], config.set
    else:
        python, skipped = config.metric_python, []
        if config.metric_env is not None:
            python = str(found(config.metric_env).interpreter)
        timeout = config.metric_timeout or None
        metrics, references, settings = load_asked(config.metric, config.set, device, timeout, python)
        specs = [one.spec for one in references]
        config = config.model_copy(update={"metric": tuple(specs)})
    taken = {spec: metric.given_settings for spec, metric in zip(specs, metrics, strict=True)}
    # what was typed at the command line, as the metrics took it
    return metrics, skipped, config.model_copy(update={"set": {spec: taken[spec] for spec in settings}})
