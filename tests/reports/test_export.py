"""Finished runs in experiment trackers: what is sent, to the real packages where they are installed."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from degrade_bench.errors import ConfigError, ExportError
from degrade_bench.reports.export import exported, to_mlflow, to_wandb
from tests.cli.conftest import call  # noqa: F401 - a fixture
from tests.cli.requests import assert_refused
from tests.compare.folders import hearing, metric, run

NAME = '">odd, 名'


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A finished run of one metric, analysed."""
    from degrade_bench.analysis import AnalysisOptions
    from degrade_bench.conclude import conclude
    from degrade_bench.runs.ownership import begin

    made = run(tmp_path_factory.mktemp("runs") / "a", metric(NAME, hearing(0.5, seed=1)))
    files = {path.name: path.read_bytes() for path in made.iterdir()}
    for name in files:
        (made / name).unlink()
    begin(made, ["scores.parquet"])
    for name, content in files.items():
        (made / name).write_bytes(content)
    conclude(made, AnalysisOptions(resamples=100))
    return made


def test_what_is_sent_is_what_the_folder_holds(folder):
    sent = exported(folder)
    assert sent.numbers[f"{NAME}/sensitive"] == (sent.verdicts["verdict"] == "sensitive").sum() > 0
    assert len(sent.verdicts) == 4
    assert {path.name for path in sent.files} == {"summary.csv", "analysis.json", "run.json"}, (
        "and what is not ours is not sent"
    )
    assert sent.settings["seed"] == 0


def test_mlflow_takes_it(folder, tmp_path, monkeypatch):
    mlflow = pytest.importorskip("mlflow", reason="the extra `mlflow` is not installed")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow.set_tracking_uri(f"file:{tmp_path}/store")
    place = to_mlflow(folder, "hearing", "first")
    client = mlflow.MlflowClient()
    (kept,) = client.search_runs([client.get_experiment_by_name("hearing").experiment_id])
    assert place.endswith(kept.info.run_id)
    assert kept.info.status == "FINISHED"
    assert kept.data.metrics["__odd_ 名/sensitive"] == exported(folder).numbers[f"{NAME}/sensitive"]
    assert kept.data.params["seed"] == "0"
    assert {file.path for file in client.list_artifacts(kept.info.run_id)} >= {"verdicts.csv", "analysis.json"}


def test_wandb_takes_it(folder, tmp_path, monkeypatch):
    pytest.importorskip("wandb", reason="the extra `wandb` is not installed")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    monkeypatch.setenv("WANDB_SILENT", "true")
    to_wandb(folder, "hearing", "first")
    assert list(tmp_path.rglob("*.wandb"))


class Calls:
    """Notes every call of a tracker's, whatever it is named."""

    def __init__(self, *given, **named):
        self.made = []

    def __getattr__(self, name):
        def called(*given, **named):
            self.made.append((name, given, named))
            return self

        return called


def test_the_calls_that_are_made_of_wandb(folder, monkeypatch):
    begun = Calls()
    begun.summary, begun.url, begun.dir = {}, None, "/somewhere"
    stand_in = SimpleNamespace(init=lambda **named: begun, Table=SimpleNamespace, Artifact=Calls)
    monkeypatch.setitem(sys.modules, "wandb", stand_in)
    assert to_wandb(folder, "p", "n") == "/somewhere"
    assert begun.summary == exported(folder).numbers
    assert [name for name, *_ in begun.made] == ["log", "log_artifact", "finish"]
    table = begun.made[0][1][0]["verdicts"]
    assert len(table.data) == 4
    assert table.columns[0] == "metric"


def test_what_a_tracker_says_is_one_line(folder, monkeypatch):
    def refuse(**_):
        raise RuntimeError("no\nway")

    monkeypatch.setitem(sys.modules, "wandb", SimpleNamespace(init=refuse))
    with pytest.raises(ExportError, match=r"^wandb: RuntimeError: no way$"):
        to_wandb(folder, "p", "n")


def test_without_the_package_the_command_says_what_brings_it(folder, call, monkeypatch):  # noqa: F811
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(ConfigError, match=r"degrade-bench\[mlflow\]"):
        to_mlflow(folder, "p", "n")
    assert_refused(call("export", folder, "--to", "mlflow"), "pip install")
    assert_refused(call("export", folder, "--to", "tensorbord"), "tracker")
