"""A setting of somebody's metric, from the command line to ``run.json`` and back."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from tests.cli.requests import assert_refused

MINE = """
from pathlib import Path
import degrade_bench


class Mine(degrade_bench.Metric):
    name = "mine"
    light = True
    accounts_for = ("weights",)

    def __init__(self, power: int = 1, label: str = "", weights: Path = Path(), extra=None):
        assert type(power) is int and type(label) is str and isinstance(weights, Path)
        self.power = power

    def score(self, batch, sample_rate, reference=None):
        return batch.abs().mean(dim=(1, 2)) ** self.power
"""
RUN = ("run", "--degradation", "white_noise", "--levels", "5", "--workers", "2", "--metric", "mine.py:Mine")


@pytest.fixture
def mine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(MINE)


def test_it_is_typed_recorded_and_part_of_the_fingerprint(call, mine, music, tmp_path):
    settings = ("power=2", "label=007", "weights=here", "extra=0.5")
    options = [text for setting in settings for text in ("--set", f"mine.py:Mine.{setting}")]
    code, _, err = call(*RUN, *options, "--input", music, "--out", "out")
    assert code == 0, err
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    taken = {"power": 2, "label": "007", "weights": "here", "extra": 0.5}
    assert record["request"]["set"] == {"mine.py:Mine": taken}
    parts = record["metrics"][0]["parts"]
    assert {name: parts[f"set.{name}"] for name in ("power", "label", "extra")} == {
        "power": "2",
        "label": "007",
        "extra": "0.5",
    }
    assert "here" not in json.dumps(record["metrics"])
    scores = pd.read_parquet(tmp_path / "out" / "scores.parquet")
    assert scores["status"].eq("ok").all()
    again = [option.replace("power=2", "power=3") for option in options]
    assert_refused(
        call(*RUN, *again, "--input", music, "--out", "out"), "holds scores of 'mine'", "settings", "set.power"
    )
    before = (tmp_path / "out" / "run.json").read_bytes()
    (tmp_path / "mine.py").write_text(MINE.replace("** self.power", "* self.power"))
    assert_refused(
        call(*RUN, *options, "--input", music, "--out", "out"), "holds scores of 'mine'", "version: code)"
    )
    assert (tmp_path / "out" / "run.json").read_bytes() == before


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("power=two", "--set mine.py:Mine.power=two: expected a whole number, got 'two'"),
        ("pover=2", "--set mine.py:Mine.pover=2: unknown setting 'pover'; did you mean 'power'?"),
    ],
)
def test_a_wrong_one_is_refused_in_one_line(call, mine, music, setting, said):
    assert_refused(call(*RUN, "--set", f"mine.py:Mine.{setting}", "--input", music, "--out", "out"), said)
