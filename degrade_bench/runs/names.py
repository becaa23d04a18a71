"""What lies in a run directory, by name, and the version of it all."""

from __future__ import annotations

FORMAT = 2
"""Rises whenever a reader of an older or newer release would misread ``run.json`` or ``scores.parquet``."""

RECORD = "run.json"
SCORES = "scores.parquet"
SUMMARY = "summary.csv"
ANALYSIS = "analysis.json"
REPORT = "report.html"
FIGURES = "figures"
AUDIO = "audio"
SHARDS = "shards"
"""Rows of a run that goes on; gone when it has finished."""
LOCK = ".lock"

PRODUCTS = (RECORD, SCORES, SUMMARY, ANALYSIS, REPORT, FIGURES, AUDIO, SHARDS, LOCK)
"""Everything that a run may leave in its directory."""
