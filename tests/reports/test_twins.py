"""Twins in the report: damage in audio beside its twin in the notes, of a run that holds both."""

from __future__ import annotations

from dataclasses import replace

import pytest

from degrade_bench.analysis import AnalysisOptions, analyse
from degrade_bench.analysis.notebook import load
from degrade_bench.reports.figures.drawing import house_style
from degrade_bench.reports.figures.twins import drawings, strongest
from degrade_bench.reports.html import render
from degrade_bench.reports.inputs import LoadedView, RunView
from degrade_bench.reports.sections import twins
from degrade_bench.runs.names import SCORES
from tests.analysis.tables import noisy, table

PAIRS = {"bar_shuffle": 0.5, "monotony": 0.4}
EXTRA = 0.3
"""What the placebo of ``monotony`` misses at every level."""


def truth(name: str, role: str, level: int) -> float:
    if role == "control":
        return 0.0
    trace = 0.0 if name.startswith("symbolic_") else 0.2 * level
    missed = EXTRA * level if name == "monotony" and role == "test" else 0.0
    music = PAIRS.get(name.removeprefix("symbolic_"), 0.0) * level if role == "test" else 0.0
    return music + trace + missed


@pytest.fixture(scope="module")
def both(run, tmp_path_factory) -> RunView:
    folder = tmp_path_factory.mktemp("twins")
    names = [prefix + name for name in PAIRS for prefix in ("", "symbolic_")]
    damages = tuple((name, "structural", "order") for name in names)
    scores = table(noisy(truth, sd=0.05, seed=4), clips=9, degradations=damages, levels=(1, 2), single_placebo=())
    scores.to_parquet(folder / SCORES)
    return RunView(folder, analyse(scores, AnalysisOptions(resamples=200)), run.record)


def test_pairs_stand_side_by_side_at_their_strongest_level(both):
    table = strongest(both.twins).set_index("degradation")
    assert list(table["level"]) == [2, 2]
    assert list(table.loc["monotony", ["agrees", "tracks"]]) == [False, 9]
    assert table.loc["bar_shuffle", "agrees"]
    assert table.loc["monotony", "difference"] == pytest.approx(2 * EXTRA, abs=0.1)
    shown = twins.rows(both)
    assert (shown["pairs"], shown["agreeing"], shown["less"]) == (2, 1, 0)
    text = render(both, {}, [twins.SECTION])
    assert "Here 1 of 2 pairs of a metric and a damage agree" in text
    assert "In audio it costs more for made on monotony (by " in text
    assert text.count("they agree") == text.count("more in audio") == 1


def test_the_figure_has_a_row_per_pair_and_a_panel_per_metric(both):
    (drawing,) = drawings(both)
    assert "1 of 2 pairs agree" in drawing.alt
    with house_style():
        (axes,) = drawing.make().axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["bar_shuffle", "monotony"]
    audio, notes = axes.lines[-1], axes.lines[-2]
    assert audio.get_xdata() == pytest.approx([1.0, 1.4], abs=0.1)
    assert notes.get_xdata() == pytest.approx([1.0, 0.8], abs=0.1)


def test_a_loaded_run_says_the_same(both):
    loaded = load(both.folder, both.analysis.options)
    assert LoadedView(loaded).twins.equals(both.twins)


def test_without_twins_or_scores_there_is_no_section(both, run, tmp_path):
    for view in (run, replace(both, folder=tmp_path)):
        assert view.twins.empty
        assert twins.rows(view) is None
        assert drawings(view) == []
    (tmp_path / SCORES).write_bytes(b"no table")
    assert twins.rows(replace(both, folder=tmp_path)) is None
