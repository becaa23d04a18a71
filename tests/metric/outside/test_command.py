"""A command as a metric: what it is given, what it prints, and every way in which it fails."""

from __future__ import annotations

import os
import pickle
import shlex
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from degrade_bench.errors import ConfigError
from degrade_bench.metric.catalogue import load_metric_apart
from degrade_bench.metric.host.process import MetricDiedError
from degrade_bench.metric.host.proxy import ForeignMetricError
from degrade_bench.metric.outside import program
from degrade_bench.metric.traits import Traits
from degrade_bench.sweep.scoring import MetricInput, score_cells

EXAMPLE = Path(__file__).parents[3] / "examples" / "outside" / "level.py"
UP = {"higher_is_better": True}


def command(script, places="{wav}", timeout=20.0, **declared):
    """A metric that is a line of shell; ``$1`` is the first path."""
    return load_metric_apart(f"cmd:sh -c {shlex.quote(script)} sh {places}", {**UP, **declared}, "cpu", timeout)


@pytest.fixture(scope="module")
def batch():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(2, 2, 4410, generator=generator) * torch.tensor([0.5, 2.0])[:, None, None]


def test_it_gets_the_samples_bit_for_bit_and_its_number_is_the_score(batch, tmp_path):
    heard = command(f"cp $1 {tmp_path}/clip.wav; cp $2 {tmp_path}/clean.wav; echo -2.5e-1", "{wav} {reference}")
    assert heard.needs_reference
    assert heard.score(batch[:1], 44100, batch[1:]).tolist() == [-0.25]
    for name, expected in (("clip", batch[0]), ("clean", batch[1])):
        samples, rate = soundfile.read(tmp_path / f"{name}.wav", dtype="float32")
        assert (rate, soundfile.info(tmp_path / f"{name}.wav").subtype) == (44100, "FLOAT")
        assert np.array_equal(samples.T, expected.numpy()), "beyond full scale, too"


def test_the_example_gives_the_level_of_each(batch):
    spec = f"cmd:{sys.executable} {EXAMPLE} {{wav}}"
    metric = load_metric_apart(spec, {**UP, "name": "level"}, "cpu", 20.0)
    outcomes = score_cells(metric, [MetricInput(samples) for samples in batch], 44100)
    expected = 10 * batch.double().square().mean(dim=(1, 2)).log10()
    assert [outcome.score for outcome in outcomes] == pytest.approx(expected.tolist(), abs=1e-6)


def test_it_is_given_the_rate_and_the_channels_that_it_declares(batch, tmp_path):
    tone = torch.sin(torch.arange(44100) * (2 * torch.pi * 1000 / 44100))
    signals = torch.stack([tone, 0.5 * tone])[None]
    mono = command(f"cp $1 {tmp_path}/mono.wav; echo 1", sample_rate=16000, channels="mono")
    mono.score(signals, 44100)
    samples, rate = soundfile.read(tmp_path / "mono.wav", dtype="float32")
    expected = 0.75 * np.sin(np.arange(16000) * (2 * np.pi * 1000 / 16000))
    assert (rate, samples.shape) == (16000, (16000,))
    assert np.abs(samples - expected)[500:-500].max() < 1e-4


def test_a_batch_in_one_call_gives_a_number_a_line_in_order(batch):
    metric = command("for path do basename $path .wav; done", "{wavs}")
    assert metric.score(batch, 44100).tolist() == [0, 1]
    assert metric.signals_at_once is None
    with pytest.raises(ForeignMetricError, match="it printed 1 lines with a number, expected 2"):
        command("echo 1", "{wavs}").score(batch, 44100)


FAILURES = [
    ("echo boom >&2; exit 3", ForeignMetricError, r"^it ended with exit code 3: boom$"),
    ("echo wrong file; exit 1", ForeignMetricError, r"^it ended with exit code 1: wrong file$"),
    ("true", ForeignMetricError, r"^it printed no number, expected 1$"),
    ("echo score: 1", ForeignMetricError, r"^it printed no number, expected 1; its last other line is: score: 1$"),
    ("echo 1; echo 2", ForeignMetricError, r"^it printed 2 lines with a number, expected 1$"),
    ("kill -SEGV $$", MetricDiedError, r"^its process ended \(killed by signal 11, SIGSEGV\)$"),
    ("yes", ForeignMetricError, r"^it printed more than 0 MB, and no answer$"),
    ("yes >&2", ForeignMetricError, r"^it printed more than 0 MB, and no answer$"),
]


@pytest.mark.parametrize(("script", "kind", "text"), FAILURES, ids=[script for script, *_ in FAILURES])
def test_what_goes_wrong_is_an_error_in_one_sentence(script, kind, text, batch, monkeypatch):
    monkeypatch.setattr(program, "MOST_PRINTED", 1 << 18)
    with pytest.raises(kind, match=text):
        command(script).score(batch[:1], 44100)


def test_noise_by_the_megabyte_is_no_score(batch):
    noise = "head -c 3000000 /dev/zero | tr '\\0' x; head -c 3000000 /dev/zero >&2; echo; echo 1.5; echo done"
    assert command(noise).score(batch[:1], 44100).tolist() == [1.5]
    assert command("echo NaN").score(batch[:1], 44100).isnan().all()


