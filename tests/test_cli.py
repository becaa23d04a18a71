"""The command line as a user meets it: exit codes, one line on standard error, files left behind."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from degrade_bench import cli
from degrade_bench.audio import write_audio
from tests.conftest import make_clip

RUN_FILES = ("run.json", "scores.parquet", "summary.csv", "analysis.json", "report.html", "figures", "audio")


@pytest.fixture
def call(capsys, monkeypatch, tmp_path):
    """Run the command line in this process, in an empty directory; give exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main([str(each) for each in arguments])
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return run


@pytest.fixture(scope="module")
def music(tmp_path_factory) -> Path:
    """Two short generated clips with beat files."""
    folder = tmp_path_factory.mktemp("music")
    for seed in range(2):
        clip = make_clip(13.0, 22050, 1, seed=seed)
        write_audio(folder / f"clip{seed}.wav", clip.samples, clip.sample_rate)
        lines = [f"{t:.4f}\t{i % 4 + 1}" for i, t in enumerate(clip.annotations.beats)]
        (folder / f"clip{seed}.beats").write_text("\n".join(lines) + "\n")
    return folder


SIGNAL = "white_noise,percentile_clipping,low_pass,mp3"
TESTED = f"{SIGNAL},bar_shuffle,beat_shuffle,tempo_change,tempo_jitter,key_break"
"""Enough to see every kind of row; whole suites are for ``tests/degrade`` and the benchmarks."""


def assert_refused(result: tuple[int, str, str], *said: str) -> None:
    code, _, err = result
    assert code == 2, err
    lines = [line for line in err.splitlines() if line.startswith("degrade-bench: ")]
    assert len(lines) == 1, err
    assert "Traceback" not in err
    for words in said:
        assert words in lines[0]


# -- the main job --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def finished(music, tmp_path_factory) -> Path:
    """A small run, made once for the tests that look at what it leaves."""
    out = tmp_path_factory.mktemp("runs") / "out"
    with pytest.raises(SystemExit) as ended:
        cli.main(
            [
                *["run", "--degradation", TESTED, "--levels", "1,5", "--workers", "1"],
                "--input",
                str(music),
                "--out",
                str(out),
            ]
        )
    assert ended.value.code == 0
    return out


def test_a_run_leaves_every_file(finished):
    for name in RUN_FILES:
        assert (finished / name).exists(), name
    assert not (finished / "shards").exists()
    record = json.loads((finished / "run.json").read_text())
    assert record["state"] == "done"
    assert record["counts"]["failed"] == 0
    assert [each["name"] for each in record["metrics_skipped"]] == ["muq-eval"]
    assert record["request"]["levels"] == [1, 5]
    assert record["command"][:2] == ["degrade-bench", "run"]
    report = (finished / "report.html").read_text()
    assert "muq-eval" in report


def test_the_tables_have_the_rows_expected(finished):
    frame = pd.read_parquet(finished / "scores.parquet")
    summary = pd.read_csv(finished / "summary.csv")
    metrics = frame.metric.nunique()
    tested = frame[frame.role == "test"].degradation.unique()
    assert set(tested) == set(TESTED.split(","))
    assert len(summary) == metrics * len(tested) * 2
    assert (frame[frame.role == "clean"].groupby(["clip_id", "metric"]).size() == 1).all()
    assert set(summary.verdict) <= {
        "sensitive",
        "blind",
        "inverted",
        "artefact",
        "inconclusive",
        "not-applicable",
    }


