"""The benchmark of the analysis writes tables that the reader of score tables takes."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pandas as pd

from degrade_bench.runs.columns import ANALYSED, SCHEMA
from degrade_bench.runs.names import SCORES
from degrade_bench.runs.scores import load_analysed, read_table, write_table

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "analysis.py"


def test_simulated_tables_are_score_tables(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("analysis_benchmark", SCRIPT)
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    for title, frame in benchmark.tables(1, None):
        write_table(tmp_path / SCORES, benchmark.whole(frame))
        assert read_table(tmp_path / SCORES).schema.names == SCHEMA.names
        stored = load_analysed(tmp_path)
        assert list(stored.columns) == list(ANALYSED), title
        pd.testing.assert_series_equal(stored["score"], frame["score"])
        assert (stored["status"] == frame["status"]).all()
