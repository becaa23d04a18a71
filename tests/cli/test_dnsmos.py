"""DNSMOS as a user meets it: listed, refused, run."""

from __future__ import annotations

import importlib.util
import json

import pandas as pd
import pytest

from degrade_bench.clip.audio import read_audio
from degrade_bench.metric.catalogue import load_metric
from tests.cli.requests import assert_refused

NOTE = "made for speech: a wrong-domain control"
HOW_TO = "pip install 'degrade-bench[dnsmos]'"


def test_the_listing_says_what_it_was_made_for(call):
    code, out, _ = call("list", "metrics")
    assert code == 0
    assert " ".join(out.split()).count(NOTE) == 1


def test_without_the_extra_the_listing_and_the_refusal_say_what_to_do(call, monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "speechmos" else real(name, *rest)
    )
    code, out, _ = call("list", "metrics")
    assert code == 0
    assert f"[not available: speechmos not installed; {HOW_TO}]" in " ".join(out.split())
    refused = call("run", "--degradation", "white_noise", "--metric", "dnsmos", "--out", "o")
    assert_refused(refused, "dnsmos is not available: speechmos not installed", HOW_TO)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("output=loud", "unknown output 'loud'; known: bak, ovrl, p808, sig"),
        ("outptu=sig", "did you mean 'output'"),
    ],
)
def test_a_wrong_setting_is_one_line(call, music, setting, said):
    arguments = ["run", "--degradation", "white_noise", "--input", music, "--metric", "dnsmos"]
    assert_refused(call(*arguments, "--set", f"dnsmos.{setting}", "--out", "o"), said)


@pytest.mark.usefixtures("report")
def test_the_command_line_scores_with_it_and_says_what_it_was_made_for(call, music, tmp_path):
    arguments = ["run", "--degradation", "white_noise", "--levels", "5", "--input", music, "--metric", "dnsmos"]
    arguments += ["--set", "dnsmos.output=p808", "--workers", "1", "--out", "out"]
    code, out, err = call(*arguments)
    assert code == 0, err
    assert f"dnsmos ({NOTE})" in out
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert record["counts"]["failed"] == 0
    assert record["metrics"][0]["domain"] == "speech"
    assert record["metrics"][0]["parts"]["output"] == "p808"
    page = (tmp_path / "out" / "report.html").read_text()
    assert page.lower().count(NOTE) == 3, "on its card, in its table, in the provenance"
    scores = pd.read_parquet(tmp_path / "out" / "scores.parquet")
    clean = scores[scores["role"] == "clean"].set_index("clip_id")["score"]
    metric = load_metric("dnsmos", {"output": "p808"}, "cpu")
    for path in sorted(music.glob("*.wav")):
        samples, rate = read_audio(path)
        assert clean[path.stem] == pytest.approx(float(metric.score(samples[None], rate)), abs=1e-5)
