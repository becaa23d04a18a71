"""The self-test's tables for the documentation."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

from degrade_bench.analysis.frames import csv_text
from degrade_bench.selftest.errors import run_errors, scenarios

main = runpy.run_path(str(Path(__file__).parents[2] / "scripts" / "selftest_page.py"))["main"]


def test_claims_alarms_and_errors_are_printed(tmp_path, capsys):
    claim = {"text": "noise is heard", "low": 0, "high": 0.05, "share": 0.01, "trials": 9, "holds": True}
    alarms = [{"case": "deaf", "share": 0.0, "runs": 0.02}]
    (tmp_path / "selftest.json").write_text(json.dumps({"claims": [claim], "false_alarms": alarms}))
    assert main([str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "| noise is heard | 0 to 5 | 1.00 | 9 | holds |" in said
    assert "recordings" not in said
    work = scenarios(["normal"], ["nothing", "one margin at the top"], [14], damages=2)
    work += scenarios(["normal"], ["minus one margin"], [24], damages=1, looks=(14, 24))
    (tmp_path / "selftest_errors.csv").write_text(csv_text(run_errors(work, 2, 0)))
    assert main([str(tmp_path)]) == 0
    rows = [line.split(" | ") for line in capsys.readouterr().out.splitlines() if line.startswith("| normal")]
    assert [row[1:3] for row in rows] == [["14", "2"], ["24 in 2 looks", "1"]]
    assert rows[0][3] == "0.00, 0.0"
    assert rows[1][5:8] == ["", "", ""]


def test_a_folder_without_a_self_test_is_refused(tmp_path, capsys):
    assert main([str(tmp_path)]) == 2
    assert "cannot be read" in capsys.readouterr().err
