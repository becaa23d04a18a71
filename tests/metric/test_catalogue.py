"""Metrics by name, by path, by file and by object; what runs by default, and why something does not."""

from __future__ import annotations

import hashlib
import json
import pickle

import pytest
import torch

from degrade_bench._support.registry import Registry
from degrade_bench.errors import ConfigError, MetricError, UnknownNameError
from degrade_bench.metric import catalogue
from degrade_bench.metric.adapter import Adapter
from degrade_bench.metric.catalogue import default_metrics, describe_metrics, load_metric
from degrade_bench.metric.sets import SET_METRICS
from tests.metric.plain import Plain


def test_the_listing_declares_every_metric_for_what_it_is():
    entries = {entry["name"]: entry for entry in describe_metrics()}
    assert json.loads(json.dumps(list(entries.values())))
    compared = {"si-sdr", "mr-spectral", "log-mel", "chroma-order-free", "chroma-aligned"}
    compared |= {"musicnn-mtt", "musicnn-msd", "basic-pitch", "zimtohrli", "visqol", "haaqi", "clap", "mert"}
    assert {name for name, entry in entries.items() if entry["needs_reference"]} == compared | {*SET_METRICS}
    distances = {"mr-spectral", "log-mel", "zimtohrli"}
    distances |= {name for name in SET_METRICS if name.startswith(("frechet", "mmd"))}
    assert {name for name, entry in entries.items() if not entry["higher_is_better"]} == distances
    assert entries["muq-eval"]["window_seconds"] == 10.0
    assert entries["muq-eval"]["sample_rate"] == 24000
    for entry in entries.values():
        assert entry["summary"]
        assert entry["source"]
        assert entry["available"] or entry["reason"]


def test_the_default_is_the_panel_and_says_why_muq_eval_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    metrics, skipped = default_metrics({}, "cpu")
    assert [metric.name for metric in metrics] == list(catalogue.PANEL)
    assert [metric.name for metric in skipped] == ["muq-eval"]
    assert "--metric muq-eval" in skipped[0].reason
    with pytest.raises(ConfigError, match="did you mean 'log-mel'"):
        default_metrics({"log-mal": {"x": "1"}}, "cpu")
    with pytest.raises(ConfigError, match="unknown setting 'bands'"):
        default_metrics({"log-mel": {"bands": "3"}}, "cpu")


