"""Requests that cannot be carried out: exit codes, one line on standard error, nothing lost."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from degrade_bench.clip.audio import write_audio
from degrade_bench.runs.record import read_record
from degrade_bench.sweep.worker import ClipLost, work_on
from tests.cli.requests import SIGNAL, assert_refused
from tests.conftest import make_clip


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--suite", "signl"], "unknown suite 'signl'; did you mean 'signal'"),
        (["--degradation", "bar_shufle"], "did you mean 'bar_shuffle'"),
        (["--suite", "signal", "--metric", "muq-evil"], "did you mean 'muq-eval'"),
        (["--suite", "signal", "--levels", "0"], "levels go from 1 to 5"),
        (["--suite", "signal", "--device", "cuda:99"], "--device cuda:99"),
        (["--suite", "signal", "--set", "nonsense"], "nonsense"),
        (["--suite", "signal", "--metric", "loudness", "--set", "muq-eval.checkpoint=x"], "not in --metric"),
        (["--suite", "signal", "--metric", "loudness,loudness"], "given twice"),
        (["--suite", "signal", "--input", "nowhere"], "nowhere"),
        (["--suite", "signal", "--seed", "x"], "seed"),
        (["--suite", "signal", "--frobnicate"], "--frobnicate"),
        ([], "give --suite"),
    ],
)
def test_a_request_that_cannot_be_carried_out_is_one_line_and_2(call, arguments, said):
    assert_refused(call("run", "--out", "out", *arguments), said)
    assert not Path("out").exists()


def test_muq_eval_by_name_without_weights_is_refused(call, monkeypatch):
    # not by the environment, which the hub's client reads once, when it is imported: for every later test as well
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert_refused(call("run", "--suite", "signal", "--metric", "muq-eval", "--out", "out"), "muq-eval.checkpoint")


def test_unknown_listing_and_verb(call):
    assert_refused(call("list", "metric"), "did you mean 'metrics'")
    assert_refused(call("rum"), "rum")
    assert call("--version")[0] == 0
    code, out, _ = call("--help")
    assert code == 0
    assert "render" in out


def test_folders_that_give_nothing(call, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("words")
    (tmp_path / "texts" / "b.wav").write_text("words")
    for name in ("empty", "texts"):
        assert_refused(call("run", "--suite", "signal", "--workers", 1, "--input", name, "--out", "out"))


@pytest.mark.usefixtures("report")
def test_unusable_files_are_listed_and_the_run_goes_on(call, music, tmp_path):
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    shutil.copy(music / "clip0.wav", mixed / "<img src=x onerror=alert(1)>.wav")
    soundfile.write(mixed / "silent.wav", np.zeros(44100), 22050)
    soundfile.write(mixed / "one.wav", np.zeros(1), 22050)
    soundfile.write(mixed / "nan.wav", np.full(44100, np.nan), 22050, subtype="FLOAT")
    (mixed / "text.wav").write_text("no audio")
    (mixed / "zero.wav").write_bytes(b"")
    code, _, err = call(
        "run", "--degradation", "white_noise", "--levels", 5, "--workers", 1, "--input", mixed, "--out", "o"
    )
    assert code == 0, err
    record = json.loads(Path("o/run.json").read_text())
    assert [clip["id"] for clip in record["clips"]] == ["<img src=x onerror=alert(1)>"]
    reasons = {clip["id"]: clip["reason"] for clip in record["clips_skipped"]}
    assert set(reasons) == {"silent", "one", "nan", "text", "zero"}
    assert all(reasons.values())
    report = Path("o/report.html").read_text()
    assert "<img src=x" not in report
    assert "&lt;img src=x" in report


def test_a_clip_with_too_few_bars_is_not_applicable(call, tmp_path):
    clip = make_clip(4.0, 22050, 1)
    (tmp_path / "m").mkdir()
    write_audio(tmp_path / "m" / "short.wav", clip.samples, clip.sample_rate)
    (tmp_path / "m" / "short.beats").write_text("0 1\n0.5 2\n1.0 3\n1.5 4\n")
    code, *_ = call(
        "run",
        "--degradation",
        "bar_shuffle",
        "--workers",
        1,
        "--metric",
        "loudness",
        "--input",
        "m",
        "--out",
        "o",
    )
    assert code == 0
    frame = pd.read_parquet("o/scores.parquet")
    shuffled = frame[frame.degradation.str.startswith("bar_shuffle")]
    assert len(shuffled) == 10
    assert set(shuffled.status) == {"not-applicable"}
    assert shuffled.error.str.contains("bars").all()


METRIC_FILE = """
import torch

class Nan:
    name = "nan"
    higher_is_better = True
    def score(self, batch, sample_rate, reference=None):
        return torch.full((batch.shape[0],), float("nan"))

class Shape(Nan):
    name = "shape"
    def score(self, batch, sample_rate, reference=None):
        return torch.zeros(1, batch.shape[0])

