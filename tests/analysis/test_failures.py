"""What failed is said to have failed: never not-applicable, never left out of sight."""

from __future__ import annotations

import numpy as np
import pytest

from degrade_bench.analysis import AnalysisOptions, analyse
from degrade_bench.analysis.drops import coded
from degrade_bench.analysis.failures import Failed, failed_cells
from tests.analysis.tables import ORDER, SIGNAL, noisy, table

OPTIONS = AnalysisOptions(resamples=100)
NOISE = SIGNAL[0]


def made(clips=8):
    return table(noisy(lambda name, role, level: 0.3 * level if role == "test" else 0.0), clips=clips)


def failing(scores, rows, error="RuntimeError: no"):
    scores = scores.astype({"error": object})
    scores.loc[rows, ["score", "status", "error"]] = [np.nan, "failed", error]
    return scores


def of(scores, name=NOISE):
    verdicts = analyse(scores, OPTIONS).verdicts.set_index("degradation")
    return verdicts.loc[name]


def test_a_damage_all_of_whose_cells_failed_is_failed_with_the_most_frequent_reason():
    scores = made()
    damaged = (scores.degradation == NOISE) & (scores.role == "test")
    scores = failing(scores, damaged)
    scores.loc[damaged & (scores.clip_id == "clip000"), "error"] = "Another: first"
    row = of(scores)
    assert row["verdict"] == "failed"
    assert row["reason"] == "40 of 40 cells failed: RuntimeError: no"
    name = NOISE.replace("_", " ")
    assert row["sentence"].startswith(f"Failed: made under {name}. 40 of 40 cells failed: RuntimeError: no. ")
    assert of(scores, ORDER[0])["verdict"] == "sensitive"


def test_a_metric_that_fails_everywhere_is_failed_and_nowhere_not_applicable():
    scores = failing(made(), made()["score"].notna())
    assert set(analyse(scores, OPTIONS).verdicts["verdict"]) == {"failed"}


def test_clean_clips_that_failed_take_their_damages_with_them():
    scores = made()
    row = of(failing(scores, scores.role == "clean", "ValueError: silent"))
    assert (row["verdict"], row["reason"]) == (
        "failed",
        "40 of 40 cells failed: the clean clip: ValueError: silent",
    )


@pytest.mark.parametrize(("lost", "verdict"), [(3, "failed"), (2, "sensitive"), (1, "sensitive")])
def test_failures_that_leave_too_few_recordings_are_the_verdict(lost, verdict):
    scores = made()
    bad = scores.clip_id.isin([f"clip00{n}" for n in range(lost)]) & (scores.degradation == NOISE)
    row = of(failing(scores, bad & (scores.role == "test")))
    assert row["verdict"] == verdict
    if verdict == "failed":
        assert row["reason"] == (
            "15 of 40 cells failed, and 5 recordings are left of the 6 that are needed: RuntimeError: no"
        )


def test_what_had_too_few_recordings_anyway_stays_inconclusive():
    scores = made(clips=4)
    row = of(failing(scores, (scores.clip_id == "clip000") & (scores.role == "test")))
    assert row["verdict"] == "inconclusive"


def test_cells_that_do_not_apply_are_not_counted_among_the_failed():
    scores = made()
    test = (scores.degradation == NOISE) & (scores.role == "test")
    scores = failing(scores, test & (scores.clip_id == "clip000"))
    rest = test & (scores.clip_id != "clip000")
    scores.loc[rest, ["score", "status", "error"]] = [np.nan, "not-applicable", "too short"]
    row = of(scores)
    assert (row["verdict"], row["reason"]) == ("failed", "5 of 5 cells failed: RuntimeError: no")
    scores.loc[test, ["status", "error"]] = ["not-applicable", "too short"]
    assert of(scores)["verdict"] == "not-applicable"


def test_it_does_not_depend_on_the_order_of_the_rows():
    scores = made()
    scores = failing(scores, scores.clip_id.isin(["clip001", "clip002"]) & (scores.role == "test"), "b")
    scores.loc[(scores.clip_id == "clip001") & (scores.role == "test"), "error"] = "a"
    expected = {name: Failed(10, 40, 2, "a") for name in (NOISE, ORDER[0])}
    assert failed_cells(coded(scores)) == expected
    assert failed_cells(coded(scores.sample(frac=1, random_state=1))) == expected
