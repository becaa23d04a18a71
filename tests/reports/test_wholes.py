"""Families, selectivity, people and groups of clips: what is drawn and tabulated is what the frames hold."""

from __future__ import annotations

import json
import math
import re
import shutil
import warnings
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from degrade_bench.analysis import load_analysis
from degrade_bench.analysis.result import FRAMES, write
from degrade_bench.reports import summary_lines, write_report
from degrade_bench.reports.family import family_rows, sensitivity_by_family
from degrade_bench.reports.figures import FORMATS, draw
from degrade_bench.reports.inputs import RunView, load_run
from degrade_bench.reports.people import HUMAN, normalised_curves, people_figure, unmoved
from degrade_bench.reports.selectivity import selectivity_figure
from degrade_bench.reports.style import RC
from degrade_bench.reports.tables import control_rows, family_table, genre_tables, people_table
from degrade_bench.reports.text import power_lines
from degrade_bench.reports.words import number
from tests.reports.fabricated import fabricated
from tests.reports.test_html import CHROMIUM, Page

NEW = ("sensitivity_by_family", "selectivity", "people_pmqd")


@pytest.fixture(scope="module")
def full(finished, tmp_path_factory) -> Path:
    """A run directory whose analysis has every frame, and one inconclusive verdict; with its report."""
    folder = tmp_path_factory.mktemp("full") / "run"
    shutil.copytree(finished, folder)
    analysis = load_analysis(folder)
    verdicts = analysis.verdicts.copy()
    verdicts.loc[verdicts["metric"] == "loudness", "verdict"] = "inconclusive"
    write(fabricated(replace(analysis, verdicts=verdicts)), folder)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write_report(folder)
    return folder


@pytest.fixture(scope="module")
def run(full) -> RunView:
    return load_run(full)


@pytest.fixture(autouse=True)
def _style():
    with mpl.rc_context(RC):
        yield


@pytest.fixture(scope="module")
def page(full) -> str:
    return (full / "report.html").read_text(encoding="utf-8")


def test_the_new_figures_are_saved_and_stand_in_the_page(full, page):
    for name in NEW:
        for suffix in FORMATS:
            assert (full / "figures" / f"{name}.{suffix}").stat().st_size > 1000
    read = Page(page)
    assert {"families", "selectivity", "people", "genres"} <= read.ids
    assert "at 5 % false alarms, less the placebo" in page
    assert "Physical change is matched with log-mel" in page
    assert "divided by its own largest absolute mean drop over all 20 cells" in page
    assert "docs/analysis.md" in page
    assert "too few cells change the audio &lt;alike&gt;" in page
    assert "rock &amp; &lt;roll&gt;" in page


def test_a_dot_stands_where_a_family_was_noticed(run):
    figure = sensitivity_by_family(run)
    families = run.analysis.families
    rows = family_rows(families)
    assert [row.label for row in rows][-1] == "all structural"
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == [row.label for row in rows]
    for axes, metric in zip(figure.axes, run.metrics, strict=True):
        assert axes.get_title("left") == metric
        found = {
            line.get_ydata()[0]: line.get_xdata()[0] for line in axes.get_lines() if line.get_marker() in "osD"
        }
        own = families[families["metric"] == metric].set_index(["group", "family"])["noticed"]
        for y, row in enumerate(rows):
            at = own[(row.group, row.family)]
            assert found.get(y) == (None if math.isnan(at) else pytest.approx(at))


def test_groups_are_kept_together_with_their_own_row_last():
    families = pd.DataFrame(
        {"group": ["signal", "signal", "structural", "signal"], "family": ["", "noise", None, "codec"]}
    )
    assert [row.label for row in family_rows(families)] == ["noise", "codec", "all signal", "all structural"]


