"""What lies in a run directory, by name, and the version of it all."""

from __future__ import annotations

FORMAT = 2
"""Rises whenever a reader of an older or newer release would misread ``run.json`` or ``scores.parquet``."""

TWIN_PREFIX = "symbolic_"
"""Damage to notes that is the twin of audio damage is called as that is, with this before it."""

RECORD = "run.json"
SCORES = "scores.parquet"
SETS = "set_values.csv"
"""What metrics of sets say of whole sets."""
SUMMARY = "summary.csv"
ANALYSIS = "analysis.json"
REPORT, REPORT_MARKDOWN, REPORT_PDF = "report.html", "report.md", "report.pdf"
FIGURES = "figures"
AUDIO = "audio"
SHARDS = "shards"
"""Rows of a run that goes on; gone when it has finished."""
EMBEDDINGS = "embeddings"
"""Vectors of the cells of a run, for metrics of sets."""
LOCK = ".lock"
FILES = "files.json"
"""The list of what was written into a directory: only that is ever replaced or removed."""

RUN_FILES = (RECORD, SCORES, SETS, SUMMARY, ANALYSIS, REPORT, REPORT_MARKDOWN, REPORT_PDF)
"""The files of a run, beside those in its directories."""

COMPARISON_TABLES = ("leaderboard", "differences", "redundancy")
COMPARISON_PAGE = "comparison.html"
COMPARISON_FILES = (COMPARISON_PAGE, "comparison.json", *(f"{name}.csv" for name in COMPARISON_TABLES))
"""What a comparison writes."""

GATE, GATE_TABLE = "gate.json", "gate.md"
"""What `gate` writes into a run directory."""

SELFTEST = "selftest.json"
SELFTEST_FIGURES = ("selftest_verdicts", "selftest_coverage")
SELFTEST_FORMATS = ("png", "svg")
SELFTEST_ERRORS = "selftest_errors.csv"
SELFTEST_FILES = (
    SELFTEST,
    SELFTEST_ERRORS,
    *(f"{name}.{suffix}" for name in SELFTEST_FIGURES for suffix in SELFTEST_FORMATS),
)
"""What the self-test writes."""
