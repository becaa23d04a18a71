"""The cells that expectations need, scored once for each metric and kept for the next expectation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from degrade_bench._support.addresses import is_stored
from degrade_bench.bench.in_memory import stress_test
from degrade_bench.bench.result import RunResult
from degrade_bench.clip import Clip
from degrade_bench.degrade import catalogue, references
from degrade_bench.degrade.base import Degradation
from degrade_bench.errors import ConfigError
from degrade_bench.expect.evidence import Evidence, the_evidence
from degrade_bench.expect.expectation import POSITIVE_CONTROL, Expectation, Kind
from degrade_bench.expect.judge import judge
from degrade_bench.expect.outcome import Outcome
from degrade_bench.metric.adapter import check_metric
from degrade_bench.metric.base import Metric
from degrade_bench.metric.functions import with_functions
from degrade_bench.metric.host.timeout import TIMEOUT_SECONDS
from degrade_bench.metric.outside.environments import found
from degrade_bench.metric.references import load_asked
from degrade_bench.runs.names import RECORD, SCORES
from degrade_bench.runs.record import read_record
from degrade_bench.sweep.device import resolve_device

LEVELS = (1, 3, 5)
"""At which levels damage is scored unless others are asked for; those of the suite ``quick``."""


class Bench:
    """Scores the cells that expectations need, and keeps them.

    Damages of a metric share a run directory, so that clean clips and controls are scored once; one that moves time
    has a directory of its own, since a metric with a window hears less of every cell beside it. So what comes of an
    expectation does not depend on which others there were before.

    Args:
        folder: where the run directories are kept; None for a temporary directory that ends with this object.
        levels: at which damage is scored.
        positive_control: a damage, by name or as an object, that is scored beside one that a metric is expected to
            be blind to, and has to move it: a metric that hears nothing at all shows nothing. None to ask for none.
        clips: the music; by default the option ``input``, or the built-in corpus.
        progress: whether standard error shows how far runs are.
        metric_python: another interpreter, for metrics that are named by a file or a package.
        metric_env: likewise, an environment that ``degrade-bench env`` has made.
        options: further fields of :class:`~degrade_bench.sweep.config.RunConfig`: ``input``, ``limit_clips``,
            ``seed``, ``workers``, ….
    """

    def __init__(
        self,
        folder: Path | str | None = None,
        *,
        levels: Sequence[int] = LEVELS,
        positive_control: str | Degradation | None = POSITIVE_CONTROL,
        clips: Sequence[Clip] | None = None,
        progress: bool = False,
        metric_python: str | None = None,
        metric_env: str | None = None,
        **options: Any,
    ) -> None:
        if folder is None:
            self._temporary = TemporaryDirectory(prefix="degrade-bench-")
            folder = self._temporary.name
        self.folder = Path(folder)
        self._control = None if positive_control is None else damage_of(positive_control)
        self._clips, self._options = clips, {"levels": tuple(levels), "progress": progress, **options}
        self._python = metric_python if metric_env is None else str(found(metric_env).interpreter)
        self._named: dict[tuple[str, str], Metric] = {}
        self._damages: dict[Path, dict[str, Degradation]] = {}
        self._scores: dict[Path, pd.DataFrame] = {}

    def check(
        self,
        subject: Any,
        expectation: Expectation,
        degradation: Degradation | None = None,
        metric: str | None = None,
        declared: Mapping[str, Any] | None = None,
    ) -> Outcome:
        """What comes of an expectation of a metric, scored here where it is not yet; or of a finished run.

        Args:
            subject: a metric as :func:`~degrade_bench.stress_test` takes it, its class, or what ``--metric`` takes;
                or the result of a run, or a run directory.
            expectation: what is expected.
            degradation: the damage as an object, where it has no name that is known.
            metric: of a run with several, which.
            declared: what is declared of a function, or the settings of a metric that is given by its name.

        Raises:
            DegradeBenchError: it cannot be asked.
        """
        folder = _run_folder(subject)
        if folder is not None:
            return judge(the_evidence(folder, metric), expectation)
        if metric is not None:
            raise ConfigError(f"metric={metric!r} is for a run with several metrics")
        damage = damage_of(degradation or expectation.degradation)
        return self.of_metric(self.metric(subject, declared or {}), expectation, damage)

    def metric(self, subject: Any, declared: Mapping[str, Any]) -> Metric:
        """The metric that a subject stands for; one that is given by name is loaded once.

        Raises:
            UnknownNameError, ConfigError, MetricError: it is none.
        """
        if not isinstance(subject, str):
            return metric_of(subject, declared)
        key = subject, repr(sorted(declared.items()))
        if key not in self._named:
            self._named[key] = metric_of(subject, declared, self._options, self._python)
        return self._named[key]

    def of_metric(self, metric: Metric, expectation: Expectation, damage: Degradation) -> Outcome:
        """What comes of an expectation of a metric.

        Args:
            metric: the metric.
            expectation: what is expected.
            damage: the degradation that it is about.
        """
        evidence = self.evidence(metric, self.damages_for(expectation, damage))
        return judge(evidence, replace(expectation, degradation=damage.name))

    def score(self, metric: Metric, damages: Sequence[Degradation]) -> None:
        """Score several damages at once, which takes less time than one after the other.

        Args:
            metric: the metric.
            damages: those that move time are left for when they are asked for.
        """
        together = [damage for damage in damages if not _moves_time(damage)]
        if together:
            self.evidence(metric, together)

    def evidence(self, metric: Metric, damages: Sequence[Degradation]) -> Evidence:
        """The scores of a metric under some damages; what is not scored yet is scored now.

        Args:
            metric: the metric.
            damages: the first of them decides in which directory.
        """
        place = self.folder / f"{metric.name}-{metric.fingerprint()[:12]}".replace("/", "_")
        place = place / (damages[0].name if _moves_time(damages[0]) else "damages")
        if place not in self._damages:
            self._damages[place] = _scored_before(place)
        known = self._damages[place]
        new = [damage for damage in damages if damage.name not in known]
        if new or place not in self._scores:
            wanted = {**known, **{damage.name: damage for damage in new}}
            result = stress_test(
                metric,
                clips=self._clips,
                degradations=[wanted[name] for name in sorted(wanted)],
                out=place,
                report=False,
                **self._options,
            )
            self._scores[place] = result.scores
            self._damages[place] = wanted
        return Evidence(
            metric=metric.name,
            scores=self._scores[place],
            positive_control=None if self._control is None else self._control.name,
            asks_for_one=self._control is not None,
        )

    def damages_for(self, expectation: Expectation, damage: Degradation) -> list[Degradation]:
        """The damage, and what is to be scored beside it."""
        control = self._control
        if expectation.kind != "blind" or control is None or control.name == damage.name:
            return [damage]
        return [damage, control]


def damage_of(given: str | Degradation) -> Degradation:
    """The degradation of a name or a reference, or the object itself."""
    return references.get(given) if isinstance(given, str) else catalogue.checked(given)


def _moves_time(damage: Degradation) -> bool:
    return bool(damage.changes_duration or damage.moves_time)


def _scored_before(place: Path) -> dict[str, Degradation]:
    """The damages that a kept directory holds; of those that are not registered nothing is known any more."""
    if not (place / RECORD).is_file():
        return {}
    names = [name for name in read_record(place).identity.degradations if catalogue.is_known(name)]
    damages = [catalogue.get(name) for name in names]
    return {damage.name: damage for damage in damages if damage.group != "control"}


def _run_folder(subject: Any) -> Path | None:
    """The run directory that a subject is; None where it is a metric."""
    if isinstance(subject, RunResult):
        return subject.folder
    if isinstance(subject, Path):
        return subject
    if not isinstance(subject, str):
        return None
    return Path(subject) if is_stored(Path(subject)) or (Path(subject) / SCORES).is_file() else None


def metric_of(
    subject: Any,
    declared: Mapping[str, Any],
    options: Mapping[str, Any] | None = None,
    python: str | None = None,
) -> Metric:
    """The metric that a subject stands for.

    Args:
        subject: a metric, its class, a function, or what ``--metric`` takes.
        declared: what is declared of a function, or the settings of a metric by name.
        options: of the run: ``device`` and ``metric_timeout``.
        python: another interpreter, for a metric that is named by a file or a package.

    Raises:
        UnknownNameError, ConfigError, MetricError: it is none.
    """
    if isinstance(subject, str):
        options = options or {}
        device = resolve_device(str(options.get("device", "auto")))
        timeout = float(options.get("metric_timeout", TIMEOUT_SECONDS)) or None
        given = {subject: dict(declared)} if declared else {}
        metrics, _, _ = load_asked((subject,), given, device, timeout, python)
        return metrics[0]
    candidate = subject() if isinstance(subject, type) else subject
    return check_metric(with_functions([candidate], declared)[0])


def expectation(kind: Kind, degradation: str | Degradation, **bounds: Any) -> Expectation:
    """An expectation of a damage that is given by name or as an object.

    Args:
        kind: of the expectation.
        degradation: the damage.
        bounds: and its level.
    """
    name = degradation if isinstance(degradation, str) else degradation.name
    return Expectation(kind, name, **bounds)
