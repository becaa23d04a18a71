"""Simulated metrics as metrics: told, not heard; the whole pipeline says of them what is so."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

import degrade_bench
from degrade_bench.analysis import AnalysisOptions, analyse_folder
from degrade_bench.errors import ConfigError, MetricError
from degrade_bench.metric.base import Treatment
from degrade_bench.metric.catalogue import REGISTRY, load_metric
from degrade_bench.metric.settings import CommandLineText
from degrade_bench.metric.simulated.truths import TRUTHS
from degrade_bench.metric.traits import domain_note
from tests.conftest import make_clip

NAMES = sorted(TRUTHS)


def treatment(**changes) -> Treatment:
    return replace(Treatment("h", "test", "white_noise", "signal", "noise", level=5, replicate=0), **changes)


@pytest.mark.parametrize("name", NAMES)
def test_each_is_registered_and_hears_nothing(name):
    assert name in REGISTRY.names()
    metric = load_metric(name, {}, "cpu")
    assert metric.name == name
    assert metric.hears == TRUTHS[name].hears
    assert "simulated" in domain_note(metric.domain)
    with pytest.raises(MetricError, match="simulated"):
        metric.score(torch.zeros(1, 1, 100), 8000)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_cell_scores_the_same_and_another_does_not(name):
    metric = load_metric(name, {}, "cpu")
    assert metric.score_treatment(treatment()) == load_metric(name, {}, "cpu").score_treatment(treatment())
    changes = ({"replicate": 1}, {"level": 4}, {"clip_hash": "g"}, {"degradation": "mp3"})
    scores = {metric.score_treatment(treatment(**change)) for change in changes}
    assert len(scores) == 4 or TRUTHS[name].ceiling in scores
    other = load_metric(name, {"seed": 1}, "cpu")
    assert other.fingerprint() != metric.fingerprint()


def test_a_wrong_seed_is_refused():
    with pytest.raises(ConfigError, match="whole number"):
        load_metric("simulated-noise", {"seed": CommandLineText("x")}, "cpu")


def test_a_run_says_of_them_what_is_so(tmp_path):
    clips = [make_clip(6.0, 16000, 1, seed=seed) for seed in range(14)]
    result = degrade_bench.stress_test(
        [load_metric(f"simulated-{name}", {}, "cpu") for name in ("joins", "deaf-to-structure", "loudness")],
        clips=clips,
        degradations=("white_noise", "beat_shuffle"),
        levels=(1, 3, 5),
        workers=1,
        out=tmp_path / "run",
    )
    cells = ["metric", "degradation"]
    newest = result.analysis.verdicts.set_index(cells)["verdict"]
    assert newest["simulated-joins", "beat_shuffle"] == "artefact"
    assert newest["simulated-deaf-to-structure", "white_noise"] == "sensitive"
    others = newest.drop([("simulated-joins", "beat_shuffle"), ("simulated-deaf-to-structure", "white_noise")])
    assert set(others) <= {"blind", "inconclusive"}  # fourteen recordings of so noisy a metric need not suffice
    first = analyse_folder(tmp_path / "run", AnalysisOptions(rules=1))
    verdicts = first.verdicts.set_index(cells)["verdict"]
    assert verdicts["simulated-joins", "beat_shuffle"] == "artefact"
    assert verdicts["simulated-joins", "white_noise"] == "blind"
    assert verdicts["simulated-deaf-to-structure", "white_noise"] == "sensitive"
    assert verdicts["simulated-deaf-to-structure", "beat_shuffle"] == "blind"
    assert (
        verdicts["simulated-loudness", "white_noise"] == verdicts["simulated-loudness", "beat_shuffle"] == "blind"
    )
    facts = result.analysis.metrics.set_index("metric")
    assert facts.loc["simulated-loudness", "positive_control"] == "gain"
    assert facts.loc["simulated-loudness", "left_out"] == "gain"
