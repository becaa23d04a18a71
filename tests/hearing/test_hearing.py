"""Metrics of known hearing on the built-in corpus: what is said of them is what follows from what they are.

``scores.parquet`` holds the scores of ``tests/hearing/metrics.py`` under the suite ``quick``, made by

    python -m tests.hearing.make OUT

from a run directory; rendering and scoring take minutes, and are no part of this test.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from degrade_bench.analysis import AnalysisOptions, analyse
from tests.hearing.metrics import EXPECTED, METRICS

SCORES = Path(__file__).with_name("scores.parquet")
UNDECIDED = ("inconclusive", "faint")
"""Verdicts that claim neither that a damage counts nor that it was not found."""


@pytest.fixture(scope="module")
def verdicts() -> pd.DataFrame:
    scores = pd.read_parquet(SCORES)
    frame = analyse(scores, AnalysisOptions(resamples=500, flips=100)).verdicts
    return frame.set_index(["metric", "degradation"])["verdict"]


def clear_cells() -> list[tuple[str, str, str]]:
    return [(metric, damage, right) for metric, cells in EXPECTED.items() for damage, right in cells.items()]


def test_the_scores_are_those_of_the_metrics(verdicts):
    assert set(verdicts.index.get_level_values("metric")) == {metric.name for metric in METRICS} == set(EXPECTED)


def test_clear_cells_get_no_wrong_definite_verdict_and_mostly_a_right_one(verdicts):
    found = [(metric, damage, right, verdicts[metric, damage]) for metric, damage, right in clear_cells()]
    wrong = [row for row in found if row[3] != row[2] and row[3] not in UNDECIDED]
    none = [row for row in found if row[3] in UNDECIDED]
    assert len(wrong) <= 0.02 * len(found), wrong
    assert len(none) <= 0.15 * len(found), none


def test_a_metric_of_pure_chance_hears_nothing(verdicts):
    assert set(verdicts["chance"]) == {"inconclusive"}


def test_a_metric_and_its_opposite_are_told_the_opposite(verdicts):
    opposite = {"sensitive": "inverted", "inverted": "sensitive"}
    for one, other in (("brightness", "dullness"), ("peakiness", "likes-clipping")):
        for damage, verdict in verdicts[one].items():
            if verdict in opposite and verdicts[other][damage] in opposite:
                assert verdicts[other][damage] == opposite[verdict]
