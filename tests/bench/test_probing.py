"""Which metrics a run probes, where it calls them, and what it records."""

from __future__ import annotations

import os
import signal
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
import ctypes

class Fatal:
    name, higher_is_better = "fatal", True

    def score(self, batch, sample_rate, reference=None):
        if len(batch) > 1:
            ctypes.string_at(0)
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


class Killed(Plain):
    name, light = "killed", True

    def score(self, batch, sample_rate, reference=None):
        os.kill(os.getpid(), signal.SIGKILL)


def found(metric, previous=None, workers=1, **options):
    told = []
    config = RunConfig(out="out", degradation="white_noise", **options)
    came = probed(config, replace(make_sweep(), metrics=(metric,), workers=workers), previous, told.append)
    assert not came.refused
    return came.probes, told


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


def test_a_light_metric_that_ends_its_process_ends_a_worker_and_cannot_be_used():
    with pytest.raises(MetricError, match=r"over clean music its process ended \(exit code 3\); --no"):
        found(check_metric(Crashing()), workers=2)


def test_one_whose_process_somebody_killed_may_be_used():
    (text,) = found(check_metric(Killed()), workers=2)[1]
    assert text.startswith("metric killed: over clean music its process ended (killed by signal 9")


def test_a_metric_in_a_process_of_its_own(tmp_path, capfd):
    file = tmp_path / "fatal.py"
    file.write_text(FATAL)
    metric = load_metric_apart(f"{file}:Fatal", {}, "cpu", timeout=60.0)
    _, told = found(metric)
    metric.rest()
    assert [text.partition(": ")[2].partition("(")[0] for text in told] == [
        "it scores one signal; of a batch of 4 its process ended ",
        "it prints: 300001 characters over one call",
    ]
    assert len(capfd.readouterr().err) < 2**18


def test_what_is_refused_is_left_out_where_there_are_others():
    told: list[str] = []
    sweep = replace(make_sweep(), metrics=(check_metric(Summed()), load_metric("loudness", {}, "cpu")))
    came = probed(RunConfig(out="out", degradation="white_noise"), sweep, None, told.append)
    assert came.probes == {}
    assert came.refused["summed"].startswith("returned shape (1, 2), expected (1,)")
    assert told == [f"metric summed is left out: it {came.refused['summed']}"]


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
