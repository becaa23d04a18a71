"""A finished run in an experiment tracker: Weights & Biases, or MLflow.

Both read the run directory and send what it holds: how many damages each metric hears, the verdict on every damage
as a table, and the figures, the report and the record as files. Nothing is scored or concluded again. The trackers
come with the extras ``wandb`` and ``mlflow``. Where and as whom they log is their own configuration, such as
``WANDB_MODE=offline`` or ``MLFLOW_TRACKING_URI``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd

from degrade_bench._support.texts import said
from degrade_bench.analysis.verdicts import Verdict
from degrade_bench.errors import ConfigError, ExportError
from degrade_bench.reports.inputs import RunView, load_run
from degrade_bench.reports.words import missing, records
from degrade_bench.runs.names import ANALYSIS, FIGURES, RECORD, REPORT, SUMMARY
from degrade_bench.runs.ownership import listed

SHOWN = ["metric", "group", "family", "degradation", "verdict", "detection_level", "detection_strength", "unit"]
"""Columns of the verdicts that are sent as a table."""
FACTS = ("nuisance_floor", "margin", "clean_mean", "clean_sd")


@dataclass(frozen=True)
class Exported:
    """What of a run is sent.

    Attributes:
        settings: what was asked of the run.
        numbers: by name, ``METRIC/what``.
        verdicts: the verdict on every metric and damage.
        files: what the run directory lists as ours, of what people read.
    """

    settings: dict[str, Any]
    numbers: dict[str, float]
    verdicts: pd.DataFrame
    files: list[Path]


def exported(folder: Path) -> Exported:
    """What of a finished run is sent.

    Args:
        folder: the run directory.

    Raises:
        RunFolderError: there is no analysis or no record, or they cannot be read.
    """
    run = load_run(folder)
    request = run.record.request
    settings = {
        "input": list(request.input),
        "suites": [*request.suite, *request.degradation],
        "levels": list(request.levels),
        "seed": request.seed,
        "clips": run.record.counts.clips,
        "degrade_bench": run.record.package_version,
        "fingerprints": {metric.name: metric.fingerprint for metric in run.record.metrics},
    }
    ours = listed(folder)
    names = [name for name in (REPORT, SUMMARY, ANALYSIS, RECORD) if name in ours]
    names += sorted(name for name in ours if name.startswith(f"{FIGURES}/") and name.endswith(".png"))
    files = [folder / name for name in names if (folder / name).is_file()]
    return Exported(settings, _numbers(run), run.analysis.verdicts[SHOWN].reset_index(drop=True), files)


def _numbers(run: RunView) -> dict[str, float]:
    """How many damages have which verdict, and the facts of each metric; what is not known is left out."""
    numbers: dict[str, float] = {}
    for facts in records(run.analysis.metrics):
        metric = facts["metric"]
        verdicts = run.analysis.verdicts.loc[run.analysis.verdicts["metric"] == metric, "verdict"]
        for verdict in Verdict:
            numbers[f"{metric}/{verdict.value}"] = float((verdicts == verdict.value).sum())
        numbers |= {f"{metric}/{name}": float(facts[name]) for name in FACTS if not missing(facts[name])}
    for row in records(run.analysis.selectivity):
        if not missing(row["index"]):
            numbers[f"{row['metric']}/selectivity"] = float(row["index"])
    return {name: value for name, value in numbers.items() if math.isfinite(value)}


def to_wandb(folder: Path, project: str, name: str) -> str:
    """Log a finished run to Weights & Biases: numbers as its summary, verdicts as a table, files as an artifact.

    Args:
        folder: the run directory.
        project: of the tracker.
        name: of the run there.

    Returns:
        where it is.

    Raises:
        RunFolderError: the run cannot be read.
        ConfigError: the package is not installed.
        ExportError: the tracker refused it.
    """
    wandb = _package("wandb")
    sent = exported(folder)
    try:
        run = wandb.init(project=project, name=name, job_type="degrade-bench", config=sent.settings, reinit=True)
        try:
            run.summary.update(sent.numbers)
            columns = list(sent.verdicts.columns)
            rows = [[row[column] for column in columns] for row in records(sent.verdicts)]
            run.log({"verdicts": wandb.Table(columns=columns, data=rows)})
            artifact = wandb.Artifact("degrade-bench-report", type="report")
            for path in sent.files:
                artifact.add_file(str(path), name=_inside(folder, path))
            run.log_artifact(artifact)
            place = run.url or run.dir
        finally:
            run.finish()
    except Exception as error:  # a stranger's package, and a network
        raise ExportError(f"wandb: {said(error)}") from error
    return str(place)


def to_mlflow(folder: Path, project: str, name: str) -> str:
    """Log a finished run to MLflow: numbers as metrics, settings as parameters, verdicts and files as artifacts.

    Args:
        folder: the run directory.
        project: the experiment.
        name: of the run there.

    Returns:
        where it is.

    Raises:
        RunFolderError: the run cannot be read.
        ConfigError: the package is not installed.
        ExportError: the tracker refused it.
    """
    mlflow = _package("mlflow")
    sent = exported(folder)
    try:
        client = mlflow.MlflowClient()
        experiment = client.get_experiment_by_name(project)
        which = experiment.experiment_id if experiment is not None else client.create_experiment(project)
        run = client.create_run(which, run_name=name)
        at = run.info.run_id
        try:
            for key, value in _flat(sent.settings).items():
                client.log_param(at, _key(key), value[:LONGEST])
            for key, number in sent.numbers.items():
                client.log_metric(at, _key(key), number)
            client.log_text(at, sent.verdicts.to_csv(index=False), "verdicts.csv")
            for path in sent.files:
                client.log_artifact(at, str(path), str(Path(_inside(folder, path)).parent).removeprefix("."))
        except BaseException:
            client.set_terminated(at, status="FAILED")
            raise
        client.set_terminated(at)
    except Exception as error:  # a stranger's package, and a network
        raise ExportError(f"mlflow: {said(error)}") from error
    return f"{mlflow.get_tracking_uri()}, run {at}"


LONGEST = 500
"""Letters of a parameter: as many as every release of MLflow takes."""


def _flat(settings: Mapping[str, Any]) -> dict[str, str]:
    """Settings as parameters: lists and tables in one line each."""
    flat: dict[str, str] = {}
    for key, value in settings.items():
        if isinstance(value, dict):
            flat |= {f"{key}/{name}": str(one) for name, one in value.items()}
        else:
            flat[key] = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return flat


def _key(text: str) -> str:
    """A name as MLflow takes it: letters, digits, spaces and some signs."""
    return "".join(one if one.isalnum() or one in "_-. /" else "_" for one in text)[: LONGEST // 2]


def _inside(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()


def _package(name: str) -> Any:
    """A tracker's package.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise ConfigError(
            f"{name} is not installed: `pip install 'degrade-bench[{name}]'` brings it ({said(error)})"
        ) from error


TRACKERS = {"wandb": to_wandb, "mlflow": to_mlflow}
