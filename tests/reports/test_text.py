"""What the command line prints last."""

from __future__ import annotations

import json
import math
import re

import pandas as pd

from degrade_bench.reports import summary_lines
from degrade_bench.reports.text import power_lines


def test_the_summary_names_every_verdict_and_the_report(finished):
    lines = summary_lines(finished)
    shown = "\n".join(lines)
    for verdict in json.loads((finished / "analysis.json").read_text())["verdicts"]:
        assert re.search(rf"{verdict['verdict']} .*{verdict['degradation']}", shown)
    assert lines[-1] == f"report: {finished / 'report.html'}"


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
