"""Metrics by name, by path, by file and by object; what runs by default, and why something does not."""

from __future__ import annotations

import json
import pickle

import pytest
import torch

from degrade_bench.errors import ConfigError, MetricError, UnknownNameError
from degrade_bench.metric import catalogue
from degrade_bench.metric.base import Metric, checked_scores, checked_windows, digest
from degrade_bench.metric.catalogue import (
    Adapter,
    check_metric,
    default_metrics,
    describe_metrics,
    load_metric,
    parse_settings,
)


class Plain:
    name = "plain"
    higher_is_better = False

    def score(self, batch, sample_rate, reference=None):
        return batch.abs().mean(dim=(1, 2))


def test_the_listing_declares_every_metric_for_what_it_is():
    entries = {entry["name"]: entry for entry in describe_metrics()}
    assert json.loads(json.dumps(list(entries.values())))
    assert {name for name, entry in entries.items() if entry["needs_reference"]} == {
        "si-sdr", "mr-spectral", "log-mel", "chroma-order-free", "chroma-aligned",
    }  # fmt: skip
    assert {name for name, entry in entries.items() if not entry["higher_is_better"]} == {"mr-spectral", "log-mel"}
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
    assert [each.name for each in skipped] == ["muq-eval"]
    assert "--metric muq-eval" in skipped[0].reason
    with pytest.raises(ConfigError, match="did you mean 'log-mel'"):
        default_metrics({"log-mal": {"x": "1"}}, "cpu")
    with pytest.raises(ConfigError, match="unknown setting 'bands'"):
        default_metrics({"log-mel": {"bands": "3"}}, "cpu")


def test_with_a_gpu_but_no_network_the_default_goes_on_without_muq_eval(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("degrade_bench.metric.muq_eval.metric.checked_device", torch.device)
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
    assert load_metric("tests.metric.test_catalogue:Plain", {}, "cpu").name == "plain"
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


def test_what_is_no_metric_is_told_what_it_lacks():
    class Nameless(Plain):
        name = ""

    class Undirected(Plain):
        higher_is_better = "yes"

    for candidate, said in (
        (object(), "lacks a method score"),
        (Plain, "give an object: Plain()"),
        (Nameless(), "its name is ''"),
        (Undirected(), "higher_is_better is 'yes'"),
    ):
        with pytest.raises(MetricError) as raised:
            check_metric(candidate)
        assert said in str(raised.value)


def test_an_adapted_object_keeps_its_own_and_gets_the_rest():
    adapted = check_metric(Plain())
    assert isinstance(adapted, Metric)
    assert adapted.higher_is_better is False
    assert adapted.window_seconds is None
    assert torch.equal(adapted.score(torch.ones(2, 1, 8), 8000), torch.ones(2))
    assert check_metric(adapted) is adapted
    assert adapted.fingerprint() == check_metric(Plain()).fingerprint()

    class Other(Plain):
        def score(self, batch, sample_rate, reference=None):
            return batch.abs().amax(dim=(1, 2))

    assert adapted.fingerprint() != check_metric(Other()).fingerprint()

    class Signed(Plain):
        def fingerprint(self):
            return "mine"

        def fingerprint_parts(self):
            return {"weights": "abc"}

    assert check_metric(Signed()).fingerprint() == "mine"
    assert check_metric(Signed()).fingerprint_parts() == {"weights": "abc"}


def test_settings():
    assert parse_settings(["muq-eval.checkpoint=a=b.c", "x.py:M.batch-size=2"]) == {
        "muq-eval": {"checkpoint": "a=b.c"},
        "x.py:M": {"batch_size": "2"},
    }
    for text in ("x", "x=1", "x.=1", ".y=1", "x.y="):
        with pytest.raises(ConfigError, match=r"expected METRIC.KEY=VALUE"):
            parse_settings([text])


def test_scores_are_checked():
    assert checked_scores(Plain(), torch.tensor([1, float("inf")]), 2) == [1.0, float("inf")]
    assert checked_scores(Plain(), [1, 2], 2) == [1.0, 2.0]
    for wrong in (torch.zeros(2, 1), torch.zeros(3), 1.0):
        with pytest.raises(MetricError, match="expected \\(2,\\)"):
            checked_scores(Plain(), wrong, 2)
    with pytest.raises(MetricError, match="expected a tensor"):
        checked_scores(Plain(), "good", 2)


def test_digest_does_not_depend_on_order():
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1}) != digest({"a": 2, "b": 1})


def test_an_object_that_hops_or_counts_is_adapted_with_that():
    class Hops(Plain):
        hop_seconds = 2.0

        def score_windows(self, batch, sample_rate, reference=None):
            return batch.abs().mean(dim=1)

        def counts(self):
            return {"odd": 1}

    adapted = check_metric(Hops())
    assert adapted.hop_seconds == 2.0
    assert adapted.score_windows(torch.ones(2, 1, 8), 8000).shape == (2, 8)
    assert adapted.counts() == {"odd": 1}
    assert check_metric(Plain()).counts() == {}
    with pytest.raises(MetricError, match="does not score windows"):
        check_metric(Plain()).score_windows(torch.ones(2, 1, 8), 8000)
    assert "hop_seconds" not in load_metric("loudness", {}, "cpu").fingerprint_parts()  # old runs stay the same


@pytest.mark.parametrize("hop", [0, -1.0, float("inf"), float("nan"), True, "1"])
def test_a_hop_that_is_none_is_refused(hop):
    class Hops(Plain):
        hop_seconds = hop

        def score_windows(self, batch, sample_rate, reference=None):
            return batch

    with pytest.raises(MetricError, match="hop_seconds is"):
        check_metric(Hops())


def test_a_hop_without_windows_is_refused():
    class Hops(Plain):
        hop_seconds = 1.0

    class Derived(Metric):
        name, higher_is_better, hop_seconds = "derived", True, 1.0

        def score(self, batch, sample_rate, reference=None):
            return batch

    for candidate in (Hops(), Derived()):
        with pytest.raises(MetricError, match="lacks a method score_windows"):
            check_metric(candidate)


@pytest.mark.parametrize(
    "counted", [{"a": 1.5}, {"a": -1}, {"a": True}, {"": 1}, {3: 1}, {"outside_range": 0}, None]
)
def test_counts_that_are_none_are_refused(counted):
    class Counts(Plain):
        def counts(self):
            return counted

    with pytest.raises(MetricError, match="counts"):
        check_metric(Counts())


def test_windows_are_checked():
    assert checked_windows(Plain(), torch.tensor([[1, 2], [3, 4]]), 2) == [(1.0, 2.0), (3.0, 4.0)]
    for wrong in (torch.zeros(2), torch.zeros(3, 2), torch.zeros(2, 0), 1.0):
        with pytest.raises(MetricError, match="expected \\(2, windows\\)"):
            checked_windows(Plain(), wrong, 2)
