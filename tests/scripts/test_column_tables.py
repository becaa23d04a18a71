"""The tables of docs/runs.md, docs/analysis.md and docs/compare.md are the declarations."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "column_tables.py"
spec = importlib.util.spec_from_file_location("column_tables", SCRIPT)
column_tables = importlib.util.module_from_spec(spec)
spec.loader.exec_module(column_tables)


def test_the_pages_are_as_declared():
    assert column_tables.main(["--check"]) == 0


def test_an_old_page_is_noticed_and_written_again(tmp_path, monkeypatch, capsys):
    for name in column_tables.PAGES:
        shutil.copy(column_tables.DOCS / name, tmp_path)
    page = tmp_path / "analysis.md"
    now = page.read_text(encoding="utf-8")
    page.write_text(now.replace("| `drop_median` |", "| `drop_middle` |"), encoding="utf-8")
    monkeypatch.setattr(column_tables, "DOCS", tmp_path)
    assert column_tables.main(["--check"]) == 1
    assert capsys.readouterr().err == "not as declared: analysis.md; run `python scripts/column_tables.py`\n"
    assert column_tables.main([]) == 0
    assert page.read_text(encoding="utf-8") == now


def test_a_table_without_a_place_is_refused():
    with pytest.raises(ValueError, match="the tables are"):
        column_tables.with_tables("no table", column_tables.PAGES["analysis.md"])
