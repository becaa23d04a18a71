"""Names and reasons are shown as text: in the page, in figures, in tables and on the terminal."""

from __future__ import annotations

import io
import json
import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pandas as pd
import pytest

from degrade_bench.analysis import load_analysis, write
from degrade_bench.analysis.frames import csv_text
from degrade_bench.reports import summary_lines, write_report

NAME = "$\\frac{ <b>&amp; \x1b[2J\x07\u202e\u2028{{ 1234*5678 }} \"'"
REASON = "line one\nline two\r\x1b]0;title\x07 <script>alert(1)</script> {% raw %}"
ACTS = tuple("\x00\x07\x1b\r\u202e\u2028\u2066\u200f")


@pytest.fixture(scope="module")
def named(finished, tmp_path_factory) -> Path:
    """A run in which a metric, a damage and a family have such a name, and a reason is such a text."""
    folder = tmp_path_factory.mktemp("named") / "run"
    shutil.copytree(finished, folder, ignore=shutil.ignore_patterns("*.mp3"))
    for file in ("run.json", "analysis.json"):
        text = (folder / file).read_text()
        for name in ("si-sdr", "white_noise", '"noise'):
            text = text.replace(name, ('"' if name[0] == '"' else "") + json.dumps(f"{NAME}{name[1:3]}")[1:-1])
        (folder / file).write_text(text)
    record = json.loads((folder / "run.json").read_text())
    record["clips_skipped"] = [{"id": NAME, "reason": REASON}]
    record["request"]["input"] = [NAME]
    (folder / "run.json").write_text(json.dumps(record))
    write_report(folder)
    return folder


def test_the_page_shows_names_as_they_are_and_none_of_them_acts(named):
    page = (named / "report.html").read_text(encoding="utf-8")
    assert not set(ACTS) & set(page)
    assert "<script>alert" not in page
    assert "7006652" not in page
    assert "$\\frac{ &lt;b&gt;&amp;amp; \\x1b[2J\\x07\\u202e\\u2028{{ 1234*5678 }}" in page
    assert "line one\\nline two" in page


def test_every_figure_is_well_formed(named):
    figures = sorted((named / "figures").glob("*.svg"))
    assert len(figures) >= 6
    for path in figures:
        ElementTree.fromstring(path.read_bytes())
        assert not set(ACTS) & set(path.read_text(encoding="utf-8"))
    assert all(path.name.isprintable() and "/" not in path.name for path in figures)


def test_a_line_on_the_terminal_is_one_line_and_moves_nothing(named):
    lines = summary_lines(named)
    assert all(line.isprintable() for line in lines)
    assert any("$\\frac{ <b>&amp; \\x1b[2J" in line for line in lines)


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t=", "\r=", "\uff1d"])
def test_no_cell_of_a_table_is_a_formula(named, tmp_path, begins):
    analysis = load_analysis(named)
    name = f"{begins}HYPERLINK(1)"
    for frame in (analysis.metrics, analysis.levels, analysis.verdicts):
        frame["metric"] = frame["metric"].replace({"log-mel": name})
    analysis.levels.loc[0, "drop_mean"] = -1.5
    write(analysis, tmp_path)
    text = (tmp_path / "summary.csv").read_text(encoding="utf-8")
    table = pd.read_csv(io.StringIO(text))
    assert (table.dtypes[["drop_mean", "n", "level"]].map(str) != "object").all()
    shown = set(table["metric"])
    assert any("HYPERLINK" in metric for metric in shown)
    assert not any(metric.startswith(("=", "+", "-", "@", "\t", "\r", "\uff1d")) for metric in shown)
    assert table["drop_mean"].min() == -1.5, "a negative number is a number"


def test_csv_of_plain_names_is_what_pandas_writes():
    frame = pd.DataFrame({"name": ["a", "b,c", None], "drop": [-1.5, float("nan"), 2.0], "n": [1, -2, 3]})
    assert csv_text(frame) == frame.to_csv(index=False, lineterminator="\n")