def test_selectivity_has_a_row_for_each_metric_with_an_index(run):
    (axes,) = selectivity_figure(run).axes
    known = run.analysis.selectivity.dropna(subset="index")
    assert 0 < len(known) < len(run.metrics)
    assert [label.get_text() for label in axes.get_yticklabels()] == list(known["metric"])
    dots = next(line for line in axes.get_lines() if line.get_marker() == "o")
    assert np.allclose(dots.get_xdata(), known["index"])
    bars = axes.collections[0].get_segments()
    assert np.allclose([bar[:, 0] for bar in bars], known[["index_low", "index_high"]])
    assert axes.get_xlim()[0] <= -1
    assert axes.get_xlim()[1] >= 1


def test_curves_beside_people_are_divided_by_their_own_largest(run):
    curves, still = normalised_curves(run), unmoved(run)
    assert list(curves) == [HUMAN, *(name for name in run.metrics if name not in still)]
    margins = run.analysis.metrics.set_index("metric")["margin"]
    pmqd = run.analysis.levels[run.analysis.levels["degradation"].str.startswith("pmqd")]
    for name, own in pmqd.groupby("metric"):
        assert (name in still) == (own["drop_mean"].abs().max() <= margins[name])
    for curve in curves.values():
        assert len(curve) == 20
        assert curve.abs().max() == pytest.approx(1.0)
    assert curves[HUMAN]["pmqd_noise"][5] == pytest.approx(1.0)  # 1.37, the lowest rating of all
    assert curves[HUMAN]["pmqd_limiter"][1] == pytest.approx((4.02 - 4.04) / (4.02 - 1.37))
    panels = people_figure(run).axes
    assert [axes.get_title("left") for axes in panels] == [
        "pmqd_waveshaper", "pmqd_limiter", "pmqd_low_pass", "pmqd_noise",
    ]  # fmt: skip
    lines = [line for line in panels[3].get_lines() if len(line.get_xdata()) == 5]
    assert np.allclose(lines[0].get_ydata(), curves[HUMAN]["pmqd_noise"].sort_index())
    markers = [line.get_marker() for line in lines]
    assert len(set(markers)) == len(markers), "told apart without colour"


def test_tables_hold_a_cell_per_metric(run):
    families = family_table(run)
    for row in families["rows"]:
        assert [cell["metric"] for cell in row["cells"]] == run.metrics
    people = people_table(run)
    assert [damage["cells"] for damage in people["damages"]] == [20, 5, 5, 5, 5]
    rho = run.analysis.people.query("metric == 'loudness' and damage == 'all'")["rho"].item()
    assert next(row for row in people["rows"] if row["metric"] == "loudness")["cells"][0]["rho"] == rho
    genres = genre_tables(run)
    assert [group["n"] for group in genres["groups"]] == [3, 4, 5]
    scored = run.analysis.levels.query("metric == 'si-sdr' and n > 0")["degradation"]
    for row in genres["drops"]["si-sdr"]:
        assert all(row["cells"]) == (row["degradation"] in set(scored))


def test_every_inconclusive_verdict_says_what_it_would_need(run, full, page):
    verdicts = run.analysis.verdicts
    unsure = verdicts[verdicts["verdict"] == "inconclusive"]
    assert len(unsure) >= 4
    assert page.count('class="power"') == len(unsure)
    for row in unsure.to_dict("records"):
        assert f"{row['sentence']}".split(" (")[0].replace("'", "&#39;") in page
        assert row["power_note"] in page
    lines = summary_lines(full)
    for metric, own in unsure.groupby("metric"):
        after = lines[next(i for i, line in enumerate(lines) if line.split(" (")[0] == metric) :]
        said = next(line for line in after if line.startswith("    "))
        assert "smallest detectable drop" in said
        assert number(own["smallest_detectable"].max()) in said
        assert number(own["clips_to_detect"].astype(float).max()) in said


