"""What the command line prints last."""

from __future__ import annotations

import json
import math
from itertools import takewhile

import pandas as pd

from degrade_bench.analysis.verdicts import Verdict
from degrade_bench.reports import summary_lines
from degrade_bench.reports.text import failure_lines, left_out_named, power_lines
from degrade_bench.runs.left_out import LeftOutClip
from degrade_bench.runs.record import Failure


def test_the_summary_says_what_every_metric_hears_in_lines_that_fit(finished):
    lines = summary_lines(finished)
    verdicts = pd.DataFrame(json.loads((finished / "analysis.json").read_text())["verdicts"])
    for metric, of_metric in verdicts.groupby("metric"):
        (first,) = (number for number, line in enumerate(lines) if line.startswith(f"{metric}: "))
        heard, judged = (
            (of_metric["verdict"] == "sensitive").sum(),
            (of_metric["verdict"] != "not-applicable").sum(),
        )
        assert f"hears {heard} of {judged} damages" in lines[first]
        said = list(takewhile(lambda line: line.startswith("  "), lines[first + 1 :]))
        for verdict in of_metric["verdict"].unique():
            assert sum(line.startswith(f"  {Verdict(verdict).mark} ") for line in said) == 1
    assert max(map(len, lines[:-2])) <= 100
    assert lines[-2] == f"report: {finished / 'report.html'}"
    assert lines[-1].startswith("next: ")


def test_the_summary_of_power_gives_median_and_worst():
    unsure = pd.DataFrame(
        {
            "degradation": ["a", "b", "c"],
            "smallest_detectable": [0.1, 0.5, math.nan],
            "clips_to_detect": [10, None, 33],
            "clips_to_exclude": [None, None, None],
        }
    )
    assert power_lines(unsure) == [
        "smallest detectable drop 0.3 in the median, 0.5 at worst (b); "
        "clips needed to show a drop 22 in the median, 33 at worst (c)"
    ]
    assert power_lines(unsure.iloc[:1]) == ["smallest detectable drop 0.1; clips needed to show a drop 10"]
    assert power_lines(unsure[["degradation"]]) == []
    noted = pd.DataFrame({"degradation": ["a", "b"], "power_note": ["Too few.", "Too few."]})
    assert power_lines(noted) == ["Too few."]


def test_failures_of_one_metric_with_one_reason_are_one_line(run):
    def failed(clip: str, damage: str, error: str = "no space") -> Failure:
        return Failure(clip_id=clip, degradation=damage, level=1, metric="log-mel", error=error)

    rows = (failed("a", "hiss", "odd"), failed("a", "hum"), failed("b", "hum"), failed("b", "hiss"))
    counts = run.record.counts.model_copy(update={"failed": 9})
    record = run.record.model_copy(update={"failures": rows, "counts": counts})
    assert failure_lines(record) == [
        "log-mel, at least 3 times, on 2 clips under 2 degradations: no space",
        "log-mel on a, hiss level 1: odd",
        "5 more, in scores.parquet",
    ]
    assert failure_lines(record, 1)[1:] == ["6 more, in scores.parquet"]
    listed = record.model_copy(update={"counts": counts.model_copy(update={"failed": 4})})
    assert failure_lines(listed)[0] == "log-mel, 3 times, on 2 clips under 2 degradations: no space"


def test_what_was_left_out_is_named_where_that_is_short(run):
    def named(*names):
        skipped = tuple(LeftOutClip(id=name, reason="silent") for name in names)
        return left_out_named(
            run.record.updated(clips_skipped=skipped, metrics_skipped=(), degradations_skipped=())
        )

    assert named("a", "b", "c") == "3 clips (a, b, c)"
    assert named("a", "b", "c", "d") == "4 clips"
    assert named("a" * 61) == "1 clip"
    assert named() == ""
