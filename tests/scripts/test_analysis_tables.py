"""The tables of docs/analysis.md and docs/compare.md are the frames' declarations."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest

from degrade_bench.analysis.result import FRAMES

SCRIPT = Path(__file__).parents[2] / "scripts" / "analysis_tables.py"
spec = importlib.util.spec_from_file_location("analysis_tables", SCRIPT)
analysis_tables = importlib.util.module_from_spec(spec)
spec.loader.exec_module(analysis_tables)


def test_the_pages_are_as_declared():
    assert analysis_tables.main(["--check"]) == 0


def test_an_old_page_is_noticed_and_written_again(tmp_path, monkeypatch, capsys):
    for name in analysis_tables.PAGES:
        shutil.copy(analysis_tables.DOCS / name, tmp_path)
    page = tmp_path / "analysis.md"
    now = page.read_text(encoding="utf-8")
    page.write_text(now.replace("| `drop_median` |", "| `drop_middle` |"), encoding="utf-8")
    monkeypatch.setattr(analysis_tables, "DOCS", tmp_path)
    assert analysis_tables.main(["--check"]) == 1
    assert capsys.readouterr().err == "not as declared: analysis.md; run `python scripts/analysis_tables.py`\n"
    assert analysis_tables.main([]) == 0
    assert page.read_text(encoding="utf-8") == now


def test_a_frame_without_a_place_is_refused():
    with pytest.raises(ValueError, match="the frames are"):
        analysis_tables.with_tables("no table", FRAMES)
