"""The study's tables: what is counted of scores, and that the page is of the scores that lie beside it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pandas as pd
import pytest

from degrade_bench.reports.words import fixed

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import study  # noqa: E402
from studying.pooled import pooled  # noqa: E402
from studying.turns import turns  # noqa: E402


def row(metric: str, clip: str, level: int, score: float, better: bool, group: str = "signal") -> dict[str, object]:
    return {
        "clip_id": clip,
        "track": clip,
        "group": group,
        "degradation": "noise",
        "level": level,
        "replicate": 0,
        "strength": 10.0 * level,
        "unit": "dB",
        "role": "test" if level else "clean",
        "metric": metric,
        "higher_is_better": better,
        "status": "ok",
        "score": score,
    }


def scores() -> pd.DataFrame:
    """Two metrics that agree within a recording and not over recordings; the first one turns at the top level."""
    high = {"a": (5.0, 3.0, 1.0, 1.5), "b": (4.0, 2.9, 0.9, 1.3), "c": (3.0, 2.8, 0.8, 0.7)}
    low = {"a": (0.0, 1.0, 3.0, 2.0), "b": (0.0, 11.0, 13.0, 12.0), "c": (0.0, 21.0, 22.0, 23.0)}
    rows = [row("high", clip, level, score, True) for clip, of in high.items() for level, score in enumerate(of)]
    rows += [row("low", clip, level, score, False) for clip, of in low.items() for level, score in enumerate(of)]
    return pd.DataFrame(rows)


def test_scores_are_turned_so_that_higher_is_better_before_they_are_ranked():
    (line,) = [line for line in pooled(scores(), ["high", "low"]) if line.startswith("| `high`")]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[1] == "9"
    assert cells[3] == "1.00 (1.00 to 1.00)"
    high, low = [3, 1, 1.5, 2.9, 0.9, 1.3, 2.8, 0.8, 0.7], [1, 3, 2, 11, 13, 12, 21, 22, 23]
    by_hand = pd.DataFrame({"high": high, "low": low})
    assert cells[2] == fixed(-by_hand.corr("spearman").loc["high", "low"])


def test_a_step_is_towards_worse_and_who_scores_better_is_counted():
    lines = [line for line in turns(scores(), [("high", "noise"), ("low", "noise")]) if line.startswith("| ")]
    high, low = ([cell.strip() for cell in line.strip("|").split("|")] for line in (lines[5], lines[11]))
    assert high[:2] == low[:2] == ["3", "30 dB"]
    assert float(high[3].split(" ")[0].replace("−", "-")) == pytest.approx(-0.8 / 3, abs=0.01)
    assert high[4] == low[4] == "2 of 3"


def test_the_page_is_of_the_scores_that_lie_beside_it():
    page = (study.STUDY / "tables.md").read_text(encoding="utf-8")
    stored = sorted(path for path in (study.STUDY / "runs").iterdir() if path.is_dir())
    said = dict(re.findall(r"<!-- scores of (\S+): (\w+) -->", page))
    assert said == {path.name: study.digest(path) for path in stored}
    assert len(said) >= 3