def test_the_summary_of_power_gives_median_and_worst():
    unsure = pd.DataFrame(
        {
            "degradation": ["a", "b", "c"],
            "smallest_detectable": [0.1, 0.5, math.nan],
            "clips_to_detect": [10, None, 33],
            "clips_to_exclude": [None, None, None],
        }
    )
    assert power_lines(unsure) == [
        "smallest detectable drop 0.3 in the median, 0.5 at worst (b); "
        "clips needed to show a drop 22 in the median, 33 at worst (c)"
    ]
    assert power_lines(unsure.iloc[:1]) == ["smallest detectable drop 0.1; clips needed to show a drop 10"]
    assert power_lines(unsure[["degradation"]]) == []
    noted = pd.DataFrame({"degradation": ["a", "b"], "power_note": ["Too few.", "Too few."]})
    assert power_lines(noted) == ["Too few."]


def test_cells_are_called_confirmatory_or_exploratory_in_words(run, page):
    levels = run.analysis.levels
    marked = int(levels["confirmatory"].astype(bool).sum())
    assert page.count("<strong>confirmatory</strong>") == marked
    assert page.count("<td>exploratory</td>") == len(levels) - marked


def test_controls_that_are_no_part_of_the_floor(run, page):
    rows = control_rows(run)
    outside = {(row["metric"], row["degradation"]) for row in rows if not row["part_of_floor"]}
    assert outside == {("si-sdr", "gain"), ("si-sdr", "resampling")}
    assert page.count("<strong>no</strong>: it is meant to be heard") == sum(not r["part_of_floor"] for r in rows)
    assert "No part of the floor, because this metric is meant to hear them: gain, resampling." in page


KEPT = {
    *("metric", "group", "family", "degradation", "level", "strength", "unit"),
    *("verdict", "sentence", "margin", "nuisance_floor", "drop_mean", "drop_low", "drop_high"),
}
"""Columns without which there would be nothing to show."""


@pytest.mark.parametrize("how", ["emptied", "all missing"])
def test_an_analysis_of_little_is_shown_without_a_warning(full, tmp_path, how):
    shutil.copytree(full, tmp_path / "copy")
    record = json.loads((full / "analysis.json").read_text())
    for name in ("levels", "verdicts"):
        record[name] = [row for row in record[name] if row["family"] in ("noise", "tempo")]
    for frame in FRAMES:
        is_core = frame.name in ("metrics", "levels", "verdicts", "controls", "achieved", "placebos")
        if how == "emptied" and not is_core:
            record[frame.name] = []
        names = [column.name for column in frame.columns if column.kind in ("text", "number")]
        blank = dict.fromkeys(name for name in names if name not in KEPT)
        record[frame.name] = [row | blank for row in record[frame.name]]
    (tmp_path / "copy" / "analysis.json").write_text(json.dumps(record))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        text = write_report(tmp_path / "copy").read_text()
        lines = summary_lines(tmp_path / "copy")
    Page(text)
    assert not {f"{name}.png" for name in NEW} & {path.name for path in (tmp_path / "copy" / "figures").iterdir()}
    assert not re.search(r"\bnan\b|\bNone\b", re.sub(r"data:[^\"]*", "", text))
    assert not any("smallest detectable" in line for line in lines)


def test_a_small_figure_stays_small(run):
    one = "loudness"
    analysis = run.analysis
    frames = {
        name: frame[frame["metric"] == one]
        for name in ("metrics", "levels", "verdicts", "controls", "placebos", "families", "selectivity", "people")
        for frame in [getattr(analysis, name)]
    }
    small = {each.name: each.width_rem for each in draw(replace(run, analysis=replace(analysis, **frames)))}
    whole = {each.name: each.width_rem for each in draw(run)}
    for name, width in small.items():
        if name.startswith("curves_"):
            assert width <= 26
            assert width < whole[name]


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed")
@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (400, "light")])
def test_in_a_browser_nothing_runs_out_of_the_page(full, width, scheme):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        shown = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        shown.goto((full / "report.html").as_uri())
        shown.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        page_width = shown.evaluate("document.documentElement.scrollWidth")
        sizes = shown.evaluate("Object.fromEntries([...document.images].map(i => [i.alt, i.clientWidth]))")
        browser.close()
    assert page_width == width
    assert len(sizes) == len(list((full / "figures").glob("*.png")))
    assert all(sizes.values())