class Raises(Nan):
    name = "raises"
    def score(self, batch, sample_rate, reference=None):
        raise ValueError("no idea")

class Fine(Nan):
    name = "fine"
    def score(self, batch, sample_rate, reference=None):
        return batch.abs().amax(dim=(1, 2))
"""


def test_a_metric_that_misbehaves_fails_its_rows_and_the_exit_code_is_1(call, music, tmp_path):
    (tmp_path / "mine.py").write_text(METRIC_FILE)
    said = {"nan": "NaN", "shape": "expected", "raises": "no idea"}
    metrics = ",".join(f"mine.py:{name}" for name in ("Nan", "Shape", "Raises", "Fine"))
    command = ["run", "--degradation", "white_noise", "--levels", "5", "--workers", "1", "--input", music]
    command += ["--metric", metrics, "--out", "o"]
    refused = call(*command[:-3], "mine.py:Nan", "--out", "o")
    assert_refused(refused, "metric 'nan' gives NaN for clean music", "--no-probe runs it nevertheless")
    others = [*command[:-3], "mine.py:Raises,mine.py:Fine", "--out", "others", "--no-probe"]
    code, _, err = call(*others)
    assert code == 1
    assert "metric raises is left out: it failed on all of its first cells" in err
    assert set(pd.read_parquet("others/scores.parquet").metric) == {"fine"}, "the others go on"
    command += ["--keep-going"]
    code, *_ = call(*command)
    assert code == 1
    frame = pd.read_parquet("o/scores.parquet")
    for name, words in said.items():
        bad = frame[frame.metric == name]
        assert set(bad.status) == {"failed"}
        assert bad.error.str.contains(words).all()
    assert frame[frame.metric == "fine"].status.eq("ok").all()
    assert call(*command, "--max-failures", 1000)[0] == 0


def test_a_full_disk_ends_with_2_and_keeps_finished_rows(call, music, monkeypatch):
    from degrade_bench._support import files

    real, written = files.os.fsync, []

    def fills_up(descriptor):
        written.append(descriptor)
        if len(written) > 6:
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(files.os, "fsync", fills_up)
    command = [
        "run",
        "--degradation",
        SIGNAL,
        "--levels",
        "5",
        "--workers",
        "1",
        "--input",
        music,
        "--metric",
        "loudness",
        "--out",
        "o",
    ]
    assert_refused(call(*command), "disk is full", "same command again")
    kept = len(list(Path("o/shards").glob("*.arrow")))
    assert kept > 0
    monkeypatch.setattr(files.os, "fsync", real)
    code, _, err = call(*command)
    assert code == 0
    assert "were finished before" in err


@pytest.mark.parametrize(
    ("number", "expected", "said"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
def test_ctrl_c_and_sigterm_say_that_nothing_is_lost(call, music, monkeypatch, number, expected, said):
    def interrupted(*arguments, **named):
        signal.raise_signal(number)

    monkeypatch.setattr("degrade_bench.bench.job.execute", interrupted)
    code, _, err = call("run", "--suite", "signal", "--input", music, "--metric", "loudness", "--out", "o")
    assert code == expected
    assert f"{said}; finished rows are kept, and the same command goes on" in err


def test_a_run_that_lost_a_clip_does_not_end_well(call, music, monkeypatch):
    """Rows of what was broken off are no failures of a cell; the exit code is 1 whatever ``--max-failures`` is."""
    real, reason = work_on, "the worker process died twice (killed by signal 9)"

    def broken_off(task, work):
        if task.source.id == "clip1":
            yield ClipLost(task.source.id, reason)
        else:
            yield from real(task, work)

    monkeypatch.setattr("degrade_bench.sweep.pool.work_on", broken_off)
    command = ["run", "--degradation", "white_noise", "--levels", 5, "--metric", "loudness", "--input", music]
    command += ["--out", "o", "--workers", 1, "--max-failures", 999]
    code, _, err = call(*command)
    assert code == 1
    assert (
        "lost: clip clip1: the worker process died twice (killed by signal 9); the same command tries again" in err
    )
    assert read_record(Path("o")).counts.clips_lost == 1
    assert read_record(Path("o")).clips_skipped[0].reason == "the worker process died twice (killed by signal 9)"
    monkeypatch.setattr("degrade_bench.sweep.pool.work_on", real)
    code, _, err = call(*command)
    assert code == 0
    assert "lost" not in err
    assert read_record(Path("o")).counts.clips == 2


def test_help_is_quick_and_imports_nothing_heavy():
    code = (
        "import sys; from degrade_bench.cli import app as cli\ntry: cli.main(['--help'])\nexcept SystemExit: pass\n"
    )
    code += "heavy = {'torch', 'transformers', 'librosa', 'scipy', 'matplotlib', 'pandas'} & set(sys.modules)\n"
    code += "assert not heavy, heavy"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
