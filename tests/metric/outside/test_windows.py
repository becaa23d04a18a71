"""Metrics outside that give the scores of windows."""

from __future__ import annotations

import shlex
import sys

import pytest
import torch

from degrade_bench.errors import ConfigError
from degrade_bench.metric.catalogue import load_metric_apart
from degrade_bench.metric.host.proxy import ForeignMetricError
from degrade_bench.sweep.probe import probe
from degrade_bench.sweep.scoring import MetricInput, score_cells

RATE, HOP = 8000, 0.25
UP = {"higher_is_better": True}

PEAKS = """
import array, json, sys

for line in sys.stdin:
    request = json.loads(line)
    answers = []
    for signal in request["signals"]:
        samples = array.array("f")
        samples.frombytes(open(signal["path"], "rb").read())
        hop = round(request["hop_seconds"] * request["sample_rate"])
        answers.append([max(samples[start : start + hop]) for start in range(0, len(samples) - hop + 1, hop)])
    mood = answers[0][0] if int(request["sample_rate"]) == 8000 else 1.0
    if mood == 2.0:
        answers[0] = answers[0][:1]
    if mood == 3.0:
        answers[0] = 1.0
    print(json.dumps({"id": request["id"], "scores": answers}), flush=True)
"""

MINE = """
class Peaks:
    name, higher_is_better, hop_seconds = "peaks", True, 0.25

    def score_windows(self, batch, sample_rate, reference=None):
        hop = round(self.hop_seconds * sample_rate)
        return [[max(signal[0][start : start + hop]) for start in range(0, len(signal[0]) - hop + 1, hop)]
                for signal in batch]

    def score(self, batch, sample_rate, reference=None):
        raise NotImplementedError
"""


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    return torch.rand(2, 1, RATE, generator=generator)


def peaks_of(batch):
    return batch[:, 0].unflatten(1, (-1, round(HOP * RATE))).amax(dim=2).double()


@pytest.fixture(params=["a program", "another interpreter"])
def metric(request, tmp_path):
    if request.param == "a program":
        (tmp_path / "peaks.py").write_text(PEAKS)
        spec = f"cmd:{shlex.quote(sys.executable)} -S {tmp_path}/peaks.py"
        return load_metric_apart(spec, {**UP, "hop_seconds": HOP, "channels": "mono"}, "cpu", 30.0)
    (tmp_path / "mine.py").write_text(MINE)
    return load_metric_apart(f"{tmp_path}/mine.py:Peaks", {}, "cpu", 30.0, python=sys.executable)


def test_every_window_has_its_score_and_the_mean_is_the_signals(metric, batch):
    assert metric.hop_seconds == HOP
    assert torch.equal(metric.score_windows(batch, RATE), peaks_of(batch))
    outcomes = score_cells(metric, [MetricInput(signal) for signal in batch], RATE)
    expected = peaks_of(batch)
    assert [outcome.windows for outcome in outcomes] == [tuple(row) for row in expected.tolist()]
    assert [outcome.score for outcome in outcomes] == pytest.approx(expected.mean(dim=1).tolist())
    assert probe(metric).warnings == ()
    metric.rest()


@pytest.mark.parametrize(
    ("mood", "reason"),
    [(2.0, "1, 4 windows for signals of one length"), (3.0, "1.0 for a signal, expected a list")],
)
def test_what_are_no_windows_is_an_error(mood, reason, batch, tmp_path):
    (tmp_path / "peaks.py").write_text(PEAKS)
    spec = f"cmd:{shlex.quote(sys.executable)} -S {tmp_path}/peaks.py"
    metric = load_metric_apart(spec, {**UP, "hop_seconds": HOP}, "cpu", 30.0)
    batch[0, 0, 0] = mood
    with pytest.raises(ForeignMetricError, match=reason):
        metric.score_windows(batch, RATE)
    metric.rest()


def test_a_command_prints_a_line_for_every_window(batch):
    settings = {**UP, "hop_seconds": HOP}
    metric = load_metric_apart("cmd:sh -c 'echo 1; echo noise; echo 2' sh {wav}", settings, "cpu")
    assert metric.score_windows(batch[:1], RATE).tolist() == [[1.0, 2.0]]
    silent = load_metric_apart("cmd:sh -c 'echo none' sh {wav}", settings, "cpu")
    with pytest.raises(ForeignMetricError, match="no number, expected one for every window"):
        silent.score_windows(batch[:1], RATE)
    with pytest.raises(ConfigError, match=r"hop_seconds goes with \{wav\}"):
        load_metric_apart("cmd:sh -c 'echo 1' sh {wavs}", settings, "cpu")