def test_analysis_and_report_are_made_again_without_scoring(finished, call, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(finished, copy)
    before = (copy / "summary.csv").read_text()
    for name in ("summary.csv", "analysis.json", "report.html"):
        (copy / name).unlink()
    shutil.rmtree(copy / "figures")
    assert call("analysis", copy)[0] == 0
    assert (copy / "summary.csv").read_text() == before
    assert call("report", copy)[0] == 0
    assert (copy / "report.html").exists()


def test_a_second_start_scores_nothing_and_another_request_is_refused(finished, call, music, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(finished, copy)
    before = (copy / "scores.parquet").read_bytes()
    arguments = ["run", "--degradation", TESTED, "--levels", "1,5", "--input", music, "--out", copy]
    code, _, err = call(*arguments)
    assert code == 0
    assert "nothing left to score" in err
    assert_refused(call(*arguments, "--seed", 4), "another run", "seed 0, not 4", "--overwrite")
    assert (copy / "scores.parquet").read_bytes() == before


def test_what_is_left_out_is_said_first_and_last(call, music):
    code, out, err = call(
        "run",
        "--degradation",
        "white_noise",
        "--levels",
        "5",
        "--input",
        music,
        "--out",
        "o",
        "--limit-clips",
        1,
        "--workers",
        1,
    )
    assert code == 0
    assert err.splitlines()[0].startswith("left out: metric muq-eval: ")
    assert "muq-eval" in out
    assert "cells to go; about " in err


def test_a_killed_run_goes_on_and_ends_with_the_same_table(music, tmp_path):
    command = [
        sys.executable,
        "-m",
        "degrade_bench",
        "run",
        "--degradation",
        SIGNAL,
        "--levels",
        "1,5",
        "--input",
        str(music),
        "--metric",
        "loudness,log-mel",
        "--workers",
        "2",
        "--out",
    ]
    whole = tmp_path / "whole"
    subprocess.run([*command, str(whole)], check=True, capture_output=True)
    cut = tmp_path / "cut"
    process = subprocess.Popen([*command, str(cut)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not list((cut / "shards").glob("[!.]*.parquet")) and time.monotonic() < deadline:
        if process.poll() is not None:
            break
    process.kill()
    process.wait()
    subprocess.run([*command, str(cut)], check=True, capture_output=True)
    first, second = (pd.read_parquet(each / "scores.parquet").drop(columns="seconds") for each in (whole, cut))
    pd.testing.assert_frame_equal(first, second, check_exact=True)


# -- list and render -----------------------------------------------------------------------------------


def test_listings_are_arrays_of_objects(call):
    for what, keys in (
        ("degradations", "name version group family ladder placebo source changes_duration"),
        ("metrics", "name higher_is_better needs_reference sample_rate window_seconds score_range"),
        ("suites", "name degradations"),
    ):
        code, out, _ = call("list", what, "--json")
        entries = json.loads(out)
        assert code == 0
        assert entries
        for entry in entries:
            assert set(keys.split()) <= set(entry)
        code, out, _ = call("list", what)
        assert code == 0
        assert entries[0]["name"] in out
    ladder = json.loads(call("list", "degradations", "--json")[1])[0]["ladder"]
    assert [set(step) for step in ladder] == [{"level", "strength", "unit"}] * 5


def test_render_writes_something_to_listen_to(call, music):
    code, out, _ = call("render", "white_noise", "--level", 5, music / "clip0.wav", "a.wav", "--plan", "p.json")
    assert code == 0
    assert "white_noise level 5" in out
    audio, rate = soundfile.read("a.wav")
    assert rate == 22050
    assert len(audio) == 13 * 22050
    assert json.loads(Path("p.json").read_text())["degradation"] == "white_noise"
    code, *_ = call("render", "bar_shuffle_placebo", "--level", 1, music / "clip0.wav", "b.flac")
    assert code == 0
    assert call("render", "white_noise", "--level", 0, music / "clip0.wav", "c.wav")[0] == 0
    clean, _ = soundfile.read(music / "clip0.wav", dtype="float32")
    assert np.array_equal(soundfile.read("c.wav", dtype="float32")[0], clean)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["white_nois", "--level", 1], "did you mean 'white_noise'"),
        (["white_noise", "--level", 6], "level must be one of 0 (clean) to 5"),
        (["gain_placebo", "--level", 1], "a control has no placebo"),
    ],
)
def test_render_refuses(call, music, arguments, said):
    assert_refused(call("render", *arguments, music / "clip0.wav", "x.wav"), said)
    assert not Path("x.wav").exists()


def test_render_of_a_clip_with_too_few_bars(call, tmp_path):
    clip = make_clip(4.0, 22050, 1)
    write_audio(tmp_path / "short.wav", clip.samples, clip.sample_rate)
    (tmp_path / "short.beats").write_text(
        "\n".join(f"{t} {i % 4 + 1}" for i, t in enumerate((0.0, 0.5, 1, 1.5, 2)))
    )
    assert_refused(call("render", "bar_shuffle", "--level", 1, "short.wav", "x.wav"), "bars")


# -- bad input -----------------------------------------------------------------------------------------


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
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
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


@pytest.mark.parametrize(("name", "said"), [("Nan", "NaN"), ("Shape", "expected"), ("Raises", "no idea")])
def test_a_metric_that_misbehaves_fails_its_rows_and_the_exit_code_is_1(call, music, tmp_path, name, said):
    (tmp_path / "mine.py").write_text(METRIC_FILE)
    command = [
        "run",
        "--degradation",
        "white_noise",
        "--levels",
        "5",
        "--workers",
        "1",
        "--input",
        music,
        "--metric",
        f"mine.py:{name},mine.py:Fine",
    ]
    code, *_ = call(*command, "--out", "o")
    assert code == 1
    frame = pd.read_parquet("o/scores.parquet")
    bad = frame[frame.metric == name.lower()]
    assert set(bad.status) == {"failed"}
    assert bad.error.str.contains(said).all()
    assert frame[frame.metric == "fine"].status.eq("ok").all()
    assert Path("o/report.html").exists()
    assert call(*command, "--out", "o2", "--max-failures", 1000)[0] == 0


def test_a_full_disk_ends_with_2_and_keeps_finished_rows(call, music, monkeypatch):
    from degrade_bench import files

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
    kept = len(list(Path("o/shards").glob("*.parquet")))
    assert kept > 0
    monkeypatch.setattr(files.os, "fsync", real)
    code, _, err = call(*command)
    assert code == 0
    assert "were finished before" in err


def test_ctrl_c_says_that_nothing_is_lost(call, music, monkeypatch):
    def interrupted(*arguments, **named):
        raise KeyboardInterrupt

    monkeypatch.setattr("degrade_bench.bench.execute", interrupted)
    code, _, err = call("run", "--suite", "signal", "--input", music, "--metric", "loudness", "--out", "o")
    assert code == 130
    assert "the same command goes on" in err


def test_help_is_quick_and_imports_nothing_heavy():
    code = "import sys; from degrade_bench import cli\ntry: cli.main(['--help'])\nexcept SystemExit: pass\n"
    code += "heavy = {'torch', 'transformers', 'librosa', 'scipy', 'matplotlib', 'pandas'} & set(sys.modules)\n"
    code += "assert not heavy, heavy"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
