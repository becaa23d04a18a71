"""A metric and a damage out of files, from the command line through the workers to the record."""

from __future__ import annotations

import json

import pandas as pd
import soundfile

from tests.cli.requests import assert_refused
from tests.degrade.test_references import FILE as DAMAGE

METRIC = """
class Mine:
    name, higher_is_better = "mine", True

    def __init__(self, power: int = 1):
        self.power = power

    def score(self, batch, sample_rate, reference=None):
        return batch.mean(dim=(1, 2)).abs() ** self.power
"""
PART = ("--max-seconds", "1.5", "--levels", "5", "--workers", "2")


def test_files_alone_will_do_in_a_run_and_in_render(call, music, tmp_path):
    (tmp_path / "mine.py").write_text(METRIC)
    (tmp_path / "own.py").write_text(DAMAGE.format(name="offset", factor=1))
    asked = ("run", "--metric", "mine.py", "--degradation", "own.py", "--input", music, "--out", "out", *PART)
    code, out, err = call(*asked, "--set", "mine.power=2")
    assert code == 0, err
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert record["request"]["metric"] == ["mine.py:Mine"]
    assert record["request"]["set"] == {"mine.py:Mine": {"power": 2}}
    assert record["request"]["degradation"] == ["own.py"]
    assert record["identity"]["degradations"]["offset"][-1].keys() == {"code"}
    scores = pd.read_parquet(tmp_path / "out" / "scores.parquet")
    damaged = scores[(scores["degradation"] == "offset") & (scores["level"] == 5)]["score"]
    assert ((damaged - 0.2**2).abs() < 0.01).all()
    assert scores["status"].isin(["ok", "not-applicable"]).all()

    (tmp_path / "own.py").write_text(DAMAGE.format(name="offset", factor=2))
    assert_refused(call(*asked, "--set", "mine.power=2"), "degradation 'offset' has changed")
    assert_refused(call(*asked, "--set", "yours.power=2"), "--set yours.…", "Mine, mine, mine.py:Mine")

    code, out, err = call("render", "own.py", "--level", 5, music / "clip0.wav", "loud.wav")
    assert code == 0, err
    assert "own.py level 5, 0.2 of full scale" in out
    before, _ = soundfile.read(music / "clip0.wav")
    after, _ = soundfile.read(tmp_path / "loud.wav")
    assert abs((after - before).mean() - 0.4) < 0.01
