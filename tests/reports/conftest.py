"""Finished runs for the tests of the reports: a small one, and the same with everything an analysis can hold."""

from __future__ import annotations

import shutil
import warnings
from dataclasses import replace
from pathlib import Path

import pytest

import degrade_bench
from degrade_bench.analysis import load_analysis
from degrade_bench.analysis.result import write
from degrade_bench.clip import Clip
from degrade_bench.metric.catalogue import load_metric
from degrade_bench.reports import write_report
from degrade_bench.reports.inputs import RunView, load_run
from degrade_bench.runs.names import SETS
from degrade_bench.runs.ownership import claim
from degrade_bench.runs.set_values import SetValue, write_set_values
from tests.conftest import make_clip, with_report
from tests.reports.fabricated import fabricated

HOSTILE = "<script>alert(1)</script> & \"clip\" 'zero'"


@pytest.fixture(scope="session")
def finished(made_once) -> Path:
    """Seven short clips, one of them with a hostile name, four degradations, three metrics."""
    return made_once("finished", make_finished)


def make_finished(folder: Path) -> None:
    clips = [make_clip(4.0, 16000, 1, seed=seed) for seed in range(7)]
    clips[0] = Clip(HOSTILE, clips[0].samples, clips[0].sample_rate, clips[0].annotations, group="<b>bold</b>")
    with with_report():
        degrade_bench.stress_test(
            [load_metric(name, {}, "cpu") for name in ("si-sdr", "log-mel", "loudness")],
            clips=clips,
            suites=(),
            degradation=("white_noise", "hard_clipping", "beat_shuffle", "tempo_change"),
            levels=(1, 3, 5),
            workers=1,
            out=folder,
        )


@pytest.fixture(scope="session")
def full(finished, made_once) -> Path:
    """The run with a report of everything: every frame is filled, and one metric's verdicts are inconclusive."""
    return made_once("full", lambda folder: make_full(finished, folder))


def make_full(finished: Path, folder: Path) -> None:
    shutil.copytree(finished, folder)
    analysis = load_analysis(folder)
    verdicts = analysis.verdicts.copy()
    verdicts.loc[verdicts["metric"] == "loudness", "verdict"] = "inconclusive"
    write(fabricated(replace(analysis, verdicts=verdicts)), folder)
    claim(folder, [SETS])
    write_set_values(folder, [SetValue("log-mel", "white_noise", 1, "test", 0, 7, 6, 70, 200, 0.5, 0.25, 0.125)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write_report(folder)


@pytest.fixture(scope="session")
def run(full) -> RunView:
    """The full run, read back."""
    return load_run(full)