def test_with_a_gpu_but_no_network_the_default_goes_on_without_muq_eval(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("degrade_bench.metric.muq_eval.metric.checked_device", lambda name, _: torch.device(name))
    metrics, skipped = default_metrics({}, "cuda:0")
    assert "muq-eval" not in [metric.name for metric in metrics]
    assert "weights" in skipped[0].reason


def test_every_panel_metric_crosses_processes_and_has_its_own_fingerprint():
    metrics = [load_metric(name, {}, "cpu") for name in catalogue.PANEL]
    assert len({metric.fingerprint() for metric in metrics}) == len(metrics)
    for metric in metrics:
        assert metric.light
        assert pickle.loads(pickle.dumps(metric)).fingerprint() == metric.fingerprint()


def test_names_paths_and_files(tmp_path):
    assert load_metric("loudness", {}, "cpu").name == "loudness"
    assert load_metric("tests.metric.plain:Plain", {}, "cpu").name == "plain"
    file = tmp_path / "mine.py"
    file.write_text("""
class Scaled:
    name = "scaled"
    higher_is_better = True
    def __init__(self, factor="1", device="cpu"):
        self.factor, self.device = float(factor), device
    def score(self, batch, sample_rate, reference=None):
        return batch.mean(dim=(1, 2)) * self.factor
thing = Scaled("3")
""")
    made = load_metric(f"{file}:Scaled", {"factor": "2"}, "cuda:1")
    assert isinstance(made, Adapter)
    assert (made.wrapped.factor, made.wrapped.device) == (2.0, "cuda:1")
    assert load_metric(f"{file}:thing", {}, "cpu").wrapped.factor == 3.0
    with pytest.raises(ConfigError, match="takes no settings"):
        load_metric(f"{file}:thing", {"factor": "2"}, "cpu")
    with pytest.raises(ConfigError, match="did you mean 'factor'"):
        load_metric(f"{file}:Scaled", {"facter": "2"}, "cpu")
    with pytest.raises(MetricError, match="cannot be made: ValueError"):
        load_metric(f"{file}:Scaled", {"factor": "x"}, "cpu")
    with pytest.raises(ConfigError, match="did you mean 'Scaled'"):
        load_metric(f"{file}:Scalde", {}, "cpu")
    with pytest.raises(ConfigError, match="no such file"):
        load_metric(f"{tmp_path / 'none.py'}:Scaled", {}, "cpu")
    (tmp_path / "broken.py").write_text("1 / 0")
    with pytest.raises(ConfigError, match="cannot be imported: ZeroDivisionError"):
        load_metric(f"{tmp_path / 'broken.py'}:X", {}, "cpu")
    with pytest.raises(ConfigError, match="cannot import"):
        load_metric("no.such.module:X", {}, "cpu")
    with pytest.raises(UnknownNameError, match="did you mean 'loudness'"):
        load_metric("loudnes", {}, "cpu")


FINGERPRINTS = {
    "si-sdr": "32b7c9239ee5",
    "mr-spectral": "6ab3a2ed655f",
    "log-mel": "e8bb8a42439b",
    "chroma-order-free": "81694afff560",
    "chroma-aligned": "f9ff6c752862",
    "onset-rhythm": "f90900f86cd0",
    "loudness": "7d715e541943",
    "musicnn-mtt": "171ac311f77a",
    "musicnn-msd": "a095b2715186",
    "simulated-proportional": "1e571e99cc10",
    "simulated-noise": "8800d65a7ed2",
    "simulated-loudness": "f83b7f30f386",
}
"""The score tables of finished runs hold these: another value says that the scores would be others."""


@pytest.mark.parametrize("name", FINGERPRINTS)
def test_fingerprints_are_those_of_finished_runs(name):
    assert load_metric(name, {}, "cpu").fingerprint() == FINGERPRINTS[name]


SCALED = """
class Scaled:
    name = "scaled"
    higher_is_better = True

    def __init__(self, factor: float = 1.0, path: str = "", device: str = "cpu"):
        self.factor = factor

    def score(self, batch, sample_rate, reference=None):
        return batch.mean(dim=(1, 2)) * self.factor


class Hashed(Scaled):
    accounts_for = ("path",)


class Derived(degrade_bench.Metric):
    name = "derived"

    def __init__(self, factor: float = 1.0):
        self.factor = factor

    def score(self, batch, sample_rate, reference=None):
        return batch.mean(dim=(1, 2)) * self.factor


class Closed(Derived):
    def fingerprint(self):
        return "closed"


class Open(Derived):
    def fingerprint_parts(self):
        return {"mine": 1}


class Signed(Scaled):
    def fingerprint(self):
        return "signed"


class Travels(Derived):
    light = True
"""


@pytest.fixture
def scaled(tmp_path):
    file = tmp_path / "scaled.py"
    file.write_text("import degrade_bench\n" + SCALED)
    return file


@pytest.mark.parametrize("kind", ["Scaled", "Derived", "Closed", "Open", "Signed", "Travels"])
def test_settings_are_part_of_the_fingerprint_whatever_a_class_says_of_itself(scaled, kind):
    def loaded(**settings):
        return load_metric(f"{scaled}:{kind}", settings, "cpu")

    assert len({loaded().fingerprint(), loaded(factor=1).fingerprint(), loaded(factor=2).fingerprint()}) == 3
    assert loaded(factor=2).fingerprint() == loaded(factor=2.0).fingerprint()
    assert loaded(factor=2).fingerprint_parts()["set.factor"] == 2.0
    assert loaded(factor=2).given_settings == {"factor": 2.0}


def test_what_a_metric_accounts_for_and_the_device_stay_out_of_the_fingerprint(scaled):
    hashed = load_metric(f"{scaled}:Hashed", {"path": "here", "device": "cuda:1"}, "cpu")
    assert hashed.fingerprint() == load_metric(f"{scaled}:Hashed", {"path": "there"}, "cpu").fingerprint()
    assert hashed.fingerprint() == load_metric(f"{scaled}:Hashed", {}, "cpu").fingerprint()
    assert "here" not in str(hashed.fingerprint_parts())
    assert load_metric("simulated-noise", {"seed": 3}, "cpu").fingerprint() == "a78df9da8645"


def test_a_light_metric_out_of_a_file_crosses_processes_by_its_file(scaled):
    metric = load_metric(f"{scaled}:Travels", {"factor": 3}, "cpu")
    assert scaled.stem.encode() in pickle.dumps(metric)
    other = pickle.loads(pickle.dumps(metric))
    assert other.fingerprint() == metric.fingerprint()
    assert torch.equal(other.score(torch.ones(2, 1, 4), 8000), torch.full((2,), 3.0))


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("import sys; sys.exit(0)", "SystemExit: 0"),
        ("import argparse; argparse.ArgumentParser().parse_args(['--foreign'])", "SystemExit: 2"),
        ("import no_such_module_anywhere", "No module named 'no_such_module_anywhere'"),
        ("", "has no 'Mine'"),
        (
            "class K(type):\n    name = property(lambda self: 1 / 0)\nclass Mine(metaclass=K): pass",
            "ZeroDivision",
        ),
    ],
)
def test_a_plugin_that_cannot_be_used_is_listed_with_the_reason(code, said, tmp_path, monkeypatch, capsys):
    name = f"plugin_{hashlib.sha256(code.encode()).hexdigest()[:8]}"
    (tmp_path / f"{name}.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    registry = Registry("metric")
    registry.register("broken", f"{name}:Mine")
    registry.register("loudness", "degrade_bench.metric.panel.loudness:Loudness")
    monkeypatch.setattr(catalogue, "REGISTRY", registry)
    broken, loudness = describe_metrics()
    assert (broken["name"], broken["available"], loudness["available"]) == ("broken", False, True)
    assert said in broken["reason"]
    assert broken["reason"].isprintable()
    assert capsys.readouterr() == ("", "")


def test_what_is_no_metric_at_all_is_refused_in_one_line():
    with pytest.raises(MetricError, match=r"cannot be made: its constructor called sys\.exit\(\)"):
        load_metric("sys:exit", {}, "cpu")


def test_a_class_that_is_no_metric_by_descent_is_listed_all_the_same(monkeypatch):
    def factory():
        return Plain()

    registry = Registry("metric")
    registry.register("plain", Plain)
    registry.register("made", factory)
    monkeypatch.setattr(catalogue, "REGISTRY", registry)
    listed = {entry["name"]: entry for entry in describe_metrics()}
    assert listed["plain"]["higher_is_better"] is False
    assert listed["made"]["sample_rate"] is None
