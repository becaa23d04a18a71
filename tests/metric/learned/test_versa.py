"""VERSA's interface, by a stand-in that is laid out as VERSA is: registry, factory, metrics, what they are told."""

from __future__ import annotations

import math
import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from degrade_bench.errors import ConfigError, MetricError, NotApplicableError, UnknownNameError
from degrade_bench.metric.catalogue import describe_metrics, load_metric

DEFINITION = """
from dataclasses import dataclass
from enum import Enum

class MetricCategory(Enum):
    INDEPENDENT = "independent"
    DEPENDENT = "dependent"
    DISTRIBUTIONAL = "distributional"

@dataclass
class MetricMetadata:
    name: str
    category: MetricCategory
    requires_reference: bool
    requires_text: bool
    description: str

class MetricRegistry:
    def __init__(self):
        self.classes, self.metadata = {}, {}
    def register(self, kind, metadata):
        self.classes[metadata.name], self.metadata[metadata.name] = kind, metadata
    def get_metadata(self, name):
        return self.metadata.get(name)
    def list_metrics(self):
        return sorted(self.metadata)

class MetricFactory:
    def __init__(self, registry):
        self.registry = registry
    def create_metric(self, name, config=None):
        return self.registry.classes[name](config)
"""
SCORER = """
import os
import random
import numpy as np
from versa.definition import MetricCategory, MetricFactory, MetricMetadata, MetricRegistry

os.environ.setdefault("NUMBA_CACHE_DIR", "versa_cache")

class Base:
    def __init__(self, config):
        self.config = config
        self._setup()
    def _setup(self):
        pass

class Level(Base):
    def compute(self, predictions, references=None, metadata=None):
        print("megabytes of noise")
        level = self.config.get("gain", 1) * np.sqrt(np.mean(predictions**2))
        predictions[:] = 0
        assert predictions.dtype == np.float64 and predictions.ndim == 1
        return {"level": np.array([level]), "rate": metadata["sample_rate"], "words": "none"}

class Difference(Base):
    def compute(self, predictions, references=None, metadata=None):
        return float(np.mean((predictions - references) ** 2))

class Drawn(Base):
    def compute(self, predictions, references=None, metadata=None):
        return {"drawn": random.random() + np.random.random()}

class Broken(Base):
    def _setup(self):
        raise ImportError("Please install pesq\\nand retry")

class VersaScorer:
    def __init__(self):
        self.registry = MetricRegistry()
        for kind, name, category, reference, text in (
            (Level, "level", "independent", False, False),
            (Difference, "difference", "dependent", True, False),
            (Drawn, "drawn", "independent", False, False),
            (Broken, "pesq", "dependent", True, False),
            (Level, "wer", "independent", False, True),
            (Level, "fad", "distributional", False, False),
        ):
            metadata = MetricMetadata(name, MetricCategory(category), reference, text, f"the {name}")
            self.registry.register(kind, metadata)
        self.factory = MetricFactory(self.registry)
"""
SHARED = """
def check_minimum_length(length, key_info):
    return length >= 0.3
"""
RATE = 16000


@pytest.fixture
def versa(tmp_path, monkeypatch) -> Iterator[Path]:
    folder = tmp_path / "versa"
    folder.mkdir()
    files = {"__init__": "", "definition": DEFINITION, "scorer_shared": SCORER, "utils_shared": SHARED}
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "versa"]:
        del sys.modules[name]


