"""Holding metrics to a file of expectations: those of a finished run, or scored for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from degrade_bench.errors import UnknownNameError
from degrade_bench.expect.evidence import Evidence, evidence_in
from degrade_bench.expect.expectation_file import AskedOfMetric, ExpectationFile
from degrade_bench.expect.judge import judge
from degrade_bench.expect.outcome import Outcome


def check_run(file: ExpectationFile, folder: Path, metrics: Sequence[str] = ()) -> list[Outcome]:
    """What comes of the expectations of a file, by the scores of a finished run.

    Args:
        file: the expectations; its options for runs count for nothing here.
        folder: the run directory.
        metrics: only these, and these where the file names none.

    Raises:
        ConfigError: the run lacks a metric, a damage or a level; says in which line it is asked for.
        UnknownNameError: the run has no such metric.
        RunFolderError: the run cannot be read.
    """
    found = {evidence.metric: evidence for evidence in evidence_in(folder, metrics)}
    outcomes = []
    for asked in _selected(file, metrics):
        if asked.metric is not None and asked.metric not in found:
            unknown = UnknownNameError(f"metric of {folder}", asked.metric, found)
            raise file.error((*asked.where, "metric"), str(unknown))
        names = list(found) if asked.metric is None else [asked.metric]
        for name in names:
            outcomes += [_judged(file, found[name], asked, at) for at in range(len(asked.expectations))]
    return outcomes


def _judged(file: ExpectationFile, evidence: Evidence, asked: AskedOfMetric, at: int) -> Outcome:
    """What comes of one expectation of a finished run.

    Args:
        file: it stands in.
        evidence: the scores.
        asked: of the metric.
        at: which of them.
    """
    one = asked.expectations[at]
    try:
        return judge(evidence, one.expectation)
    except UnknownNameError as error:
        raise file.error((*one.where, one.expectation.kind), str(error)) from error


def check_metrics(
    file: ExpectationFile, metrics: Sequence[str] = (), folder: Path | None = None, progress: bool = True
) -> list[Outcome]:
    """What comes of the expectations of a file, by scores that are made for it.

    Args:
        file: the expectations, and the options of the runs.
        metrics: only these, and these where the file names none.
        folder: where the runs are kept, and gone on with; None for a temporary directory.
        progress: whether standard error shows how far runs are.

    Raises:
        ConfigError: something in the file is not there, or an entry names no metric; says in which line.
        DegradeBenchError: a metric cannot be scored.
    """
    from degrade_bench.expect.session import Bench  # not before: it brings torch

    bench = Bench(folder, positive_control=file.positive_control, progress=progress, **file.run)
    outcomes = []
    for asked in _selected(file, metrics):
        if asked.metric is None and not metrics:
            raise file.error(asked.where, "'metric' is missing: name it here, or by --metric")
        specs = list(metrics) if asked.metric is None else [file.spec(asked.metric)]
        damages = [file.degradation(one) for one in asked.expectations]
        pairs = list(zip(asked.expectations, damages, strict=True))
        for spec in specs:
            metric = bench.metric(spec, asked.settings)
            bench.score(
                metric,
                [one for asked_one, damage in pairs for one in bench.damages_for(asked_one.expectation, damage)],
            )
            for one, damage in pairs:
                try:
                    outcomes.append(bench.of_metric(metric, one.expectation, damage))
                except UnknownNameError as error:
                    raise file.error((*one.where, one.expectation.kind), str(error)) from error
    return outcomes


def _selected(file: ExpectationFile, metrics: Sequence[str]) -> list[AskedOfMetric]:
    """The entries that are asked for: those of these metrics, and those that name none.

    Raises:
        UnknownNameError: a metric of which the file says nothing.
    """
    named = [asked.metric for asked in file.metrics if asked.metric is not None]
    if metrics and len(named) == len(file.metrics):
        for metric in metrics:
            if metric not in named:
                raise UnknownNameError(f"metric of {file.path}", metric, named)
    return [asked for asked in file.metrics if not metrics or asked.metric is None or asked.metric in metrics]
