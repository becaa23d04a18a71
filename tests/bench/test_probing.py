"""Which metrics a run probes, where it calls them, and what it records."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

import degrade_bench
from degrade_bench.bench.probing import probed
from degrade_bench.errors import MetricError
from degrade_bench.metric.adapter import check_metric
from degrade_bench.metric.catalogue import load_metric, load_metric_apart
from degrade_bench.reports.text import probe_lines
from degrade_bench.runs.record import read_record
from degrade_bench.sweep.config import RunConfig
from tests.conftest import make_clip
from tests.runs.records import record_of
from tests.sweep.test_execute import make_sweep

FATAL = """
import ctypes, time

class Fatal:
    name, higher_is_better = "fatal", True

    def __init__(self, mode: str = "crash"):
        self.mode = mode

    def score(self, batch, sample_rate, reference=None):
        if self.mode == "crash" and len(batch) > 1:
            ctypes.string_at(0)
        if self.mode == "hang":
            time.sleep(60)
        print("x" * 300_000)
        return -batch.diff(dim=-1).abs().mean(dim=(1, 2))
"""


class Plain:
    name, higher_is_better, light = "plain", True, False
    calls = 0

    def score(self, batch, sample_rate, reference=None):
        type(self).calls += 1
        return -batch.diff(dim=-1).abs().mean(dim=(1, 2))


class Summed(Plain):
    name = "summed"

    def score(self, batch, sample_rate, reference=None):
        return batch.sum(dim=2)


class Crashing(Plain):
    name, light = "crashing", True

    def score(self, batch, sample_rate, reference=None):
        os._exit(3)


def found(metric, previous=None, workers=1, **options):
    told = []
    config = RunConfig(out="out", degradation="white_noise", **options)
    probes = probed(config, replace(make_sweep(), metrics=(metric,), workers=workers), previous, told.append)
    return probes, told


def test_built_in_metrics_and_oracles_are_not_probed():
    for name in ("loudness", "simulated-noise"):
        assert found(load_metric(name, {}, "cpu")) == ({}, [])


def test_a_metric_is_probed_once_in_a_run_directory():
    metric = check_metric(Plain())
    probes, told = found(metric)
    assert probes["plain"].skipped is None
    assert told == []
    before, previous = Plain.calls, record_of(probes=probes)
    assert found(metric, previous) == (probes, [])
    assert Plain.calls == before
    skipped, _ = found(metric, probe=False)
    assert skipped["plain"].skipped == "--no-probe"
    assert Plain.calls == before
    assert found(metric, record_of(probes=skipped))[0] == probes
    assert Plain.calls > before


def test_what_would_end_the_run_is_a_warning_where_it_is_to_go_on():
    metric = check_metric(Summed())
    with pytest.raises(MetricError, match="returned shape"):
        found(metric)
    probes, told = found(metric, keep_going=True)
    assert len(told) == 1
    assert "returned shape" in probes["summed"].warnings[0]


def test_a_light_metric_that_ends_its_process_ends_a_worker():
    _, told = found(check_metric(Crashing()), workers=2)
    assert told == ["metric crashing: over clean music its process ended (exit code 3)"]


@pytest.mark.parametrize(
    ("mode", "sentences"),
    [
        (
            "crash",
            ("of a batch of 4 its process ended (", "it prints: 300001 characters over one call"),
        ),
        ("hang", ("over 2.5 s of clean music it did not answer within 1 s",)),
    ],
)
def test_a_metric_in_a_process_of_its_own(mode, sentences, tmp_path, capfd):
    file = tmp_path / "fatal.py"
    file.write_text(FATAL)
    metric = load_metric_apart(f"{file}:Fatal", {"mode": mode}, "cpu", timeout=1.0 if mode == "hang" else 60.0)
    _, told = found(metric)
    metric.rest()
    assert len(told) == len(sentences)
    assert all(sentence in text for sentence, text in zip(sentences, told, strict=True))
    assert len(capfd.readouterr().err) < 2**18


def test_a_run_records_what_it_warned_of(tmp_path):
    class Reversed(Plain):
        name = "reversed"

        def score(self, batch, sample_rate, reference=None):
            return -super().score(batch, sample_rate)

    degrade_bench.stress_test(
        Reversed(),
        clips=[make_clip(4.0, 16000, 1)],
        degradations=["white_noise"],
        levels=(1,),
        workers=1,
        out=tmp_path / "out",
        progress=False,
    )
    record = read_record(tmp_path / "out")
    (line,) = probe_lines(record)
    assert line.startswith("reversed: noise as loud as the music makes it better")
    assert record.request.probe