def batch() -> torch.Tensor:
    return 0.3 * torch.randn(3, 2, RATE // 2, generator=torch.Generator().manual_seed(0))


@pytest.mark.usefixtures("versa")
def test_a_metric_hears_the_first_channel_and_its_number_is_chosen_by_key(capfd):
    metric = load_metric("versa", {"metric": "level", "output": "level"}, "cpu")
    assert (metric.needs_reference, metric.summary) == (False, "VERSA's level: the level")
    signals = batch()
    signals[1, 0, 3] = math.nan
    before = signals.clone()
    scores = metric.score(signals, RATE)
    expected = signals[:, 0].double().square().mean(dim=1).sqrt()
    np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-12)
    assert signals.equal(before) or torch.equal(signals.nan_to_num(), before.nan_to_num())
    assert capfd.readouterr() == ("", "")
    rate = load_metric("versa", {"metric": "level", "output": "rate"}, "cpu")
    assert rate.score(signals[:1], RATE).tolist() == [RATE]
    assert rate.fingerprint() != metric.fingerprint()
    with pytest.raises(
        MetricError, match=r"^versa: level gives level, rate; choose one by --set versa.output=KEY$"
    ):
        load_metric("versa", {"metric": "level"}, "cpu").score(signals[:1], RATE)
    with pytest.raises(NotApplicableError, match=r"versa: level cannot hear 0.2000 s"):
        metric.score(signals[:, :, :3200], RATE)


@pytest.mark.usefixtures("versa")
def test_one_that_needs_a_reference_gets_it_and_the_direction_is_the_users_to_say():
    metric = load_metric("versa", {"metric": "difference", "higher_is_better": False}, "cpu")
    assert metric.needs_reference
    assert not metric.higher_is_better
    signals, clean = batch(), batch() + 0.5
    np.testing.assert_allclose(metric.score(signals, RATE, clean), 0.25, atol=1e-6)


@pytest.mark.usefixtures("versa")
def test_it_draws_always_the_same_and_what_it_sets_is_put_back(monkeypatch):
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    random.seed(5)
    state, environment = random.getstate(), dict(os.environ)
    metric = load_metric("versa", {"metric": "drawn"}, "cpu")
    signals = batch()
    assert len(set(metric.score(signals, RATE).tolist())) == 1
    assert random.getstate() == state
    assert dict(os.environ) == environment


@pytest.mark.usefixtures("versa")
def test_its_settings_come_from_a_file_in_versas_form(tmp_path):
    file = tmp_path / "versa.yaml"
    file.write_text("- name: pesq\n- name: level\n  gain: 4\n", encoding="utf-8")
    settings = {"metric": "level", "output": "level"}
    louder = load_metric("versa", {**settings, "config": file}, "cpu")
    plain = load_metric("versa", settings, "cpu")
    assert torch.equal(louder.score(batch(), RATE), 4 * plain.score(batch(), RATE))
    assert louder.fingerprint() != plain.fingerprint()
    with pytest.raises(ConfigError, match=r"versa.yaml: it has no entry with `name: drawn`"):
        load_metric("versa", {"metric": "drawn", "config": file}, "cpu")
    with pytest.raises(ConfigError, match=r"--set versa.config=.*nowhere.yaml"):
        load_metric("versa", {"metric": "level", "config": tmp_path / "nowhere.yaml"}, "cpu")


@pytest.mark.usefixtures("versa")
@pytest.mark.parametrize(
    ("metric", "error", "said"),
    [
        (None, ConfigError, r"versa: which of its metrics\? give --set versa.metric=NAME"),
        ("levle", UnknownNameError, r"unknown metric of VERSA 'levle'; did you mean 'level'"),
        ("pesq", MetricError, r"^versa: pesq cannot be made: ImportError: Please install pesq and retry$"),
        ("wer", MetricError, r"versa: wer compares with a text, and clips have none"),
        ("fad", MetricError, r"versa: fad compares sets of clips, and a metric hears one"),
    ],
)
def test_what_cannot_be_asked_is_one_line(metric, error, said):
    with pytest.raises(error, match=said) as raised:
        load_metric("versa", {} if metric is None else {"metric": metric}, "cpu")
    assert "\n" not in str(raised.value)


def test_without_versa_or_beside_another_project_of_its_name_it_is_not_installed(tmp_path, monkeypatch):
    (tmp_path / "versa.py").write_text("raise RuntimeError('another project')", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    entry = next(entry for entry in describe_metrics() if entry["name"] == "versa")
    assert not entry["available"]
    assert entry["reason"].startswith("VERSA is not installed; pip install 'versa-speech-audio-toolkit @ ")
    with pytest.raises(MetricError, match="versa is not available: VERSA is not installed; pip install 'versa-"):
        load_metric("versa", {"metric": "level"}, "cpu")
