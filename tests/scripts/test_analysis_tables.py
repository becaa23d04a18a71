"""The tables of docs/analysis.md are the frames' declarations."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from degrade_bench.analysis.result import FRAMES

SCRIPT = Path(__file__).parents[2] / "scripts" / "analysis_tables.py"
spec = importlib.util.spec_from_file_location("analysis_tables", SCRIPT)
analysis_tables = importlib.util.module_from_spec(spec)
spec.loader.exec_module(analysis_tables)


def test_the_page_is_as_declared():
    assert analysis_tables.main(["--check"]) == 0


def test_an_old_page_is_noticed_and_written_again(tmp_path, monkeypatch, capsys):
    page = tmp_path / "analysis.md"
    now = analysis_tables.PAGE.read_text(encoding="utf-8")
    page.write_text(now.replace("| `drop_median` |", "| `drop_middle` |"), encoding="utf-8")
    monkeypatch.setattr(analysis_tables, "PAGE", page)
    assert analysis_tables.main(["--check"]) == 1
    assert "python scripts/analysis_tables.py" in capsys.readouterr().err
    assert analysis_tables.main([]) == 0
    assert page.read_text(encoding="utf-8") == now


def test_a_frame_without_a_place_is_refused():
    with pytest.raises(ValueError, match="the frames are"):
        analysis_tables.with_tables("no table", FRAMES)
