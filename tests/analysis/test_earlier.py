"""What a folder's scores came to under other thresholds stays on record: nobody tries until one pleases."""

from __future__ import annotations

import json

import pytest

from degrade_bench.analysis import AnalysisOptions, analyse, load_analysis, write
from tests.analysis.tables import noisy, table


@pytest.fixture(scope="module")
def scores():
    return table(noisy(lambda name, role, level: 0.2 * level if role == "test" else 0.0, 0.1), clips=14)


def analysed(scores, **options):
    return analyse(scores, AnalysisOptions(resamples=200, flips=100, **options))


def test_every_other_outcome_is_on_record_once(scores, tmp_path):
    (tmp_path / "files.json").write_text('{"format": 1, "program": "degrade-bench", "files": []}')
    for alpha in (0.05, 0.01, 0.05, 0.01, 0.2):
        write(analysed(scores, alpha=alpha), tmp_path)
    last = load_analysis(tmp_path)
    assert last.outcome.startswith("alpha = 0.2: ")
    assert [text.split(":")[0] for text in last.earlier] == ["default thresholds", "alpha = 0.01"]
    write(analysed(scores), tmp_path)
    assert sorted(text.split(":")[0] for text in load_analysis(tmp_path).earlier) == ["alpha = 0.01", "alpha = 0.2"]


def test_of_another_version_it_is_known_that_it_was(scores, tmp_path):
    (tmp_path / "files.json").write_text('{"format": 1, "program": "degrade-bench", "files": []}')
    write(analysed(scores, alpha=0.01), tmp_path)
    path = tmp_path / "analysis.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "format": 4, "earlier": ["alpha = 0.3: 2 blind", 7]}))
    write(analysed(scores), tmp_path)
    assert load_analysis(tmp_path).earlier == (
        "alpha = 0.3: 2 blind",
        "thresholds of another version, whose analysis is of format 4",
    )
    for broken in ("{", '{"format": 4, "earlier": 3}', "[]"):
        path.write_text(broken)
        write(analysed(scores), tmp_path)
        assert all(text.startswith("thresholds of another") for text in load_analysis(tmp_path).earlier)