def test_one_that_hangs_is_ended_with_all_that_it_started(batch, tmp_path):
    hanging = command(f"sleep 60 & echo $! > {tmp_path}/child; wait", timeout=0.5)
    started = time.monotonic()
    with pytest.raises(MetricDiedError, match=r"did not answer within 0.5 s"):
        hanging.score(batch[:1], 44100)
    leaving = command(f"sleep 60 & echo $! > {tmp_path}/left; echo 2")
    assert leaving.score(batch[:1], 44100).tolist() == [2], "who holds its output open is not waited for"
    assert time.monotonic() - started < 20
    for name in ("child", "left"):
        process = int((tmp_path / name).read_text())
        while _runs(process):
            assert time.monotonic() - started < 20
            time.sleep(0.01)


def _runs(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"


def test_one_that_was_killed_is_asked_once_more(batch, tmp_path):
    spared = f"[ -e {tmp_path}/again ] || {{ touch {tmp_path}/again; kill -KILL $$; }}; echo 4"
    assert command(spared).score(batch[:1], 44100).tolist() == [4]
    with pytest.raises(MetricDiedError, match="SIGKILL"):
        command("kill -KILL $$").score(batch[:1], 44100)


def test_one_signal_that_fails_costs_one_row(batch):
    metric = command(f"[ $(wc -c < $1) -gt {4410 * 8} ] && echo 1 || exit 4")
    short = torch.zeros(2, 100)
    outcomes = score_cells(metric, [MetricInput(samples) for samples in (batch[0], short, batch[1])], 44100)
    assert [outcome.status for outcome in outcomes] == ["ok", "failed", "ok"]
    assert outcomes[1].error == "it ended with exit code 4"


def test_its_fingerprint_is_that_of_its_words_and_files(tmp_path, batch):
    script = tmp_path / "score"
    script.write_text("#!/bin/sh\necho 1\n")
    script.chmod(0o755)
    file = tmp_path / "mine.yaml"
    file.write_text("command: ./score {wav}\nhigher-is-better: false\nsample_rate: 8000\nsummary: how it is\n")
    metric = load_metric_apart(str(file), {}, "cpu", 5.0)
    assert (metric.name, metric.higher_is_better, metric.sample_rate) == ("mine", False, 8000)
    copy = pickle.loads(pickle.dumps(metric))
    assert Traits.of(copy) == Traits.of(metric)
    assert metric.score(batch[:1], 8000).tolist() == copy.score(batch[:1], 8000).tolist() == [1]
    before = metric.fingerprint()
    assert load_metric_apart(str(file), {"version": "2"}, "cpu").fingerprint() != before
    assert load_metric_apart(str(file), {"channels": "mono"}, "cpu").fingerprint() != before
    script.chmod(0o644)
    with pytest.raises(ConfigError, match=r"./score cannot be executed"):
        load_metric_apart(str(file), {}, "cpu", 5.0)
    script.chmod(0o755)
    script.write_text("#!/bin/sh\necho 2\n")
    assert load_metric_apart(str(file), {}, "cpu").fingerprint() != before
    with pytest.raises(MetricDiedError, match="its code has changed since the run began"):
        pickle.loads(pickle.dumps(metric)).score(batch[:1], 8000)


@pytest.mark.parametrize(
    ("spec", "settings", "text"),
    [
        ("cmd:./nothing {wav}", UP, r"--metric cmd:./nothing {wav}: no such program: ./nothing"),
        ("cmd:no-such-program {wav}", UP, "no such program: no-such-program"),
        ("cmd:true '{wav}", UP, "No closing quotation"),
        ("cmd:", UP, "give one of command, url, metric"),
        ("cmd:true {wav} {wavs}", UP, "give either {wav} or {wavs}"),
        ("cmd:true {wav} {references}", UP, "beside {wav} give {reference}, not {references}"),
        ("cmd:true --in={wavs}", UP, "make it an argument by itself"),
        ("cmd:true {wav}", {**UP, "needs_reference": True}, "needs_reference contradicts"),
        (
            "cmd:true {wav}",
            {},
            r"does not say higher_is_better, expected True or False \(--set cmd.higher_is_better",
        ),
        ("cmd:true {wav}", {**UP, "nmae": "x"}, "--set cmd.nmae=x: unknown setting 'nmae'; did you mean 'name'"),
        ("cmd:true {wav}", {**UP, "sample_rate": -1}, "its sample_rate is -1, expected a whole number of Hz"),
        ("cmd:true {wav}", {**UP, "channels": "left"}, "unknown channels 'left'"),
    ],
)
def test_what_cannot_be_is_refused_at_the_door(spec, settings, text):
    with pytest.raises(ConfigError, match=text):
        load_metric_apart(spec, settings, "cpu", 5.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "command: true {wav}\nhigher_is_better: yes please\n",
            r"mine.yaml, line 2: higher_is_better: expected true",
        ),
        ("comand: true {wav}\n", r"mine.yaml, line 1: comand: unknown setting 'comand'; did you mean 'command'"),
        ("- a\n", "expected key: value pairs"),
    ],
)
def test_a_wrong_metric_file_is_refused_with_its_line(text, said, tmp_path):
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(ConfigError, match=said):
        load_metric_apart(str(tmp_path / "mine.yaml"), {}, "cpu", 5.0)
