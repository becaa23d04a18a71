"""Figures: which there are, that they show what the analysis holds, and that they are the same bytes every time."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from degrade_bench.analysis import load_analysis
from degrade_bench.errors import RunFolderError
from degrade_bench.reports import write_report
from degrade_bench.reports.figures import curves, families
from degrade_bench.reports.figures.curve_points import curve_points
from degrade_bench.reports.figures.curves import sensitivity_curves
from degrade_bench.reports.figures.drawing import FORMATS, save, width_rem
from degrade_bench.reports.figures.heat_map import top_ratios
from degrade_bench.reports.figures.paper import INCHES
from degrade_bench.reports.figures.people import HUMAN, normalised_curves, people_figure, unmoved
from degrade_bench.reports.figures.selectivity import selectivity_figure
from degrade_bench.reports.html import draw, page_environment
from degrade_bench.reports.inputs import load_run
from degrade_bench.reports.style import RC
from degrade_bench.reports.words import with_interval
from degrade_bench.runs.ownership import claim
from tests.reports.page import Page


def test_a_heat_map_and_one_set_of_curves_per_family_in_three_formats(finished):
    curves = [f"curves_{family}" for family in ("noise", "clipping", "order", "tempo")]
    dots = [f"drops_{family}" for family in ("noise", "clipping", "order", "tempo")]
    names = ["profile", "heat_map_metric_by_degradation", "sensitivity_by_family", "selectivity", *curves, *dots]
    saved = {path.name for path in (finished / "figures").iterdir()}
    assert saved == {f"{name}.{suffix}" for name in names for suffix in FORMATS}
    for name in names:
        assert (finished / "figures" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert (finished / "figures" / f"{name}.pdf").read_bytes().startswith(b"%PDF")
        assert b"<svg" in (finished / "figures" / f"{name}.svg").read_bytes()


def test_drawing_again_gives_the_same_bytes_and_leaves_matplotlib_as_it_was(finished, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(finished, copy)
    claim(copy, ["figures/curves_old_family.png"])
    (copy / "figures" / "curves_old_family.png").write_bytes(b"stale")
    (copy / "figures" / "notes.txt").write_text("the user's own")
    mpl.rcParams["lines.linewidth"] = 7.5
    before = dict(mpl.rcParams)
    write_report(copy)
    assert dict(mpl.rcParams) == before
    mpl.rcdefaults()
    for path in (finished / "figures").iterdir():
        assert (copy / "figures" / path.name).read_bytes() == path.read_bytes(), path.name
    assert not (copy / "figures" / "curves_old_family.png").exists()
    assert (copy / "figures" / "notes.txt").exists()
    assert (copy / "report.html").read_bytes() == (finished / "report.html").read_bytes()


def test_curves_hold_what_the_analysis_says(finished):
    run = load_run(finished)
    figures = {drawing.heading: drawing.figure for drawing in curves.drawings(run)}
    assert list(figures) == run.families
    panel = figures["noise"].axes[run.metrics.index("log-mel")]
    levels = run.analysis.levels.query("metric == 'log-mel' and degradation == 'white_noise'")
    grey, line = sorted(
        (line for line in panel.get_lines() if line.get_marker() == "o"),
        key=lambda line: line.get_color() != "#8a8a8a",
    )
    assert np.allclose(line.get_ydata(), [0.0, *levels["drop_mean"]]), "a clean clip has lost nothing"
    assert np.allclose(np.diff(line.get_xdata()), [1, 2, 2])
    placebo = run.analysis.placebos.query("metric == 'log-mel' and placebo_of == 'white_noise'")
    assert np.allclose(grey.get_ydata(), placebo["drop_mean"].iloc[0])
    below = [text.get_text() for text in figures["noise"].texts]
    assert below[below.index("clean") :][:5] == ["clean", "40", "20", "0", "dB SNR"]
    margin = float(run.analysis.metrics.set_index("metric").loc["log-mel", "margin"])
    band = next(patch for patch in panel.patches if patch.get_height())
    assert (band.get_y(), band.get_height()) == (pytest.approx(-margin), pytest.approx(2 * margin))
    texts = [text.get_text() for text in figures["tempo"].axes[run.metrics.index("si-sdr")].texts]
    assert texts == ["– not applicable"]
    assert "its placebo, with the same mark" in below


def test_ratios_of_the_heat_map():
    levels = pd.DataFrame(
        {
            "metric": ["a", "a", "b", "b", "c"],
            "degradation": ["x", "x", "x", "y", "x"],
            "level": [1, 5, 5, 5, 5],
            "n": [3, 3, 3, 0, 3],
            "drop_mean": [1.0, 4.0, -1.0, math.nan, 0.0],
            "verdict": ["sensitive", "sensitive", "inverted", "not-applicable", "blind"],
        }
    )
    ratios, verdicts = top_ratios(levels, {"a": 2.0, "b": 0.0, "c": 0.0})
    assert ratios[0, 0] == 2.0
    assert ratios[1, 0] == -math.inf
    assert ratios[2, 0] == 0.0
    assert np.isnan(ratios[1, 1])
    assert verdicts[1] == ["inverted", "not-applicable"]
    assert verdicts[0] == ["sensitive", ""]


def test_one_metric_and_no_placebos_can_be_drawn(finished, tmp_path):
    analysis = load_analysis(finished)
    one = analysis.levels[(analysis.levels["metric"] == "loudness") & (analysis.levels["level"] == 5)]
    run = replace(
        load_run(finished),
        folder=tmp_path,
        analysis=replace(
            analysis,
            levels=one,
            metrics=analysis.metrics[analysis.metrics["metric"] == "loudness"],
            verdicts=analysis.verdicts[analysis.verdicts["metric"] == "loudness"],
            placebos=analysis.placebos.iloc[:0],
        ),
    )
    drawings = [drawing for several in draw(run).values() for drawing in several]
    vectors = save(drawings, tmp_path)
    assert len(drawings) == len(vectors) == 8  # with the profile, sensitivity by family and selectivity


def test_a_folder_that_cannot_be_shown(tmp_path, finished):
    with pytest.raises(RunFolderError, match=r"has no analysis\.json"):
        write_report(tmp_path)
    shutil.copy(finished / "analysis.json", tmp_path)
    with pytest.raises(RunFolderError, match="is not a run directory"):
        write_report(tmp_path)
    shutil.copy(finished / "run.json", tmp_path)
    (tmp_path / "figures").write_text("in the way")
    with pytest.raises(RunFolderError, match="figures"):
        write_report(tmp_path)
    (tmp_path / "figures").unlink()
    assert write_report(tmp_path).is_file(), "no audio is no reason not to show the rest"
    assert "holds no examples" in (tmp_path / "report.html").read_text()
    (tmp_path / "analysis.json").write_text("{")
    with pytest.raises(RunFolderError, match="cannot be read"):
        write_report(tmp_path)


@pytest.fixture(autouse=True)
def _style():
    with mpl.rc_context(RC):
        yield


def test_a_dot_stands_where_a_family_was_noticed(run):
    figure, panels = families.sensitivity_by_family(run)
    frame = run.analysis.families
    rows = families.family_rows(frame)
    assert [row.label for row in rows][-1] == "all structural"
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == [row.label for row in rows]
    assert set(run.metrics) < {text.get_text() for text in figure.texts}
    for axes, metric in zip(panels, run.metrics, strict=True):
        dots = {line.get_ydata()[0]: line.get_xdata()[0] for line in axes.get_lines() if line.get_marker() in "osD"}
        noticed = frame[frame["metric"] == metric].set_index(["group", "family"])["noticed"]
        for y, row in enumerate(rows):
            at = noticed[(row.group, row.family)]
            assert dots.get(y) == (None if math.isnan(at) else pytest.approx(at))


def test_groups_are_kept_together_with_their_own_row_last():
    frame = pd.DataFrame(
        {"group": ["signal", "signal", "structural", "signal"], "family": ["", "noise", None, "codec"]}
    )
    assert [row.label for row in families.family_rows(frame)] == ["noise", "codec", "all signal", "all structural"]


def test_selectivity_has_a_row_for_each_metric_with_an_index(run):
    _, axes = selectivity_figure(run)
    indexed = run.analysis.selectivity.dropna(subset="index")
    assert 0 < len(indexed) < len(run.metrics)
    assert [label.get_text() for label in axes.get_yticklabels()] == list(indexed["metric"])
    dots = next(line for line in axes.get_lines() if line.get_marker() == "o")
    assert np.allclose(dots.get_xdata(), indexed["index"])
    bars = axes.collections[0].get_segments()
    assert np.allclose([bar[:, 0] for bar in bars], indexed[["index_low", "index_high"]])
    assert axes.get_xlim()[0] <= -1
    assert axes.get_xlim()[1] >= 1


def test_curves_beside_people_are_divided_by_their_own_largest(run):
    curves, still = normalised_curves(run), unmoved(run)
    assert list(curves) == [HUMAN, *(name for name in run.metrics if name not in still)]
    margins = run.analysis.metrics.set_index("metric")["margin"]
    pmqd = run.analysis.levels[run.analysis.levels["degradation"].str.startswith("pmqd")]
    for name, cells in pmqd.groupby("metric"):
        assert (name in still) == (cells["drop_mean"].abs().max() <= margins[name])
    for curve in curves.values():
        assert len(curve) == 20
        assert curve.abs().max() == pytest.approx(1.0)
    assert curves[HUMAN]["pmqd_noise"][5] == pytest.approx(1.0)  # 1.37, the lowest rating of all
    assert curves[HUMAN]["pmqd_limiter"][1] == pytest.approx((4.02 - 4.04) / (4.02 - 1.37))
    figure, panels = people_figure(run)
    titles = ["pmqd waveshaper", "pmqd limiter", "pmqd low pass", "pmqd noise"]
    assert [text.get_text() for text in figure.texts if text.get_text() in titles] == titles
    lines = [line for line in panels[3].get_lines() if len(line.get_xdata()) == 6]
    assert np.allclose(lines[0].get_ydata(), [0.0, *curves[HUMAN]["pmqd_noise"].sort_index()])
    markers = [line.get_marker() for line in lines]
    assert len(set(markers)) == len(markers), "told apart without colour"


def test_a_figure_is_as_wide_as_the_page_shows_it(run):
    widths = {drawing.name: drawing.figure.get_figwidth() for several in draw(run).values() for drawing in several}
    assert set(widths.values()) == {INCHES["double"]}
    assert width_rem(people_figure(run, column="single")[0]) < 26


def test_an_odd_backend_in_the_environment_stops_no_figure():
    code = (
        "import os, degrade_bench.reports.figures.drawing as drawing\n"
        "with drawing.house_style(): import matplotlib.figure\n"
        "assert os.environ['MPLBACKEND'] == 'nonsense'"
    )
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "MPLBACKEND": "nonsense"}, check=True)


def test_points_of_curves_stand_where_they_are_drawn_and_say_what_the_analysis_says(run):
    damages = run.degradations[:3]  # they stand side by side
    figure, axes = sensitivity_curves(run, damages)
    told = curve_points(run, damages)
    (column,) = axes.T
    size = figure.bbox.size
    cells = run.analysis.levels.set_index(["metric", "degradation", "level"])
    placebos = run.analysis.placebos.set_index(["metric", "placebo_of"]).index
    shown = set()
    for metric, level, y, drop, placebo in told["points"]:
        damage, words, x = told["levels"][level]
        name = told["metrics"][metric]
        row = cells.loc[name, damage, int(words.split()[1])]
        assert drop == with_interval(row["drop_mean"], row["drop_low"], row["drop_high"])
        assert bool(placebo) == ((name, damage) in placebos)
        panel = column[run.metrics.index(name)]
        drawn = [
            panel.transData.transform(line.get_xydata()) / size for line in panel.lines if line.get_zorder() == 4
        ]
        assert np.abs(np.concatenate(drawn) - (x, 1 - y)).max(axis=1).min() < 1e-4
        shown.add((name, damage, row.name[2]))
    asked = cells[cells.index.get_level_values("degradation").isin(damages)]
    assert shown == set(asked.index[asked["n"] > 0])


def test_names_from_outside_stay_text_in_what_a_page_holds_of_points():
    hostile = "</script><img src=x onerror=alert(1)>"
    points = {"metrics": [hostile], "levels": [], "points": [[0, 0, 0.5, "1", ""]]}
    drawing = {
        "name": "a",
        "caption": "b",
        "alt": "c",
        "width": 1,
        "uri": "data:,",
        "pdf": "a.pdf",
        "points": points,
    }
    template = page_environment().from_string('{% import "macros.html.j2" as show %}{{ show.figure(drawing) }}')
    page = Page(template.render(drawing=drawing))
    assert [json.loads(held) for held in page.held] == [points]
    assert page.sources == ["data:,"]
