"""What a metric says of itself: the one declaration, and what follows from it."""

from __future__ import annotations

import dataclasses
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from degrade_bench.metric.base import Metric
from degrade_bench.metric.catalogue import load_metric
from degrade_bench.metric.traits import TRAITS, MetricAttributes, Traits, fingerprinted

DOCS = Path(__file__).parents[2] / "docs"


def test_every_default_is_a_value_that_the_trait_may_have():
    for name, trait in TRAITS.items():
        assert trait.meaning
        assert name == "name" or trait.values.valid(getattr(MetricAttributes, name)), name
        assert getattr(Metric, name, None) == getattr(MetricAttributes, name, None)


def test_the_frozen_value_has_every_trait_and_crosses_processes():
    assert {field.name for field in dataclasses.fields(Traits)} == {*TRAITS, "fingerprint"}
    metric = load_metric("log-mel", {}, "cpu")
    traits = Traits.of(metric)
    assert traits == pickle.loads(pickle.dumps(traits)) == Traits.of(load_metric("log-mel", {}, "cpu"))
    assert traits.hears == ("gain",)
    assert traits.fingerprint == metric.fingerprint()
    with pytest.raises(dataclasses.FrozenInstanceError):
        traits.name = "other"


def test_a_metric_that_hops_has_no_window_to_match():
    assert Traits(name="a", fingerprint="f", window_seconds=10.0).matched_window == 10.0
    assert Traits(name="a", fingerprint="f", window_seconds=10.0, hop_seconds=5.0).matched_window is None


def test_traits_that_came_later_are_in_the_fingerprint_where_they_are_no_default():
    plain = Traits(name="a", fingerprint="f")
    assert set(fingerprinted(plain)) == {"name", "version", "sample_rate", "window_seconds"}
    changed = dataclasses.replace(plain, hears=("gain",), aligned=False, hop_seconds=1.0, light=True, summary="s")
    assert set(fingerprinted(changed)) - set(fingerprinted(plain)) == {"hears", "aligned", "hop_seconds"}


def test_the_documentation_has_every_trait():
    text = (DOCS / "extending.md").read_text(encoding="utf-8")
    for name, trait in TRAITS.items():
        default = f"`{getattr(MetricAttributes, name)!r}`" if hasattr(MetricAttributes, name) else "none"
        row = f"| `{name}` | {trait.values.expected} | {default} | {trait.meaning} |"
        assert row in text, f"docs/extending.md lacks\n{row}"


def test_it_needs_no_torch():
    code = (
        "import sys, degrade_bench.metric.traits, degrade_bench.metric.settings; assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
